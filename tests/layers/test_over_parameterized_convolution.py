import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from restora.layers import OverParameterizedConv2d


def kernel_element_by_element(layer: OverParameterizedConv2d) -> torch.Tensor:
    """K[o, i, m] = sum over s of (I + E[channel])[m, s] W[o, i, s]."""
    kernel = torch.zeros_like(layer.weight)
    outputs, inputs, taps = layer.weight.shape
    for o in range(outputs):
        for i in range(inputs):
            channel = i if layer.groups == 1 else o
            for m in range(taps):
                mixing = layer.mixing[channel, m].clone()
                mixing[m] += 1
                kernel[o, i, m] = (mixing * layer.weight[o, i]).sum()
    return kernel.view(outputs, inputs, layer.kernel_size, layer.kernel_size)


@settings(max_examples=20, deadline=None)
@given(
    inputs=st.integers(1, 4),
    outputs=st.integers(1, 4),
    stride=st.integers(1, 2),
    depthwise=st.booleans(),
    seed=st.integers(0, 99),
)
def test_folded_and_unfolded_are_the_convolution_with_the_product(
    inputs: int, outputs: int, stride: int, depthwise: bool, seed: int
) -> None:
    torch.manual_seed(seed)
    outputs, groups = (inputs, inputs) if depthwise else (outputs, 1)
    layer = OverParameterizedConv2d(inputs, outputs, 3, stride, groups)
    with torch.no_grad():
        layer.mixing.normal_()
        x = torch.randn(2, inputs, 7, 6)
        expected = F.conv2d(x, kernel_element_by_element(layer), stride=stride, padding=1, groups=groups)
        torch.testing.assert_close(layer(x), expected, rtol=1e-4, atol=1e-5)
        assert torch.equal(layer.fold()(x), layer(x))


def test_a_new_layer_has_the_kernel_it_holds() -> None:
    layer = OverParameterizedConv2d(4, 6, 3)
    assert torch.equal(layer.kernel, layer.weight.view(6, 4, 3, 3))
    bound = 1 / (4 * 9) ** 0.5
    assert 0.9 * bound < layer.weight.abs().max() <= bound


def test_one_tap_needs_no_second_factor() -> None:
    layer = OverParameterizedConv2d(4, 6, 1)
    assert [name for name, _ in layer.named_parameters()] == ["weight"]
    assert layer.fold().weight.shape == (6, 4, 1, 1)


def test_both_factors_learn() -> None:
    layer = OverParameterizedConv2d(2, 3, 3)
    layer(torch.rand(1, 2, 5, 5)).square().sum().backward()
    assert layer.weight.grad.any()
    assert layer.mixing.grad.any()


def test_the_product_is_not_rounded_by_autocast() -> None:
    layer = OverParameterizedConv2d(2, 3, 3)
    with torch.no_grad():
        layer.mixing.normal_()
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(layer.kernel, layer.fold().weight)
