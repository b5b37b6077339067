"""JPEG XL (ISO/IEC 18181) by libjxl: pixels through imagecodecs, colour profiles through pillow-jxl-plugin.

Written are 8 bits in sRGB: neither package writes a profile, and imagecodecs calls deeper pixels linear light. libjxl turns
pictures upright as their file says, so that the orientation in EXIF is not true.
"""

import struct
from dataclasses import dataclass, replace
from typing import BinaryIO

import numpy as np

from restora.images import exif
from restora.images.codecs.faults import cut_short, damaged, decoding
from restora.images.codecs.item_boxes import box, boxes
from restora.images.codecs.limits import Limits
from restora.images.codecs.stills import quality_of
from restora.images.metadata import Metadata, StillEncoding
from restora.images.photograph import Photograph

_CODESTREAM = b"\xff\x0a"
_PARTS = (b"jxlc", b"jxlp")
_KNOWN = (*_PARTS, b"JXL ", b"ftyp", b"jxll", b"jxli", b"jbrd", b"Exif", b"xml ")
_EXIF = b"Exif\0\0"
_RATIOS = ((1, 1), (6, 5), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))  # of width to height
_LIBJXL = b"jxl "  # who made a profile up, where a file holds none
_OF_SRGB = tuple(name.encode("utf-16-be") for name in ("sRGB", "RGB_D65_SRG_Rel_SRG", "Gra_D65_Rel_SRG"))


def decode(stream: BinaryIO, limits: Limits) -> Photograph:
    """Read the first frame of a JPEG XL file; see `Codec`."""
    import imagecodecs
    import pillow_jxl

    data = stream.read()
    parts = [] if data.startswith(_CODESTREAM) else [(kind, data[at:end]) for kind, at, end in boxes(data)]
    kinds = dict(reversed(parts))  # of several of a kind the first counts
    codestream = data if not parts else kinds.get(b"jxlc") or kinds.get(b"jxlp", b"")[4:]
    header = read_header(codestream)
    width, height = header.width, header.height
    limits.check_size(width, height)
    limits.check_memory(width, height, pixel=8, decoding=64)  # as floats with transparency take
    with decoding():
        array = imagecodecs.jpegxl_decode(data, index=0)
        icc = pillow_jxl.Decoder(num_threads=1)(data)[3]
    if sorted(array.shape[:2]) != sorted((height, width)):
        raise damaged("its pixels do not match its header")
    array, notes = array if array.ndim == 3 else array[..., None], []
    if array.shape[2] > 4:
        raise damaged("it has more channels than colours and transparency")
    if array.dtype == np.float16:
        array = array.astype(np.float32)
        notes.append("16-bit floats widened to 32 bits")
    colours = array.shape[2] if array.shape[2] in (1, 3) else array.shape[2] - 1
    alpha = np.ascontiguousarray(array[..., -1]) if colours < array.shape[2] else None
    item = kinds.get(b"Exif", b"")
    block = item[4 + int.from_bytes(item[:4], "big") :].removeprefix(_EXIF) if len(item) > 8 else None
    block = exif.with_orientation(block, 1) if block else None
    if unknown := sorted({kind.decode("latin-1") for kind, _ in parts if kind not in _KNOWN}):
        notes.append(f"JPEG XL boxes {', '.join(map(repr, unknown))} left out")
    is_srgb = icc[4:8] == _LIBJXL and any(name in icc for name in _OF_SRGB)
    metadata = Metadata(
        icc=None if not icc or is_srgb else bytes(icc),
        exif=block,
        xmp=kinds.get(b"xml ") or None,
        dpi=exif.dpi(block),
        format="JPEG XL",
        encoding=StillEncoding(lossless=not header.is_lossy, bits=8 * array.dtype.itemsize),
    ).upright()
    pixels = array[..., 0] if colours == 1 else array[..., :3]
    return Photograph(np.ascontiguousarray(pixels), alpha, metadata, tuple(notes))


def encode(photograph: Photograph, stream: BinaryIO, quality: int | None) -> None:
    """Write a JPEG XL file; see `Codec`.

    Without a quality, a photograph that came from a file with loss is stored with quality 95, and any other without.
    """
    import imagecodecs

    metadata = photograph.metadata.upright()
    level = quality_of(metadata, quality)
    channels = [photograph.pixels] if photograph.alpha is None else [photograph.pixels, photograph.alpha]
    array = np.ascontiguousarray(np.dstack(channels) if len(channels) > 1 else channels[0])
    options = {"lossless": True} if level is None else {"level": min(level, 99)}
    stream.write(imagecodecs.jpegxl_encode(array, usecontainer=True, **options))
    block = metadata.exif if metadata.dpi is None else exif.with_dpi(metadata.exif, metadata.dpi)
    if block:
        stream.write(box(b"Exif", bytes(4), block))
    if metadata.xmp:
        stream.write(box(b"xml ", metadata.xmp))


class _Bits:
    """Numbers from the bits of a codestream, the lowest first."""

    def __init__(self, data: bytes) -> None:
        if len(data) < 14:
            raise cut_short()
        self.left = int.from_bytes(data[2:14], "little")

    def __call__(self, count: int) -> int:
        value = self.left & ((1 << count) - 1)
        self.left >>= count
        return value

    def side(self, *, eighths: int) -> int:
        """Return a height or a width."""
        return 8 * (1 + self(5)) if eighths else 1 + self((9, 13, 18, 30)[self(2)])

    def depth(self) -> None:
        """Pass over the depth of a channel, and the exponent of floats."""
        floats, selector = self(1), self(2)
        self((6 if selector == 3 else 0) + (4 if floats else 0))

    def describe_transparency(self) -> bool:
        """Pass over the description of a further channel; whether it is transparency of full size without a name."""
        kind = self(2)
        self.depth()
        plain = (kind, self(2), self(2)) == (0, 0, 0)
        self(1)  # whether colours were multiplied by it
        return plain


def codestream_in(head: bytes) -> bytes:
    """Return the beginning of the codestream in the beginning of a file, with or without boxes; empty if there is none."""
    position = 0
    while not head.startswith(_CODESTREAM) and position + 8 <= len(head):
        length, kind = struct.unpack_from(">I4s", head, position)
        if kind in _PARTS:
            return head[position + (12 if kind == b"jxlp" else 8) :]
        if length < 8:
            return b""
        position += length
    return head if position == 0 else b""


@dataclass(frozen=True)
class Header:
    """What the first bits of a codestream state.

    Attributes:
        width: In pixels, before the picture is turned.
        height: The same.
        is_plain: Whether it is one picture without previews, of colours and at most transparency.
        is_lossy: Whether the colours are stored as the eye sees them (XYB), which always loses something.
    """

    width: int
    height: int
    is_plain: bool = False
    is_lossy: bool = True


def read_header(codestream: bytes) -> Header:
    """Read the first bits of a codestream.

    Raises:
        UndecodableError: It is none, or cut short.
    """
    if not codestream.startswith(_CODESTREAM):
        raise damaged("it holds no picture")
    bits = _Bits(codestream)
    eighths = bits(1)
    height = bits.side(eighths=eighths)
    ratio = bits(3)
    across, down = _RATIOS[ratio - 1] if ratio else (0, 1)
    header = Header(height * across // down if ratio else bits.side(eighths=eighths), height)
    if bits(1):  # all as usual
        return replace(header, is_plain=True)
    turned = False
    if bits(1):  # there are fields that are rarely there
        turned = bits(3) != 0
        if bits(3):  # another size to be shown in, a preview, an animation: not read so far
            return header
    bits.depth()
    bits(1)  # whether 16 bits suffice to decode
    further = bits(2)  # channels
    if further > 1 or (further == 1 and not bits(1) and not bits.describe_transparency()):
        return header
    return replace(header, is_plain=not turned, is_lossy=bool(bits(1)))
