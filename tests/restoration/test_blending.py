"""Strength: from the picture as it came to the restored one, in a straight line."""

import numpy as np
import pytest
import torch

from restora import Restorer, create_model
from restora.errors import RestoraError
from restora.restoration.blending import Blended
from restora.restoration.engine import build_engine


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return create_model("chair", "tiny", width=4, blocks=(1, 1, 1)).eval()


@torch.inference_mode()
def test_half_is_in_the_middle(network):
    x = torch.rand(2, 3, 16, 24)
    assert torch.allclose(Blended(network, 0.5)(x), (x + network(x)) / 2, atol=1e-6)
    assert torch.allclose(Blended(network, 1.0)(x), network(x), atol=1e-6)


@torch.inference_mode()
def test_of_two_views_the_mean_is_given():
    dual = create_model(
        "dinat_ir", "dual_pixel", width=4, blocks=(1, 1, 1, 1), refinement_blocks=1, heads=(1, 1, 2, 4)
    )
    x = torch.rand(1, 6, 32, 32)
    assert torch.allclose(Blended(dual.eval(), 0.0)(x), (x[:, :3] + x[:, 3:]) / 2)


def test_strength_reaches_the_picture(network):
    pixels = np.random.default_rng(0).integers(80, 176, (20, 30, 3), np.uint8)
    assert np.array_equal(Restorer(network, strength=0)(pixels), pixels)
    whole, half = (Restorer(network, strength=s)(pixels).astype(int) for s in (1, 0.5))
    assert np.abs(half - (whole + pixels) / 2).max() <= 1


def test_full_strength_needs_no_wrapper(network):
    engine = build_engine(network, device="cpu")
    assert engine.with_strength(1) is engine
    assert engine.with_strength(0.5).network.network is engine.network


@pytest.mark.parametrize("strength", [-0.1, 1.5, float("nan")])
def test_out_of_range(network, strength):
    with pytest.raises(RestoraError, match="strength must be from 0 to 1"):
        Restorer(network, strength=strength)
