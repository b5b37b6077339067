import numpy as np
import pytest
import torch

from restora.errors import RestoraError
from restora.explanation import draw_knn_groups
from restora.networks import KiT, KiTConfig, KNNGroups, knn_groups


@pytest.fixture(scope="module")
def model() -> KiT:
    torch.manual_seed(0)
    return KiT(KiTConfig(width=4, blocks=(1, 2, 1, 1)))


@pytest.fixture(scope="module")
def image() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (40, 70, 3), dtype=np.uint8)


@pytest.mark.parametrize(("stage", "patch"), [(0, 4), (1, 8), (2, 16), (3, 32), (4, 16), (5, 8), (6, 4)])
def test_members_are_the_chunk_of_the_patch(model: KiT, image: np.ndarray, stage: int, patch: int) -> None:
    groups = knn_groups(model, image, stage=stage, round=1)
    assert (groups.patch, groups.columns) == (patch, 96 // patch)  # padded to 64 x 96
    assert len(groups.order) == 64 * 96 // patch**2
    k = 1 if stage == 3 else 4
    assert groups.chunks.shape[1] == k
    for p in (0, len(groups.order) // 2, len(groups.order) - 1):
        chunk = groups.rank[p] // k
        own = groups.chunks[chunk]
        assert groups.members(p).tolist() == own[own >= 0].tolist()
        assert p in groups.members(p)
        if len(groups.chunks) > 1:
            assert groups.looked_back_at(p).tolist() == groups.chunks[chunk - 1].tolist()


def test_blocks_and_rounds_differ_and_the_model_is_left_as_it_was(model: KiT, image: np.ndarray) -> None:
    model.train()
    first, again, other_round, other_block = (
        knn_groups(model, image, stage=1, **where) for where in ({}, {}, {"round": 2}, {"block": 1})
    )
    assert model.training
    assert all(module.training for module in model.modules())
    assert not any(module._forward_pre_hooks for module in model.modules())
    assert np.array_equal(first.order, again.order)
    assert not np.array_equal(first.order, other_round.order)
    assert not np.array_equal(first.order, other_block.order)


def test_bytes_and_floats_are_the_same_image(model: KiT, image: np.ndarray) -> None:
    groups = knn_groups(model, image)
    assert np.array_equal(groups.order, knn_groups(model, image / 255).order)


def two_chunks() -> KNNGroups:
    """Six patches of 4 pixels in two rows, the last two in the padding of an image 8 wide."""
    order = np.array([0, 4, 5, 1, 3, 2])
    chunks = order.reshape(2, 3)
    return KNNGroups(order, np.argsort(order), chunks, np.hstack([chunks, chunks[::-1]]), patch=4, columns=3)


def test_boxes_lie_round_the_members() -> None:
    groups, image = two_chunks(), np.zeros((8, 8, 3), dtype=np.uint8)
    drawn = draw_knn_groups(image, groups, [groups.patch_at(1, 2)], enlargement=3)
    assert drawn.shape == (24, 24, 3)
    red = (drawn == (255, 0, 0)).all(-1)
    assert (red | (drawn == 0).all(-1)).all()
    expected = np.zeros((24, 24), dtype=bool)
    for x, y in ((0, 0), (12, 12)):  # patches 0 and 4; 5 lies in the padding
        expected[y : y + 12, x : x + 12] = True
        expected[y + 1 : y + 11, x + 1 : x + 11] = False
    assert np.array_equal(red, expected)


def test_previous_chunk_is_dashed_and_queries_have_colours() -> None:
    groups, image = two_chunks(), np.zeros((8, 8, 3))
    plain = draw_knn_groups(image, groups, [0, 1], enlargement=3)
    both = draw_knn_groups(image, groups, [0], look_back=True, enlargement=3)
    assert {tuple(c) for c in plain.reshape(-1, 3)} == {(0, 0, 0), (255, 0, 0), (0, 255, 255)}
    solid = plain[:12, 12:].any(-1).sum()  # patch 1, of the other chunk
    assert 0 < both[:12, 12:].any(-1).sum() < solid
    assert np.array_equal(draw_knn_groups(image, groups, []), np.zeros((32, 32, 3)))


def test_impossible_requests_are_refused(model: KiT, image: np.ndarray) -> None:
    for where, message in (
        ({"stage": 7}, "stage must be from 0 to 6, got 7"),
        ({"block": 1}, "block must be from 0 to 0, got 1"),
        ({"round": 4}, "round must be from 0 to 3, got 4"),
    ):
        with pytest.raises(RestoraError, match=message):
            knn_groups(model, image, **where)
    with pytest.raises(RestoraError, match=r"must be \(height, width, 3\), got \(40, 70\)"):
        knn_groups(model, image[..., 0])
    with pytest.raises(RestoraError, match="query must be from 0 to 5, got 6"):
        draw_knn_groups(image, two_chunks(), [6])
