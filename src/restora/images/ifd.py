"""Image file directories: the structure that TIFF files and EXIF blocks share (TIFF 6.0, section 2).

Values stay raw bytes in the byte order of their file, so that they can be moved without being understood.
"""

import io
import struct
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from struct import Struct
from typing import BinaryIO, Literal

KIND_SIZES = dict(
    zip((*range(1, 14), 16, 17, 18), (1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 8, 8, 8), strict=True)
)
"""Bytes per value of each TIFF data type; 16 to 18 exist in BigTIFF only."""

BYTE, ASCII, SHORT, LONG, RATIONAL, UNDEFINED, LONG8 = 1, 2, 3, 4, 5, 7, 16

Pointers = Mapping[int, "Pointers"]
"""Tags whose value is the place of a further directory, with the same for that directory."""


class BrokenDirectoryError(ValueError):
    """A directory reaches beyond the end of its file, or is none."""


@dataclass(frozen=True)
class Layout:
    """Byte order and offset width of a file."""

    order: Literal["<", ">"] = "<"
    big: bool = False

    @property
    def offset(self) -> Struct:
        """Form of an offset; a value that is no longer stands in its place, in the entry itself."""
        return Struct(self.order + ("Q" if self.big else "I"))

    @property
    def count(self) -> Struct:
        """Form of the number of entries."""
        return Struct(self.order + ("Q" if self.big else "H"))

    @property
    def entry(self) -> Struct:
        """Form of an entry: tag, kind, count, value or its offset."""
        return Struct(self.order + ("HHQ8s" if self.big else "HHI4s"))


@dataclass(frozen=True)
class Entry:
    """One tag's value, raw.

    Attributes:
        kind: TIFF data type, a key of KIND_SIZES.
        count: Number of values.
        value: ``KIND_SIZES[kind] * count`` bytes in the byte order of the file.
        position: Where the entry's value field lies in the file it was read from; 0 for a new one.
    """

    kind: int
    count: int
    value: bytes
    position: int = 0

    def integers(self, layout: Layout) -> tuple[int, ...]:
        """Return the values as unsigned integers; empty if they are of another type."""
        code = {BYTE: "B", SHORT: "H", LONG: "I", 13: "I", LONG8: "Q", 18: "Q"}.get(self.kind)
        return () if code is None else struct.unpack(f"{layout.order}{self.count}{code}", self.value)

    def rationals(self, layout: Layout) -> tuple[float, ...]:
        """Return the values as floats if they are unsigned fractions; empty otherwise, infinite for x/0."""
        if self.kind != RATIONAL:
            return ()
        parts = struct.unpack(f"{layout.order}{2 * self.count}I", self.value)
        return tuple(a / b if b else float("inf") for a, b in zip(parts[::2], parts[1::2], strict=True))


@dataclass(frozen=True)
class Directory:
    """The entries of one directory by tag, with the directories below it.

    Attributes:
        entries: Values by tag, without the pointers in `children`.
        children: Directories by the tag that points to them.
        following: Offset of the next directory in the file (the next page, or the thumbnail); 0 at the end.
        following_position: Where that offset itself lies.
        is_cut_short: Whether some value, here or below, lies beyond the end of the file.
    """

    entries: Mapping[int, Entry] = field(default_factory=dict)
    children: Mapping[int, "Directory"] = field(default_factory=dict)
    following: int = 0
    following_position: int = 0
    is_cut_short: bool = False


@dataclass
class Budget:
    """What may still be read of the directories of a file, so that the time stays in proportion to its size.

    Attributes:
        left: Bytes; the directories and values of an honest file take no more than it has.
        visited: Offsets of the directories that were read.
    """

    left: int
    visited: set[int] = field(default_factory=set)


def read_header(stream: BinaryIO) -> tuple[Layout, int]:
    """Read the layout of a TIFF file or EXIF block and the offset of its first directory.

    Raises:
        BrokenDirectoryError: The stream does not begin with a TIFF header.
    """
    head = _read_at(stream, 0, 8)
    order: Literal["<", ">"] | None = {b"II": "<", b"MM": ">"}.get(head[:2])  # type: ignore[assignment]
    if order is None:
        raise BrokenDirectoryError("no TIFF header")
    version = struct.unpack(order + "H", head[2:4])[0]
    if version == 42:
        return Layout(order), struct.unpack(order + "I", head[4:8])[0]
    if version == 43:
        return Layout(order, big=True), struct.unpack(order + "Q", _read_at(stream, 8, 8))[0]
    raise BrokenDirectoryError(f"TIFF version {version} is neither 42 nor 43")


def read_directory(
    stream: BinaryIO,
    layout: Layout,
    offset: int,
    pointers: Pointers | None = None,
    *,
    tags: Collection[int] | None = None,
    budget: Budget | None = None,
) -> Directory:
    """Read the directory at an offset, and those it points to, each once.

    Args:
        stream: Seekable file or block.
        layout: From `read_header`.
        offset: Place of the directory in bytes.
        pointers: Tags to follow.
        tags: Tags whose values are wanted, by default all.
        budget: Shared by the directories of a file that are read one by one.

    Returns:
        The directory. Entries of unknown types and beyond the end of the stream are left out.

    Raises:
        BrokenDirectoryError: The directory itself does not lie within the stream.
    """
    size = stream.seek(0, io.SEEK_END)
    if not 8 <= offset <= size:
        raise BrokenDirectoryError(f"no directory at offset {offset}")
    (count,) = layout.count.unpack(_read_at(stream, offset, layout.count.size))
    start, width = offset + layout.count.size, layout.entry.size
    budget = Budget(size) if budget is None else budget
    budget.visited.add(offset)
    budget.left -= count * width
    if start + count * width > size or budget.left < 0:
        raise BrokenDirectoryError(f"directory at offset {offset} reaches beyond the end")
    table = _read_at(stream, start, count * width)
    entries: dict[int, Entry] = {}
    children: dict[int, Directory] = {}
    is_cut_short = False
    for index, (tag, kind, number, field_bytes) in enumerate(layout.entry.iter_unpack(table)):
        if kind not in KIND_SIZES or (tags is not None and tag not in tags):
            continue
        length = KIND_SIZES[kind] * number
        position = start + (index + 1) * width - layout.offset.size
        if length > layout.offset.size:
            budget.left -= length  # entries may share one place, and ask for any memory
            (place,) = layout.offset.unpack(field_bytes)
            if budget.left < 0 or place + length > size:
                is_cut_short = True
                continue
            entry = Entry(kind, number, _read_at(stream, place, length), position)
        else:
            entry = Entry(kind, number, field_bytes[:length], position)
        if pointers is None or tag not in pointers:
            entries[tag] = entry
            continue
        places = entry.integers(layout)
        if len(places) != 1 or places[0] < 8 or places[0] in budget.visited:
            continue  # points nowhere, as some programs clear a directory, or in a circle
        try:
            children[tag] = read_directory(stream, layout, places[0], pointers[tag], budget=budget)
        except BrokenDirectoryError:
            is_cut_short = True
        else:
            is_cut_short = is_cut_short or children[tag].is_cut_short
    following_position = start + count * width
    following = 0
    if following_position + layout.offset.size <= size:
        (following,) = layout.offset.unpack(_read_at(stream, following_position, layout.offset.size))
    return Directory(entries, children, following, following_position, is_cut_short)


def write_directory(directory: Directory, layout: Layout, offset: int) -> bytes:
    """Serialise a directory with its values and children, to be placed at an (even) offset of a file."""
    tags = sorted({**directory.entries, **directory.children})
    table = bytearray(layout.count.pack(len(tags)))
    tail = bytearray()
    tail_offset = offset + layout.count.size + len(tags) * layout.entry.size + layout.offset.size
    for tag in tags:
        tail.extend(bytes(len(tail) % 2 ^ tail_offset % 2))  # values begin on an even offset
        place = layout.offset.pack(tail_offset + len(tail))
        if tag in directory.children:
            tail.extend(write_directory(directory.children[tag], layout, tail_offset + len(tail)))
            table.extend(layout.entry.pack(tag, LONG8 if layout.big else LONG, 1, place))
            continue
        entry = directory.entries[tag]
        if len(entry.value) <= layout.offset.size:
            place = entry.value
        else:
            tail.extend(entry.value)
        table.extend(layout.entry.pack(tag, entry.kind, entry.count, place))
    return bytes(table) + layout.offset.pack(directory.following) + bytes(tail)


def first_pointer(layout: Layout) -> int:
    """Return where the offset of the first directory lies."""
    return 8 if layout.big else 4


def append_directory(
    stream: BinaryIO, layout: Layout, directory: Directory, pointer: int | None = None
) -> int:
    """Append a directory to a file, in the place of the one that an offset points to; by default the first one.

    Returns:
        Its offset.
    """
    end = stream.seek(0, io.SEEK_END)
    offset = end + end % 2
    stream.write(bytes(end % 2) + write_directory(directory, layout, offset))
    stream.seek(first_pointer(layout) if pointer is None else pointer)
    stream.write(layout.offset.pack(offset))
    stream.seek(0, io.SEEK_END)
    return offset


def _read_at(stream: BinaryIO, offset: int, length: int) -> bytes:
    stream.seek(offset)
    data = stream.read(length)
    if len(data) != length:
        raise BrokenDirectoryError(f"{length} bytes at offset {offset} reach beyond the end")
    return data
