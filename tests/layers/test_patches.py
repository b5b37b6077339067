import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from restora.layers import group_patches
from restora.layers.patches import (
    MAX_BUCKETS,
    RandomRotations,
    bucket_count,
    hash_patches,
    join_patches,
    split_patches,
)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=30), st.integers(1, 7))
def test_groups_by_the_book(buckets: list[int], k: int) -> None:
    groups = group_patches(torch.tensor(buckets)[None, None], k)
    order = sorted(range(len(buckets)), key=lambda p: buckets[p])  # Python's sort is stable
    assert groups.order[0, 0].tolist() == order
    assert [order[s] for s in groups.rank[0, 0]] == list(range(len(buckets)))
    chunks = [order[i : i + k] for i in range(0, len(order), k)]
    padded = [chunk + [-1] * (k - len(chunk)) for chunk in chunks]
    assert groups.chunks[0, 0].tolist() == padded
    looking = [[*own, *padded[c - 1]] for c, own in enumerate(padded)] if len(padded) > 1 else padded
    assert groups.neighbours[0, 0].tolist() == looking


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 25), st.integers(1, 6))
def test_reordering_by_chunk_and_back(patches: int, k: int) -> None:
    groups = group_patches(torch.randint(0, 3, (2, 2, patches)), k)
    values = torch.rand(2, 2, patches, 3)
    chunked = groups.by_chunk(values)
    assert torch.equal(groups.by_patch(chunked), values)
    assert not chunked[groups.chunks < 0].any()


@settings(max_examples=20, deadline=None)
@given(*[st.integers(1, 4)] * 4)
def test_patches_join_again(rows: int, columns: int, size: int, channels: int) -> None:
    x = torch.rand(2, channels, rows * size, columns * size)
    patches = split_patches(x, size)
    assert patches.shape == (2, rows * columns, size * size, channels)
    assert torch.equal(join_patches(patches, *x.shape[2:]), x)


def test_hash_is_the_first_largest_of_both_signs() -> None:
    torch.manual_seed(0)
    patches, rotations = torch.randn(2, 9, 4, 3), torch.randn(2, 12, 5)
    y = torch.einsum("bnd,hdm->bhnm", patches.flatten(2), rotations)
    buckets = hash_patches(patches, rotations)
    assert torch.equal(buckets, torch.cat([y, -y], dim=-1).argmax(-1))
    assert torch.equal(hash_patches(patches * 7, rotations), buckets)  # only the direction matters
    assert torch.equal(hash_patches(-patches, rotations), (buckets + 5) % 10)
    assert not hash_patches(torch.zeros(1, 2, 4, 3), rotations).any()


def test_number_of_buckets() -> None:
    assert [bucket_count(n, 4) for n in (1, 8, 12, 16, 4 * MAX_BUCKETS, 10**6)] == [2, 2, 4, 4, 128, 128]


def test_rotations_are_no_part_of_the_state_and_differ_by_seed() -> None:
    a, b = (RandomRotations(48, 3, seed).eval() for seed in (1, 2))
    assert not a.state_dict()
    assert not torch.equal(a(8), b(8))
    assert torch.equal(a(8), a(16)[..., :4])
    assert torch.equal(a.bfloat16()(8).float(), RandomRotations(48, 3, 1).eval()(8))
    whole = RandomRotations(256, 4, 0).fixed
    assert abs(whole.mean()) < 0.02
    assert abs(whole.std() - 1) < 0.02
