import pytest
import torch

from restora.degradations.bayer import PATTERNS, demosaic, mosaic


@pytest.mark.parametrize("number", range(4))
def test_the_mosaic_has_the_colours_its_name_says(number):
    rgb = torch.tensor([1.0, 2.0, 3.0]).view(1, 3, 1, 1).expand(-1, -1, 4, 6)
    raw = mosaic(rgb, torch.tensor([number]))
    seen = "".join("RGB"[int(value) - 1] for value in raw[0, 0, :2, :2].flatten())
    assert seen == PATTERNS[number]
    assert torch.equal(raw[..., 2:4, 2:4], raw[..., :2, :2])


@pytest.mark.parametrize("size", [(8, 8), (7, 9)])
def test_linear_gradients_of_gray_survive_and_so_does_what_was_measured(size):
    height, width = size
    plane = torch.linspace(0, 1, height).view(-1, 1) + torch.linspace(0, 2, width)
    pattern = torch.arange(4)
    colour = torch.tensor([0.2, 0.5, 0.9]).view(1, 3, 1, 1) + plane
    result = demosaic(mosaic(colour.expand(4, -1, -1, -1), pattern), pattern)
    # Inside, away from the reflected border, planes of any colour are reproduced exactly.
    torch.testing.assert_close(result[..., 2:-2, 2:-2], colour.expand_as(result)[..., 2:-2, 2:-2])
    image = torch.rand(4, 3, *size)
    raw = mosaic(image, pattern)
    torch.testing.assert_close(mosaic(demosaic(raw, pattern), pattern), raw, rtol=0, atol=0)
