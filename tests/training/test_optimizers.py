"""Muon: orthogonal steps for matrices, AdamW for the rest."""

import pytest
import torch
from torch import nn

from restora.networks import create_model
from restora.training.optimizers import Muon, build_optimizer, orthogonalized, set_learning_rate
from restora.training.sections import OptimizerSection

MUON = OptimizerSection(kind="muon", learning_rate=5e-3, adamw_learning_rate=1e-3)


@pytest.mark.parametrize("shape", [(8, 72), (72, 8), (16, 16)])
def test_singular_values_move_near_one(shape: tuple[int, int]) -> None:
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    values = torch.linalg.svdvals(orthogonalized(1e3 * matrix))
    assert values.min() > 0.5
    assert values.max() < 1.3


def test_a_step_is_as_large_as_adamws() -> None:
    layer = nn.Conv2d(16, 32, 3)
    optimizer = build_optimizer(layer, MUON)
    before = layer.weight.detach().clone()
    layer(torch.rand(1, 16, 8, 8)).square().sum().backward()
    optimizer.step()
    moved = (layer.weight - before).square().mean().sqrt()
    assert 0.1 * 5e-3 < moved < 0.5 * 5e-3  # AdamW moves every weight by about 0.2 to 0.4 times the rate
    assert layer.weight.grad is None


@pytest.mark.parametrize(
    ("name", "share"), [("chair", 0.97), ("dinat_ir", 0.88), ("kit", 0.9), ("derestormer", 0.7)]
)
def test_matrices_are_what_mixes_channels(name: str, share: float) -> None:
    network = create_model(name, "tiny")
    optimizer = build_optimizer(network, MUON)
    matrices, others = (group["params"] for group in optimizer.param_groups)
    assert isinstance(optimizer, Muon)
    assert len(matrices) + len(others) == len(list(network.parameters()))
    assert sum(p.numel() for p in matrices) > share * sum(p.numel() for p in network.parameters())
    assert all(min(p.shape[0], p.shape[1]) >= 8 for p in matrices)


def test_adamw_has_a_rate_of_its_own() -> None:
    optimizer = build_optimizer(nn.Linear(8, 8), MUON)
    set_learning_rate(optimizer, 1e-2)
    assert [group["lr"] for group in optimizer.param_groups] == pytest.approx([1e-2, 2e-3])
