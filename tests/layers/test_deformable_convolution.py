import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from types import ModuleType

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from restora.layers import DeformableConv2d, deformable_convolution, deformable_convolution_reference

module = import_module("restora.layers.deformable_convolution")


def inputs(
    seed: int, batch: int, channels: int, outputs: int, height: int, width: int, side: int
) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    shapes = [
        (batch, channels, height, width),
        (batch, 2 * side**2, height, width),
        (batch, side**2, height, width),
        (outputs, channels, side, side),
    ]
    x, offsets, strengths, weight = (
        torch.randn(shape, generator=generator, dtype=torch.float64) for shape in shapes
    )
    return [x, 2 * offsets, strengths, weight]


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 99),
    sizes=st.tuples(*[st.integers(1, 3)] * 3, *[st.integers(1, 7)] * 2),
    side=st.sampled_from([1, 3, 5]),
    values=st.sampled_from([1, 200, 2**20]),
)
def test_strips_agree_with_one_tap_after_another(
    seed: int, sizes: tuple[int, int, int, int, int], side: int, values: int
) -> None:
    arguments = inputs(seed, *sizes, side)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "CPU_STRIP_VALUES", values)
        torch.testing.assert_close(
            deformable_convolution(*arguments), deformable_convolution_reference(*arguments)
        )


def test_gradients_through_strips(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CPU_STRIP_VALUES", 100)
    arguments = [value.requires_grad_() for value in inputs(3, 2, 2, 2, 4, 3, 3)]
    assert torch.autograd.gradcheck(deformable_convolution, arguments, fast_mode=True)


def test_samples_are_not_kept_for_gradients() -> None:
    x, offsets, strengths, weight = (t.float().requires_grad_() for t in inputs(0, 1, 8, 8, 16, 16, 5))
    kept: list[int] = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t.numel()) or t, lambda t: t):
        deformable_convolution(x, offsets, strengths, weight)
    assert max(kept, default=0) < 16 * 16 * 25 * 8  # the samples of all taps


def test_one_graph_serves_all_sizes() -> None:
    layer = DeformableConv2d(2, 2, 3).eval()
    sizes = {2: torch.export.Dim("rows", min=4), 3: torch.export.Dim("columns", min=4)}
    graph = torch.export.export(layer, (torch.rand(1, 2, 6, 8),), dynamic_shapes=(sizes,)).module()
    x = torch.rand(1, 2, 9, 5)
    torch.testing.assert_close(graph(x), layer(x))


def test_new_layer_is_a_plain_convolution() -> None:
    layer = DeformableConv2d(3, 5, 3)
    x = torch.rand(2, 3, 6, 7)
    torch.testing.assert_close(layer(x), F.conv2d(x, layer.weight, padding=1))


def rivals(x: torch.Tensor, offsets: torch.Tensor, weight: torch.Tensor, **more: object) -> torch.Tensor:
    """Take torchvision's arguments in torchvision's order."""
    assert more["padding"] == weight.shape[2] // 2
    return deformable_convolution_reference(x, offsets, more["mask"], weight)


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[object], None]]:
    """Let torchvision be there, with a given operator."""

    def put(operator: object) -> None:
        package, ops = ModuleType("torchvision"), ModuleType("torchvision.ops")
        ops.__dict__["deform_conv2d"] = operator
        monkeypatch.setitem(sys.modules, "torchvision", package)
        monkeypatch.setitem(sys.modules, "torchvision.ops", ops)
        module.torchvision_operator.cache_clear()

    yield put
    module.torchvision_operator.cache_clear()


def test_torchvision_is_used_when_it_agrees(install: Callable[[object], None]) -> None:
    install(rivals)
    assert module.torchvision_operator("cpu") is rivals


def test_torchvision_is_left_alone_when_it_differs_fails_or_is_missing(
    install: Callable[[object], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    install(lambda *arguments, **more: rivals(*arguments, **more) + 0.01)
    assert module.torchvision_operator("cpu") is None

    def without_kernel(*arguments: object, **more: object) -> None:
        raise NotImplementedError(
            "Could not run 'torchvision::deform_conv2d' with arguments from this backend"
        )

    install(without_kernel)
    assert module.torchvision_operator("cpu") is None
    monkeypatch.setitem(sys.modules, "torchvision.ops", None)
    module.torchvision_operator.cache_clear()
    assert module.torchvision_operator("cpu") is None
