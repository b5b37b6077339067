from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import restora
from restora.errors import RestoraError
from restora.restoration import Restorer, SelfEnsemble, restorer
from restora.restoration.engine import Engine

MakeNetwork = Callable[..., nn.Module]
MakeImage = Callable[..., np.ndarray]


@pytest.fixture(scope="module")
def tiny() -> nn.Module:
    """A real network, with random weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return restora.create_model("chair", "tiny")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"tile": 0}, "tile must be a number of pixels, 'auto' or None, got 0"),
        ({"tile": -1}, "tile must be a number of pixels, 'auto' or None, got -1"),
        ({"tile": "big"}, "tile must be a number of pixels, 'auto' or None, got 'big'"),
        ({"tile": 64.0}, "tile must be a number of pixels, 'auto' or None, got 64.0"),
        ({"tile": 50}, "tile must be a multiple of 4, got 50; try 48 or 52"),
        ({"tile": 4}, "tile must be at least 8 for this network, got 4"),
        ({"overlap": -1}, "overlap must be a number of pixels or 'auto', got -1"),
        ({"overlap": "wide"}, "overlap must be a number of pixels or 'auto', got 'wide'"),
        ({"overlap": None}, "overlap must be a number of pixels or 'auto', got None"),
        ({"tile": 64, "overlap": 64}, "overlap must be at most 60 for a tile of 64, got 64"),
        ({"tile": 64, "overlap": 61}, "overlap must be at most 60 for a tile of 64, got 61"),
        ({"overlap": 256}, "overlap must be at most 252 for a tile of 256, got 256"),
        ({"precision": "float8"}, "unknown precision 'float8'"),
        ({"device": "nonsense"}, "device 'nonsense' is not there"),
    ],
    ids=str,
)
def test_impossible_arguments_are_refused_at_once(
    identity: MakeNetwork, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(RestoraError, match=message.replace("(", r"\(")):
        Restorer(identity(multiple=4, min_size=8), **arguments)


def test_weights_that_are_not_there_are_refused() -> None:
    with pytest.raises(RestoraError):
        Restorer("no-such-weights")


@pytest.mark.parametrize(
    "arguments", [{"tile": 64, "overlap": 60}, {"tile": None, "overlap": 999}, {"overlap": 252}]
)
def test_extreme_arguments_that_are_possible_work(
    identity: MakeNetwork, make_image: MakeImage, arguments: dict[str, Any]
) -> None:
    image = make_image((70, 300, 3))
    restored = Restorer(identity(multiple=4, min_size=8), device="cpu", **arguments)(image)
    np.testing.assert_array_equal(restored, image)


@settings(max_examples=200, deadline=None)
@given(
    free=st.integers(0, 2**42),
    per_pixel=st.integers(1, 10**6),
    multiple=st.sampled_from([1, 4, 8, 16, 24, 48, 64, 96, 448]),
    min_size=st.integers(1, 700),
    device=st.sampled_from(["cpu", "cuda"]),
)
def test_the_chosen_tile_is_possible_within_limits_and_fits_into_memory(
    identity: MakeNetwork, free: int, per_pixel: int, multiple: int, min_size: int, device: str
) -> None:
    chooser = Restorer(identity(multiple=multiple, min_size=min_size), device="cpu")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Engine, "free_memory", lambda self: free)
        patch.setattr(Engine, "bytes_per_pixel", lambda self: per_pixel)
        if device == "cuda":
            object.__setattr__(chooser.engine, "device", torch.device("cuda"))
        tile = chooser.auto_tile()
        budget = min(free // 2, 1024**3) if device == "cpu" else free // 2
        assert tile % multiple == 0
        assert tile >= min_size
        smallest = min(
            side for side in range(256, 4096) if side % np.lcm(64, multiple) == 0 and side >= min_size
        )
        assert smallest <= tile <= max(1024, smallest)
        assert tile == smallest or tile**2 * per_pixel <= budget
        larger = tile + np.lcm(64, multiple)
        assert larger > 1024 or larger**2 * per_pixel > budget  # the largest that fits

        patch.setattr(Engine, "free_memory", lambda self: 0)
        assert chooser.auto_tile() == tile  # found once


def test_a_wide_network_gets_a_smaller_tile_than_a_narrow_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restorer, "CPU_BUDGET", 2**28)
    monkeypatch.setattr(Engine, "free_memory", lambda self: 2**40)
    narrow, wide = (
        Restorer(nn.Sequential(nn.Conv2d(3, n, 1), nn.Conv2d(n, 3, 1)), device="cpu") for n in (4, 64)
    )
    assert narrow.auto_tile() > wide.auto_tile()


def test_images_larger_than_the_chosen_tile_are_cut(
    identity: MakeNetwork, make_image: MakeImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Engine, "free_memory", lambda self: 0)
    chooser, told = Restorer(identity(), device="cpu"), []
    image = make_image((300, 500), "uint16")
    np.testing.assert_array_equal(chooser(image, progress=told.append), image)
    assert chooser.auto_tile() == 256
    assert len(told) == 2 * 3
    told.clear()
    chooser(image[:256, :256], progress=told.append)
    assert told == [1]


@pytest.mark.parametrize(
    "shape", [(1, 1, 3), (3, 200, 3), (37, 53, 3), (37, 53), (1, 9), (130, 1, 3)], ids=str
)
@pytest.mark.parametrize("arguments", [{}, {"tile": 32, "overlap": 8}, {"ensemble": True}], ids=str)
def test_a_real_network_restores_images_of_any_size(
    tiny: nn.Module, make_image: MakeImage, shape: tuple[int, ...], arguments: dict[str, Any]
) -> None:
    image = make_image(shape)
    restored = Restorer(tiny, device="cpu", **arguments)(image)
    assert restored.shape == shape
    assert restored.dtype == np.uint8
    again = Restorer(tiny, device="cpu", **arguments)(image)
    np.testing.assert_array_equal(restored, again)


def test_without_tiles_a_real_network_answers_as_when_it_is_called(
    tiny: nn.Module, make_image: MakeImage
) -> None:
    image = make_image((32, 48, 3), "float32")
    restored = Restorer(tiny, tile=None, precision="float32", device="cpu")(image)
    with torch.no_grad():
        answer = tiny.eval()(torch.from_numpy(image).permute(2, 0, 1)[None])
    np.testing.assert_allclose(restored, answer[0].permute(1, 2, 0).clamp(0, 1), atol=1e-5)
    assert np.abs(restored - image).max() > 1e-3


def test_an_ensemble_turns_with_the_image(tiny: nn.Module, make_image: MakeImage) -> None:
    image = make_image((24, 32, 3), "float32")
    both = Restorer(tiny, ensemble=True, precision="float32", device="cpu")
    assert isinstance(both.engine.network, SelfEnsemble)
    turned = both(np.rot90(image))
    np.testing.assert_allclose(np.rot90(turned, -1), both(image), atol=1e-5)
    plain = Restorer(tiny, precision="float32", device="cpu")
    assert np.abs(plain(image) - both(image)).max() > 1e-5


def test_a_batch_is_restored_image_by_image(tiny: nn.Module) -> None:
    batch = torch.rand(3, 3, 20, 28, generator=torch.Generator().manual_seed(0))
    told: list[float] = []
    single = Restorer(tiny, precision="float32", device="cpu", tile=16, overlap=8)
    restored = single(batch, progress=told.append)
    assert restored.shape == batch.shape
    for one, image in zip(restored, batch, strict=True):
        assert torch.equal(one, single(image))
    assert told == sorted(set(told))
    assert told[-1] == 1
    assert len(told) % 3 == 0


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float16, torch.bfloat16, torch.float32], ids=str)
def test_a_batch_keeps_its_type_and_alpha(brighter: MakeNetwork, dtype: torch.dtype) -> None:
    batch = (torch.rand(2, 4, 5, 6) * (100 if dtype == torch.uint8 else 0.5)).to(dtype)
    restored = Restorer(brighter(0.25), device="cpu")(batch)
    assert restored.dtype == dtype
    assert torch.equal(restored[:, 3], batch[:, 3])
    assert (restored[:, :3] > batch[:, :3]).all()


def test_a_batch_without_images_is_refused(identity: MakeNetwork) -> None:
    with pytest.raises(RestoraError, match=r"a batch of shape \(0, 3, 8, 8\) has no images"):
        Restorer(identity(), device="cpu")(torch.zeros(0, 3, 8, 8))


def test_the_network_of_the_caller_can_go_on_training(tiny: nn.Module, make_image: MakeImage) -> None:
    tiny.train()
    Restorer(tiny, ensemble=True, device="cpu")(make_image((8, 8, 3)))
    assert all(module.training for module in tiny.modules())
    assert all(p.requires_grad for p in tiny.parameters())
