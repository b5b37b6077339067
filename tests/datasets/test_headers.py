from pathlib import Path

import numpy as np
import pytest
from miniatures import paint, save

from restora.datasets.headers import Header, read_header
from restora.errors import RestoraError
from restora.images import Photograph, write


@pytest.mark.parametrize(
    ("name", "format_"),
    [
        ("a.png", "PNG"),
        ("a.jpg", "JPEG"),
        ("a.bmp", "BMP"),
        ("a.webp", "WebP"),
        ("a.tif", "TIFF"),
        ("a.GIF", "GIF"),
    ],
)
def test_size_depth_and_format_of_every_kind(name: str, format_: str, tmp_path: Path) -> None:
    save(tmp_path / name, paint((5, 3), 9))
    assert read_header(tmp_path / name) == Header(5, 3, 8, format_)


@pytest.mark.parametrize(
    ("name", "dtype", "depth"), [("a.png", "uint16", 16), ("a.tif", "uint16", 16), ("a.tif", "float32", 32)]
)
def test_deeper_files(name: str, dtype: str, depth: int, tmp_path: Path) -> None:
    write(tmp_path / name, Photograph(np.zeros((3, 5, 3), dtype)))
    assert (read_header(tmp_path / name).width, read_header(tmp_path / name).depth) == (5, depth)


def test_damaged_and_missing_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(RestoraError, match=r"a.png: has a damaged header"):
        read_header(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"hello")
    with pytest.raises(RestoraError, match=r"b.png: is not an image"):
        read_header(tmp_path / "b.png")
    with pytest.raises(RestoraError, match=r"c.png: cannot be read"):
        read_header(tmp_path / "c.png")
