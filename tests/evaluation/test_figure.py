import io
import re
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from restora.errors import RestoraError
from restora.evaluation.figure import figure, scored
from restora.evaluation.figure_crops import Crop
from restora.evaluation.figure_sheet import COLOURS, COLUMN, GAP, Exhibit
from restora.evaluation.scene import Frame, Picture, Words, paint, write_pdf
from restora.metrics import protocol


def exhibit(label, level, size=(40, 60)):
    return Exhibit(label, np.full((*size, 3), level / 255, np.float32))


def words(scene):
    return [item.words for item in scene.items if isinstance(item, Words)]


def test_every_method_has_a_column_with_its_crops_label_and_score():
    noisy, ours, clean = exhibit("Noisy", 90), exhibit("Ours", 110), exhibit("clean", 100)
    crops = [Crop(0, 0, 16, 16), Crop(30, 20, 16, 12)]
    scoring = scored([noisy, ours], clean.image, protocol("rgb8"))
    scene = figure([noisy, ours], crops, clean=clean, scoring=scoring)
    assert words(scene)[:6] == ["Noisy", "28.13 / 0.994", "Ours", "28.13 / 0.995", "clean", "PSNR / SSIM"]
    assert "PSNR / SSIM of the whole picture, protocol rgb8" in words(scene)
    factor = COLUMN // 16
    assert f"crops enlarged {factor} times (nearest pixel)" in words(scene)
    pictures = [item for item in scene.items if isinstance(item, Picture)]
    assert len(pictures) == 1 + 2 * 3
    assert [int(p.pixels[0, 0, 0]) for p in pictures] == [90, 90, 110, 100, 90, 110, 100]
    assert pictures[1].pixels.shape == (16 * factor, 16 * factor, 3)
    assert pictures[4].pixels.shape == (12 * factor, 16 * factor, 3)
    assert len({p.left for p in pictures[1:]}) == 3
    sheet = paint(scene)
    assert sheet.shape == (scene.height, 3 * (16 * factor + GAP) + GAP, 3)
    assert (sheet[pictures[2].top, pictures[2].left] == COLOURS[0]).all()


def test_nearest_keeps_the_pixels_and_lanczos_interpolates():
    image = np.zeros((40, 40, 3), np.float32)
    image[:, 20:] = 1
    crop = [Crop(10, 10, 20, 20)]
    for enlargement, values in (("nearest", 2), ("lanczos", 10)):
        scene = figure([Exhibit("a", image)], crop, enlargement=enlargement)
        enlarged = [item for item in scene.items if isinstance(item, Picture)][1]
        assert (len(np.unique(enlarged.pixels)) == 2) == (values == 2)


def pdf_images(content):
    """The RGB images in a PDF of matplotlib's: their streams are those of PNG files."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    for match in re.finditer(
        rb"/Subtype /Image /Width (\d+) /Height (\d+)[^<]*<<[^>]*>>[^>]*>>\nstream\n", content
    ):
        size = struct.pack(">IIBBBBB", int(match[1]), int(match[2]), 8, 2, 0, 0, 0)
        rows = zlib.decompressobj().decompress(content[match.end() :])  # with the filters of PNG
        chunks = (b"IHDR", size), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")
        png = b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*each) for each in chunks)
        yield np.asarray(Image.open(io.BytesIO(png)))[::-1]  # the lowest row comes first


def test_enlarged_crops_are_pixel_exact_in_png_and_pdf(tmp_path):
    pytest.importorskip("matplotlib")
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (2, 61, 83, 3)).astype(np.uint8)
    crops = [Crop(10, 20, 37, 29), Crop(50, 3, 21, 23)]
    scene = figure([Exhibit(f"{i}", (one / np.float32(255))) for i, one in enumerate(pixels)], crops)
    sheet, line = paint(scene), max(item.thickness for item in scene.items if isinstance(item, Frame))
    pictures = [item for item in scene.items if isinstance(item, Picture)]
    assert len(pictures) == 1 + 2 * 2
    embedded = list(pdf_images(write_pdf(tmp_path / "a.pdf", scene).read_bytes()))
    assert len(embedded) == len(pictures)
    for number, picture in enumerate(pictures[1:]):
        crop, image = crops[number // 2], pixels[number % 2]
        factor = picture.pixels.shape[1] // crop.width
        assert factor > 5
        expected = crop.of(image).repeat(factor, axis=0).repeat(factor, axis=1)
        height, width = expected.shape[:2]
        painted = sheet[picture.top : picture.top + height, picture.left : picture.left + width]
        inside = slice(line, -line)  # the frame lies over the outermost pixels
        assert np.array_equal(painted[inside, inside], expected[inside, inside])
        assert any(np.array_equal(one, expected) for one in embedded)


def test_error_maps_share_a_scale_with_ticks():
    clean = exhibit("clean", 100)
    scene = figure(
        [exhibit("bad", 137), exhibit("good", 102)], [Crop(0, 0, 20, 20)], clean=clean, error_maps=True
    )
    assert {"0", "10", "20", "30", "40 or more", "grey levels of 255"} <= set(words(scene))
    maps = [item for item in scene.items if isinstance(item, Picture)][4:8]
    bad, good = maps[0].pixels, maps[1].pixels
    assert bad.mean() > good.mean()
    assert (maps[2].pixels == bad[0, 0]).all()
    assert paint(scene).shape[0] == scene.height


def test_the_scale_of_error_maps_can_be_chosen():
    scene = figure(
        [exhibit("bad", 137)],
        [Crop(0, 0, 20, 20)],
        clean=exhibit("clean", 100),
        error_maps=True,
        error_end=20,
    )
    assert {"0", "5", "10", "15", "20 or more"} <= set(words(scene))


def test_mistakes_are_explained():
    first = exhibit("a", 1)
    with pytest.raises(RestoraError, match="b is 40x60 and a 60x40"):
        figure([first, exhibit("b", 1, (60, 40))], [Crop(0, 0, 8, 8)])
    with pytest.raises(RestoraError, match="reaches outside"):
        figure([first], [Crop(50, 0, 20, 20)])
    with pytest.raises(RestoraError, match="1 to 5 crops, got 6"):
        figure([first], [Crop(0, 0, 8, 8)] * 6)
    with pytest.raises(RestoraError, match="need the clean picture"):
        figure([first], [Crop(0, 0, 8, 8)], error_maps=True)


def test_tall_crops_stay_within_twice_a_column():
    scene = figure([exhibit("a", 9), exhibit("b", 9)], [Crop(0, 0, 1, 40)])
    crops = [item for item in scene.items if isinstance(item, Picture)][1:]
    assert {crop.pixels.shape[:2] for crop in crops} == {(960, 24)}


@pytest.mark.parametrize("size", [(1, 1), (3, 400), (400, 3), (600, 100)])
def test_any_shape_of_picture_fits(size):
    crop = [Crop(0, 0, 1, 1)]
    scene = figure([exhibit("a" * 99, 9, size), exhibit("b", 9, size)], crop)
    assert paint(scene).shape == (scene.height, scene.width, 3)
    assert any(line.endswith("…") for line in words(scene))
