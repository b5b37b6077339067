"""The tiled neighborhood attention against its reference, and both against vectors of the original kernels."""

import numpy as np
import pytest
import torch
from golden import load
from golden_dinat_ir import fill, tens
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch.utils._python_dispatch import TorchDispatchMode

from restora.layers import (
    NeighborhoodAttention,
    compiled,
    neighborhood_attention,
    neighborhood_attention_reference,
    neighborhood_kernel,
)
from restora.layers.neighborhood_kernel import tiled_attention
from restora.layers.neighborhood_tiles import tiles_along


@pytest.fixture(params=["loops", "tiles"], autouse=True)
def _way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test runs with compiled loops for any size, where Numba is installed, and with tiles."""
    if request.param == "loops" and not compiled.NUMBA:
        pytest.skip("Numba is not installed")
    loops = request.param == "loops"
    monkeypatch.setattr(
        neighborhood_kernel, "_loops_are_faster", lambda q, *_: loops and compiled.compiles(q)
    )


# name: kernel size, dilation, height, width, heads, channels of a head
CORES = {
    "a": (7, 1, 7, 7, 2, 8),
    "b": (7, 1, 11, 13, 2, 8),
    "c": (7, 2, 15, 17, 2, 8),
    "d": (7, 2, 14, 21, 1, 12),
    "e": (7, 4, 29, 34, 1, 8),
    "f": (7, 4, 28, 31, 2, 6),
    "g": (7, 3, 23, 22, 1, 8),
    "h": (3, 2, 7, 9, 2, 4),
}


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.float64, 3e-7)])
@pytest.mark.parametrize("attend", [neighborhood_attention, neighborhood_attention_reference])
@pytest.mark.parametrize("name", CORES)
def test_vectors_of_the_core(name: str, attend, dtype: torch.dtype, tolerance: float) -> None:  # type: ignore[no-untyped-def]
    kernel_size, dilation, height, width, heads, channels = CORES[name]
    shape = (1, heads, height, width, channels)
    q, k, v = (
        tens(shape, f"na/{name}/{which}", scale).permute(0, 2, 3, 1, 4).to(dtype)
        for which, scale in (("q", 1.5), ("k", 1.5), ("v", 1.0))
    )
    side = 2 * kernel_size - 1
    bias = tens((heads, side, side), f"na/{name}/rpb", 1.0).to(dtype)
    vectors = load("dinat_ir/na_functional.npz")
    for suffix, table in (("rpb", bias), ("norpb", None)):
        out = attend(q, k, v, table, kernel_size=kernel_size, dilation=dilation).permute(0, 3, 1, 2, 4)
        np.testing.assert_allclose(out, vectors[f"{name}_{suffix}"], rtol=0, atol=tolerance)


# name: dilation, batch, height, width
MODULES = {
    "m1": (1, 2, 9, 12),
    "m1pad": (1, 1, 5, 9),
    "m2": (2, 1, 17, 15),
    "m4": (4, 1, 30, 29),
    "m4pad": (4, 1, 20, 30),
    "m4pad2": (4, 2, 9, 13),
    "nobias": (2, 1, 17, 15),
}
OFFICIAL = {
    "offset_bias": "rpb",
    "qkv.weight": "qkv.weight",
    "qkv.bias": "qkv.bias",
    "project.weight": "proj.weight",
    "project.bias": "proj.bias",
}


@pytest.mark.parametrize("name", MODULES)
def test_vectors_of_the_module(name: str) -> None:
    dilation, *size = MODULES[name]
    module = NeighborhoodAttention(24, heads=3, dilation=dilation)
    fill(module, {ours: f"mod/{name}.{official}" for ours, official in OFFICIAL.items()})
    if name == "nobias":
        torch.nn.init.zeros_(module.offset_bias)
        torch.nn.init.zeros_(module.qkv.bias)
    x = tens((*size, 24), f"mod/{name}/x", 1.7).permute(0, 3, 1, 2)
    expected = load("dinat_ir/na_module.npz")[name]
    with torch.no_grad():
        np.testing.assert_allclose(module(x).permute(0, 2, 3, 1), expected, rtol=0, atol=1e-5)


@st.composite
def problems(draw: st.DrawFn) -> tuple[list[torch.Tensor], int, int]:
    kernel_size, dilation = draw(st.sampled_from([3, 5, 7])), draw(st.integers(1, 5))
    keys = [kernel_size * dilation + draw(st.integers(0, 20)) for _ in range(2)]
    queries = [draw(st.integers(1, side)) for side in keys]
    batch, heads, channels = draw(st.tuples(st.integers(1, 2), st.integers(1, 3), st.integers(1, 5)))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 99)))
    shapes = [(batch, *side, heads, channels) for side in (queries, keys, keys)]
    shapes.append((heads, 2 * kernel_size - 1, 2 * kernel_size - 1))
    tensors = [torch.randn(shape, generator=generator, dtype=torch.float64) for shape in shapes]
    return tensors, kernel_size, dilation


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(problem=problems())
def test_tiles_agree_with_the_reference_in_values_and_gradients(
    problem: tuple[list[torch.Tensor], int, int],
) -> None:
    tensors, kernel_size, dilation = problem
    outputs, gradients = [], []
    for attend in (neighborhood_attention, neighborhood_attention_reference):
        leaves = [tensor.clone().requires_grad_() for tensor in tensors]
        out = attend(*leaves, kernel_size=kernel_size, dilation=dilation)
        out.backward(torch.linspace(-1, 1, out.numel(), dtype=out.dtype).view_as(out))
        outputs.append(out.detach())
        gradients.append([leaf.grad for leaf in leaves])
    torch.testing.assert_close(outputs[0], outputs[1], rtol=0, atol=1e-12)
    torch.testing.assert_close(gradients[0], gradients[1], rtol=0, atol=1e-11)
    with torch.inference_mode():
        without_gradients = neighborhood_attention(*tensors, kernel_size=kernel_size, dilation=dilation)
    torch.testing.assert_close(without_gradients, outputs[1], rtol=0, atol=1e-12)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kernel_size=st.sampled_from([3, 5, 7]),
    dilation=st.integers(1, 9),
    more=st.integers(0, 60),
    share=st.floats(0, 1),
)
def test_every_query_is_in_one_tile(kernel_size: int, dilation: int, more: int, share: float) -> None:
    keys = kernel_size * dilation + more
    queries = max(1, int(share * keys))
    asked = [
        q for tiles in tiles_along(queries, keys, kernel_size, dilation) for run in tiles.queries for q in run
    ]
    assert sorted(asked) == list(range(queries))


class Largest(TorchDispatchMode):
    """Notes the largest storage that any operation returns."""

    def __init__(self) -> None:
        super().__init__()
        self.values = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        out = func(*args, **(kwargs or {}))
        for tensor in out if isinstance(out, tuple | list) else [out]:
            if isinstance(tensor, torch.Tensor):
                self.values = max(self.values, tensor.untyped_storage().nbytes() // tensor.element_size())
        return out


@pytest.mark.parametrize("dilation", [1, 9])
@pytest.mark.parametrize("gradients", [False, True])
def test_keys_and_values_are_never_gathered_for_the_whole_image(dilation: int, gradients: bool) -> None:
    q, k, v = torch.rand(3, 1, 128, 128, 1, 48, requires_grad=gradients).unbind()
    with Largest() as largest:
        out = neighborhood_attention(q, k, v, dilation=dilation)
        if gradients:
            out.sum().backward()
    assert (
        largest.values <= 3 * k.numel()
    )  # the three of them together, as unbind's gradient; 49 in the reference


def test_half_precision_stays_close() -> None:
    torch.manual_seed(0)
    q, k, v, bias = *torch.randn(3, 1, 20, 23, 2, 8), torch.randn(2, 13, 13)
    inputs = [tensor.requires_grad_() for tensor in (q, k, v, bias)]
    exact = neighborhood_attention(*inputs, dilation=2)
    gradients = torch.autograd.grad(exact.square().sum(), inputs)
    for dtype in (torch.bfloat16, torch.float16):
        out = neighborhood_attention(q.to(dtype), k.to(dtype), v.to(dtype), bias, dilation=2)
        assert out.dtype == dtype
        found = torch.autograd.grad(out.float().square().sum(), inputs)
        for a, b in zip((out, *found), (exact, *gradients), strict=True):
            assert (a - b).abs().mean() < 0.015 * b.abs().mean()


@pytest.mark.parametrize(
    ("keys", "options", "message"),
    [
        ((1, 9, 20, 1, 4), {"dilation": 2}, "keys of 9 x 20 are fewer than the window of 14"),
        ((1, 7, 7, 1, 4), {}, "keys of 7 x 7 are fewer than the window of 7 or the queries"),
        ((1, 9, 9, 2, 4), {}, r"q, k and v must be \(B, H, W, heads, c\)"),
        ((1, 9, 9, 1, 4), {"kernel_size": 4}, "kernel_size must be odd and at least 3"),
        (
            (1, 9, 9, 1, 4),
            {"bias": torch.zeros(1, 7, 7)},
            r"bias must be .* = \(1, 13, 13\), got \(1, 7, 7\)",
        ),
    ],
)
def test_shapes_that_do_not_fit(keys: tuple[int, ...], options: dict[str, object], message: str) -> None:
    q, k = torch.rand(1, 9, 9, 1, 4), torch.rand(keys)
    with pytest.raises(ValueError, match=message):
        neighborhood_attention(q, k, k, **options)  # type: ignore[arg-type]


def test_operator_keeps_the_rules_of_torch() -> None:
    q, k, v = torch.randn(3, 1, 9, 8, 2, 4, requires_grad=True).unbind()
    bias = torch.randn(2, 5, 5, requires_grad=True)
    torch.library.opcheck(tiled_attention, (q, k, v, bias, 3, 2))


@pytest.mark.parametrize(("width", "dilation"), [(150, 1), (130, 18)])
def test_rows_of_several_blocks_agree_with_the_reference_and_for_any_number_of_threads(
    width: int, dilation: int
) -> None:
    torch.manual_seed(0)
    height = 7 * dilation + 1
    inputs = *(torch.randn(2, height, width, 2, 3) for _ in range(3)), torch.randn(2, 13, 13)
    before, found = torch.get_num_threads(), []
    try:
        for threads, attend in (
            (1, neighborhood_attention),
            (2, neighborhood_attention),
            (3, neighborhood_attention),
            (1, neighborhood_attention_reference),
        ):
            torch.set_num_threads(threads)
            leaves = [tensor.clone().requires_grad_() for tensor in inputs]
            out = attend(*leaves, dilation=dilation)
            out.square().sum().backward()
            found.append([out.detach(), *(leaf.grad for leaf in leaves)])
    finally:
        torch.set_num_threads(before)
    one, two, three, reference = found
    torch.testing.assert_close(one, reference, rtol=1e-4, atol=1e-4)
    assert all(map(torch.equal, one, two))
    assert all(map(torch.equal, one, three))
