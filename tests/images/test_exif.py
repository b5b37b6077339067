import io
import struct

import pytest
from PIL import Image

from restora.images import exif, ifd
from restora.images.ifd import LONG, SHORT, Directory, Entry, Layout, write_directory


def block_of(entries, order="<"):
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    return head + write_directory(Directory(entries), Layout(order), 8)


def seen(block):
    """The first directory as another library reads it."""
    other = Image.Exif()
    other.load(b"Exif\0\0" + block)
    return dict(other)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("kind", "code"), [(SHORT, "H"), (LONG, "I")])
@pytest.mark.parametrize("value", range(1, 9))
def test_orientation_of_any_type_is_changed(order, kind, code, value):
    block = block_of({274: Entry(kind, 1, struct.pack(order + code, 3))}, order)
    changed = exif.with_orientation(block, value)
    assert exif.orientation(changed) == value
    assert seen(changed)[274] == value
    assert len(changed) == len(block) or kind == LONG


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_orientation_without_sense_is_upright(value):
    assert exif.orientation(block_of({274: Entry(SHORT, 1, struct.pack("<H", value))})) == 1


def test_orientation_is_added_and_the_rest_keeps_its_place(exif_block, described):
    block = exif_block()
    changed = exif.with_orientation(block, 6)
    assert described(changed) == described(block)
    assert changed[8 : len(block)] == block[8:]  # maker notes count their offsets from the start
    assert seen(changed)[274] == 6


@pytest.mark.parametrize(
    "block", [b"", b"II", b"no block at all", b"II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\0"]
)
def test_block_that_cannot_be_parsed_comes_back_as_it_is(block):
    assert exif.orientation(block) == 1
    assert exif.dpi(block) is None
    assert exif.with_orientation(block, 6) == block
    assert exif.with_dpi(block, (300.0, 300.0)) == block
    assert exif.without_thumbnail(block) == block


@pytest.mark.parametrize("make", [lambda block: block, lambda _: None])
def test_resolution_is_set_as_others_read_it(exif_block, make):
    block = exif.with_dpi(make(exif_block()), (300.0, 72.5))
    assert exif.dpi(block) == (300.0, 72.5)
    values = seen(block)
    assert (values[282], values[283], values[296]) == (300, 72.5, 2)
    assert exif.with_dpi(block, (300.001, 72.5)) is block


@pytest.mark.parametrize(
    ("unit", "expected"), [(None, (10.0, 20.0)), (1, None), (2, (10.0, 20.0)), (3, (25.4, 50.8))]
)
def test_units_of_resolution(unit, expected):
    entries = {282: Entry(5, 1, struct.pack("<II", 10, 1)), 283: Entry(5, 1, struct.pack("<II", 40, 2))}
    if unit is not None:
        entries[296] = Entry(SHORT, 1, struct.pack("<H", unit))
    assert exif.dpi(block_of(entries)) == expected


@pytest.mark.parametrize("fraction", [(0, 1), (1, 0), (0, 0)])
def test_resolution_without_sense_is_none(fraction):
    entries = {282: Entry(5, 1, struct.pack("<II", 10, 1)), 283: Entry(5, 1, struct.pack("<II", *fraction))}
    assert exif.dpi(block_of(entries)) is None


def test_thumbnail_in_the_middle_becomes_unreachable():
    block = bytearray(block_of({271: Entry(2, 8, b"a maker\0")}))
    second, picture = len(block), b"a small picture"
    layout, offset = ifd.read_header(io.BytesIO(block))
    first = ifd.read_directory(io.BytesIO(block), layout, offset)
    struct.pack_into("<I", block, first.following_position, second)
    rows = {513: second + 2 + 2 * 12 + 4, 514: len(picture)}
    block += (
        struct.pack("<H", 2)
        + b"".join(struct.pack("<HHII", t, LONG, 1, v) for t, v in rows.items())
        + bytes(4)
    )
    block += picture + b"maker notes of an odd program"
    result = exif.without_thumbnail(bytes(block))
    assert result.endswith(b"maker notes of an odd program")
    assert ifd.read_directory(io.BytesIO(result), layout, offset).following == 0
    assert picture not in exif.without_thumbnail(bytes(block[: -len(b"maker notes of an odd program")]))
