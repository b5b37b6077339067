"""Pictures with known damages, to learn the diagnosis from: light, air, lens, sensor and file, in this order."""

from collections.abc import Callable
from dataclasses import dataclass, field

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from restora.degradations import (
    CameraNoise,
    Defocus,
    DepthDefocus,
    FlakeLayer,
    FrameAveraging,
    Haze,
    NightHaze,
    Rain,
    Snow,
    TrajectoryBlur,
)
from restora.degradations.haze import scatter
from restora.degradations.scene_depth import random_depth
from restora.diagnosis.findings import DAMAGES
from restora.training.diagnosis.scene import RGB8, Scene

UNSURE = float("nan")
"""Label of a damage that is there, but too weak to be named or to be missed; nothing is learnt from it."""

WEATHER, LENS = ("rain", "snow", "haze"), ("motion", "defocus")
SHARES = {"noise": 5, "motion": 3, "defocus": 3, "rain": 3, "snow": 3, "haze": 3, "jpeg": 2}
"""How often each damage is drawn, relative to the others."""
CLEAN_SHARE, SINGLE_SHARE = 0.24, 0.46
"""Share of pictures without a damage and with one; the rest has two, and now and then three."""


@dataclass(frozen=True)
class Damaged:
    """A picture and what is wrong with it.

    Attributes:
        picture: (H, W, 3) uint8.
        labels: (8,) float32 in the order of `DAMAGES`: 1 for there, 0 for not there, not a number for unsure.
        level: Root mean square of the noise in grey levels of 255; not a number where there is none to speak of.
        coarse: 1 where its grain is larger than a pixel, 0 where it is not, not a number in between and without noise.
    """

    picture: RGB8
    labels: NDArray[np.float32]
    level: float
    coarse: float


@dataclass
class _Exposure:
    """A picture on its way; every step changes it and says what it did.

    Attributes:
        image: (1, 3, H, W) in [0, 1].
        quiet: The same without noise.
        labels: Damage -> 1, 0 or `UNSURE`; what is missing is 0.
    """

    image: Tensor
    generator: Generator
    random: np.random.Generator
    quiet: Tensor | None = None
    labels: dict[str, float] = field(default_factory=dict)

    def one_of(self, *values: float) -> float:
        return float(self.random.choice(values))

    def between(self, low: float, high: float) -> float:
        return float(self.random.uniform(low, high))

    def log_between(self, low: float, high: float) -> float:
        return float(np.exp(self.random.uniform(np.log(low), np.log(high))))

    def chance(self, share: float) -> bool:
        return bool(self.random.random() < share)


def damage(scene: Scene, seed: int) -> Damaged:
    """Draw damages and apply them.

    The ranges are wider than those of the presets, for real pictures are: rain of every sharpness, single flakes, haze
    with a colour, noise coarser than a pixel, sharpened, resized, and saved once or twice.

    Args:
        scene: A clean picture.
        seed: The same seed gives the same picture.
    """
    random = np.random.default_rng(seed)
    names = _drawn(random)
    image = torch.from_numpy(scene.picture).permute(2, 0, 1)[None].float() / 255
    exposure = _Exposure(image, torch.Generator().manual_seed(seed), random)
    for name in scene.doubtful:
        exposure.labels[name] = UNSURE
    if scene.enlarged > 1.35:
        exposure.labels["defocus"] = UNSURE
    for name in ("haze", "rain", "snow", "motion", "defocus", "noise"):
        if name in names:
            _STEPS[name](exposure)
            exposure.image = exposure.image.clamp(0, 1)
    _develop(exposure, plain=not names)
    level, coarse, before_file = _measured_noise(exposure)
    picture = _saved(exposure, "jpeg" in names)
    labels = exposure.labels
    if labels.get("noise") == 1 and not _survives(exposure, picture, before_file):
        labels["noise"] = UNSURE
    if level > 25:  # hides a little of everything
        for name in ("jpeg", "motion", "defocus", "rain", "snow"):
            if labels.get(name) == 1 and exposure.chance(0.5):
                labels[name] = UNSURE
    values = [labels.get(name, 0.0) for name in DAMAGES[:-1]]
    if any(value == 1 for value in values):
        clean = 0.0
    else:
        clean = 1.0 if all(value == 0 for value in values) else UNSURE
    noisy = labels.get("noise") == 1
    return Damaged(
        picture,
        np.array([*values, clean], np.float32),
        level if noisy else UNSURE,
        coarse if noisy else UNSURE,
    )


def _drawn(random: np.random.Generator) -> set[str]:
    """Draw which damages a picture gets: at most one of the lens, and no streaks or flakes out of focus."""
    chance = random.random()
    if chance < CLEAN_SHARE:
        return set()
    count = 1 if chance < CLEAN_SHARE + SINGLE_SHARE else 2 + int(random.random() < 0.2)
    shares = np.array(list(SHARES.values()), float)
    while True:
        drawn = set(random.choice(list(SHARES), count, replace=False, p=shares / shares.sum()).tolist())
        if (
            len(drawn & set(LENS)) > 1
            or (drawn & set(LENS) and drawn & {"rain", "snow"})
            or {"rain", "snow"} <= drawn
        ):
            continue
        return drawn


def _haze(e: _Exposure) -> None:
    kind = e.random.random()
    if kind < 0.15:
        e.image = NightHaze()(e.image, e.generator)
        e.labels["haze"] = 1
        return
    if kind < 0.5:
        preset = Haze.preset("indoor" if e.chance(0.4) else "outdoor")
        sample = preset.sample(e.image, e.generator)
        e.image = sample.degraded
        veil = 1 - torch.exp(-sample.parameters["beta"] * sample.parameters["depth"])
    else:
        # Air that scatters blue, or a gray day; near things may stay clear.
        depth = random_depth(e.image, e.generator, ramp=(0.3, 1.0)) ** e.between(0.6, 2.5)
        veil = 1 - torch.exp(-(e.between(0, 0.5) + depth) * e.log_between(0.25, 2.5))
        bright = e.between(0.5, 1.0)
        blue = e.between(-0.03, 0.12)
        airlight = (
            torch.tensor([bright - blue, bright - blue / 3, bright + blue / 3]).clamp(0, 1).view(1, 3, 1, 1)
        )
        if (e.image == e.image[:, :1]).all():
            airlight = airlight.mean(1, keepdim=True)
        e.image = scatter(e.image, 1 - veil, airlight)
    strength = float(veil.mean())
    e.labels["haze"] = 1 if strength > 0.25 else 0 if strength < 0.05 else UNSURE


def _rain(e: _Exposure) -> None:
    kind = e.random.random()
    if kind < 0.2:
        rain = Rain.preset("light")
    elif kind < 0.35:
        rain = Rain.preset("heavy")
    else:
        length = e.log_between(8, 90)
        width = e.log_between(0.8, min(6.0, max(1.2, length / 3)))
        tilt = e.between(-60, 60) * e.random.random()
        rain = Rain(
            directions=1 if e.chance(0.8) else 2,
            angle=(tilt, tilt),
            spread=e.between(0, 8),
            length=(length, length * 1.3),
            width=(width, width * 1.3),
            density=(d := e.log_between(0.08, 4) * min(1.0, 25 / length), d),
            opacity=(o := e.between(0.12, 0.9), o),
            scales=((1.0,), (1.0, 0.6), (1.0, 0.6, 0.35))[int(e.random.integers(3))],
            veil=(0.0, e.one_of(0, 0.15, 0.4)),
            airlight=(0.4, 0.9),
            blend="screen" if e.chance(0.5) else "additive",
        )
    before = e.image
    sample = rain.sample(before, e.generator)
    e.image = sample.degraded
    if e.chance(0.3):  # what falls is rarely in focus
        softness = e.between(0.4, 1.2)
        e.image = before + _blurred(e.image - before, softness)
    veil = float(sample.parameters["veil"])
    if veil > 0.08 and e.labels.get("haze") != 1:
        e.labels["haze"] = UNSURE
    e.labels["rain"] = _visible(e.image - before * (1 - veil))


def _snow(e: _Exposure) -> None:
    kind = e.random.random()
    if kind < 0.3:
        snow = Snow.preset(("small", "medium", "large")[int(e.random.integers(3))])
    elif kind < 0.4:
        snow = Snow.preset("veiled")
    else:
        thick = e.log_between(0.15, 1.2)
        layers = [
            FlakeLayer((0.6, 1.6), (0.003 * thick, 0.05 * thick), (0.2, 1.0)),
            FlakeLayer((1.3, 4.0), (0.003 * thick, 0.04 * thick), (0.15, 1.0), (0.6, 1.6)),
            FlakeLayer((4.0, 14.0), (0.005 * thick, 0.06 * thick), (0.05, 0.6), (0.8, 2.0)),
        ]
        chosen = [layer for layer in layers if e.chance(0.7)] or layers[:2]
        snow = Snow(layers=tuple(chosen), motion=(0.0, e.one_of(1, 2, 5)), beta=(0.0, e.one_of(0, 0, 0.8)))
    before = e.image
    sample = snow.sample(before, e.generator)
    e.image = sample.degraded
    if snow.beta[1] > 0 and e.labels.get("haze") != 1:
        e.labels["haze"] = UNSURE
    flakes = sample.parameters["flakes"]
    e.labels["snow"] = _visible(flakes * (0.95 - before.mean(1, keepdim=True)).clamp(min=0))


def _visible(change: Tensor) -> float:
    """Judge streaks or flakes by how much they stand out from what is around them."""
    contrast = float((change - change.mean()).pow(2).mean().sqrt()) * 255
    return 1 if contrast > 5 else 0 if contrast < 0.5 else UNSURE


def _motion(e: _Exposure) -> None:
    if e.chance(0.12):
        e.image = FrameAveraging(shift=(6.0, 16.0), rotation=(0.0, 0.8), zoom=(0.0, 0.01))(
            e.image, e.generator
        )
        e.labels["motion"] = 1
        return
    longest = e.log_between(6, 90)
    sample = TrajectoryBlur(length=(longest, longest)).sample(e.image, e.generator)
    e.image = sample.degraded
    kernel = sample.parameters["kernel"][0, 0]
    steps = torch.arange(kernel.shape[0], dtype=kernel.dtype)
    mass = kernel / kernel.sum()
    spread = 0.0
    for axis in (0, 1):
        along = mass.sum(1 - axis)
        spread += float((along * steps**2).sum() - (along * steps).sum() ** 2)
    spread = spread**0.5  # pixels; 0.3 of the length of a straight stroke
    e.labels["motion"] = 1 if spread > 1.6 else 0 if spread < 0.4 else UNSURE


def _defocus(e: _Exposure) -> None:
    kind = e.random.random()
    if kind < 0.15:
        sigma = e.log_between(0.6, 5)
        e.image = _blurred(e.image, sigma)
        radius = 2 * sigma  # the disc of the same variance
    elif kind < 0.75:
        radius = e.log_between(1.0, 10.0)
        e.image = Defocus((radius, radius), "disc" if e.chance(0.6) else "butterworth")(e.image, e.generator)
    else:
        sample = DepthDefocus((3.0, 10.0)).sample(e.image, e.generator)
        e.image = sample.degraded
        blurred = float((sample.parameters["circle"].abs() > 1.8).float().mean())
        # A part out of focus is how photographs are; all of it is not.
        e.labels["defocus"] = 1 if blurred > 0.75 else UNSURE
        return
    e.labels["defocus"] = 1 if radius > 1.9 else UNSURE


def _noise(e: _Exposure) -> None:
    """Noise of a sensor, of film, or of an enlarged picture; sometimes only of brightness or of colour."""
    e.quiet = e.image
    if e.chance(0.4):
        shot = e.log_between(1.5e-4, 0.014)
        e.image = CameraNoise((shot, shot))(e.image, e.generator)
        return
    sigma = e.log_between(2, 60) / 255
    grain = e.image.new_empty(e.image.shape).normal_(generator=e.generator)
    kind = e.random.random()
    if kind < 0.3:
        coarseness = e.log_between(1.25, 3.5)
        small = [max(1, round(side / coarseness)) for side in e.image.shape[-2:]]
        grain = grain[..., : small[0], : small[1]]
        mode = "bicubic" if e.chance(0.7) else "bilinear"
        grain = torch.nn.functional.interpolate(grain, e.image.shape[-2:], mode=mode, align_corners=False)
    elif kind < 0.5:
        grain = _blurred(grain, e.between(0.45, 1.3))
    gray = (e.image == e.image[:, :1]).all()
    tone = e.random.random()
    if gray or tone < 0.2:
        grain = grain[:, :1].expand(-1, 3, -1, -1)
    elif tone < 0.3:
        grain = grain - 0.7 * grain.mean(1, keepdim=True)
    grain = grain / grain.std()
    if e.chance(0.25):  # stronger in the dark, as after brightening, or weaker
        brightness = e.quiet.mean(1, keepdim=True)
        grain = grain * (1.3 - brightness if e.chance(0.6) else 0.3 + brightness)
    e.image = e.image + sigma * grain


def _develop(e: _Exposure, plain: bool) -> None:
    """Do what programs do: smooth a little, sharpen, reduce or enlarge; noise is carried through apart."""
    steps: list[Callable[[Tensor], Tensor]] = []
    if e.quiet is not None and e.chance(0.15):
        share, softness = e.between(0.3, 0.8), e.between(0.6, 1.5)
        steps.append(lambda x: x + share * (_blurred(x, softness) - x))
        if e.labels.get("defocus", 0) == 0:
            e.labels["defocus"] = UNSURE
    if e.chance(0.25):
        amount, reach = e.between(0.3, 1.5), e.between(0.6, 1.8)
        steps.append(lambda x: (x + amount * (x - _blurred(x, reach))).clamp(0, 1))
    if not plain and e.chance(0.25):
        height, width = e.image.shape[-2:]
        factor = e.log_between(max(0.6, 256 / min(height, width)), 1.6)
        size = (round(height * factor), round(width * factor))
        mode = ("bicubic", "bilinear")[int(e.random.integers(2))]
        steps.append(
            lambda x: torch.nn.functional.interpolate(
                x, size, mode=mode, align_corners=False, antialias=factor < 1
            ).clamp(0, 1)
        )
        if factor > 1.3 and e.labels.get("defocus", 0) == 0:
            e.labels["defocus"] = UNSURE
        if factor < 0.8:  # a blur, a streak or a flake may have become too small
            for name in ("motion", "defocus", "rain", "snow"):
                if e.labels.get(name) == 1 and e.chance(0.5):
                    e.labels[name] = UNSURE
    for step in steps:
        e.image = step(e.image)
        e.quiet = None if e.quiet is None else step(e.quiet)


def _measured_noise(e: _Exposure) -> tuple[float, float, RGB8 | None]:
    """Measure the noise in the picture: its level, whether it is coarse, and the picture without it."""
    if e.quiet is None:
        return 0.0, UNSURE, None
    difference = ((e.image.clamp(0, 1) - e.quiet.clamp(0, 1)) * 255)[0]
    level = float(difference.pow(2).mean().sqrt())
    lagged = [
        (difference[:, 1:] * difference[:, :-1]).mean(),
        (difference[:, :, 1:] * difference[:, :, :-1]).mean(),
    ]
    correlation = float(sum(lagged)) / 2 / max(level**2, 1e-6)
    coarse = 1.0 if correlation > 0.5 else 0.0 if correlation < 0.3 else UNSURE
    e.labels["noise"] = 1 if level > 3.5 else 0 if level < 0.7 else UNSURE
    return level, coarse, _bytes(e.quiet)


def _saved(e: _Exposure, damaged: bool) -> RGB8:
    """Save the picture in a file and read it back."""
    picture = _bytes(e.image)
    e.labels.setdefault("jpeg", 0.0)
    if damaged:
        e_quality = int(e.between(8, 88))
        if e.chance(0.25):  # saved before, and moved on the grid since
            first = int(e.between(15, 95))
            picture = jpeg(picture, first, half=e.chance(0.6))
            picture = picture[int(e.random.integers(8)) :, int(e.random.integers(8)) :]
            e_quality = int(e.between(20, 95))
            lowest = min(first, e_quality)
        else:
            lowest = e_quality
        picture = jpeg(picture, e_quality, half=e.chance(0.6))
        e.labels["jpeg"] = 1 if lowest < 66 else 0 if lowest > 90 else UNSURE
        if e.chance(0.15):
            picture = picture[int(e.random.integers(8)) :, int(e.random.integers(8)) :]
    elif e.chance(0.3):
        picture = jpeg(picture, int(e.between(90, 99)), half=e.chance(0.5))
    elif e.chance(0.25):
        quality = int(e.between(40, 98))
        picture = _encoded(picture, ".webp", [cv2.IMWRITE_WEBP_QUALITY, quality])
        if quality < 85:
            e.labels["jpeg"] = UNSURE
    return np.ascontiguousarray(picture)


def jpeg(picture: RGB8, quality: int, *, half: bool) -> RGB8:
    """Save (H, W, 3) as JPEG and read it back, with colour at half the resolution if ``half``."""
    sampling = cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420 if half else cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444
    options = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling]
    return _encoded(picture, ".jpg", options)


def _encoded(picture: RGB8, suffix: str, options: list[int]) -> RGB8:
    data = cv2.imencode(suffix, picture[..., ::-1], options)[1]
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert decoded is not None
    return np.asarray(decoded[..., ::-1], np.uint8)


def _survives(e: _Exposure, picture: RGB8, quiet: RGB8 | None) -> bool:
    """Tell whether saving has left some of the noise: as much of it as differs from the picture smoothed."""
    if quiet is None or e.labels.get("jpeg") == 0.0:
        return True
    rest, plain = (
        float(np.std(p.astype(np.float32) - cv2.GaussianBlur(p.astype(np.float32), (0, 0), 2)))
        for p in (picture, quiet)
    )
    return rest > plain * 1.02


def _blurred(x: Tensor, sigma: float) -> Tensor:
    planes = x[0].permute(1, 2, 0).numpy()
    blurred = cv2.GaussianBlur(planes, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
    return torch.from_numpy(blurred.reshape(planes.shape)).permute(2, 0, 1)[None]


def _bytes(x: Tensor) -> RGB8:
    return np.asarray((x[0].clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy())


_STEPS: dict[str, Callable[[_Exposure], None]] = {
    "haze": _haze,
    "rain": _rain,
    "snow": _snow,
    "motion": _motion,
    "defocus": _defocus,
    "noise": _noise,
}
