"""Named protocols: what exactly is done to two images before a score is computed, and which score it is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from restora.errors import RestoraError
from restora.metrics.alignment import aligned_psnr, aligned_ssim
from restora.metrics.luma import luma, luma8
from restora.metrics.perceptual import dists, lpips
from restora.metrics.psnr import mean_absolute_error, psnr
from restora.metrics.ssim import (
    pooled_size,
    ssim,
    ssim_downsampled,
    ssim_pooled,
    ssim_replicated,
    ssim_uniform,
    ssim_volume,
)
from restora.pixels import gray_to_rgb, to_double, to_uint8

Image = NDArray[Any]
Metric = Callable[[Image, Image], float]


@dataclass(frozen=True)
class Protocol:
    """A way of scoring that a paper's script defines.

    Attributes:
        name: Printed beside every number.
        description: Colour space, rounding, crop, metrics and aggregation in words.
        metrics: By name, the first is the one to rank by: (restored, clean) -> score; both (H, W, 3), float in [0, 1] or
            beyond, before any rounding.
        papers: Who prints such numbers.

    Example:
        >>> rgb8 = PROTOCOLS["rgb8"]
        >>> list(rgb8.metrics)
        ['psnr', 'ssim']
        >>> round(rgb8.score(np.full((8, 8, 3), 0.5), np.full((8, 8, 3), 0.6)), 1)
        20.2
    """

    name: str
    description: str
    metrics: Mapping[str, Metric]
    papers: str

    def score(self, restored: Image, clean: Image) -> float:
        """Return the first metric, the PSNR in dB."""
        return next(iter(self.metrics.values()))(restored, clean)

    def __call__(self, restored: Image, clean: Image) -> dict[str, float]:
        """Score a picture as it lies in memory.

        Args:
            restored: (H, W) gray or (H, W, 3), uint8 or uint16 of full range, or floats whose full range is [0, 1].
            clean: Of the same height and width, of any of these depths.

        Returns:
            Every metric by name.

        Raises:
            RestoraError: Another shape.

        Example:
            >>> clean = np.full((16, 16, 3), 100, np.uint8)
            >>> {name: round(score, 2) for name, score in protocol("rgb8")(clean + np.uint8(1), clean).items()}
            {'psnr': 48.13, 'ssim': 1.0}
        """
        images = [gray_to_rgb(to_double(np.asarray(image))) for image in (restored, clean)]
        shapes = [image.shape for image in images]
        if shapes[0] != shapes[1] or images[0].ndim != 3 or images[0].shape[2] != 3:
            raise RestoraError(
                f"arrays of {shapes[0]} and {shapes[1]} cannot be compared; give two of (H, W, 3) or (H, W)"
            )
        return self.scores(*images)

    def scores(self, restored: Image, clean: Image) -> dict[str, float]:
        """Return every metric by name."""
        return {name: metric(restored, clean) for name, metric in self.metrics.items()}


def _clamped(image: Image) -> Image:
    return np.clip(np.asarray(image, dtype=np.float64), 0, 1)


def _on(prepare: Callable[[Image], Image], metric: Callable[..., float], peak: float) -> Metric:
    """Compute a metric on prepared images."""
    return lambda restored, clean: metric(prepare(restored), prepare(clean), peak=peak)


def _unit8(image: Image) -> Image:
    return to_double(to_uint8(image))


def _y8(image: Image) -> Image:
    return luma8(to_uint8(image))


def _y(image: Image) -> Image:
    return luma(to_uint8(image))


def _y_unit(image: Image) -> Image:
    return _y(image) / 255


def _pooled(multiple: int | None) -> Metric:
    def measure(restored: Image, clean: Image) -> float:
        size = pooled_size(clean.shape[0], clean.shape[1], multiple)
        return ssim_pooled(_clamped(restored), _clamped(clean), peak=1, size=size)

    return measure


_DPDD_WORDS = (
    "clamped, not rounded; RGB; PSNR with peak 1; SSIM with flat 7 x 7 windows (scikit-image's defaults);"
    " mean absolute error; mean over the images"
)
_DPDD: dict[str, Metric] = {
    "psnr": _on(_clamped, psnr, 1),
    "ssim": _on(_clamped, ssim_uniform, 1),
    "mae": lambda restored, clean: mean_absolute_error(_clamped(restored), _clamped(clean)),
}

PROTOCOLS: dict[str, Protocol] = {
    p.name: p
    for p in (
        Protocol(
            name="gaussian-rgb8",
            description="Gaussian denoising as Restormer's scripts: noise drawn with numpy.random.seed(0) for every"
            " image on the RGB (H, W, 3) array, not clipped; result clamped and rounded to 8 bits; PSNR with"
            " peak 255 over all RGB values, no border, mean over the images",
            metrics={"psnr": _on(to_uint8, psnr, 255)},
            papers="Restormer, DRUNet",
        ),
        Protocol(
            name="rgb8",
            description="clamped and rounded to 8 bits; RGB; PSNR with peak 255; SSIM of the colour volume (MATLAB, border"
            " repeated); mean over the images",
            metrics={"psnr": _on(to_uint8, psnr, 255), "ssim": _on(to_uint8, ssim_volume, 255)},
            papers="motion deblurring: Restormer, MPRNet, NAFNet, DiNAT-IR",
        ),
        Protocol(
            name="rgb-float",
            description="clamped, not rounded; RGB; PSNR with peak 1; SSIM of the colour volume (MATLAB); mean over the images"
            " (SIDD: over blocks of 256 x 256)",
            metrics={"psnr": _on(_clamped, psnr, 1), "ssim": _on(_clamped, ssim_volume, 1)},
            papers="SIDD: Restormer, MPRNet; PSNR of SFNet, ChaIR on GoPro",
        ),
        Protocol(
            name="dpdd",
            description=_DPDD_WORDS,
            metrics=_DPDD,
            papers="defocus deblurring: Restormer, DiNAT-IR",
        ),
        Protocol(
            name="dpdd-lpips",
            description=f"{_DPDD_WORDS}; LPIPS by AlexNet (needs the package lpips)",
            metrics={
                **_DPDD,
                "lpips": lambda restored, clean: lpips(_clamped(restored), _clamped(clean)),
            },
            papers="defocus deblurring: Restormer, DiNAT-IR",
        ),
        Protocol(
            name="perceptual",
            description="clamped and rounded to 8 bits; RGB; PSNR with peak 255; LPIPS by AlexNet and DISTS, lower is better"
            " (need the packages lpips and torchmetrics); mean over the images",
            metrics={
                "psnr": _on(to_uint8, psnr, 255),
                "lpips": lambda restored, clean: lpips(_unit8(restored), _unit8(clean)),
                "dists": lambda restored, clean: dists(_unit8(restored), _unit8(clean)),
            },
            papers="recent papers beside PSNR",
        ),
        Protocol(
            name="derain-y8",
            description="clamped and rounded to 8 bits; luma rounded to 8 bits (MATLAB rgb2ycbcr of uint8); PSNR with peak 255;"
            " SSIM with Gaussian windows inside the image; mean over the images",
            metrics={"psnr": _on(_y8, psnr, 255), "ssim": _on(_y8, ssim, 255)},
            papers="deraining: Restormer, MPRNet, KiT, ChaIR, DeRestormer",
        ),
        Protocol(
            name="derain-y-double",
            description="clamped and rounded to 8 bits; luma of doubles, not rounded; PSNR with peak 1; SSIM after reduction by"
            " round(shorter side / 256); mean over the images",
            metrics={"psnr": _on(_y_unit, psnr, 1), "ssim": _on(_y, ssim_downsampled, 255)},
            papers="DID-Data and DDN-Data: DRSformer, DeRestormer",
        ),
        Protocol(
            name="basicsr-y",
            description="clamped and rounded to 8 bits; luma, not rounded; PSNR with peak 255; SSIM with Gaussian windows inside"
            " the image; mean over the images",
            metrics={"psnr": _on(_y, psnr, 255), "ssim": _on(_y, ssim, 255)},
            papers="BasicSR",
        ),
        Protocol(
            name="basicsr-rgb8",
            description="clamped and rounded to 8 bits; RGB; PSNR with peak 255; SSIM with Gaussian windows inside the image,"
            " colours averaged; mean over the images",
            metrics={"psnr": _on(to_uint8, psnr, 255), "ssim": _on(to_uint8, ssim, 255)},
            papers="BasicSR",
        ),
        Protocol(
            name="dinat-y",
            description="clamped and rounded to 8 bits; luma, not rounded; PSNR with peak 255; SSIM with Gaussian windows, border"
            " repeated; mean over the images",
            metrics={"psnr": _on(_y, psnr, 255), "ssim": _on(_y, ssim_replicated, 255)},
            papers="deraining: DiNAT-IR",
        ),
        *(
            Protocol(
                name=name,
                description=f"clamped, not rounded; RGB; PSNR with peak 1; SSIM after average pooling to the {counted} size"
                " divided by round(shorter side / 256); mean over the images",
                metrics={"psnr": _on(_clamped, psnr, 1), "ssim": _pooled(multiple)},
                papers=papers,
            )
            for name, multiple, counted, papers in (
                ("pooled", None, "true", "dehazing: DehazeFormer"),
                ("pooled-4", 4, "padded (+4)", "dehazing and desnowing: ChaIR"),
                ("pooled-8", 8, "padded (+8)", "dehazing and desnowing: SFNet, FSNet"),
                ("pooled-32", 32, "padded (+32)", "dehazing and desnowing: ConvIR"),
            )
        ),
        Protocol(
            name="aligned",
            description="rounded to 8 bits; RGB; brightness scaled and image aligned by a homography (ECC); PSNR with peak 1 and"
            " SSIM over the pixels that both have; mean over the images",
            metrics={
                "psnr": lambda restored, clean: aligned_psnr(to_double(to_uint8(restored)), clean),
                "ssim": lambda restored, clean: aligned_ssim(to_double(to_uint8(restored)), clean),
            },
            papers="RealBlur, RSBlur: MPRNet, Restormer",
        ),
    )
}


def protocol(name: str) -> Protocol:
    """Return the protocol of that name.

    Raises:
        RestoraError: There is none; the message lists those there are.

    Example:
        >>> import numpy as np
        >>> clean = np.full((32, 32, 3), 100, np.uint8)
        >>> round(protocol("rgb8")(clean + np.uint8(2), clean)["psnr"], 2)
        42.11
    """
    if name not in PROTOCOLS:
        raise RestoraError(f"unknown protocol {name!r}; there are: {', '.join(PROTOCOLS)}")
    return PROTOCOLS[name]
