import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from restora.layers import DeformableChannelAttention


def attention_pixel_by_pixel(layer: DeformableChannelAttention, x: torch.Tensor) -> torch.Tensor:
    """Do what the layer does, in the order of its formula, with the official sampling grid."""
    batch, channels, height, width = x.shape
    y = layer.mix(x)
    q = layer.query_near(y) + layer.query_middle(y) + layer.query_far(y)
    a, b = (
        layer.displacement(y)
        .view(batch * 2, layer.heads, height, width)
        .view(batch, 2, -1, height, width)
        .unbind(1)
    )
    i, j = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    grid = torch.stack(
        [2 * (i + a / width) / (width - 1) - 1, 2 * (j + b / height) / (height - 1) - 1], dim=-1
    ).flatten(0, 1)
    k, v = (
        F.grid_sample(m.view(batch * layer.heads, -1, height, width), grid, align_corners=True)
        for m in (layer.key(y), layer.value(y))
    )
    q, k, v = (m.reshape(batch, layer.heads, -1, height * width) for m in (q, k, v))
    q, k = F.normalize(q, dim=3), F.normalize(k, dim=3)
    out = (layer.temperature * (q @ k.transpose(2, 3))).softmax(dim=3) @ v
    return layer.project(out.view(batch, channels, height, width))


@settings(max_examples=15, deadline=None)
@given(
    heads=st.integers(1, 3),
    batch=st.integers(1, 2),
    height=st.integers(2, 9),
    width=st.integers(2, 9),
    seed=st.integers(0, 99),
)
def test_agrees_with_the_formula(heads: int, batch: int, height: int, width: int, seed: int) -> None:
    torch.manual_seed(seed)
    layer = DeformableChannelAttention(4 * heads, heads).double()
    with torch.no_grad():
        layer.displacement.weight.mul_(100)
        layer.temperature.uniform_(1, 5)
    x = torch.randn(batch, 4 * heads, height, width, dtype=torch.float64)
    torch.testing.assert_close(layer(x), attention_pixel_by_pixel(layer, x))


def test_gradients_where_keys_are_zero() -> None:
    layer = DeformableChannelAttention(4, 1)
    with torch.no_grad():
        layer.key.weight.zero_()
    layer(torch.rand(1, 4, 5, 5)).square().mean().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in layer.parameters())


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_sums_over_pixels_in_full(dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    layer = DeformableChannelAttention(8, 2).eval()
    x = 100 * torch.randn(1, 8, 48, 48)  # sums over the pixels exceed what float16 holds
    with torch.inference_mode():
        expected = layer(x)
        with torch.autocast("cpu", dtype):
            out = layer(x).float()
    assert (out - expected).abs().mean() < 0.02 * expected.abs().mean()
