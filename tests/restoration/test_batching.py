"""Micro-batching: tiles of threads that come at once go through the network together, and get what each would get alone."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import restora
from restora.errors import RestoraError
from restora.networks import as_network
from restora.restoration import Restorer
from restora.restoration.batching import MicroBatched


class Watched(nn.Module):
    """Adds 0.1; notes the shapes that come, is held up at the first, and fails as it is told."""

    def __init__(self, fail=lambda x: None):
        super().__init__()
        self.shapes, self.entered, self.open, self.fail = [], threading.Event(), threading.Event(), fail

    def forward(self, x):
        self.shapes.append(tuple(x.shape))
        if len(self.shapes) == 1:
            self.entered.set()
            assert self.open.wait(10)
        self.fail(x)
        return x + 0.1


def gathered(watched, tiles, most):
    """Let the first tile in, the others gather behind it, and then all through; returns the futures of their answers."""
    network = MicroBatched(as_network(watched), most)
    pool = ThreadPoolExecutor(len(tiles))
    answers = [pool.submit(network, tiles[0])]
    assert watched.entered.wait(10)
    for number, tile in enumerate(tiles[1:], 1):
        answers.append(pool.submit(network, tile))
        while len(network._waiting) < number:
            pass
    watched.open.set()
    pool.shutdown()
    return network, answers


def tiles(*sides):
    return [torch.full((1, 3, side, side), number / 10) for number, side in enumerate(sides)]


def test_what_gathers_goes_together_by_shape_and_everyone_gets_their_own():
    watched, given = Watched(), tiles(8, 8, 16, 8, 8, 16)
    network, answers = gathered(watched, given, most=3)
    assert watched.shapes[0] == (1, 3, 8, 8)
    assert sorted(watched.shapes[1:]) in (  # whichever thread comes first takes the others along
        [(1, 3, 8, 8), (2, 3, 8, 8), (2, 3, 16, 16)],
        [(2, 3, 16, 16), (3, 3, 8, 8)],
    )
    assert sum(size * count for size, count in network.sizes.items()) == 6
    for x, answer in zip(given, answers, strict=True):
        assert torch.equal(answer.result(), x + 0.1)


def test_no_batch_is_larger_than_allowed():
    watched = Watched()
    network, _ = gathered(watched, tiles(*[8] * 8), most=3)
    assert max(network.sizes) <= 3
    assert sum(size * count for size, count in network.sizes.items()) == 8


def test_a_batch_that_memory_does_not_suffice_for_is_computed_tile_by_tile():
    def fail(x):
        if len(x) > 1:
            raise RuntimeError("CUDA out of memory")

    given = tiles(8, 8, 8)
    _, answers = gathered(Watched(fail), given, most=4)
    assert all(torch.equal(answer.result(), x + 0.1) for x, answer in zip(given, answers, strict=True))


def test_what_fails_fails_for_all_of_the_batch_and_for_nobody_else():
    def fail(x):
        if len(x) > 1:
            raise ValueError("no")

    network, answers = gathered(Watched(fail), tiles(8, 8, 8, 16), most=2)
    errors = [answer.exception() for answer in answers]
    assert errors[0] is None
    assert [str(error) for error in errors[1:3]] == ["no", "no"] or errors[1:3] == [None, None]
    assert errors[3] is None
    assert network(torch.zeros(1, 3, 8, 8)).max() == pytest.approx(0.1)  # it goes on


@pytest.mark.parametrize("name", ["denoise-chair-tiny", "denoise-kit-tiny"])
def test_a_restorer_gives_the_same_within_rounding_whoever_is_beside(name):
    images = [np.random.default_rng(seed).random((64, 96, 3), np.float32) for seed in range(4)]
    options = {"device": "cpu", "engine": "torch", "precision": "float32", "threads": 1, "tile": 64}
    alone = [Restorer(name, **options)(image) for image in images]
    shared = Restorer(name, batch=4, **options)
    together = threading.Barrier(4)
    with ThreadPoolExecutor(4, initializer=together.wait) as pool:
        restored: list[Any] = list(pool.map(shared, images))
    for one, want in zip(restored, alone, strict=True):
        np.testing.assert_allclose(one, want, atol=1e-5)
    assert sum(size * count for size, count in shared.engine.network.sizes.items()) >= 8


def test_another_strength_shares_the_network_and_its_batches():
    image = np.random.default_rng(0).random((40, 56, 3), np.float32)
    options = {"device": "cpu", "engine": "torch", "precision": "float32", "threads": 1}
    whole = Restorer("denoise-chair-tiny", batch=2, **options)
    half = whole.with_strength(0.5)
    assert half.engine is whole.engine
    np.testing.assert_array_equal(half(image), Restorer("denoise-chair-tiny", strength=0.5, **options)(image))
    np.testing.assert_array_equal(whole(image), Restorer("denoise-chair-tiny", **options)(image))
    with pytest.raises(RestoraError, match="strength must be from 0 to 1"):
        whole.with_strength(2)


def test_a_diagnosing_restorer_of_another_strength_shares_its_networks():
    noisy = np.random.default_rng(0).normal(128, 25, (96, 96, 3)).clip(0, 255).astype(np.uint8)
    options = {"device": "cpu", "engine": "torch", "threads": 1}
    whole = restora.AutoRestorer(**options)
    half = whole.with_strength(0.5)
    assert half.restorer("denoise-real").engine is whole.restorer("denoise-real").engine
    np.testing.assert_array_equal(half(noisy), restora.AutoRestorer(strength=0.5, **options)(noisy))


def test_fewer_than_one_tile_is_no_batch():
    with pytest.raises(RestoraError, match="batch must be a number of tiles from 1 on, got 0"):
        Restorer("denoise-chair-tiny", batch=0)
