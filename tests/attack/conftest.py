import sys
from pathlib import Path

here = Path(__file__).parent
sys.path[:0] = [str(here), str(here.parent / "images")]  # for the modules that benchmarks/attack.py uses, too
