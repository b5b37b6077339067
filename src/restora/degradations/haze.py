"""Haze by day: what a scattering atmosphere does to light."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import torch
from torch import Generator, Tensor

from restora.degradations.colour import are_gray
from restora.degradations.degradation import Degradation, Sample
from restora.degradations.draws import log_uniform, normal, per_image, uniform
from restora.degradations.limits import Amount, Range, Share, Within
from restora.degradations.scene_depth import landscape_depth, random_depth


def scatter(clean: Tensor, transmission: Tensor, airlight: Tensor) -> Tensor:
    """Atmospheric scattering, I = J t + A (1 - t) (Koschmieder).

    Args:
        clean: J, (B, 3, H, W).
        transmission: t in [0, 1], (B, 1, H, W): the share of the light that arrives.
        airlight: A, broadcastable: the colour of an infinitely deep layer.

    Returns:
        (B, 3, H, W), between J and A.
    """
    return clean * transmission + airlight * (1 - transmission)


@dataclass(frozen=True)
class Haze(Degradation, kind="haze"):
    """Homogeneous haze, t = exp(-beta d), over a random scene.

    Its depth is smooth and on the whole rises to the top, or that of a landscape. Gray images stay gray.
    `indoor` and `outdoor` have the ranges of the training sets of RESIDE (Li et al., Benchmarking
    single-image dehazing and beyond, 2019), made from depth; here depth is drawn.

    Attributes:
        beta: Scattering coefficient per unit of distance, drawn so that its logarithm is uniform.
        airlight: Brightness of the atmosphere.
        near: Distance of the nearest point of the scene; the unit is that of ``beta``.
        far: Distance of the farthest point.
        tint: Standard deviation of the airlight's three channels about its brightness; 0 is white.
        scene: What depth is drawn: ``smooth`` (`random_depth`) or ``landscape`` (`landscape_depth`).

    Example:
        >>> hazy = Haze.preset("outdoor")(torch.zeros(1, 3, 64, 64), torch.Generator().manual_seed(0))
        >>> bool(hazy[..., 0, :].mean() > hazy[..., -1, :].mean())  # more of it far away
        True
    """

    presets: ClassVar = {
        # As ITS: depth is relative to the deepest point of a room.
        "indoor": {"beta": (0.6, 1.8), "airlight": (0.7, 1.0), "near": (0.1, 0.4), "far": (0.6, 1.0)},
        # As OTS: beta is per metre; scenes end at 10 to 40 m.
        "outdoor": {"beta": (0.04, 0.2), "airlight": (0.8, 1.0), "near": (1.0, 5.0), "far": (10.0, 40.0)},
    }

    beta: Annotated[Range, Within(above=True)]
    airlight: Share
    near: Amount
    far: Amount
    tint: Annotated[float, Within(0, 1)] = 0.0
    scene: Literal["smooth", "landscape"] = "smooth"

    def __post_init__(self) -> None:
        """Check the fields.

        Raises:
            ValueError: One is beyond its limits, or near overlaps far.
        """
        super().__post_init__()
        if self.near[1] > self.far[0]:
            raise ValueError(f"near must end where far begins or before, got {self.near} and {self.far}")

    def sample(self, clean: Tensor, generator: Generator) -> Sample:
        """Veil a batch.

        ``parameters``: ``beta`` (B,), ``airlight`` (B,) or with a tint (B, 3), ``depth`` (B, 1, H, W) in the unit of
        ``near``.
        """
        beta = log_uniform(self.beta, clean, generator)
        airlight = uniform(self.airlight, clean, generator)
        near = per_image(uniform(self.near, clean, generator))
        far = per_image(uniform(self.far, clean, generator))
        draw = random_depth if self.scene == "smooth" else landscape_depth
        depth = near + (far - near) * draw(clean, generator)
        transmission = torch.exp(-per_image(beta) * depth)
        if self.tint:
            tints = self.tint * normal(clean, generator, 3) * ~are_gray(clean).view(-1, 1)
            airlight = (airlight[:, None] + tints).clamp(0, 1)
        hazy = scatter(clean, transmission, airlight.view(len(clean), -1, 1, 1))
        return Sample(hazy, {"beta": beta, "airlight": airlight, "depth": depth})
