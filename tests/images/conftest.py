"""Photographs and metadata that the tests of this folder share."""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, TiffImagePlugin

from restora.images import Metadata, Photograph

sys.path[:0] = [
    str(Path(__file__).parent),
    str(Path(__file__).parents[1] / "attack"),
]  # for the matrix of metadata

MakePhotograph = Callable[..., Photograph]


@pytest.fixture(scope="session")
def xmp() -> bytes:
    return (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/></rdf:RDF></x:xmpmeta>'
    )


@pytest.fixture(scope="session")
def exif_block() -> Callable[..., bytes]:
    return _exif_block


@pytest.fixture(scope="session")
def described() -> Callable[[bytes | None], dict[int, object]]:
    return _described


def _exif_block(orientation: int | None = None) -> bytes:
    """A block as another library writes it, with camera, exposure and position."""
    exif = Image.Exif()
    exif[271], exif[272], exif[33432] = "Zeiss", "Ikonta 521", "nobody"
    if orientation is not None:
        exif[274] = orientation
    exif.get_ifd(34665).update(
        {33434: TiffImagePlugin.IFDRational(1, 250), 37500: b"maker note" * 4, 36864: b"0232"}
    )
    exif.get_ifd(34853).update({1: "N", 2: (48.0, 8.0, 14.5)})
    return exif.tobytes().removeprefix(b"Exif\0\0")


def _described(block: bytes | None) -> dict[int, object]:
    """What a block says, read by another library, without the layout of the file that carries it."""
    exif = Image.Exif()
    exif.load(b"Exif\0\0" + (block or b""))
    values: dict[int, object] = {tag: exif[tag] for tag in (271, 272, 33432) if tag in exif}
    values.update(exif.get_ifd(34665))
    values.update({-tag: value for tag, value in exif.get_ifd(34853).items()})
    return values


@pytest.fixture(scope="session")
def icc() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.fixture(scope="session")
def make_photograph() -> MakePhotograph:
    def make(
        dtype: str = "uint8",
        *,
        gray: bool = False,
        alpha: bool = False,
        size: tuple[int, int] = (9, 13),
        metadata: Metadata | None = None,
        seed: int = 0,
    ) -> Photograph:
        random = np.random.default_rng(seed)

        def channel(shape: tuple[int, ...]) -> np.ndarray:
            if dtype == "float32":
                return random.random(shape, np.float32)
            return random.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)

        return Photograph(
            channel(size if gray else (*size, 3)), channel(size) if alpha else None, metadata or Metadata()
        )

    return make


@pytest.fixture(scope="session")
def smooth() -> np.ndarray:
    """A picture without sharp colours, (48, 64, 3) uint8, which lossy formats keep nearly as it is."""
    y, x = np.mgrid[0:48, 0:64]
    return np.stack([4 * y, 3 * x, 255 - 2 * y - x], axis=-1).astype(np.uint8)
