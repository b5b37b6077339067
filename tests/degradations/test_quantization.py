import pytest
import torch

from restora.degradations import Quantization


def test_it_is_what_a_file_of_eight_bits_gives_back(generator):
    clean = torch.rand(2, 3, 16, 24) * 1.4 - 0.2
    stored = clean.mul(255).round().clamp(0, 255).to(torch.uint8)
    assert torch.equal(Quantization()(clean, generator(0)), stored / 255)


@pytest.mark.parametrize("bits", [1, 8, 12, 16])
def test_it_leaves_whole_numbers_and_two_to_the_bits_of_them(bits, generator):
    levels = Quantization(bits)(torch.linspace(0, 1, 300_000).expand(1, 3, 1, -1), generator(0))[0, 0, 0]
    assert len(levels.unique()) == 2**bits
    scaled = levels * (2**bits - 1)
    torch.testing.assert_close(scaled, scaled.round(), rtol=0, atol=0.01)


@pytest.mark.parametrize("bits", [0, 17])
def test_bits_that_no_file_has(bits):
    with pytest.raises(ValueError, match=r"bits must be .*16"):
        Quantization(bits)
