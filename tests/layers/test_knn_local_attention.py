"""KLA against vectors of a slow reference in float64, and the identities that it must keep."""

from typing import Any

import numpy as np
import pytest
import torch
from golden import DATA, load, tensor
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor

from restora.layers import (
    KNNLocalAttention,
    PatchGroups,
    compiled,
    group_patches,
    knn_local_attention,
    plain_knn_local_attention,
)
from restora.layers.knn_local_attention import patch_weights
from restora.layers.pair_attention import pair_attention, pair_logits
from restora.layers.patches import hash_patches, join_patches, split_patches

FILES = sorted(path.stem for path in (DATA / "kit").glob("kla_*.npz"))
PARAMETERS = {
    "Wq": "query.weight",
    "bq": "query.bias",
    "Wk": "key.weight",
    "bk": "key.bias",
    "Wv": "value.weight",
    "bv": "value.bias",
}
OUTPUT_TOLERANCE = {torch.float32: 1e-5, torch.float64: 2e-7}
GRADIENT_TOLERANCE = {torch.float32: 1e-3, torch.float64: 1e-6}


@pytest.fixture(params=["loops", "slabs"], autouse=True)
def _way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test runs with compiled loops, where Numba is installed, and without."""
    if request.param == "slabs":
        monkeypatch.setattr(compiled, "NUMBA", False)
    elif not compiled.NUMBA:
        pytest.skip("Numba is not installed")


def layer(vectors: Any, dtype: torch.dtype) -> KNNLocalAttention:
    """The layer with the parameters and rotations of a file."""
    r, k, h, _ = (int(n) for n in vectors["cfg"])
    made = KNNLocalAttention(vectors["x"].shape[1], r, k, h).eval()
    made.load_state_dict({ours: tensor(vectors[theirs]) for theirs, ours in PARAMETERS.items()})
    made.rotations.fixed = tensor(vectors["R"])
    return made.to(dtype)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("file", FILES)
def test_grouping_is_exact(file: str, dtype: torch.dtype) -> None:
    vectors = load(f"kit/{file}.npz")
    made, x = layer(vectors, dtype), tensor(vectors["x"]).to(dtype)
    groups = made.group(x)
    buckets = hash_patches(split_patches(x, made.patch_size), made.rotations.fixed)
    for name, found in (
        ("hash", buckets),
        ("order", groups.order),
        ("rank", groups.rank),
        ("chunks", groups.chunks),
        ("neigh", groups.neighbours),
    ):
        np.testing.assert_array_equal(found, vectors[name], err_msg=name)


@pytest.mark.parametrize("file", FILES)
def test_logits_and_weights(file: str) -> None:
    vectors = load(f"kit/{file}.npz")
    made, x = layer(vectors, torch.float64), tensor(vectors["x"]).double()
    patches, groups = split_patches(x, made.patch_size), made.group(x)
    with torch.no_grad():
        assert made.key is not None
        logits = pair_logits(made.query(patches), made.key(patches), groups)
    expected = vectors["patch_logits"]
    np.testing.assert_array_equal(logits == -torch.inf, np.isnan(expected))
    np.testing.assert_allclose(logits.nan_to_num(neginf=0), np.nan_to_num(expected), rtol=2e-6, atol=2e-6)
    for name in ("softmax", "ratio"):
        weights = patch_weights(logits, *patches.shape[2:], name, "mean") * made.rounds
        np.testing.assert_allclose(weights, vectors[f"w_{name}"], rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("file", FILES)
def test_outputs(file: str, dtype: torch.dtype) -> None:
    vectors = load(f"kit/{file}.npz")
    made, x = layer(vectors, dtype), tensor(vectors["x"]).to(dtype)
    for weights in ("softmax", "ratio"):
        for rounds in ("union", "mean"):
            made.patch_weights, made.round_weights = weights, rounds
            expected = vectors[f"out_{weights}_{rounds}"]
            tolerance = OUTPUT_TOLERANCE[dtype] * np.abs(expected).max()
            with torch.no_grad():
                np.testing.assert_allclose(made(x), expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("file", FILES)
def test_gradients(file: str, dtype: torch.dtype) -> None:
    vectors = load(f"kit/{file}.npz")
    for i, (weights, rounds) in enumerate((("softmax", "union"), ("ratio", "mean"))):
        made, x = layer(vectors, dtype), tensor(vectors["x"]).to(dtype).requires_grad_()
        made.patch_weights, made.round_weights = weights, rounds
        (made(x) * tensor(vectors["G"])).sum().backward()
        moved = {name: made.get_parameter(ours) for name, ours in PARAMETERS.items()} | {"x": x}
        for name, value in moved.items():
            assert value.grad is not None
            direction = tensor(vectors[f"dir_{name}"]).to(dtype)
            found, expected = float((value.grad * direction).sum()), float(vectors[f"dd_{name}"][i])
            # A bias of the keys cannot change a softmax over keys.
            scale = 1 if (name, i) == ("bk", 0) else float(value.grad.norm() * direction.norm())
            assert abs(found - expected) <= GRADIENT_TOLERANCE[dtype] * scale, name


def test_shared_projection() -> None:
    vectors = load("kit/kla_shared_qk.npz")
    r, k, h, _ = (int(n) for n in vectors["cfg"])
    shared = KNNLocalAttention(vectors["x"].shape[1], r, k, h, shared_projection=True).eval()
    shared.load_state_dict({PARAMETERS[name]: tensor(vectors[name]) for name in ("Wq", "bq", "Wv", "bv")})
    shared.rotations.fixed = tensor(vectors["R"])
    expected = vectors["out_softmax_union"]
    out = shared(tensor(vectors["x"]))
    np.testing.assert_allclose(out.detach(), expected, rtol=0, atol=1e-5 * np.abs(expected).max())
    (out * tensor(vectors["G"])).sum().backward()
    for parameter, both in ((shared.query.weight, ("Wq", "Wk")), (shared.query.bias, ("bq", "bk"))):
        assert parameter.grad is not None
        separate = layer(vectors, torch.float32)
        (separate(tensor(vectors["x"])) * tensor(vectors["G"])).sum().backward()
        parts = [separate.get_parameter(PARAMETERS[name]).grad for name in both]
        torch.testing.assert_close(parameter.grad, parts[0] + parts[1], rtol=1e-4, atol=1e-4)  # type: ignore[operator]


@st.composite
def problems(draw: st.DrawFn) -> tuple[Tensor, Tensor, Tensor, PatchGroups]:
    """Random patches and groups: any number of patches, ragged chunks, few and many buckets."""
    torch.manual_seed(draw(st.integers(0, 2**31)))
    B, h, N = draw(st.integers(1, 2)), draw(st.integers(1, 3)), draw(st.integers(1, 19))
    r, C = draw(st.integers(1, 3)), draw(st.integers(1, 5))
    buckets = torch.randint(0, draw(st.integers(1, 8)), (B, h, N))
    q, k, v = torch.randn(3, B, N, r * r, C, dtype=torch.float64)
    return q, k, v, group_patches(buckets, draw(st.integers(1, 6)))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    problem=problems(),
    weights=st.sampled_from(["softmax", "ratio"]),
    rounds=st.sampled_from(["union", "mean"]),
)
def test_fast_path_equals_the_plain_one(
    problem: tuple[Tensor, Tensor, Tensor, PatchGroups], weights: Any, rounds: Any
) -> None:
    q, k, v, groups = problem
    inputs = [x.clone().requires_grad_() for x in (q, k, v)]
    fast = knn_local_attention(*inputs, groups, weights, rounds)
    plain = plain_knn_local_attention(*inputs, groups, weights, rounds)
    # The literal weights are a ratio with a sum near zero below it; errors are as large as they are.
    scale = float(plain.detach().abs().max()) + 1
    torch.testing.assert_close(fast, plain, rtol=1e-9, atol=1e-11 * scale**2)
    upstream = torch.randn_like(fast)
    ours, theirs = (torch.autograd.grad(out, inputs, upstream) for out in (fast, plain))
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-6, atol=1e-9 * (float(b.abs().max()) + 1) * scale)


@pytest.mark.parametrize("budget", [1, 700, 2**30])
def test_slabs_change_nothing(budget: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "NUMBA", False)
    torch.manual_seed(0)
    q, k, v = torch.randn(3, 2, 23, 4, 6, dtype=torch.float64).requires_grad_()
    groups = group_patches(torch.randint(0, 5, (2, 3, 23)), 4)
    expected = plain_knn_local_attention(q, k, v, groups)
    monkeypatch.setattr("restora.layers.pair_kernel.SLAB_SCORES_CPU", budget)
    out = knn_local_attention(q, k, v, groups)
    torch.testing.assert_close(out, expected)
    for a, b in zip(
        *(torch.autograd.grad(y.square().sum(), (q, k, v)) for y in (out, expected)), strict=True
    ):
        torch.testing.assert_close(a, b)


def test_exported_layer_gives_the_same_and_adds_to_no_address_twice() -> None:
    torch.manual_seed(0)
    made, x = KNNLocalAttention(6, patch_size=2, chunk_size=4, rounds=2).eval(), torch.randn(1, 6, 6, 10)
    with torch.no_grad():
        exported = torch.export.export(made, (x,))
        torch.testing.assert_close(exported.module()(x), made(x))
    assert not any("index_add" in str(node.target) for node in exported.graph.nodes)


def test_one_chunk_is_attention_to_all_pairs() -> None:
    torch.manual_seed(0)
    made, x = KNNLocalAttention(6, patch_size=2, chunk_size=9, rounds=2).eval(), torch.randn(1, 6, 6, 6)
    with torch.no_grad():
        out = made(x)
        made.rotations.fixed = torch.randn_like(made.rotations.fixed)  # everybody is there anyway
        torch.testing.assert_close(made(x), out)
        patches = split_patches(x, 2)[0]  # (N, r^2, C)
        q, k, v = made.query(patches), made.key(patches), made.value(patches)  # type: ignore[misc]
        w = (q.flatten(1) @ k.flatten(1).T / 24**0.5).softmax(-1)
        expected = sum(
            w[:, j, None, None] * ((q @ k[j].T / 6**0.5).softmax(-1) @ v[j]) for j in range(len(patches))
        )
    torch.testing.assert_close(out, join_patches(expected[None], 6, 6))  # type: ignore[index]


def test_rounds_that_repeat_one_another_are_one_round() -> None:
    torch.manual_seed(0)
    q, k, v = torch.randn(3, 1, 12, 4, 6)
    buckets = torch.randint(0, 4, (1, 1, 12))
    for weights in ("softmax", "ratio"):
        for rounds in ("union", "mean"):
            once, thrice = (
                knn_local_attention(q, k, v, group_patches(b, 4), weights, rounds)  # type: ignore[arg-type]
                for b in (buckets, buckets.expand(1, 3, 12))
            )
            torch.testing.assert_close(once, thrice)


def test_patches_that_trade_places_take_their_results_along() -> None:
    torch.manual_seed(0)
    q, k, v = torch.randn(3, 1, 12, 4, 6)
    groups = group_patches(torch.arange(12).view(1, 1, 12), 4)
    within = torch.tensor([2, 0, 3, 1, 4, 5, 6, 7, 8, 9, 10, 11])  # the first chunk permuted
    out, permuted = (
        knn_local_attention(*(x[:, p] for x in (q, k, v)), groups) for p in (torch.arange(12), within)
    )
    torch.testing.assert_close(permuted, out[:, within])


def test_equal_logits_make_a_mean_and_opposite_ones_stay_finite() -> None:
    equal = torch.full((1, 2, 3, 8), 0.7)
    for weights in ("softmax", "ratio"):
        torch.testing.assert_close(patch_weights(equal, 16, 8, weights, "union"), equal * 0 + 1 / 16)  # type: ignore[arg-type]
        torch.testing.assert_close(patch_weights(equal, 16, 8, weights, "mean"), equal * 0 + 1 / 16)  # type: ignore[arg-type]
    assert patch_weights(torch.tensor([[[[1.0, -1.0]]]]), 16, 8, "ratio").tolist() == [[[[1e6, -1e6]]]]


def test_constant_features_fall_into_one_bucket_and_stay_constant() -> None:
    made = KNNLocalAttention(8).eval()
    x = torch.ones(1, 8, 16, 16)
    assert made.group(x).order[0, 0].tolist() == list(range(16))
    with torch.no_grad():
        out = made(x)
        torch.testing.assert_close(out, made.value(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2))


def test_training_draws_anew_and_evaluation_never() -> None:
    torch.manual_seed(0)
    made, x = KNNLocalAttention(8), torch.randn(1, 8, 32, 32)
    assert not torch.equal(made.group(x).order, made.group(x).order)
    made.eval()
    assert torch.equal(made(x), made(x))
    other = KNNLocalAttention(8).eval()  # its rotations come from the same seed
    other.load_state_dict(made.state_dict())
    assert torch.equal(made(x), other(x))


def test_images_of_a_batch_are_grouped_by_themselves() -> None:
    torch.manual_seed(0)
    made, x = KNNLocalAttention(8).eval(), torch.randn(3, 8, 16, 24)
    both, alone = made.group(x), made.group(x[1:2])
    assert torch.equal(both.neighbours[1:2], alone.neighbours)


def test_centering_spreads_features_that_share_a_direction() -> None:
    torch.manual_seed(0)
    x = 5 + torch.randn(1, 8, 64, 64)
    used = [
        hash_patches(p, KNNLocalAttention(8).eval().rotations.fixed).unique().numel()
        for p in (split_patches(x, 4), split_patches(x, 4) - split_patches(x, 4).mean(1, keepdim=True))
    ]
    assert used[0] < used[1] / 2
    literal, centered = (
        KNNLocalAttention(8, centered_hash=centered).eval().group(x).order for centered in (False, True)
    )
    assert not torch.equal(literal, centered)


def test_half_precision_keeps_the_grouping_of_its_own_features() -> None:
    torch.manual_seed(0)
    made = KNNLocalAttention(8).eval()
    x = torch.randn(1, 8, 128, 128).bfloat16()
    expected = made.group(x.float())
    assert torch.equal(made.bfloat16().group(x).order, expected.order)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(made.float().group(x.float()).order, expected.order)


def test_changing_rounds_keeps_the_first_ones() -> None:
    made = KNNLocalAttention(8, rounds=2)
    before = made.rotations.fixed
    made.rounds = 5
    assert torch.equal(made.rotations.fixed[:2], before)
    assert torch.equal(made.rotations.fixed, KNNLocalAttention(8, rounds=5).rotations.fixed)


def test_sizes_that_are_no_multiple_are_refused() -> None:
    with pytest.raises(ValueError, match="multiples of the patch size 4, got 16 x 18"):
        KNNLocalAttention(8)(torch.zeros(1, 8, 16, 18))


def test_gradients_of_the_operators_are_those_of_differences() -> None:
    torch.manual_seed(0)
    inputs = [torch.randn(2, 5, 4, 3, dtype=torch.float64, requires_grad=True) for _ in range(3)]
    weights = torch.rand(2, 2, 5, 4, dtype=torch.float64, requires_grad=True)
    groups = group_patches(torch.randint(0, 2, (2, 2, 5)), 2)
    weights.data.masked_fill_(
        groups.by_patch((groups.neighbours < 0)[..., None, :].expand(-1, -1, -1, 2, -1)), 0
    )
    assert torch.autograd.gradcheck(lambda *x: pair_attention(*x, groups), (*inputs, weights))
    present = groups.by_patch((groups.neighbours >= 0)[..., None, :].expand(-1, -1, -1, 2, -1))
    assert torch.autograd.gradcheck(lambda q, k: pair_logits(q, k, groups)[present], inputs[:2])


def test_loops_give_the_same_bits_for_any_number_of_threads() -> None:
    if not compiled.NUMBA:
        pytest.skip("products of torch sum in another order with another number of threads")
    torch.manual_seed(0)
    inputs, groups = torch.randn(3, 3, 200, 16, 6), group_patches(torch.randint(0, 20, (3, 2, 200)), 4)
    before, found = torch.get_num_threads(), []
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            leaf = inputs.clone().requires_grad_()
            out = knn_local_attention(*leaf, groups)
            out.square().sum().backward()
            found.append((out.detach(), leaf.grad))
    finally:
        torch.set_num_threads(before)
    for others in found[1:]:
        assert all(map(torch.equal, found[0], others))


def test_half_precision_stays_close() -> None:
    torch.manual_seed(0)
    inputs = [x.requires_grad_() for x in torch.randn(3, 2, 40, 16, 24).unbind()]
    groups = group_patches(torch.randint(0, 9, (2, 2, 40)), 4)
    exact = knn_local_attention(*inputs, groups)
    half = knn_local_attention(*(x.bfloat16() for x in inputs), groups)
    assert half.dtype == torch.bfloat16
    gradients = [torch.autograd.grad(out.float().square().sum(), inputs) for out in (half, exact)]
    for a, b in zip((half, *gradients[0]), (exact, *gradients[1]), strict=True):
        assert (a - b).abs().mean() < 0.02 * b.abs().mean()


def test_loops_leave_empty_slots_out() -> None:
    if not compiled.NUMBA:
        pytest.skip("elsewhere the first patch stands there, with weight zero")
    torch.manual_seed(0)
    q, k, v = torch.randn(3, 1, 13, 4, 3)  # chunks of 4: the last has one patch, and three slots are empty
    for x in (q, k, v):
        x[:, 0] = torch.nan
    out = knn_local_attention(q, k, v, group_patches(torch.arange(13).view(1, 1, 13), 4), "softmax")
    assert out[:, 8:].isfinite().all()  # which neither are of the first chunk nor look back at it
