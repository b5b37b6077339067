import io

import numpy as np
import pytest
import torch
from PIL import Image

from restora.degradations import JpegCompression


def test_it_is_what_pillow_writes_and_reads(generator):
    clean = torch.rand(1, 3, 24, 40)
    stream = io.BytesIO()
    pixels = (clean[0] * 255).round().byte().permute(1, 2, 0).numpy()
    Image.fromarray(pixels).save(stream, "JPEG", quality=30, subsampling=0)
    saved = JpegCompression(quality=(30, 30), subsampled=0)(clean, generator(0))
    expected = torch.from_numpy(np.array(Image.open(stream))).permute(2, 0, 1) / 255
    assert torch.equal(saved[0], expected)


def test_errors_grow_as_quality_falls_and_with_subsampling(generator):
    clean = torch.rand(4, 3, 32, 32)

    def error(quality, subsampled=0.0):
        jpeg = JpegCompression(quality=(quality, quality), subsampled=subsampled)
        return float((jpeg(clean, generator(0)) - clean).square().mean())

    errors = [error(quality) for quality in (100, 90, 50, 10)]
    assert errors == sorted(errors)
    assert errors[0] < 1e-4
    assert error(90, subsampled=1.0) > 2 * error(90)


def test_quality_and_subsampling_are_drawn_for_every_image(generator):
    parameters = JpegCompression((10, 12)).sample(torch.rand(200, 3, 8, 8), generator(0)).parameters
    assert parameters["quality"].unique().tolist() == [10, 11, 12]
    assert float(parameters["subsampled"].mean()) == pytest.approx(0.5, abs=0.1)


def test_gray_stays_gray_and_values_are_clipped(generator):
    gray = (torch.rand(1, 1, 32, 32) * 3 - 1).expand(-1, 3, -1, -1)
    saved = JpegCompression()(gray, generator(0))
    assert torch.equal(saved[:, 0], saved[:, 2])
    assert 0 <= saved.min() < saved.max() <= 1


@pytest.mark.parametrize("quality", [(0, 50), (50, 101), (60, 50)])
def test_impossible_qualities_are_refused(quality):
    with pytest.raises(ValueError, match="quality must be"):
        JpegCompression(quality)
