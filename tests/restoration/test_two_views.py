"""Both views of a dual-pixel sensor go into one picture."""

from typing import Any

import numpy as np
import pytest
import torch

import restora
from restora.errors import RestoraError


@pytest.fixture(scope="module")
def network() -> torch.nn.Module:
    torch.manual_seed(0)
    overrides: dict[str, Any] = {"width": 4, "blocks": (1, 1, 1, 1), "refinement_blocks": 1}
    return restora.create_model("dinat_ir", "dual_pixel", **overrides).eval()


def test_the_answer_is_the_networks(network: torch.nn.Module) -> None:
    views = np.random.default_rng(0).random((24, 32, 6), np.float32)
    x = torch.from_numpy(views).permute(2, 0, 1)[None]
    with torch.inference_mode():
        expected = network(x)[0].permute(1, 2, 0).clamp(0, 1).numpy()
    restorer = restora.Restorer(network, tile=None, precision="float32", device="cpu")
    np.testing.assert_allclose(restorer(views), expected, atol=1e-5)
    tensor = restorer(torch.from_numpy(views).permute(2, 0, 1))
    assert tensor.shape == (3, 24, 32)
    assert restorer((views * 65535).astype(np.uint16)).dtype == np.uint16


def test_tiles_cover_both_views(network: torch.nn.Module) -> None:
    views = np.random.default_rng(0).random((70, 300, 6), np.float32)
    restored = restora.Restorer(network, tile=256, overlap=32, device="cpu")(views)
    assert restored.shape == (70, 300, 3)
    assert np.isfinite(restored).all()


def test_one_view_is_refused_and_two_where_one_is_wanted(network: torch.nn.Module) -> None:
    with pytest.raises(
        RestoraError, match=r"the two views of a dual-pixel sensor, \(H, W, 6\); got .* \(8, 8, 3\)"
    ):
        restora.Restorer(network, device="cpu")(np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(RestoraError, match=r"one view, \(H, W\) or \(H, W, 3\); got .* \(8, 8, 6\)"):
        restora.Restorer("denoise-chair-tiny", device="cpu")(np.zeros((8, 8, 6), np.uint8))
    with pytest.raises(RestoraError, match="cannot be turned"):
        restora.Restorer(network, ensemble=True, device="cpu")
