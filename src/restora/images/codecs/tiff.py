"""TIFF: pixels by tifffile and imagecodecs, directories read here."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from restora.images import exif
from restora.images.codecs import raw as camera_raw
from restora.images.codecs.faults import (
    UndecodableError,
    UnsupportedError,
    cut_short,
    damaged,
    decoding,
    unsupported,
)
from restora.images.codecs.jpeg_2000 import size as jpeg_2000_size
from restora.images.codecs.jpeg_segments import frame_size
from restora.images.codecs.jpeg_xl import codestream_in
from restora.images.codecs.jpeg_xl import read_header as read_header_of_jpeg_xl
from restora.images.codecs.limits import Limits
from restora.images.codecs.png import size as png_size
from restora.images.codecs.tiff_samples import COLOUR_FILTER_ARRAYS, Meaning, photograph_samples
from restora.images.codecs.webp import size as webp_size
from restora.images.formats import PIP, RAW, lacks_package
from restora.images.ifd import BrokenDirectoryError, Budget, Directory, Layout, read_directory, read_header
from restora.images.metadata import Metadata, Series, TiffEncoding
from restora.images.palette import MOST, indexed
from restora.images.photograph import Photograph

if TYPE_CHECKING:
    from tifffile import TiffFile

_XMP, _ICC, _DNG_VERSION, _SUBFILE_TYPE, _IPTC, _PHOTOSHOP = 700, 34675, 50706, 254, 33723, 34377
_WIDTH, _LENGTH, _TILE_WIDTH, _TILE_LENGTH, _SAMPLES, _ROWS, _PLANAR = 256, 257, 322, 323, 277, 278, 284
_REDUCED_OR_MASK = 1 | 4  # values of the subfile type
_CMYK = 5  # a value of the photometric interpretation
_BITS, _COMPRESSION, _PHOTOMETRIC, _PREDICTOR, _COLOUR_MAP, _EXTRA_SAMPLES = 258, 259, 262, 317, 320, 338
_DEPTH, _SUB_DIRECTORIES, _MOST_SUB_DIRECTORIES = 32997, 330, 16
_CANON = b"CR"  # behind the header of a CR2 file
_OFFSETS = ((273, 279), (324, 325))  # of strips and of tiles, with their lengths
_BYTE_UNDEFINED = (1, 7)
_CARRIED = frozenset({_XMP, _ICC, _IPTC, _PHOTOSHOP, 274, 282, 283, 296})
_LAYOUT = frozenset((
    *range(254, 260), *range(262, 267), 273, *range(277, 282), 284, *range(288, 294), 297, 317, *range(320, 329),
    332, 334, *range(336, 342), 347, *range(512, 522), *range(529, 534), _DEPTH, 34665, 34853,
))  # fmt: skip
"""Tags that say how the pixels are stored, among which strips, tiles, palettes and old JPEG."""
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
_JPEG = (6, 7)
_PNG, _WEBP, _JPEG_2000, _JPEG_XL = (34933,), (34927, 50001), (33003, 33005, 34712), (50002, 52546)
# Into a strip they put a picture of its own, whose size is held against that of the strip.
_PICTURES = (*_JPEG, *_PNG, *_WEBP, *_JPEG_2000, *_JPEG_XL)
_READ = (*_LOSSLESS, *_PICTURES, 2, 3, 4, 32771, 32809, 34926)
_MOST, _MOST_JPEG = 1 << 18, 1 << 16  # strips or tiles of a file, which may all be one: some seconds
_HEAD, _MCU = 1 << 16, 32  # bytes in which a JPEG stream states its size; pixels by which it may be padded
_DEFAULT = TiffEncoding("adobe_deflate", predictor=True)


@dataclass(frozen=True)
class Page:
    """The directory of a page, and how its file is laid out."""

    directory: Directory
    layout: Layout

    def integers(self, tag: int) -> tuple[int, ...]:
        """Return the values of a tag; none if it is not there."""
        entry = self.directory.entries.get(tag)
        return () if entry is None else entry.integers(self.layout)

    def integer(self, tag: int, default: int = 0) -> int:
        """Return the first value of a tag."""
        return (self.integers(tag) or (default,))[0]


@dataclass(frozen=True)
class Pages:
    """Where the pages of a file are.

    Attributes:
        layout: Of the file.
        places: Offset of the directory of each.
        sizes: Pixels of each.
        full: Numbers, from 1 on, of those that are no reduced pictures and no masks; the first if all are.
    """

    layout: Layout
    places: list[int]
    sizes: list[int]
    full: list[int]

    @property
    def count(self) -> int:
        """How many pages there are, whatever they are."""
        return len(self.places)

    @property
    def series(self) -> Series | None:
        """The pages that can be restored, if there are several."""
        pixels = sum(self.sizes[number - 1] for number in self.full)
        return Series(len(self.full), pixels) if len(self.full) > 1 else None

    def read(self, stream: BinaryIO, number: int) -> Page:
        """Read the directory of a page and those below it."""
        try:
            return Page(
                read_directory(stream, self.layout, self.places[number - 1], exif.POINTERS), self.layout
            )
        except BrokenDirectoryError as error:
            raise cut_short() from error


def find_pages(stream: BinaryIO) -> Pages:
    """Find the pages of a file.

    Raises:
        UndecodableError: The file is cut short.
    """
    try:
        layout, following = read_header(stream)
        budget = Budget(stream.seek(0, 2))
        pages = Pages(layout, [], [], [])
        while not pages.places or (following and following not in budget.visited):
            tags = (_SUBFILE_TYPE, _WIDTH, _LENGTH)
            page = Page(read_directory(stream, layout, following, tags=tags, budget=budget), layout)
            pages.places.append(following)
            pages.sizes.append(page.integer(_WIDTH) * page.integer(_LENGTH))
            if not page.integer(_SUBFILE_TYPE) & _REDUCED_OR_MASK:
                pages.full.append(pages.count)
            following = page.directory.following
    except BrokenDirectoryError as error:
        raise cut_short() from error
    return pages if pages.full else replace(pages, full=[1])


def decode(stream: BinaryIO, limits: Limits) -> Photograph:
    """Read the first full-size page of a TIFF file; see `Codec`."""
    import tifffile

    pages = find_pages(stream)
    number = pages.full[0]
    page = pages.read(stream, number)
    if _is_raw(stream, page):
        if lacks_package(RAW):
            raise UnsupportedError(f"is a camera raw file, which needs another package; {PIP}")
        if any(found.integer(_COMPRESSION) in _JPEG_XL for found in _of_sensor(stream, page)):
            # LibRaw reads it only together with Adobe's own library, which the package rawpy has not.
            raise unsupported("a raw file compressed by JPEG XL", "develop it to a 16-bit TIFF first")
        stream.seek(0)
        return camera_raw.decode(stream, limits)
    check_page(stream, page, limits)
    with decoding():
        stream.seek(0)
        tiff = tifffile.TiffFile(stream)
    photograph = page_photograph(tiff, page, number)
    if pages.count == 1:
        return photograph
    metadata = replace(photograph.metadata, series=pages.series)
    notes = (f"page {number} of {pages.count} used", *photograph.notes)
    return replace(photograph, metadata=metadata, notes=notes)


def page_photograph(tiff: "TiffFile", page: Page, number: int) -> Photograph:
    """Return the photograph on a page that was checked, with everything its tags say of it.

    Args:
        tiff: The file.
        page: Its directory.
        number: Which it is, from 1 on.
    """
    import tifffile

    meaning = _meaning(page)
    channels = page.integer(_SAMPLES, 1)
    meaning.check(channels)
    with decoding():
        array = tiff.pages[number - 1].asarray(squeeze=False)  # (separate, depth, H, W, contiguous)
    size = page.integer(_LENGTH), page.integer(_WIDTH)
    # tifffile passes over tags that it finds odd, and then decodes something else.
    if array.ndim != 5 or array.shape[1:4] != (1, *size) or array.shape[0] * array.shape[4] != channels:
        raise damaged("its pixels do not match its header")
    samples = photograph_samples(array, meaning)
    notes = list(samples.notes)
    encoding = _DEFAULT
    if meaning.compression in _LOSSLESS:
        predictor = page.integer(_PREDICTOR, 1) != 1
        encoding = TiffEncoding(_LOSSLESS[meaning.compression], predictor, samples.alpha_named)
    directory, layout = page.directory, page.layout
    is_half = array.dtype == np.float16
    encoding = replace(
        encoding, big=layout.big, order=layout.order, half=is_half, palette=bool(meaning.colour_map)
    )
    if unknown := sorted(directory.entries.keys() - exif.DESCRIPTIVE - _LAYOUT - _CARRIED):
        names = (tifffile.TIFF.TAGS.get(tag, "") for tag in unknown)
        words = (f"{tag} ({name})" if name else f"{tag}" for tag, name in zip(unknown, names, strict=True))
        notes.append(f"TIFF tags {', '.join(words)} left out")

    def raw(tag: int) -> bytes | None:
        entry = directory.entries.get(tag)
        return entry.value if entry is not None and entry.value else None

    xmp = directory.entries.get(_XMP)
    metadata = Metadata(
        icc=None if samples.icc_used else meaning.icc,
        exif=exif.block_from_tiff(directory, layout),
        xmp=xmp.value if xmp is not None and xmp.kind in _BYTE_UNDEFINED else None,
        dpi=exif.dpi_of(directory, layout),
        orientation=exif.orientation_of(directory, layout),
        format="TIFF",
        encoding=encoding,
        photoshop=raw(_PHOTOSHOP),
        iptc=raw(_IPTC),
        density=exif.density_of(directory, layout),
    )
    return Photograph(samples.pixels, samples.alpha, metadata, tuple(notes))


def encode(photograph: Photograph, stream: BinaryIO, quality: int | None) -> None:
    """Write a TIFF file; see `Codec`. It is without loss, whatever the quality."""
    from restora.images.codecs.tiff_pages import encode_all

    encode_all(iter([photograph]), stream, quality)


def page_options(photograph: Photograph) -> dict[str, Any]:
    """Return what tifffile is to write for a photograph, but what belongs to the whole file."""
    metadata = photograph.metadata
    encoding = metadata.encoding if isinstance(metadata.encoding, TiffEncoding) else _DEFAULT
    options: dict[str, Any] = {"photometric": "minisblack" if photograph.is_gray else "rgb"}
    array = photograph.pixels
    found = indexed(array) if encoding.palette and photograph.alpha is None else None
    if found is not None:
        array, colours = found
        table = np.zeros((3, MOST), np.uint16)
        table[:, : len(colours)] = colours[:, :3].T * np.uint16(257)
        options = {"photometric": "palette", "colormap": table}
    if photograph.alpha is not None:
        array = np.dstack([photograph.pixels, photograph.alpha])
        options["extrasamples"] = ["unassalpha" if encoding.alpha_named else "unspecified"]
        options["planarconfig"] = "contig"
    if encoding.half and array.dtype.kind == "f":
        largest = np.finfo(np.float16).max
        array = np.clip(array, -largest, largest).astype(np.float16)
    if encoding.compression is not None:
        options["compression"] = encoding.compression
        # The predictor for floats is known to few programs: only files that came with it get it.
        came_with = metadata.encoding is encoding and encoding.predictor
        is_float = array.dtype.kind == "f"
        options["predictor"] = (
            encoding.compression != "packbits"
            and found is None
            and (came_with if is_float else encoding.predictor)
        )
    extra = [(274, 3, 1, metadata.orientation, True)]
    carried = (_XMP, 1, metadata.xmp), (_ICC, 7, metadata.icc), (_PHOTOSHOP, 1, metadata.photoshop)
    for tag, kind, data in (*carried, (_IPTC, 7, metadata.iptc)):
        if data is not None:
            extra.append((tag, kind, len(data), data, True))  # type: ignore[arg-type]
    if metadata.dpi is not None:
        options["resolution"], options["resolutionunit"] = metadata.dpi, 2
    elif metadata.density is not None:
        options["resolution"], options["resolutionunit"] = metadata.density, 1
    options |= {"data": np.ascontiguousarray(array), "extratags": extra, "metadata": None, "software": False}
    return options


def _is_raw(stream: BinaryIO, page: Page) -> bool:
    """Tell what a camera stored from pictures: it has the colours of a filter side by side, in some directory."""
    if _DNG_VERSION in page.directory.entries:
        return True
    stream.seek(8)
    return stream.read(2) == _CANON or any(_of_sensor(stream, page))


def _of_sensor(stream: BinaryIO, page: Page) -> Iterator[Page]:
    """Yield the directories, the page's own or below it, of what a sensor saw."""
    below = page.integers(_SUB_DIRECTORIES)[:_MOST_SUB_DIRECTORIES]
    for offset in (None, *below):
        try:
            tags = (_PHOTOMETRIC, _COMPRESSION)
            found = (
                page
                if offset is None
                else Page(read_directory(stream, page.layout, offset, tags=tags), page.layout)
            )
        except BrokenDirectoryError:
            continue
        if found.integer(_PHOTOMETRIC) in COLOUR_FILTER_ARRAYS:
            yield found


def check_page(stream: BinaryIO, page: Page, limits: Limits) -> None:
    """Refuse, before decoding, what is too large, cut short or not a photograph."""
    entries = page.directory.entries
    width, height = page.integer(_WIDTH), page.integer(_LENGTH)
    limits.check_size(width, height)
    if page.integer(_DEPTH, 1) != 1:
        raise unsupported("a TIFF that is a volume", "save its slices as images first")
    if (compression := page.integer(_COMPRESSION, 1)) not in _READ:
        raise unsupported(
            f"a TIFF of the compression number {compression}", "save it with LZW or Deflate first"
        )
    samples = page.integer(_SAMPLES, 1)
    if not 1 <= samples <= _MAX_SAMPLES:
        raise unsupported(f"a TIFF of {samples} channels")
    sample = -(-max(page.integers(_BITS) or (1,)) // 8)
    decoding = 3 * sample * samples if page.integer(_PHOTOMETRIC) != _CMYK else 22 * sample
    limits.check_memory(width, height, pixel=sample * min(samples, 4), decoding=decoding)
    if page.directory.is_cut_short:
        raise cut_short()
    tile = page.integer(_TILE_WIDTH, width), page.integer(_TILE_LENGTH, height)
    replace(limits, max_pixels=max(limits.max_pixels, 1 << 20)).check_size(*tile)
    size = stream.seek(0, 2)
    place = next((tags for tags in _OFFSETS if tags[0] in entries), None)
    if place is None:
        raise damaged("it does not say where its pixels are")
    offsets, lengths = (page.integers(tag) for tag in place)
    if len(offsets) > (_MOST_JPEG if compression in _PICTURES else _MOST):
        raise unsupported(
            f"a TIFF of {len(offsets)} strips or tiles, which may be an attack on time,",
            "save it again with larger ones if it is trusted",
        )
    if any(offset >= size for offset in offsets):
        raise cut_short()
    if len(lengths) == len(offsets) and any(
        o + n > size or n == 0 for o, n in zip(offsets, lengths, strict=True)
    ):
        raise cut_short()
    if not lengths and len(offsets) > 1:
        raise damaged("it does not say how long its strips are")
    if len(offsets) < _segments(page, width, height, tile):
        raise damaged("strips are missing")
    if compression in _PICTURES:
        strip = tile if _TILE_WIDTH in entries else (width, min(height, page.integer(_ROWS, height)))
        for offset, length in zip(offsets, lengths or (size,), strict=False):
            stream.seek(offset)
            claimed = _claimed_size(stream.read(min(length, _HEAD)), compression)
            if claimed is None or claimed[0] > strip[0] + _MCU or claimed[1] > strip[1] + _MCU:
                raise damaged("a strip is not of the size that it should be")


def _claimed_size(head: bytes, compression: int) -> tuple[int, int] | None:
    """Return width and height that a picture in a strip claims to have; None if it is none of its compression."""
    try:
        if compression in _JPEG:
            return frame_size(head)
        if compression in _PNG:
            return png_size(head)
        if compression in _WEBP:
            return webp_size(head[12:16], head[20:]) if head[8:12] == b"WEBP" else None
        if compression in _JPEG_XL:  # of which others might hold any number of channels and frames
            header = read_header_of_jpeg_xl(codestream_in(head))
            return (header.width, header.height) if header.is_plain else None
        return jpeg_2000_size(head)
    except UndecodableError:
        return None


def _segments(page: Page, width: int, height: int, tile: tuple[int, int]) -> int:
    """Count the strips or tiles that the pixels take."""
    if _TILE_WIDTH in page.directory.entries:
        count = -(-width // tile[0]) * -(-height // tile[1])
    else:
        count = -(-height // max(1, min(height, page.integer(_ROWS, height))))
    return count * (page.integer(_SAMPLES, 1) if page.integer(_PLANAR, 1) == 2 else 1)


def _meaning(page: Page) -> Meaning:
    icc = page.directory.entries.get(_ICC)
    return Meaning(
        photometric=page.integer(_PHOTOMETRIC, 2 if page.integer(_SAMPLES, 1) >= 3 else 1),
        compression=page.integer(_COMPRESSION, 1),
        bits=page.integers(_BITS) or (1,),
        extra_samples=page.integers(_EXTRA_SAMPLES),
        colour_map=page.integers(_COLOUR_MAP),
        icc=icc.value if icc is not None else None,
    )
