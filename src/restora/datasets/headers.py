"""Size and depth of an image file from its first bytes, for thousands of files at a time."""

import struct
from dataclasses import dataclass
from pathlib import Path

from restora.errors import RestoraError
from restora.images.formats import PNG, TIFF, recognise


@dataclass(frozen=True)
class Header:
    """What a file says of itself.

    Attributes:
        width: In pixels.
        height: In pixels.
        depth: Bits per channel: 8, 16 or 32.
        format: Such as "PNG".
    """

    width: int
    height: int
    depth: int
    format: str

    def __str__(self) -> str:
        return f"{self.width}x{self.height} {self.depth}-bit {self.format}"


def read_header(path: Path) -> Header:
    """Read size and depth without decoding the pixels.

    Raises:
        RestoraError: The file cannot be read, or is no image that restora knows.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(32)
    except OSError as error:
        raise RestoraError(
            f"{path}: cannot be read ({error.strerror}); check that it is there and yours"
        ) from error
    kind = recognise(head)
    if kind is None:
        raise RestoraError(f"{path}: is not an image that restora knows; fetch it again")
    try:
        if kind is PNG:  # Pillow reports a 16-bit RGB file as one of 8 bits
            width, height, depth = struct.unpack(">IIB", head[16:25])
            return Header(width, height, max(8, depth), kind.name)
        if kind is TIFF:
            return _tiff(path)
        from PIL import Image

        with Image.open(path) as image:
            return Header(image.width, image.height, 8, kind.name)
    except Exception as error:  # whatever a decoder throws at a damaged file
        raise RestoraError(f"{path}: has a damaged header ({error}); fetch it again") from error


def _tiff(path: Path) -> Header:
    import tifffile

    with tifffile.TiffFile(path) as file:
        page = file.pages.first
        return Header(page.imagewidth, page.imagelength, max(8, int(page.bitspersample)), TIFF.name)
