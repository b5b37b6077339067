"""Blur of a camera that shakes while the shutter is open: one kernel for the whole image.

After Boracchi and Foi, Modeling the performance of image restoration from motion blur (2012), as Kupyn et al.
made it for DeblurGAN (2018).
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from restora.degradations.colour import GAMMA, from_light, to_light
from restora.degradations.convolution import convolve
from restora.degradations.degradation import Degradation, Sample
from restora.degradations.draws import choices, normal, uniform
from restora.degradations.limits import Amount, Positive, Within

STEPS = 2000
"""Positions of a trajectory."""
ANXIETY = (0.01, 0.009, 0.008, 0.007, 0.005, 0.003)
"""How much the hand shakes; published values."""

Path: TypeAlias = NDArray[np.complex128]


@dataclass(frozen=True)
class TrajectoryBlur(Degradation, kind="motion_trajectory", family="motion"):
    """Convolution with the path of a random trajectory.

    After Boracchi and Foi (2012) and Kupyn et al. (DeblurGAN, 2018). Light is blurred, not the values of the
    file, so lamps draw their path as on real photographs; gray stays gray.

    Attributes:
        length: Way of the image during the longest exposure, in pixels.
        exposures: Fractions of the longest exposure, of which each image draws one. Published: 0.01, 0.1, 0.5
            and 1.
        anxiety: Strengths of the shaking, of which each image draws one; little gives strokes, much gives
            knots.
        gamma: Exponent between values and light; 1 blurs the values, as the published code does.

    Example:
        >>> blur = TrajectoryBlur.preset("light")
        >>> blurred = blur(torch.rand(1, 3, 48, 48), torch.Generator().manual_seed(0))
        >>> tuple(blurred.shape)
        (1, 3, 48, 48)
    """

    presets: ClassVar = {
        # A short stroke: large text stays readable.
        "light": {"length": (10.0, 25.0), "exposures": (1.0,), "anxiety": (0.003, 0.005)},
        # A long stroke.
        "heavy": {"length": (40.0, 80.0), "exposures": (1.0,), "anxiety": (0.001, 0.003)},
    }

    length: Amount = (10.0, 60.0)
    exposures: Annotated[tuple[float, ...], Within(0, 1, above=True)] = (0.5, 1.0)
    anxiety: Annotated[tuple[float, ...], Within()] = ANXIETY
    gamma: Positive = GAMMA

    def sample(self, clean: Tensor, generator: Generator) -> Sample:
        """Blur a batch.

        ``parameters``: ``length``, ``anxiety`` and ``exposure`` (B,), ``kernel`` (B, 1, K, K) with the K of
        the largest.
        """
        length = uniform(self.length, clean, generator)
        anxiety = choices(self.anxiety, clean, generator)
        exposure = choices(self.exposures, clean, generator)
        paths = random_trajectories(length, anxiety, clean, generator)
        kernel = torch.from_numpy(blur_kernels(paths, exposure.double().cpu().numpy()))
        kernel = kernel.to(clean.device, clean.dtype)[:, None]
        light = convolve(to_light(clean, self.gamma), kernel)
        parameters = {"length": length, "anxiety": anxiety, "exposure": exposure, "kernel": kernel}
        return Sample(from_light(light, self.gamma), parameters)


def random_trajectories(length: Tensor, anxiety: Tensor, clean: Tensor, generator: Generator) -> Path:
    """Draw paths: inertia, a pull back to the beginning, shaking, now and then a jerk that turns it around.

    Args:
        length: (B,), pixels of way of each.
        anxiety: (B,), scale of all that is not inertia; see `ANXIETY`.
        clean: (B, ...), says where random numbers come from.
        generator: On the device of ``clean``.

    Returns:
        (B, STEPS), row + 1j column, beginning at 0; in NumPy, because the recursion is too small for a
        device.
    """
    start = np.exp(2j * np.pi * _numbers(uniform((0, 1), clean, generator)))
    centripetal = 0.7 * _numbers(uniform((0, 1), clean, generator))
    jerks = 0.2 * _numbers(uniform((0, 1), clean, generator))
    shake = 10 * _numbers(uniform((0, 1), clean, generator))
    kicks = _numbers(uniform((0, 1), clean, generator, STEPS - 1, 2))
    shaking = _numbers(normal(clean, generator, STEPS - 1, 2))
    expl = _numbers(anxiety)
    step = _numbers(length) / (STEPS - 1)

    kicked = kicks[..., 0] < (jerks * expl)[:, None]
    kick = np.where(kicked, 2 * np.exp(1j * (np.pi + kicks[..., 1] - 0.5)), 0)
    tremble = (expl * shake)[:, None] * (shaking[..., 0] + 1j * shaking[..., 1])
    pull = expl * centripetal
    # In units of one step, the speed; position is in units of one step, too, but the pull acts on pixels.
    path = np.zeros((len(step), STEPS), np.complex128)
    velocity, position = start, path[:, 0]
    for t in range(1, STEPS):
        velocity = velocity * (1 + kick[:, t - 1]) + tremble[:, t - 1] - pull * position
        velocity = velocity / np.maximum(np.abs(velocity), 1e-12)
        position = position + velocity * step
        path[:, t] = position
    return path


def blur_kernels(paths: Path, exposure: NDArray[np.float64]) -> NDArray[np.float32]:
    """Integrate the light along the first part of each path.

    Args:
        paths: (B, T), row + 1j column in pixels.
        exposure: (B,), the fraction of each path during which the shutter is open.

    Returns:
        (B, K, K), K odd and as large as the longest of them; each sums to 1 and has its centre of gravity in
        the middle, so that blurring does not shift the image.
    """
    open_ = np.arange(paths.shape[1]) < np.maximum(1, np.round(exposure[:, None] * paths.shape[1]))
    weight = open_ / open_.sum(1, keepdims=True)
    centred = paths - (paths * weight).sum(1, keepdims=True)
    reach = np.where(open_, np.maximum(np.abs(centred.real), np.abs(centred.imag)), 0).max()
    radius = int(np.ceil(reach)) + 1
    side = 2 * radius + 1
    kernels = np.zeros((len(paths), side * side))
    row, column = (np.where(open_, part, 0) + radius for part in (centred.real, centred.imag))
    top, left = np.floor(row).astype(int), np.floor(column).astype(int)
    down, right = row - top, column - left
    image = np.broadcast_to(np.arange(len(paths))[:, None], row.shape)
    for i, vertical in ((0, 1 - down), (1, down)):
        for j, horizontal in ((0, 1 - right), (1, right)):
            np.add.at(kernels, (image, (top + i) * side + left + j), weight * vertical * horizontal)
    return kernels.reshape(-1, side, side).astype(np.float32)


def _numbers(values: Tensor) -> NDArray[np.float64]:
    return np.asarray(values.detach().cpu().numpy(), np.float64)
