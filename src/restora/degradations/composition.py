"""Degradations made of others: one after the other, one of several at random, or one of a larger scene."""

from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Generator, Tensor

from restora.degradations.convolution import mirrored
from restora.degradations.degradation import Degradation, Sample, joined
from restora.degradations.draws import log_uniform
from restora.degradations.limits import Range, Within


@dataclass(frozen=True)
class Identity(Degradation, kind="identity", family=""):
    """Nothing happens: a part of `OneOf`, so that some images stay clean.

    Example:
        >>> import torch
        >>> clean = torch.rand(1, 3, 8, 8)
        >>> bool((Identity()(clean, torch.Generator()) == clean).all())
        True
    """

    def sample(self, clean: Tensor, generator: Generator) -> Sample:
        """Return a copy of the batch and no parameters."""
        return Sample(clean.clone(), {})


@dataclass(frozen=True)
class Compose(Degradation, kind="compose", family=""):
    """Degradations one after the other, as light meets them: air, lens, sensor, file.

    Each step gets images in [0, 1]: what the one before left beyond is clipped. What the last one leaves is
    not.

    Attributes:
        steps: Degradations, the first one first; `Compose` and `OneOf` may be among them.

    Example:
        >>> from restora.degradations import GaussianNoise, JpegCompression
        >>> saved = Compose((GaussianNoise((25, 25)), JpegCompression((30, 30))))
        >>> sample = saved.sample(torch.rand(1, 3, 16, 16), torch.Generator().manual_seed(0))
        >>> sorted(sample.parameters)
        ['0.sigma', '1.quality', '1.subsampled']
    """

    steps: tuple[Degradation, ...]

    def sample(self, clean: Tensor, generator: Generator) -> Sample:
        """Degrade a batch; ``parameters`` are those of the steps, after the number of the step and a dot."""
        parameters: dict[str, Tensor] = {}
        images = clean
        for number, step in enumerate(self.steps):
            if images.shape[1] != 3:
                raise ValueError(f"only the last step may return {images.shape[1]} channels")
            sample = step.sample(images if number == 0 else images.clamp(0, 1), generator)
            images = sample.degraded
            parameters |= {f"{number}.{name}": values for name, values in sample.parameters.items()}
        return Sample(images, parameters)


@dataclass(frozen=True)
class OneOf(Degradation, kind="one_of", family=""):
    """One degradation of several for each image, at random.

    Attributes:
        parts: Degradations to choose from; `Compose` and `OneOf` may be among them, and `Identity`.
        weights: Frequency of each part, relative to the others; alike when left out.

    Example:
        >>> from restora.degradations import GaussianNoise
        >>> mostly_noisy = OneOf((GaussianNoise((50, 50)), Identity()), weights=(3, 1))
        >>> sample = mostly_noisy.sample(torch.rand(100, 3, 4, 4), torch.Generator().manual_seed(0))
        >>> 60 < int((sample.parameters["choice"] == 0).sum()) < 90
        True
    """

    parts: tuple[Degradation, ...]
    weights: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        """Check the fields.

        Raises:
            ValueError: There is no part, or the weights are not one each, negative, or all 0.
        """
        super().__post_init__()
        weights = self.weights
        if weights is not None and (
            len(weights) != len(self.parts) or min(weights) < 0 or not 0 < sum(weights) < float("inf")
        ):
            raise ValueError(
                f"weights must be numbers of 0 or more for each of {len(self.parts)} parts, got {weights}"
            )

    def sample(self, clean: Tensor, generator: Generator) -> Sample:
        """Degrade a batch.

        ``parameters``: ``choice`` (B,), the number of the part that was chosen; and those of the parts that
        were, each after the number of its part and a dot, and not a number for the images of other parts.
        """
        weights = torch.tensor(
            self.weights or (1,) * len(self.parts), device=clean.device, dtype=torch.float32
        )
        choice = torch.multinomial(weights, len(clean), replacement=True, generator=generator)
        degraded: Tensor | None = None
        parameters = {"choice": choice.to(clean.dtype)}
        for number, part in enumerate(self.parts):
            chosen = (choice == number).nonzero().flatten()
            if len(chosen) == 0:
                continue
            sample = part.sample(clean[chosen], generator)
            if degraded is None:
                degraded = sample.degraded.new_zeros(len(clean), *sample.degraded.shape[1:])
            if sample.degraded.shape[1] != degraded.shape[1]:
                raise ValueError("the parts of one_of must return the same number of channels")
            degraded[chosen] = sample.degraded
            for name, values in sample.parameters.items():
                spread = clean.new_full((len(clean), *values.shape[1:]), float("nan"))
                spread[chosen] = values.to(clean.dtype)
                parameters[f"{number}.{name}"] = spread
        return Sample(clean.clone() if degraded is None else degraded, parameters)


@dataclass(frozen=True)
class Part(Degradation, kind="part", family=""):
    """A degradation of a larger scene, of which the image is a part at a random place.

    A crop shows a part of a photograph, and haze that is drawn over the crop alone says where its edges are: the depth of a
    whole scene lies between them. A network that has learnt so treats what is far from the edges of a photograph, or near
    them, in another way. Beyond the image the scene goes on as the image mirrored.

    Attributes:
        of: The degradation.
        extent: How many times as long as those of the image the sides of the scene are, drawn so that its logarithm is
            uniform.

    Example:
        >>> from restora.degradations import Haze
        >>> clean, outdoor = torch.zeros(8, 3, 32, 32), Haze.preset("outdoor")
        >>> def depths(degradation):
        ...     return degradation.sample(clean, torch.Generator().manual_seed(0)).parameters
        >>> def spans(depth):
        ...     return float((depth.amax((1, 2, 3)) - depth.amin((1, 2, 3))).mean())
        >>> spans(depths(Part(outdoor, (4, 4)))["of.depth"]) < 0.8 * spans(depths(outdoor)["depth"])
        True
    """

    of: Degradation
    extent: Annotated[Range, Within(1, 16)] = (1.0, 4.0)

    def sample(self, clean: Tensor, generator: Generator) -> Sample:
        """Degrade a batch.

        ``parameters``: ``extent`` (B,), and those of the degradation that have one shape for all images, after ``of.``; maps
        of the scene are cut as it is.
        """
        extent = log_uniform(self.extent, clean, generator)
        height, width = clean.shape[-2:]
        degraded, drawn = [], []
        for image, times in zip(clean[:, None], extent.tolist(), strict=True):
            rows, columns = (round(side * times) for side in (height, width))
            top, left = (
                int(torch.randint(beyond + 1, (), generator=generator, device=clean.device))
                for beyond in (rows - height, columns - width)
            )
            down = mirrored(height, top, rows - height - top, clean.device)
            across = mirrored(width, left, columns - width - left, clean.device)
            sample = self.of.sample(image[..., down[:, None], across], generator)
            within = (..., slice(top, top + height), slice(left, left + width))
            degraded.append(sample.degraded[within])
            drawn.append(
                {
                    name: values[within] if values.shape[-2:] == (rows, columns) else values
                    for name, values in sample.parameters.items()
                }
            )
        return Sample(torch.cat(degraded), {"extent": extent, **joined(drawn)})
