import io
import struct

import pytest
import tifffile

from restora.images.ifd import (
    ASCII,
    SHORT,
    BrokenDirectoryError,
    Directory,
    Entry,
    Layout,
    append_directory,
    read_directory,
    read_header,
    write_directory,
)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("big", [False, True])
def test_directory_with_one_below_comes_back_and_others_read_it(order, big):
    layout = Layout(order, big)
    below = Directory({36864: Entry(7, 4, b"0232"), 37500: Entry(7, 11, b"maker notes")})
    entries = {
        256: Entry(SHORT, 1, struct.pack(order + "H", 0)),
        271: Entry(ASCII, 9, b"a camera\0"),
        272: Entry(ASCII, 3, b"ab\0"),
    }
    mark = b"II" if order == "<" else b"MM"
    head = struct.pack(order + "H", 43 if big else 42) + (struct.pack(order + "HH", 8, 0) if big else b"")
    stream = io.BytesIO(mark + head + bytes(8 if big else 4))
    append_directory(stream, layout, Directory(entries, {34665: below}))
    found, offset = read_header(stream)
    assert found == layout
    directory = read_directory(stream, layout, offset, {34665: {}})
    assert {tag: entry.value for tag, entry in directory.entries.items()} == {
        t: e.value for t, e in entries.items()
    }
    assert directory.children[34665].entries[37500].value == b"maker notes"
    assert not directory.is_cut_short
    with tifffile.TiffFile(io.BytesIO(stream.getvalue())) as tiff:
        tags = tiff.pages[0].tags
        assert tags[271].value == "a camera"
        assert tags[34665].value["MakerNote"] == b"maker notes"


def test_values_that_share_one_place_do_not_fill_the_memory():
    """A file of 24 kB would else become 20 MB; a larger one, terabytes."""
    count = 1000
    rows = b"".join(struct.pack("<HHII", tag, 7, 20_000, 0) for tag in range(count))
    stream = io.BytesIO(b"II*\0\x08\0\0\0" + struct.pack("<H", count) + rows + bytes(12_000))
    directory = read_directory(stream, Layout(), 8)
    assert directory.is_cut_short
    assert sum(len(entry.value) for entry in directory.entries.values()) <= len(stream.getvalue())


@pytest.mark.parametrize("step", [0, 1], ids=["to itself", "to directories that overlap"])
def test_directories_that_point_in_circles_are_read_once(step):
    """A block of 48 kB would else take minutes; here the bytes are counted."""
    count, reads = 100, []
    rows = b"".join(struct.pack("<HHII", 34665, 4, 1, 8 + step * i) for i in range(count))

    class Counting(io.BytesIO):
        def read(self, *arguments):
            reads.append(len(super().read(*arguments)))
            self.seek(-reads[-1], io.SEEK_CUR)
            return super().read(*arguments)

    stream = Counting(b"II*\0\x08\0\0\0" + struct.pack("<H", count) + rows + bytes(4))
    read_directory(stream, Layout(), 8, {34665: {34665: {}}})
    assert sum(reads) < 2 * len(stream.getvalue())


@pytest.mark.parametrize("offset", [0, 7, 100, 2**32 - 1, 2**64 - 1])
@pytest.mark.parametrize("big", [False, True])
def test_offset_that_leads_nowhere(offset, big):
    with pytest.raises(BrokenDirectoryError):
        read_directory(io.BytesIO(bytes([1]) * 50), Layout(big=big), offset)


def test_pointer_that_leads_nowhere_is_told_from_one_that_was_cleared():
    for place, is_cut_short in ((0, False), (5000, True)):
        entry = Entry(4, 1, struct.pack("<I", place))
        block = b"II*\0\x08\0\0\0" + write_directory(Directory({34665: entry}), Layout(), 8)
        directory = read_directory(io.BytesIO(block), Layout(), 8, {34665: {}})
        assert (directory.children, directory.is_cut_short) == ({}, is_cut_short)


@pytest.mark.parametrize(
    "head", [b"", b"II*\0", b"XX*\0\x08\0\0\0", b"II\x2c\0\x08\0\0\0", b"II+\0\x08\0\0\0"]
)
def test_header_that_is_none(head):
    with pytest.raises(BrokenDirectoryError):
        read_header(io.BytesIO(head))


def test_numbers_of_another_type_are_none():
    entry = Entry(ASCII, 2, b"1\0")
    assert entry.integers(Layout()) == ()
    assert entry.rationals(Layout()) == ()
