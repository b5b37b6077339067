"""What storing in whole numbers does."""

from dataclasses import dataclass
from typing import Annotated

from torch import Generator, Tensor

from restora.degradations.degradation import Degradation, Sample
from restora.degradations.limits import Within
from restora.tensors import quantize


@dataclass(frozen=True)
class Quantization(Degradation, kind="quantization", family=""):
    """Clip and round to the whole numbers of a file, the last step where strong contrast will be taken back.

    Under dense haze a few grey levels are all that is left of a scene, and a network that only saw exact values knows nothing
    of the steps between them. Not differentiable.

    Attributes:
        bits: Bits of a channel: 8 in JPEG, 8 or 16 in PNG, 10 to 14 in a raw file.

    Example:
        >>> import torch
        >>> Quantization(1)(torch.tensor([0.2, 0.7]).expand(1, 3, 1, 2), torch.Generator())[0, 0]
        tensor([[0., 1.]])
    """

    bits: Annotated[int, Within(1, 16)] = 8

    def sample(self, clean: Tensor, generator: Generator) -> Sample:
        """Round a batch; no parameters."""
        return Sample(quantize(clean, self.bits).to(clean.dtype) / (2**self.bits - 1), {})
