"""Protocols as metrics of TorchMetrics: beside other metrics, in Lightning, over many processes."""

from typing import Any

import torch
from torch import Tensor

from restora.errors import MissingPackageError
from restora.metrics import protocol
from restora.tensors import to_pixels

try:
    from torchmetrics import Metric
except ImportError:
    raise MissingPackageError("TorchMetrics is missing; pip install 'restora[torchmetrics]'") from None


class ProtocolMetric(Metric):
    """A `Protocol`, such as ``"derain-y8"``: the mean over all images of each of its scores.

    Args:
        name: Of the protocol; see `restora.metrics.PROTOCOLS`.
        **others: What `torchmetrics.Metric` takes.

    Raises:
        RestoraError: No protocol of that name.

    Example:
        >>> metric = ProtocolMetric("rgb8")
        >>> clean = torch.full((2, 3, 16, 16), 100 / 255)
        >>> metric.update(clean + 1 / 255, clean)
        >>> {name: round(score.item(), 2) for name, score in metric.compute().items()}
        {'psnr': 48.13, 'ssim': 1.0}
    """

    higher_is_better = None  # each score has a sense of its own
    full_state_update = False
    images: Tensor

    def __init__(self, name: str, **others: Any) -> None:
        super().__init__(**others)
        self.protocol = protocol(name)
        for score in self.protocol.metrics:
            self.add_state(f"sum_{score}", torch.zeros((), dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("images", torch.zeros((), dtype=torch.int64), dist_reduce_fx="sum")

    def update(self, restored: Tensor, clean: Tensor) -> None:
        """Score a batch.

        Args:
            restored: (B, 3, H, W) in [0, 1] or beyond, before any rounding.
            clean: (B, 3, H, W) in [0, 1].
        """
        for pair in zip(restored, clean, strict=True):
            for score, value in self.protocol(*map(to_pixels, pair)).items():
                setattr(self, f"sum_{score}", getattr(self, f"sum_{score}") + value)
        self.images += len(restored)

    def compute(self) -> dict[str, Tensor]:
        """Return the mean of every score over the images so far, by name."""
        return {score: getattr(self, f"sum_{score}") / self.images for score in self.protocol.metrics}
