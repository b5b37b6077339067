"""The noise of a sensor, as it looks after all that a camera does to it."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from torch import Generator, Tensor

from restora.degradations.bayer import demosaic, mosaic
from restora.degradations.camera import Cameras, process, unprocess
from restora.degradations.colour import are_gray
from restora.degradations.degradation import Degradation, Sample
from restora.degradations.draws import log_uniform, normal, per_image
from restora.degradations.limits import Range, Within

# Brooks et al., section 3.1: read noise follows from shot noise, up to a spread; logarithms of variances.
READ_SLOPE, READ_OFFSET, READ_SPREAD = 2.18, 1.20, 0.26


@dataclass(frozen=True)
class CameraNoise(Degradation, kind="camera_noise", family="sensor"):
    """Shot and read noise on the sensor of a random camera, and the way from there to the file.

    The image goes back to light on the sensor (tone curve, gamma, colours and gains undone,
    `camera.unprocess`) and through the colour filter; there noise is added with the variance ``shot * light +
    read``, nothing leaves the sensor's range, and the camera develops the picture again. So noise is stronger
    in the dark than in the light, in blue and red than in green, has grain of more than a pixel, and vanishes
    where the sensor is full.

    What the camera does to a picture without noise (it softens edges, and loses colours it cannot see) is
    taken out: the difference between input and output is due to noise alone. Gray images are those of a
    camera without colour filter and stay gray.

    After Brooks et al., Unprocessing images for learned raw denoising (2019).

    Attributes:
        shot: Variance per unit of light, drawn so that its logarithm is uniform; 1e-4 in sunshine, 0.012 by
            night.

    Example:
        >>> dark = torch.full((1, 3, 32, 32), 0.3)
        >>> noisy = CameraNoise.preset("strong")(dark, torch.Generator().manual_seed(0))
        >>> bool((noisy - dark).std() > 0.03)
        True
    """

    presets: ClassVar = {
        "weak": {"shot": (1e-4, 5e-4)},  # good light: the lower third of the published range
        "strong": {"shot": (2.4e-3, 0.012)},  # little light: the upper third
    }

    shot: Annotated[Range, Within(0, 1, above=True)] = (1e-4, 0.012)

    def sample(self, clean: Tensor, generator: Generator) -> Sample:
        """Take a batch with noisy cameras.

        ``parameters``: ``shot`` and ``read`` (B,), variances; ``gains`` (B, 3), ``matrix`` (B, 3, 3) and
        ``pattern`` (B,) of the `Cameras`.
        """
        shot = log_uniform(self.shot, clean, generator)
        read = torch.exp(READ_SLOPE * shot.log() + READ_OFFSET + READ_SPREAD * normal(clean, generator))
        gray = are_gray(clean)
        cameras = Cameras.draw(clean, generator).monochrome_where(gray.flatten())
        sensed = mosaic(unprocess(clean, cameras), cameras.pattern)  # (B, 1, H, W)
        deviation = (per_image(shot) * sensed + per_image(read)).sqrt()
        noisy = (sensed + deviation * normal(clean, generator, *sensed.shape[1:])).clamp(0, 1)
        # One that is full counts no more light, and none that noise could take away.
        noisy = torch.where(sensed >= 1, sensed, noisy)
        difference = _developed(noisy, cameras, gray) - _developed(sensed, cameras, gray)
        return Sample((clean + difference).clamp(0, 1), {"shot": shot, "read": read, **vars(cameras)})


def _developed(raw: Tensor, cameras: Cameras, gray: Tensor) -> Tensor:
    colour = demosaic(raw, cameras.pattern)
    return process(torch.where(gray, raw, colour), cameras)
