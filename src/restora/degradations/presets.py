"""Degradations by name."""

from dataclasses import dataclass

from restora.degradations.camera_noise import CameraNoise
from restora.degradations.defocus import Defocus
from restora.degradations.degradation import Degradation
from restora.degradations.depth_defocus import DepthDefocus
from restora.degradations.frame_averaging import FrameAveraging
from restora.degradations.haze import Haze
from restora.degradations.jpeg import JpegCompression
from restora.degradations.night_haze import NightHaze
from restora.degradations.noise import GaussianNoise
from restora.degradations.rain import Rain
from restora.degradations.snow import Snow
from restora.degradations.trajectory_blur import TrajectoryBlur
from restora.errors import RestoraError


@dataclass(frozen=True)
class Preset:
    """A degradation that has a name.

    Attributes:
        family: What kind it is, such as "rain".
        name: Which of them, such as "heavy".
        degradation: What it does.
    """

    family: str
    name: str
    degradation: Degradation


PRESETS = (
    Preset("haze", "indoor", Haze.indoor()),
    Preset("haze", "outdoor", Haze.outdoor()),
    Preset("haze", "night", NightHaze()),
    Preset("snow", "small", Snow.small()),
    Preset("snow", "medium", Snow.medium()),
    Preset("snow", "large", Snow.large()),
    Preset("snow", "veiled", Snow.veiled()),
    Preset("rain", "light", Rain.light()),
    Preset("rain", "heavy", Rain.heavy()),
    Preset("defocus", "disc", Defocus(radius=(2.0, 6.0))),
    Preset("defocus", "butterworth", Defocus(radius=(2.0, 6.0), shape="butterworth")),
    Preset("defocus", "depth", DepthDefocus()),
    Preset("motion", "light", TrajectoryBlur.light()),
    Preset("motion", "heavy", TrajectoryBlur.heavy()),
    Preset("motion", "frames", FrameAveraging()),
    Preset("sensor", "weak", CameraNoise.weak()),
    Preset("sensor", "strong", CameraNoise.strong()),
    Preset("noise", "15", GaussianNoise((15, 15))),
    Preset("noise", "25", GaussianNoise((25, 25))),
    Preset("noise", "50", GaussianNoise((50, 50))),
    Preset("noise", "blind", GaussianNoise()),
    Preset("jpeg", "10", JpegCompression((10, 10))),
    Preset("jpeg", "30", JpegCompression((30, 30))),
    Preset("jpeg", "any", JpegCompression()),
)
"""All of them; families in the order in which light meets them: air, lens, sensor, file."""

FAMILIES = tuple(dict.fromkeys(preset.family for preset in PRESETS))


def preset_names(family: str) -> tuple[str, ...]:
    """Return the names of the presets of a family.

    Example:
        >>> preset_names("rain")
        ('light', 'heavy')
    """
    return tuple(preset.name for preset in PRESETS if preset.family == family)


def find_preset(family: str, name: str) -> Degradation:
    """Return the degradation of this name; ``noise`` and ``jpeg`` also take any deviation and any quality.

    Args:
        family: One of `FAMILIES`.
        name: One of `preset_names`, or the number that the family takes.

    Raises:
        RestoraError: There is none.

    Example:
        >>> find_preset("noise", "12.5")
        GaussianNoise(sigma=(12.5, 12.5))
    """
    for preset in PRESETS:
        if (preset.family, preset.name) == (family, name):
            return preset.degradation
    wanted = "one of " + ", ".join(preset_names(family))
    try:
        if family == "noise":
            wanted += " or a deviation in grey levels of 255"
            return GaussianNoise((float(name), float(name)))
        if family == "jpeg":
            wanted += " or a quality from 1 to 100"
            return JpegCompression((int(name), int(name)))
    except ValueError:
        pass  # the message below says what is wrong with it
    raise RestoraError(f"{family} {name}: unknown; give {wanted}")
