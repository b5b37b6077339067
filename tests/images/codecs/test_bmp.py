import struct

import cv2
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image

from restora.errors import RestoraError
from restora.images import Metadata, read, write


@pytest.mark.parametrize("gray", [True, False])
@pytest.mark.parametrize("width", [1, 2, 3, 4, 13])
@pytest.mark.parametrize("with_profile", [False, True])
def test_other_readers_see_the_pixels_written(tmp_path, make_photograph, icc, gray, width, with_profile):
    metadata = Metadata(icc=icc if with_profile and not gray else None, dpi=(300.0, 150.0))
    photograph = make_photograph(gray=gray, size=(5, width), metadata=metadata)
    path = write(tmp_path / "a.bmp", photograph)
    with Image.open(path) as image:
        assert image.mode == ("L" if gray else "RGB")
        assert image.info["dpi"] == pytest.approx((300, 150), abs=0.02)
        assert_array_equal(np.asarray(image), photograph.pixels)
    seen = cv2.imread(str(path), cv2.IMREAD_COLOR)[..., ::-1]
    assert_array_equal(seen, np.dstack([photograph.pixels] * 3) if gray else photograph.pixels)
    assert struct.unpack_from("<I", path.read_bytes(), 2)[0] == path.stat().st_size


@pytest.mark.parametrize("gray", [True, False])
def test_other_readers_see_the_transparency_written(tmp_path, make_photograph, icc, gray):
    photograph = make_photograph(gray=gray, alpha=True, metadata=Metadata(icc=None if gray else icc))
    path = write(tmp_path / "a.bmp", photograph)
    expected = np.dstack([*([photograph.pixels] * (3 if gray else 1)), photograph.alpha])
    with Image.open(path) as image:
        assert_array_equal(np.asarray(image), expected)
    assert_array_equal(cv2.imread(str(path), cv2.IMREAD_UNCHANGED), expected[..., [2, 1, 0, 3]])


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA"])
def test_files_of_another_writer(tmp_path, make_photograph, mode):
    p = make_photograph(alpha=True)
    image = Image.fromarray(np.dstack([p.pixels, p.alpha]))
    image = image if mode == "RGBA" else image.convert("RGB").convert(mode)
    image.save(tmp_path / "a.bmp")
    photograph = read(tmp_path / "a.bmp")
    expected = np.asarray(image.convert({"1": "L", "P": "RGB"}.get(mode, mode)))
    if mode == "RGBA":
        assert photograph.alpha is None or (photograph.alpha == expected[..., 3]).all()
    assert_array_equal(photograph.pixels, expected[..., :3] if expected.ndim == 3 else expected, strict=True)


def rows(height, *, bits=24, compression=0, masks=b"", body=b"", header=40):
    size = struct.pack("<IiiHHIIiiII", header, 2, height, 1, bits, compression, len(body), 0, 0, 0, 0)
    start = 14 + len(size) + len(masks)
    return b"BM" + struct.pack("<III", start + len(body), 0, start) + size + masks + body


def test_rows_from_the_top_down(tmp_path):
    body = bytes(range(6)) + b"\0\0" + bytes(range(10, 16)) + b"\0\0"
    (tmp_path / "up.bmp").write_bytes(rows(2, body=body))
    (tmp_path / "down.bmp").write_bytes(rows(-2, body=body))
    up = read(tmp_path / "up.bmp").pixels
    assert up[1, 0].tolist() == [2, 1, 0]  # blue comes first in the file
    assert_array_equal(read(tmp_path / "down.bmp").pixels, up[::-1])


def test_fifteen_bits(tmp_path):
    (tmp_path / "a.bmp").write_bytes(rows(1, bits=16, body=struct.pack("<HH", 31 << 10, 31)))
    assert read(tmp_path / "a.bmp").pixels.tolist() == [[[255, 0, 0], [0, 0, 255]]]


@pytest.mark.parametrize(("opacity", "expected"), [((0, 0), None), ((0, 9), [[0, 9]])])
def test_fourth_byte_that_is_always_zero_is_no_transparency(tmp_path, opacity, expected):
    masks = struct.pack("<4I", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    body = bytes([1, 2, 3, opacity[0], 4, 5, 6, opacity[1]])
    content = rows(1, bits=32, compression=3, masks=masks + bytes(52 - 16 + 32), body=body, header=108)
    (tmp_path / "a.bmp").write_bytes(content)
    photograph = read(tmp_path / "a.bmp")
    assert photograph.pixels.tolist() == [[[3, 2, 1], [6, 5, 4]]]
    assert (photograph.alpha is None) if expected is None else photograph.alpha.tolist() == expected


def test_resolution_beyond_what_the_header_holds(tmp_path, make_photograph):
    path = write(tmp_path / "a.bmp", make_photograph(metadata=Metadata(dpi=(4e9, 100.0))))
    assert read(path).metadata.dpi == pytest.approx((2**31 * 0.0254, 100), rel=1e-3)


def test_profile_cut_short(tmp_path, make_photograph, icc):
    path = write(tmp_path / "a.bmp", make_photograph(metadata=Metadata(icc=icc)))
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(RestoraError, match="its colour profile is cut short"):
        read(path)


@pytest.mark.parametrize("height", [0, -(2**31)])
def test_impossible_size(tmp_path, height):
    (tmp_path / "a.bmp").write_bytes(rows(height, body=bytes(8)))
    with pytest.raises(RestoraError, match=r"its header says 2 x 0 pixels|are more than"):
        read(tmp_path / "a.bmp")
