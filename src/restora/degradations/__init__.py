"""From clean to degraded: batched torch code on any device, the same for the same generator seed.

Importing a degradation here registers it; the order is that in which light meets them: air, lens, sensor,
file.
"""

# isort: off
from restora.degradations.degradation import (
    DEGRADATIONS as DEGRADATIONS,
    Degradation as Degradation,
    Sample as Sample,
    all_presets as all_presets,
    find_preset as find_preset,
)
from restora.degradations.haze import Haze as Haze
from restora.degradations.night_haze import NightHaze as NightHaze
from restora.degradations.snow import FlakeLayer as FlakeLayer, Snow as Snow
from restora.degradations.rain import Rain as Rain
from restora.degradations.defocus import Defocus as Defocus
from restora.degradations.depth_defocus import (
    DepthDefocus as DepthDefocus,
    DualPixelDefocus as DualPixelDefocus,
)
from restora.degradations.trajectory_blur import TrajectoryBlur as TrajectoryBlur
from restora.degradations.frame_averaging import FrameAveraging as FrameAveraging
from restora.degradations.camera_noise import CameraNoise as CameraNoise
from restora.degradations.noise import GaussianNoise as GaussianNoise, SpeckleNoise as SpeckleNoise
from restora.degradations.shaping import Coarse as Coarse, Sharpening as Sharpening, Uneven as Uneven
from restora.degradations.quantization import Quantization as Quantization
from restora.degradations.jpeg import JpegCompression as JpegCompression
from restora.degradations.composition import (
    Compose as Compose,
    Identity as Identity,
    OneOf as OneOf,
    Part as Part,
)
from restora.plugins import add_plugins
# isort: on

add_plugins("degradations", lambda module: None)  # loading it has registered them
