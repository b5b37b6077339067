"""PNG (ISO/IEC 15948): pixels of every depth by libpng, metadata chunks read and written here.

Pillow silently reduces 16-bit colour to 8 bits, and OpenCV drops metadata; libpng through imagecodecs is
exact for every layout. It is given the critical chunks only, so that nothing else in a file can disturb it.
"""

import io
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import BinaryIO

import numpy as np

from restora.images import exif
from restora.images.codecs.faults import cut_short, damaged, decoding
from restora.images.codecs.limits import Limits
from restora.images.metadata import Metadata, PngEncoding, Series
from restora.images.palette import indexed
from restora.images.photograph import Photograph
from restora.pixels import Pixels

SIGNATURE = b"\x89PNG\r\n\x1a\n"
CRITICAL = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")  # tRNS is pixels, too
_STORED = (b"sBIT", b"bKGD")  # in the form of the stored pixels, so that they say nothing of expanded ones
_KEPT = (b"cICP", b"mDCV", b"mDCv", b"cLLI", b"cLLi", b"gAMA", b"cHRM", b"sRGB", b"tIME", *_STORED)
_ANIMATION = (b"acTL", b"fcTL", b"fdAT")
_TEXT = (b"tEXt", b"zTXt", b"iTXt")
_XMP = b"XML:com.adobe.xmp\0"
_FULL_RGB = b"\0\1"  # the end of a cICP chunk: no matrix, full range
_LEVEL, _BAND = 6, 96  # of compression; rows of the band that it is tried on
_METRE = 0.0254  # metres per inch
_MAX_INFLATED = 1 << 26  # profile and texts of no photograph are as large together; a bomb may be
_MAX_RATIO = 1032  # by which deflate can shrink data

Chunk = tuple[bytes, bytes]


def decode(stream: BinaryIO, limits: Limits) -> Photograph:
    """Read a PNG file; see `Codec`."""
    import imagecodecs

    chunks = list(read_chunks(stream.read()))
    if not chunks or chunks[0][0] != b"IHDR" or len(chunks[0][1]) != 13:
        raise damaged("it does not begin with a header")
    width, height, bits, colour_type = struct.unpack(">IIBB", chunks[0][1][:10])
    limits.check_size(width, height)
    transparent = colour_type & 4 or any(kind == b"tRNS" for kind, _ in chunks)
    pixel = ((3 if colour_type & 2 else 1) + bool(transparent)) * (2 if bits == 16 else 1)
    data = sum(len(data) for _, data in chunks)
    limits.check_memory(width, height, pixel=pixel, decoding=2 * pixel if transparent else pixel, data=data)
    with decoding():
        array = imagecodecs.png_decode(join([c for c in chunks if c[0] in CRITICAL]))
    if array.shape[:2] != (height, width):
        raise damaged("its pixels do not match its header")
    palette = next((data for kind, data in chunks if kind == b"PLTE"), b"")
    gray_palette = colour_type == 3 and palette[::3] == palette[1::3] == palette[2::3]
    pixels, alpha = split(array, gray=array.ndim == 2 or array.shape[2] < 3 or gray_palette)
    metadata, notes = metadata_of(chunks)
    if (series := metadata.series) is not None:
        notes.insert(0, f"frame 1 of {series.count} used")
    return Photograph(pixels, alpha, metadata, tuple(notes))


def encode(photograph: Photograph, stream: BinaryIO, quality: int | None) -> None:
    """Write a PNG file; see `Codec`. PNG is without loss, whatever the quality."""
    encoded = memoryview(_encoded_by_palette(photograph) or encoded_pixels(photograph))
    header = len(SIGNATURE) + 25  # IHDR: 13 bytes of data, 12 around them
    stream.write(encoded[:header])
    for kind, data in metadata_chunks(photograph.metadata):
        stream.write(chunk(kind, data))
    stream.write(encoded[header:])


def encoded_pixels(photograph: Photograph) -> bytes:
    """Return pixels and alpha as a PNG without metadata."""
    import imagecodecs

    channels = [photograph.pixels] if photograph.alpha is None else [photograph.pixels, photograph.alpha]
    array = channels[0] if len(channels) == 1 else np.dstack(channels)
    array = np.ascontiguousarray(array)
    # Filters make photographs smaller, and screenshots larger: a band of the picture tells which it is.
    start = max(0, (len(array) - _BAND) // 2)
    filters = min(
        (imagecodecs.PNG.FILTER.ALL, imagecodecs.PNG.FILTER.NONE),
        key=lambda each: len(imagecodecs.png_encode(array[start : start + _BAND], level=_LEVEL, filter=each)),
    )
    return bytes(imagecodecs.png_encode(array, level=_level(photograph), filter=filters))


def _encoded_by_palette(photograph: Photograph) -> bytes | None:
    """Return a picture that came with a palette with one, if it has few enough colours; else None."""
    from PIL import Image

    encoding = photograph.metadata.encoding
    if not (isinstance(encoding, PngEncoding) and encoding.palette):
        return None
    found = indexed(photograph.pixels, photograph.alpha)
    if found is None:
        return None
    numbers, colours = found
    image = Image.fromarray(numbers, "L")
    image.putpalette(colours[:, :3].tobytes())
    options = {} if photograph.alpha is None else {"transparency": colours[:, 3].tobytes()}
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=_level(photograph), **options)
    return buffer.getvalue()


def _level(photograph: Photograph) -> int:
    encoding = photograph.metadata.encoding
    return 9 if isinstance(encoding, PngEncoding) and encoding.smallest else _LEVEL


def size(head: bytes) -> tuple[int, int] | None:
    """Return width and height of a file by its first 24 bytes; None if it is no PNG."""
    return struct.unpack(">II", head[16:24]) if head[12:16] == b"IHDR" and len(head) >= 24 else None


def read_chunks(data: bytes) -> Iterator[Chunk]:
    """Yield kind and data of each chunk up to IEND; ancillary chunks with a wrong checksum are left out."""
    position = len(SIGNATURE)
    view = memoryview(data)
    while position + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        end = position + 12 + length
        if not kind.isalpha():
            raise damaged("a chunk has no name")
        if end > len(data):
            raise cut_short()
        if zlib.crc32(view[position + 4 : end - 4]) == struct.unpack_from(">I", data, end - 4)[0]:
            yield kind, data[position + 8 : end - 4]
        elif kind in CRITICAL:
            raise damaged("a checksum is wrong")
        if kind == b"IEND":
            return
        position = end
    raise cut_short()


def chunk(kind: bytes, data: bytes) -> bytes:
    """Return a chunk as it stands in a file."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))


def join(chunks: Sequence[Chunk]) -> bytes:
    """Return a file of chunks."""
    return SIGNATURE + b"".join(chunk(kind, data) for kind, data in chunks)


def split(array: Pixels, *, gray: bool) -> tuple[Pixels, Pixels | None]:
    """Return pixels and alpha of an array (H, W) or (H, W, C)."""
    if array.ndim == 2:
        return array, None
    alpha = np.ascontiguousarray(array[..., -1]) if array.shape[2] in (2, 4) else None
    return np.ascontiguousarray(array[..., 0] if gray else array[..., :3]), alpha


def metadata_of(chunks: Sequence[Chunk]) -> tuple[Metadata, list[str]]:
    """Return what the chunks say, and which of them cannot be kept, in words.

    Chunks of unknown kinds go back verbatim if their name says that this is safe whatever became of the pixels.
    """
    icc = block = xmp = dpi = density = profile_name = cicp = None
    kept: list[Chunk] = []
    lost: dict[bytes, None] = {}
    inflate = _Inflation()
    width, height, bits, colour_type = struct.unpack(">IIBB", chunks[0][1][:10])
    expanded = bits < 8 or colour_type == 3 or any(kind == b"tRNS" for kind, _ in chunks)
    for kind, data in chunks:
        if kind in CRITICAL or kind in _ANIMATION:
            continue
        name, _, rest = data.partition(b"\0")
        if kind == b"iCCP" and icc is None:
            icc, profile_name = (inflate(rest[1:]), name) if name else (None, None)
            understood = icc is not None
        elif kind == b"eXIf":
            block, understood = data.removeprefix(b"Exif\0\0"), True
        elif kind == b"pHYs":
            x, y, unit = struct.unpack(">IIB", data) if len(data) == 9 else (0, 0, 0)
            understood = bool(x and y)
            if understood:
                dpi, density = ((x * _METRE, y * _METRE), None) if unit == 1 else (None, (x, y))
        elif kind == b"cICP" and len(data) == 4 and data.endswith(_FULL_RGB) and cicp is None:
            cicp, understood = (data[0], data[1]), True
        elif kind == b"iTXt" and data.startswith(_XMP):
            xmp = _international_text(data, inflate)
            understood = xmp is not None
        elif (
            kind in _TEXT
            and name.startswith(b"Raw profile type ")
            and name[17:] in (b"exif", b"APP1", b"xmp")
        ):
            # ImageMagick's way to keep EXIF and XMP, from before PNG had places for them.
            raw = _raw_profile(inflate(rest[1:]) if kind == b"zTXt" else rest)
            understood = raw is not None
            if name.endswith(b" xmp"):
                xmp = xmp or raw
            elif raw is not None and raw.startswith(b"Exif\0\0"):
                block = block or raw[6:]
        else:
            understood = not (expanded and kind in _STORED) and (kind in _KEPT or kind[::3].islower())
            kept += [(kind, data)] if understood else []
        lost |= {} if understood else {kind: None}
    packed = next((data for kind, data in chunks if kind == b"IDAT" and data), b"")
    smallest = len(packed) > 1 and packed[1] >> 6 == 3  # the level, as zlib notes it (RFC 1950, FLEVEL)
    encoding = PngEncoding(
        tuple(kept), profile_name if icc is not None else None, smallest, palette=colour_type == 3
    )
    dpi = dpi or exif.dpi(block)
    orientation = exif.orientation(block)
    metadata = Metadata(icc, block, xmp, dpi, orientation, "PNG", encoding, density=density, cicp=cicp)
    plays = next((struct.unpack(">II", d)[1] for kind, d in chunks if kind == b"acTL" and len(d) == 8), None)
    frames = sum(kind == b"fcTL" for kind, _ in chunks)
    if plays is not None and frames > 1:
        metadata = replace(metadata, series=Series(frames, frames * width * height, plays))
    names = ", ".join(kind.decode("latin-1") for kind in lost)
    return metadata, [f"PNG chunks {names} left out"] if lost else []


def metadata_chunks(metadata: Metadata) -> Iterator[Chunk]:
    """Yield the chunks that carry metadata, in an order the standard allows (before PLTE and IDAT)."""
    encoding = metadata.encoding if isinstance(metadata.encoding, PngEncoding) else PngEncoding()
    if metadata.icc is not None:
        name = encoding.profile_name or b"ICC profile"
        yield b"iCCP", name + b"\0\0" + zlib.compress(metadata.icc)
    if metadata.cicp is not None:
        yield b"cICP", bytes(metadata.cicp) + _FULL_RGB
    yield from (c for c in encoding.chunks if not (c[0] == b"sRGB" and metadata.icc is not None))
    if metadata.dpi is not None:
        x, y = (min(round(v / _METRE), 2**31 - 1) for v in metadata.dpi)
        yield b"pHYs", struct.pack(">IIB", x, y, 1)
    elif metadata.density is not None:
        x, y = metadata.whole_density(2**31 - 1)
        yield b"pHYs", struct.pack(">IIB", x, y, 0)
    if metadata.exif is not None:
        yield b"eXIf", metadata.exif
    if metadata.xmp is not None:
        yield b"iTXt", _XMP + b"\0\0\0\0" + metadata.xmp
    for comment in metadata.comments:
        yield b"iTXt", b"Comment\0\0\0\0\0" + _as_utf8(comment)


def _as_utf8(text: bytes) -> bytes:
    """Return text without zeros in UTF-8; what is not in UTF-8 is taken for Latin-1."""
    try:
        text.decode()
    except UnicodeDecodeError:
        text = text.decode("latin-1").encode()
    return text.replace(b"\0", b" ")


class _Inflation:
    """Decompress metadata of one file, which together may take no more than 64 MiB."""

    def __init__(self) -> None:
        self.left = _MAX_INFLATED

    def __call__(self, data: bytes) -> bytes | None:
        """Return the data decompressed; None if it is damaged or unreasonably large."""
        inflater = zlib.decompressobj()
        try:
            inflated = inflater.decompress(data, max(1, self.left))
        except zlib.error:
            self.left -= _MAX_RATIO * len(data)  # the most that may have been decompressed
            return None
        self.left -= len(inflated)
        return inflated if inflater.eof else None


def _international_text(data: bytes, inflate: _Inflation) -> bytes | None:
    """Return the text of iTXt: keyword, 0, compressed?, method, language, 0, translated keyword, 0, text."""
    _, _, rest = data.partition(b"\0")
    _, language_end, tail = rest[2:].partition(b"\0")
    _, keyword_end, text = tail.partition(b"\0")
    if not language_end or not keyword_end:
        return None
    return inflate(text) if rest[:1] == b"\1" else text


def _raw_profile(text: bytes | None) -> bytes | None:
    """Decode ImageMagick's format: a line with a name, one with a length, then hexadecimal digits."""
    parts = (text or b"").split()
    try:
        return bytes.fromhex(b"".join(parts[2:]).decode("ascii")) if len(parts) > 2 else None
    except ValueError:
        return None
