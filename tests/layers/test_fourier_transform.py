import pytest
import torch
from torch import Tensor

from restora.layers import fourier, inverse_fourier


@pytest.fixture
def exporting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("restora.layers.fourier_transform.is_exporting", lambda: True)


@pytest.mark.parametrize("size", [(8, 12), (7, 9), (1, 1), (2, 5), (96, 64)])
@pytest.mark.usefixtures("exporting")
def test_products_with_real_matrices_are_the_transform(size: tuple[int, int]) -> None:
    x = torch.rand(2, 3, *size, dtype=torch.float64)
    real, imaginary = fourier(x)
    z = torch.fft.rfft2(x, norm="ortho")
    torch.testing.assert_close(torch.complex(real, imaginary), z)
    # Parts that belong to no real map, as a network makes them.
    parts = torch.randn(2, 3, *real.shape[2:], 2, dtype=torch.float64).unbind(-1)
    expected = torch.fft.irfft2(torch.complex(*parts), s=size, norm="ortho")
    torch.testing.assert_close(inverse_fourier(*parts, size[1]), expected)


@pytest.mark.usefixtures("exporting")
def test_matrices_of_a_large_map_stay_exact_in_float32() -> None:
    x = torch.rand(1, 1, 384, 640)
    exact = torch.fft.rfft2(x.double(), norm="ortho")
    real, imaginary = fourier(x)
    assert (torch.complex(real, imaginary) - exact).abs().max() < 1e-4 * exact.abs().max()
    assert (inverse_fourier(real, imaginary, 640) - x).abs().max() < 3e-5


def test_the_inverse_brings_back_what_was_transformed() -> None:
    x: Tensor = torch.rand(2, 3, 5, 9)
    torch.testing.assert_close(inverse_fourier(*fourier(x), 9), x)
