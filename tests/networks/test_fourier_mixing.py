import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from restora.networks.derestormer import FourierMixing


@settings(max_examples=10, deadline=None)
@given(height=st.integers(1, 9), width=st.integers(1, 9), seed=st.integers(0, 99))
def test_agrees_with_the_formula_without_scaling(height: int, width: int, seed: int) -> None:
    torch.manual_seed(seed)
    layer, x = FourierMixing(3).double(), torch.randn(2, 3, height, width, dtype=torch.float64)
    z = torch.fft.rfft2(x)
    w1, w2 = layer.expand.weight[..., 0], layer.project.weight[..., 0]
    parts = torch.einsum("oi,bihw->bohw", w1, torch.cat([z.real, z.imag], dim=1)).relu()
    mixed = torch.einsum("oi,bihw->bohw", w2, parts)
    # The definition of the inverse: complex along the height, then complex to real along the width.
    columns = torch.fft.ifft(torch.complex(mixed[:, :3], mixed[:, 3:]), dim=2)
    torch.testing.assert_close(layer(x), torch.fft.irfft(columns, n=width, dim=3))


def test_large_maps_stay_finite_in_half_precision() -> None:
    layer = FourierMixing(2)
    with torch.inference_mode(), torch.autocast("cpu", torch.float16):
        assert layer(torch.ones(1, 2, 512, 512)).isfinite().all()  # their sum, 262144, is no float16
