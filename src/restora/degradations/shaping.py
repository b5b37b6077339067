"""What happens to noise on its way into a file: enlarged, uneven, sharpened."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from restora.degradations.degradation import Degradation, Sample, joined
from restora.degradations.draws import log_uniform, per_image, uniform
from restora.degradations.limits import Range, Share, Within
from restora.degradations.noise import GaussianNoise
from restora.degradations.scene_depth import smooth_noise

ENLARGE = ("nearest", "bilinear", "bicubic")
"""Filters that cameras, telephones and web sites enlarge with."""
NOISE = GaussianNoise()


@dataclass(frozen=True)
class Coarse(Degradation, kind="coarse", family=""):
    """A degradation of the reduced image, enlarged with it: the grain of noise is larger than a pixel.

    Only what the degradation changed is enlarged, by a filter drawn for each image, and added to the image as it was, so
    that the details of the clean image stay a target.

    Attributes:
        of: The degradation; noise in most cases.
        factor: How many pixels a pixel of the reduced image becomes along each side, drawn so that its logarithm is
            uniform.

    Example:
        >>> from restora.degradations import GaussianNoise
        >>> flat = torch.full((1, 3, 64, 64), 0.5)
        >>> noisy = Coarse(GaussianNoise((25, 25)), factor=(2, 2))(flat, torch.Generator().manual_seed(0))
        >>> grain = noisy - flat
        >>> float((grain[..., 1:] * grain[..., :-1]).mean() / grain.square().mean()) > 0.3  # neighbours are alike
        True
    """

    of: Degradation = NOISE
    factor: Annotated[Range, Within(1, 16)] = (1.0, 3.0)

    def sample(self, clean: Tensor, generator: Generator) -> Sample:
        """Degrade a batch.

        ``parameters``: ``factor`` (B,), ``enlarged`` (B,), number of the filter in `ENLARGE`, and what of each image's
        degradation is a number, after ``of.``.
        """
        factor = log_uniform(self.factor, clean, generator)
        chosen = torch.randint(len(ENLARGE), (len(clean),), generator=generator, device=clean.device)
        degraded, drawn = [], []
        for image, scale, which in zip(clean[:, None], factor.tolist(), chosen.tolist(), strict=True):
            size = [max(1, round(side / scale)) for side in clean.shape[-2:]]
            small = F.interpolate(image, size, mode="area")
            sample = self.of.sample(small, generator)
            mode = ENLARGE[which]
            change = F.interpolate(
                sample.degraded - small,
                clean.shape[-2:],
                mode=mode,
                align_corners=None if mode == "nearest" else False,
            )
            degraded.append(image + change)
            drawn.append({name: values for name, values in sample.parameters.items() if values.ndim == 1})
        return Sample(
            torch.cat(degraded), {"factor": factor, "enlarged": chosen.to(clean.dtype), **joined(drawn)}
        )


@dataclass(frozen=True)
class Uneven(Degradation, kind="uneven", family=""):
    """A degradation that is stronger in some places than in others, as noise is after local tone mapping.

    Attributes:
        of: The degradation.
        least: Share of it that is left where there is least; where there is most it is all there.

    Example:
        >>> from restora.degradations import GaussianNoise
        >>> flat = torch.full((1, 3, 64, 64), 0.5)
        >>> strength = (Uneven(GaussianNoise((25, 25)))(flat, torch.Generator().manual_seed(0)) - flat).abs()
        >>> regions = torch.nn.functional.avg_pool2d(strength.mean(1, keepdim=True), 16)
        >>> bool(regions.max() > 1.5 * regions.min())
        True
    """

    of: Degradation = NOISE
    least: Share = (0.0, 0.8)

    def sample(self, clean: Tensor, generator: Generator) -> Sample:
        """Degrade a batch; ``parameters``: ``least`` (B,), ``share`` (B, 1, H, W), and the degradation's after ``of.``."""
        sample = self.of.sample(clean, generator)
        least = uniform(self.least, clean, generator)
        share = per_image(least) + per_image(1 - least) * smooth_noise(clean, generator, octaves=2)
        inner = {f"of.{name}": values for name, values in sample.parameters.items()}
        degraded = clean + (sample.degraded - clean) * share
        return Sample(degraded, {"least": least, "share": share, **inner})


@dataclass(frozen=True)
class Sharpening(Degradation, kind="sharpening"):
    """An unsharp mask, y = x + a (x - blurred(x)), as cameras put over a picture and its noise.

    Attributes:
        amount: a, the strength.
        radius: Standard deviation of the Gaussian blur in pixels.

    Example:
        >>> edge = torch.zeros(1, 3, 8, 32); edge[..., 16:] = 0.5
        >>> sharp = Sharpening((1, 1))(edge, torch.Generator().manual_seed(0))
        >>> float(sharp.min()) < -0.05, float(sharp.max()) > 0.55  # dark and bright seams along the edge
        (True, True)
    """

    presets: ClassVar = {"strong": {"amount": (1.0, 1.5)}}

    amount: Annotated[Range, Within(0, 10)] = (0.2, 1.5)
    radius: Annotated[Range, Within(0, 20, above=True)] = (0.5, 1.5)

    def sample(self, clean: Tensor, generator: Generator) -> Sample:
        """Sharpen a batch, values below 0 and above 1 left; ``parameters``: ``amount`` and ``radius`` (B,)."""
        amount = uniform(self.amount, clean, generator)
        radius = uniform(self.radius, clean, generator)
        return Sample(
            clean + per_image(amount) * (clean - gaussian_blur(clean, radius, self.radius[1])),
            {"amount": amount, "radius": radius},
        )


def gaussian_blur(images: Tensor, deviation: Tensor, largest: float) -> Tensor:
    """Blur each image of a batch by a Gaussian of its own.

    Args:
        images: (B, C, H, W).
        deviation: (B,) in pixels, above 0.
        largest: What no deviation exceeds; the kernel reaches three times as far.

    Returns:
        (B, C, H, W); the border is repeated outwards.
    """
    reach = max(1, round(3 * largest))
    offsets = torch.arange(-reach, reach + 1, device=images.device, dtype=images.dtype)
    kernel = torch.exp(-0.5 * (offsets / deviation[:, None]) ** 2)
    kernel = (kernel / kernel.sum(1, keepdim=True)).repeat_interleave(images.shape[1], 0)  # (B C, K)
    planes = images.reshape(1, -1, *images.shape[-2:])
    for shape, pad in (
        ((-1, 1, 1, kernel.shape[1]), (reach, reach, 0, 0)),
        ((-1, 1, kernel.shape[1], 1), (0, 0, reach, reach)),
    ):
        planes = F.conv2d(F.pad(planes, pad, mode="replicate"), kernel.view(shape), groups=len(kernel))
    return planes.view_as(images)
