"""From clean to degraded: batched torch code on any device, the same for the same generator seed."""

from restora.degradations.camera_noise import CameraNoise
from restora.degradations.composition import Compose, Identity, OneOf
from restora.degradations.defocus import Defocus
from restora.degradations.degradation import Degradation, Sample
from restora.degradations.depth_defocus import DepthDefocus
from restora.degradations.dual_pixel import DualPixelDefocus
from restora.degradations.frame_averaging import FrameAveraging
from restora.degradations.haze import Haze
from restora.degradations.jpeg import JpegCompression
from restora.degradations.night_haze import NightHaze
from restora.degradations.noise import GaussianNoise
from restora.degradations.presets import FAMILIES, PRESETS, Preset, find_preset, preset_names
from restora.degradations.rain import Rain
from restora.degradations.snow import FlakeLayer, Snow
from restora.degradations.trajectory_blur import TrajectoryBlur

__all__ = [
    "CameraNoise",
    "Compose",
    "Defocus",
    "Degradation",
    "DepthDefocus",
    "DualPixelDefocus",
    "FAMILIES",
    "FlakeLayer",
    "FrameAveraging",
    "GaussianNoise",
    "Haze",
    "JpegCompression",
    "OneOf",
    "NightHaze",
    "PRESETS",
    "Preset",
    "Rain",
    "Sample",
    "Snow",
    "TrajectoryBlur",
    "Identity",
    "find_preset",
    "preset_names",
]
