"""EXIF blocks: orientation, resolution and thumbnail, changed in place so that the rest stays as it was.

Maker notes hold offsets counted from the start of the block. Nothing here moves them, except the way into
and out of a TIFF file, which has no block of its own.
"""

import io
import struct
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import BinaryIO, Literal

from restora.images.ifd import (
    RATIONAL,
    SHORT,
    BrokenDirectoryError,
    Directory,
    Entry,
    Layout,
    Pointers,
    append_directory,
    first_pointer,
    read_directory,
    read_header,
    write_directory,
)

ORIENTATION, X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT = 274, 282, 283, 296
POINTERS: Pointers = {34665: {40965: {}}, 34853: {}}
"""The EXIF directory, with the interoperability one below it, and the GPS directory."""

DESCRIPTIVE = frozenset(
    {269, 270, 271, 272, 285, 305, 306, 315, 316, 18246, 18249, 33432, 40091, 40092, 40093, 40094, 40095}
)
"""Tags of the first directory that describe the photograph (title, camera, date, author, copyright, rating)
rather than the layout of a file: those that EXIF and TIFF exchange."""

_REPLACED = frozenset(
    {ORIENTATION, X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT, 256, 257, 258, 259, 262, 277, 284, 531}
)
"""Those that a TIFF file has from its own pixels and from the metadata."""

_THUMBNAIL_OFFSET, _THUMBNAIL_LENGTH = 513, 514
_UNITS_PER_INCH = {2: 1.0, 3: 2.54}  # values of the resolution unit tag: inch, centimetre


def orientation(block: bytes | None) -> int:
    """Return the orientation 1 to 8 that a block states; 1 if it states none that makes sense."""
    parsed = _parse(block)
    return 1 if parsed is None else orientation_of(parsed[1], parsed[0])


def orientation_of(directory: Directory, layout: Layout) -> int:
    """Return the orientation 1 to 8 that the first directory of a block or a TIFF file states; 1 if none."""
    entry = directory.entries.get(ORIENTATION)
    values = () if entry is None else entry.integers(layout)
    return values[0] if len(values) == 1 and 1 <= values[0] <= 8 else 1


def dpi(block: bytes | None) -> tuple[float, float] | None:
    """Return the resolution that a block states, in dots per inch."""
    parsed = _parse(block)
    return None if parsed is None else dpi_of(parsed[1], parsed[0])


def dpi_of(directory: Directory, layout: Layout) -> tuple[float, float] | None:
    """Return the resolution, in dots per inch, that the first directory of a block or a TIFF file states."""
    return _resolution(directory, layout, _UNITS_PER_INCH)


def density_of(directory: Directory, layout: Layout) -> tuple[float, float] | None:
    """Return the resolution that the first directory of a TIFF file states in no unit."""
    return _resolution(directory, layout, {1: 1.0})


def _resolution(
    directory: Directory, layout: Layout, units: Mapping[int, float]
) -> tuple[float, float] | None:
    unit = directory.entries.get(RESOLUTION_UNIT)
    factor = units.get((unit.integers(layout) or (0,))[0] if unit else 2)
    resolutions = [directory.entries.get(tag) for tag in (X_RESOLUTION, Y_RESOLUTION)]
    values = [v for entry in resolutions if entry is not None for v in entry.rationals(layout)[:1]]
    if factor is None or len(values) != 2 or not all(0 < v < float("inf") for v in values):
        return None
    return values[0] * factor, values[1] * factor


def with_orientation(block: bytes | None, value: int) -> bytes | None:
    """Set the orientation tag of a block; one is created where there is none and `value` is not 1.

    A block that cannot be parsed comes back as it is.

    Example:
        >>> orientation(with_orientation(None, 6))
        6
        >>> with_orientation(None, 1) is None
        True
    """
    if orientation(block) == value:
        return block
    parsed = _parse(block)
    if block is not None and parsed is not None:
        entry = parsed[1].entries.get(ORIENTATION)
        if entry is not None and entry.kind == SHORT and entry.count == 1:
            patched = struct.pack(parsed[0].order + "H", value)
            return block[: entry.position] + patched + block[entry.position + 2 :]
    layout = Layout() if parsed is None else parsed[0]
    return _with_entries(block, {ORIENTATION: Entry(SHORT, 1, struct.pack(layout.order + "H", value))})


def with_dpi(block: bytes | None, value: tuple[float, float]) -> bytes | None:
    """Set the resolution of a block, for formats that have no other place for it."""
    known = dpi(block)
    if known is not None and all(abs(a - b) < 0.01 for a, b in zip(known, value, strict=True)):
        return block
    parsed = _parse(block)
    order = "<" if parsed is None else parsed[0].order

    def fraction(number: float) -> Entry:
        return Entry(RATIONAL, 1, struct.pack(order + "II", min(round(number * 1000), 2**32 - 1), 1000))

    return _with_entries(
        block,
        {
            X_RESOLUTION: fraction(value[0]),
            Y_RESOLUTION: fraction(value[1]),
            RESOLUTION_UNIT: Entry(SHORT, 1, struct.pack(order + "H", 2)),
        },
    )


def without_thumbnail(block: bytes | None) -> bytes | None:
    """Return the block without the small picture of its second directory, which shows the old photograph."""
    parsed = _parse(block)
    if block is None or parsed is None or parsed[1].following == 0:
        return block
    layout, first = parsed
    shortened = bytearray(block)
    layout.offset.pack_into(shortened, first.following_position, 0)
    try:
        second = read_directory(io.BytesIO(block), layout, first.following)
        (start,) = second.entries[_THUMBNAIL_OFFSET].integers(layout)
        (length,) = second.entries[_THUMBNAIL_LENGTH].integers(layout)
    except (KeyError, ValueError):
        return bytes(shortened)
    # Usually the picture is the last thing in the block. Elsewhere its bytes stay, unreachable.
    if start > first.following and start + length >= len(block) - 3:
        del shortened[start:]
    return bytes(shortened)


def block_from_tiff(directory: Directory, layout: Layout) -> bytes | None:
    """Return the EXIF block equal to what the first directory of a TIFF file says about the photograph.

    Args:
        directory: Read with `POINTERS`.
        layout: Byte order and offset width of the file.

    Returns:
        A block in the byte order of the file, or None if there is nothing to say.
    """
    entries = {tag: e for tag, e in directory.entries.items() if tag in DESCRIPTIVE}
    if not entries and not directory.children:
        return None
    block_layout = Layout(layout.order)
    head = (b"II*\0" if layout.order == "<" else b"MM\0*") + block_layout.offset.pack(8)
    return head + write_directory(_classic(Directory(entries, directory.children)), block_layout, 8)


def attach_to_tiff(blocks: Sequence[bytes | None], stream: BinaryIO) -> None:
    """Give the pages of a finished TIFF file what EXIF blocks say about their photographs.

    A page gets a new directory at the end of the file, with the EXIF and GPS directories below it.

    Args:
        blocks: One for each page; one that cannot be parsed, or is not in the byte order of the file, is left out.
        stream: The file, open for reading and writing.
    """
    layout, offset = read_header(stream)
    pointer = first_pointer(layout)
    for block in blocks:
        page = read_directory(stream, layout, offset)
        parsed = _parse(block)
        if parsed is not None and parsed[0].order == layout.order:
            exif = parsed[1]
            described = {tag: e for tag, e in exif.entries.items() if tag in DESCRIPTIVE}
            if described or exif.children:
                merged = replace(page, entries={**described, **page.entries}, children=exif.children)
                page = read_directory(stream, layout, append_directory(stream, layout, merged, pointer))
        pointer, offset = page.following_position, page.following


def not_for_tiff(block: bytes | None) -> list[int]:
    """Return the tags of the first directory of a block that `attach_to_tiff` leaves out, less those of its layout."""
    parsed = _parse(block)
    return [] if parsed is None else sorted(parsed[1].entries.keys() - DESCRIPTIVE - _REPLACED)


def byte_order(block: bytes | None) -> Literal["<", ">"]:
    """Return the byte order of a block, "<" or ">"; "<" where there is none."""
    return ">" if block is not None and block[:2] == b"MM" else "<"


def _classic(directory: Directory) -> Directory:
    """Return the directory without the data types that only BigTIFF knows."""
    entries = {tag: e for tag, e in directory.entries.items() if e.kind <= 13}
    return Directory(entries, {tag: _classic(child) for tag, child in directory.children.items()})


def _parse(block: bytes | None) -> tuple[Layout, Directory] | None:
    if block is None:
        return None
    stream = io.BytesIO(block)
    try:
        layout, offset = read_header(stream)
        return layout, read_directory(stream, layout, offset, POINTERS)
    except BrokenDirectoryError:
        return None


def _with_entries(block: bytes | None, entries: Mapping[int, Entry]) -> bytes | None:
    """Return the block with a new first directory at its end; everything else keeps its place."""
    if block is None:
        return b"II*\0\x08\0\0\0" + write_directory(Directory(entries), Layout(), 8)
    stream = io.BytesIO(block)
    try:
        layout, offset = read_header(stream)
        first = read_directory(stream, layout, offset)  # pointers stay plain entries: nothing below moves
    except BrokenDirectoryError:
        return block
    append_directory(stream, layout, replace(first, entries={**first.entries, **entries}))
    return stream.getvalue()
