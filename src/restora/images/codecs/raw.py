"""Camera raw files by LibRaw through rawpy: developed with the camera's white balance to 16 bits in sRGB. Read only."""

import io
from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from restora.images import exif
from restora.images.codecs.faults import UndecodableError, cut_short, damaged, decoding, unsupported
from restora.images.codecs.item_boxes import boxes
from restora.images.codecs.jpeg_segments import JpegFile
from restora.images.codecs.limits import Limits
from restora.images.ifd import BrokenDirectoryError, Directory, read_directory, read_header
from restora.images.metadata import Metadata
from restora.images.photograph import Photograph

if TYPE_CHECKING:
    from rawpy import RawPy

_XMP = 700
_ORIENTATIONS = {0: 1, 3: 3, 5: 8, 6: 6}  # by LibRaw's number for how the camera was held
_SRGB_CURVE = (2.4, 12.92)
_CLIPPED = 0.001  # part of the pixels that may become white when the brightness is chosen
_CANON = (b"moov", b"uuid")  # boxes of a CR3 file around its directories
_EXIF, _GPS = 34665, 34853

NOTE = "camera raw developed with the camera's white balance; raw files cannot be written, nor what only they hold"


def decode(stream: BinaryIO, limits: Limits) -> Photograph:
    """Develop a camera raw file; see `Codec`."""
    import rawpy

    data = stream.read()
    with decoding():
        try:
            raw = rawpy.imread(io.BytesIO(data))
        except rawpy.LibRawFileUnsupportedError:
            raise unsupported("a raw file of this camera", "develop it to a 16-bit TIFF first") from None
    with raw:
        sizes = raw.sizes
        limits.check_size(sizes.width, sizes.height)
        limits.check_size(sizes.raw_width, sizes.raw_height)
        limits.check_memory(sizes.raw_width, sizes.raw_height, pixel=6, decoding=30)
        with decoding():
            _check_complete(raw)
            pixels = raw.postprocess(
                use_camera_wb=True, output_bps=16, gamma=_SRGB_CURVE, auto_bright_thr=_CLIPPED, user_flip=0
            )
            turned = _ORIENTATIONS.get(sizes.flip, 1)
    if pixels.ndim != 3 or pixels.shape[2] not in (1, 3) or pixels.dtype != np.uint16:
        raise damaged("it cannot be developed to three colours")
    pixels = pixels[..., 0] if pixels.shape[2] == 1 else pixels
    block, xmp = _described(data)
    block = exif.with_orientation(block, turned) if block else None
    metadata = Metadata(exif=block, xmp=xmp, dpi=exif.dpi(block), orientation=turned, format="Raw")
    return Photograph(np.ascontiguousarray(pixels), None, metadata, (NOTE,))


def _check_complete(raw: "RawPy") -> None:
    """Refuse a file whose light ends early: LibRaw leaves what is missing black, and tells the terminal alone.

    The last row of a sensor never has one value throughout, for light is noisy, unless it is as white as can be. Files
    with all three colours at each pixel may have black margins, but are not empty.
    """
    try:
        seen = raw.raw_image_visible
    except NotImplementedError:  # three colours at each pixel, in an unusual order
        return
    mosaic = seen.ndim == 2
    missing = seen[-1] if mosaic else seen
    if missing.min() == missing.max() and not (mosaic and missing.max() >= raw.white_level):
        raise cut_short()


def _described(data: bytes) -> tuple[bytes | None, bytes | None]:
    """Return the EXIF block and the XMP packet of a raw file, wherever its maker puts them."""
    try:
        if data[4:8] == b"ftyp":
            return _canon_block(data), None
        if data.startswith(b"FUJIFILM"):  # the preview is a whole JPEG file
            at, length = (int.from_bytes(data[start : start + 4], "big") for start in (84, 88))
            preview = JpegFile(data[at : at + length])
            return preview.exif, preview.xmp
        order = b"II*\0" if data[:2] == b"II" else b"MM\0*"  # others than TIFF have marks of their own here
        stream = io.BytesIO(order + data[4:])
        layout, offset = read_header(stream)
        first = read_directory(stream, layout, offset, exif.POINTERS)
        xmp = first.entries.get(_XMP)
        return exif.block_from_tiff(first, layout), xmp.value if xmp else None
    except (BrokenDirectoryError, UndecodableError):
        return None, None


def _canon_block(data: bytes) -> bytes | None:
    """Join the directories of a CR3 file, each of which is a TIFF structure of its own."""
    start, end = 0, len(data)
    for wanted in _CANON:
        found = next(((at, stop) for kind, at, stop in boxes(data, start, end) if kind == wanted), None)
        if found is None:
            return None
        start, end = found
    parts = {kind: data[at:stop] for kind, at, stop in boxes(data, start + 16, end)}
    read: dict[bytes, Directory] = {}
    for kind in (b"CMT1", b"CMT2", b"CMT4"):
        if kind in parts:
            stream = io.BytesIO(parts[kind])
            layout, offset = read_header(stream)
            read[kind] = read_directory(stream, layout, offset)
    if b"CMT1" not in read:
        return None
    children = {tag: read[kind] for tag, kind in ((_EXIF, b"CMT2"), (_GPS, b"CMT4")) if kind in read}
    return exif.block_from_tiff(replace(read[b"CMT1"], children=children), layout)
