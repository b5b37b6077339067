"""What saving as JPEG does."""

import io
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from restora.degradations.degradation import Degradation, Sample
from restora.degradations.draws import uniform
from restora.degradations.limits import Within
from restora.tensors import quantize


@dataclass(frozen=True)
class JpegCompression(Degradation, kind="jpeg"):
    """Write to JPEG in memory and read back, by Pillow; in 8 bits, so values are clipped and rounded before.

    Not differentiable, and on the CPU wherever the images are. Gray images stay gray.

    Attributes:
        quality: Lowest and highest quality, whole numbers from 1 to 100; every image draws its own.
        subsampled: Share of the images whose colour is stored at half the resolution, as most cameras do.

    Example:
        >>> saved = JpegCompression((10, 10))(torch.rand(1, 3, 32, 32), torch.Generator().manual_seed(0))
        >>> tuple(saved.shape)
        (1, 3, 32, 32)
    """

    presets: ClassVar = {"10": {"quality": (10, 10)}, "30": {"quality": (30, 30)}, "any": {}}
    number = "a quality from 1 to 100"

    quality: Annotated[tuple[int, int], Within(1, 100)] = (10, 90)
    subsampled: Annotated[float, Within(0, 1)] = 0.5

    def sample(self, clean: Tensor, generator: Generator) -> Sample:
        """Compress a batch.

        ``parameters``: ``quality`` (B,), and ``subsampled`` (B,), 1 where colour lost resolution.
        """
        low, high = self.quality
        quality = uniform((low, high + 1), clean, generator).floor().clamp(low, high)
        subsampled = (uniform((0, 1), clean, generator) < self.subsampled).to(clean.dtype)
        rounded = quantize(clean).permute(0, 2, 3, 1).cpu().numpy()
        saved = [
            _saved(image, int(q), bool(half))
            for image, q, half in zip(rounded, quality.tolist(), subsampled.tolist(), strict=True)
        ]
        degraded = torch.from_numpy(np.stack(saved)).to(clean.device).permute(0, 3, 1, 2).to(clean.dtype)
        return Sample(degraded / 255, {"quality": quality, "subsampled": subsampled})


def _saved(image: NDArray[np.uint8], quality: int, half: bool) -> NDArray[np.uint8]:
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "JPEG", quality=quality, subsampling="4:2:0" if half else "4:4:4")
    return np.array(Image.open(stream))
