"""TIFF: pixels by tifffile and imagecodecs, directories read here."""

import logging
from typing import Any, BinaryIO

import numpy as np

from restora.images import exif
from restora.images.codecs.faults import check_size, cut_short, damaged, decoding, unsupported
from restora.images.codecs.tiff_samples import Meaning, photograph_samples
from restora.images.ifd import BrokenDirectoryError, Directory, Layout, read_directory, read_header
from restora.images.metadata import Metadata, TiffEncoding
from restora.images.photograph import Photograph

_XMP, _ICC, _DNG_VERSION, _SUBFILE_TYPE = 700, 34675, 50706, 254
_WIDTH, _LENGTH, _TILE_WIDTH, _TILE_LENGTH, _SAMPLES, _ROWS, _PLANAR = 256, 257, 322, 323, 277, 278, 284
_BITS, _COMPRESSION, _PHOTOMETRIC, _PREDICTOR, _COLOUR_MAP, _EXTRA_SAMPLES = 258, 259, 262, 317, 320, 338
_DEPTH = 32997
_OFFSETS = ((273, 279), (324, 325))  # of strips and of tiles, with their lengths
_BYTE_UNDEFINED = (1, 7)
_MAX_SAMPLES = 64

# Compressions that lose nothing go back as they came. The others (JPEG and its like) would lose once more,
# so their photographs are stored with the one that all programs read.
_LOSSLESS = {
    1: None,
    5: "lzw",
    8: "adobe_deflate",
    32946: "adobe_deflate",
    32773: "packbits",
    34925: "lzma",
    50000: "zstd",
}
_DEFAULT = TiffEncoding("adobe_deflate", predictor=True)

# What tifffile finds odd it prints where nobody listens to its log; what matters is in our own messages.
logging.getLogger("tifffile").addHandler(logging.NullHandler())


def decode(stream: BinaryIO, max_pixels: int) -> Photograph:
    """Read the first full-size page of a TIFF file; see `Codec`."""
    import tifffile

    layout, page, number, count = _find_page(stream)
    _check(stream, page, layout, max_pixels)
    meaning = _meaning(page, layout)
    channels = _integer(page, layout, _SAMPLES, 1)
    meaning.check(channels)
    with decoding():
        stream.seek(0)
        with tifffile.TiffFile(stream) as tiff:
            array = tiff.pages[number - 1].asarray(squeeze=False)  # (separate, depth, H, W, contiguous)
    size = (_integer(page, layout, _LENGTH, 0), _integer(page, layout, _WIDTH, 0))
    # tifffile passes over tags that it finds odd, and then decodes something else.
    if array.ndim != 5 or array.shape[1:4] != (1, *size) or array.shape[0] * array.shape[4] != channels:
        raise damaged("its pixels do not match its header")
    samples = photograph_samples(array, meaning)
    notes = list(samples.notes)
    if count > 1:
        notes.insert(0, f"page {number} of {count} used")
    encoding = _DEFAULT
    if meaning.compression in _LOSSLESS:
        predictor = _integer(page, layout, _PREDICTOR, 1) != 1
        encoding = TiffEncoding(_LOSSLESS[meaning.compression], predictor, samples.alpha_named)
    xmp = page.entries.get(_XMP)
    metadata = Metadata(
        icc=None if samples.icc_used else meaning.icc,
        exif=exif.block_from_tiff(page, layout),
        xmp=xmp.value if xmp is not None and xmp.kind in _BYTE_UNDEFINED else None,
        dpi=exif.dpi_of(page, layout),
        orientation=exif.orientation_of(page, layout),
        format="TIFF",
        encoding=encoding,
    )
    return Photograph(samples.pixels, samples.alpha, metadata, tuple(notes))


def encode(photograph: Photograph, stream: BinaryIO, quality: int | None) -> None:
    """Write a TIFF file; see `Codec`. It is without loss, whatever the quality."""
    import tifffile

    metadata = photograph.metadata
    encoding = metadata.encoding if isinstance(metadata.encoding, TiffEncoding) else _DEFAULT
    options: dict[str, Any] = {"photometric": "minisblack" if photograph.is_gray else "rgb"}
    array = photograph.pixels
    if photograph.alpha is not None:
        array = np.dstack([photograph.pixels, photograph.alpha])
        options["extrasamples"] = ["unassalpha" if encoding.alpha_named else "unspecified"]
        options["planarconfig"] = "contig"
    if encoding.compression is not None:
        options["compression"] = encoding.compression
        # The predictor for floats is known to few programs: only files that came with it get it.
        came_with = metadata.encoding is encoding and encoding.predictor
        is_float = array.dtype.kind == "f"
        options["predictor"] = encoding.compression != "packbits" and (
            came_with if is_float else encoding.predictor
        )
    extra = [(274, 3, 1, metadata.orientation, True)]
    for tag, kind, data in ((_XMP, 1, metadata.xmp), (_ICC, 7, metadata.icc)):
        if data is not None:
            extra.append((tag, kind, len(data), data, True))  # type: ignore[arg-type]
    if metadata.dpi is not None:
        options["resolution"], options["resolutionunit"] = metadata.dpi, 2
    tifffile.imwrite(
        stream,
        np.ascontiguousarray(array),
        byteorder=exif.byte_order(metadata.exif),
        metadata=None,
        software=False,
        extratags=extra,
        **options,
    )
    if metadata.exif is not None:
        exif.attach_to_tiff(metadata.exif, stream)


def _find_page(stream: BinaryIO) -> tuple[Layout, Directory, int, int]:
    """Return the layout, the first full-size page (else the first), its number and the number of pages."""

    def is_reduced(page: Directory) -> bool:
        return bool(_integer(page, layout, _SUBFILE_TYPE, 0) & 1)

    try:
        layout, offset = read_header(stream)
        page = chosen = read_directory(stream, layout, offset, exif.POINTERS)
        number, count, seen = 1, 1, {0, offset}
        while page.following not in seen:
            seen.add(page.following)
            page = read_directory(stream, layout, page.following, exif.POINTERS)
            count += 1
            if is_reduced(chosen) and not is_reduced(page):
                chosen, number = page, count
    except BrokenDirectoryError as error:
        raise cut_short() from error
    return layout, chosen, number, count


def _check(stream: BinaryIO, page: Directory, layout: Layout, max_pixels: int) -> None:
    """Refuse, before decoding, what is too large, cut short or not a photograph."""
    if _DNG_VERSION in page.entries:
        raise unsupported("a camera raw file (DNG)", "develop it to a 16-bit TIFF first")
    width, height = (_integer(page, layout, tag, 0) for tag in (_WIDTH, _LENGTH))
    check_size(width, height, max_pixels)
    if _integer(page, layout, _DEPTH, 1) != 1:
        raise unsupported("a TIFF that is a volume", "save its slices as images first")
    samples = _integer(page, layout, _SAMPLES, 1)
    if not 1 <= samples <= _MAX_SAMPLES:
        raise unsupported(f"a TIFF of {samples} channels")
    if page.is_cut_short:
        raise cut_short()
    tile = (_integer(page, layout, _TILE_WIDTH, width), _integer(page, layout, _TILE_LENGTH, height))
    check_size(*tile, max(max_pixels, 1 << 20))
    size = stream.seek(0, 2)
    for offsets_tag, lengths_tag in _OFFSETS:
        if offsets_tag not in page.entries:
            continue
        offsets = page.entries[offsets_tag].integers(layout)
        lengths = page.entries[lengths_tag].integers(layout) if lengths_tag in page.entries else ()
        if any(offset >= size for offset in offsets):
            raise cut_short()
        if len(lengths) == len(offsets) and any(
            o + n > size or n == 0 for o, n in zip(offsets, lengths, strict=True)
        ):
            raise cut_short()
        if not lengths and len(offsets) > 1:
            raise damaged("it does not say how long its strips are")
        if len(offsets) < _segments(page, layout, width, height, tile):
            raise damaged("strips are missing")
        return
    raise damaged("it does not say where its pixels are")


def _segments(page: Directory, layout: Layout, width: int, height: int, tile: tuple[int, int]) -> int:
    """Count the strips or tiles that the pixels take."""
    if _TILE_WIDTH in page.entries:
        count = -(-width // tile[0]) * -(-height // tile[1])
    else:
        count = -(-height // max(1, min(height, _integer(page, layout, _ROWS, height))))
    return count * (_integer(page, layout, _SAMPLES, 1) if _integer(page, layout, _PLANAR, 1) == 2 else 1)


def _meaning(page: Directory, layout: Layout) -> Meaning:
    samples = _integer(page, layout, _SAMPLES, 1)
    icc = page.entries.get(_ICC)
    return Meaning(
        photometric=_integer(page, layout, _PHOTOMETRIC, 2 if samples >= 3 else 1),
        compression=_integer(page, layout, _COMPRESSION, 1),
        bits=_integers(page, layout, _BITS) or (1,),
        extra_samples=_integers(page, layout, _EXTRA_SAMPLES),
        colour_map=_integers(page, layout, _COLOUR_MAP),
        icc=icc.value if icc is not None else None,
    )


def _integers(page: Directory, layout: Layout, tag: int) -> tuple[int, ...]:
    entry = page.entries.get(tag)
    return () if entry is None else entry.integers(layout)


def _integer(page: Directory, layout: Layout, tag: int, default: int) -> int:
    return (_integers(page, layout, tag) or (default,))[0]
