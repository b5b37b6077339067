"""Blur of a lens that is focused elsewhere."""

from dataclasses import dataclass
from typing import ClassVar

from torch import Generator, Tensor

from restora.degradations import aperture
from restora.degradations.aperture import ApertureShape
from restora.degradations.colour import GAMMA, from_light, to_light
from restora.degradations.convolution import convolve
from restora.degradations.degradation import Degradation, Sample
from restora.degradations.draws import choices, uniform
from restora.degradations.limits import Amount, Positive


@dataclass(frozen=True)
class Defocus(Degradation, kind="defocus"):
    """The same blur everywhere, as of something flat: a page, a wall, everything at infinity.

    Light is blurred, not the values of the file, so lamps become bright discs.

    Attributes:
        radius: Radius of the circle of confusion in pixels.
        shape: Shape of the aperture: an even disc, or a Butterworth disc, dimmer in the middle.
        gamma: Exponent between values and light.

    Example:
        >>> import torch
        >>> blurred = Defocus(radius=(3, 3))(torch.rand(1, 3, 32, 32), torch.Generator().manual_seed(0))
        >>> bool(blurred.std() < 0.1)
        True
    """

    presets: ClassVar = {
        "disc": {"radius": (2.0, 6.0)},
        "butterworth": {"radius": (2.0, 6.0), "shape": "butterworth"},
    }

    radius: Amount = (1.0, 8.0)
    shape: ApertureShape = "disc"
    gamma: Positive = GAMMA

    def sample(self, clean: Tensor, generator: Generator) -> Sample:
        """Blur a batch; ``parameters``: ``radius`` (B,), of a Butterworth disc also those of a `Lens`."""
        radius = uniform(self.radius, clean, generator)
        lens = Lens.draw(self.shape, clean, generator)
        light = convolve(to_light(clean, self.gamma), lens.kernels(radius, self.radius[1]))
        return Sample(from_light(light, self.gamma), {"radius": radius, **lens.parameters()})


@dataclass(frozen=True)
class Lens:
    """An aperture for each image of a batch.

    Attributes:
        shape: Shape of the aperture, the same for the batch.
        order: (B,), see `aperture.butterworth`; not used by a disc, and neither are the others.
        cutoff: (B,).
        floor: (B,).
    """

    shape: ApertureShape
    order: Tensor
    cutoff: Tensor
    floor: Tensor

    @classmethod
    def draw(cls, shape: ApertureShape, clean: Tensor, generator: Generator) -> "Lens":
        """Draw among the published parameters."""
        order, cutoff, floor = (
            choices(values, clean, generator)
            for values in (aperture.ORDERS, aperture.CUTOFFS, aperture.FLOORS)
        )
        return cls(shape, order, cutoff, floor)

    def kernels(self, radius: Tensor, largest: float) -> Tensor:
        """Return what points of light become: (B, 1, K, K).

        Args:
            radius: (B,), pixels; the sign does not matter.
            largest: The largest radius there can be, for the size of the kernels.
        """
        size = aperture.kernel_size(largest, self.shape)
        if self.shape == "disc":
            return aperture.disc(radius, size)
        return aperture.butterworth(radius, size, self.order, self.cutoff, self.floor)

    def parameters(self) -> dict[str, Tensor]:
        """Return what was drawn, by name."""
        if self.shape == "disc":
            return {}
        return {"order": self.order, "cutoff": self.cutoff, "floor": self.floor}
