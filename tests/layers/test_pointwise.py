"""Products along channels: the library that is faster is asked, and the result is what torch's own layers give."""

import pytest
import torch
from torch import nn
from torch.profiler import ProfilerActivity, profile

from restora.layers import OverParameterizedConv2d
from restora.layers.pointwise import PixelLinear, pixel_linear, prefer_onednn
from restora.networks.contract import as_network


def names_of(function):
    """Return the names of the operations of a call on one thread."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with profile(activities=[ProfilerActivity.CPU]) as measured:
            function()
    finally:
        torch.set_num_threads(before)
    return {event.key for event in measured.key_averages()}


@pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="torch without oneDNN")
def test_one_thread_too_leaves_products_to_onednn():
    x = torch.randn(1, 64, 24, 24)  # torch takes oneDNN for more than 20480 values
    network = as_network(nn.Conv2d(64, 3, 1)).to_device(torch.device("cpu"))
    linear = PixelLinear(64, 3)
    for call in (lambda: network(x), lambda: linear(x.permute(0, 2, 3, 1))):
        names = names_of(call)
        assert "aten::mkldnn_convolution" in names
        assert not names & {"aten::addmm", "aten::_slow_conv2d_forward"}


@pytest.mark.parametrize("bias", [True, False])
def test_values_and_gradients_are_those_of_a_linear_layer(bias):
    torch.manual_seed(0)
    ours, theirs = PixelLinear(6, 5, bias=bias).double(), nn.Linear(6, 5, bias=bias).double()
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(2, 3, 4, 6, dtype=torch.float64)
    found = []
    for layer in (ours, theirs):
        leaf = x.clone().requires_grad_()
        out = layer(leaf)
        found.append((out, *torch.autograd.grad(out.square().sum(), (leaf, *layer.parameters()))))
    torch.testing.assert_close(*found, rtol=0, atol=1e-12)
    assert torch.equal(pixel_linear(x, ours.weight, ours.bias), found[0][0])


def test_an_over_parameterised_kernel_of_one_tap_gives_the_same():
    torch.manual_seed(0)
    layer, x = OverParameterizedConv2d(64, 3, 1), torch.randn(1, 64, 24, 24)
    expected = layer(x)
    prefer_onednn(layer)
    assert "aten::mkldnn_convolution" in names_of(lambda: layer(x))
    torch.testing.assert_close(layer(x), expected, rtol=0, atol=1e-6)
