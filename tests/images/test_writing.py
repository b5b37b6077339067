import errno
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import XMP, exif_block
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from restora.errors import RestoraError
from restora.images import Metadata, Photograph, losses, read, write
from restora.images.metadata import WebpEncoding
