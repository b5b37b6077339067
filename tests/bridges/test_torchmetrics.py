import numpy as np
import pytest
import torch
from torchmetrics import MetricCollection

from restora.bridges.torchmetrics import ProtocolMetric
from restora.errors import RestoraError
from restora.metrics import protocol


def test_the_mean_over_batches_is_that_of_the_protocol_over_images():
    generator = torch.Generator().manual_seed(0)
    clean = torch.rand(5, 3, 24, 20, generator=generator)
    restored = clean + 0.1 * torch.rand(clean.shape, generator=generator)
    metric = ProtocolMetric("rgb8")
    metric.update(restored[:2], clean[:2])
    metric.update(restored[2:], clean[2:])
    arrays = [image.permute(0, 2, 3, 1).numpy() for image in (restored, clean)]
    single = [protocol("rgb8")(*pair) for pair in zip(*arrays, strict=True)]
    for name, value in metric.compute().items():
        assert value.item() == pytest.approx(np.mean([scores[name] for scores in single]), abs=1e-12)


def test_several_protocols_stand_side_by_side():
    both = MetricCollection({"rgb": ProtocolMetric("rgb8"), "luma": ProtocolMetric("derain-y8")})
    clean = torch.full((1, 3, 16, 16), 0.5)
    both.update(clean + 2 / 255, clean)
    scores = both.compute()
    assert len(scores) == 4
    both.reset()
    assert both["rgb"].images == 0


def test_unknown_protocols_are_named():
    with pytest.raises(RestoraError, match="rgb9"):
        ProtocolMetric("rgb9")
