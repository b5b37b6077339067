import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parent))  # for golden.py

collect_ignore = ["toys"]  # what tests of the registries add, and take out again

torch.set_num_threads(1)  # pytest-xdist already uses every core
