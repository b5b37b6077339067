"""Mutated image files of every format, each a function of a seed and its number.

    for mutation in mutations(seed=1, count=20_000):
        path = folder / mutation.file_name
        path.write_bytes(mutation.data)

Most damage one of the sound files of `image_originals`: bits, bytes, pieces (chunks, segments, blocks, directory
entries), lengths, sizes. One in forty is a bomb: a small file that asks for much work or memory.
"""

import io
import re
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from random import Random

from image_originals import (
    SIGNATURE,
    chunk,
    exif_block,
    insert_chunks,
    insert_segments,
    newer_originals,
    originals,
    pillow_file,
    segment,
    tiff_file,
)

BOMBS_EVERY = 40
FIRST_NEWER = 20_000
"""From this number on formats that came later are mutated, so that the numbers before mean what they always meant."""
_INTERESTING = (0, 1, 2, 3, 7, 8, 127, 128, 255, 256, 65535, 65536, 2**24, 2**31 - 1, 2**31, 2**32 - 1)


@dataclass(frozen=True)
class Mutation:
    """A mutated file.

    Attributes:
        name: Number, original and what was done to it, such as ``"000041-png-palette-swap"``.
        suffix: Of its original, with the dot.
        data: The file.
    """

    name: str
    suffix: str
    data: bytes

    @property
    def file_name(self) -> str:
        """Name to save the file under."""
        return self.name + self.suffix


def mutation(seed: int, number: int) -> Mutation:
    """Return mutation `number` of a seed, whichever others are made."""
    random = Random(f"{seed}/{number}")
    if number % BOMBS_EVERY == BOMBS_EVERY - 1:
        what = random.choice(sorted(BOMBS))
        data, suffix = BOMBS[what](random), "." + what.partition("-")[0]
        return Mutation(f"{number:06}-bomb-{what}", suffix, data)
    sound = originals() if number < FIRST_NEWER else newer_originals()
    name = random.choice(sorted(sound))
    data, done = sound[name], []
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        if not data:  # cut to nothing
            break
        done.append(random.choice(sorted(MUTATORS)))
        data = MUTATORS[done[-1]](data, random)
    return Mutation(f"{number:06}-{name}-{'-'.join(done)}", "." + name.partition("-")[0], data)


def mutations(seed: int, count: int, start: int = 0) -> Iterator[Mutation]:
    """Yield `count` mutations of a seed from number `start` on."""
    return (mutation(seed, number) for number in range(start, start + count))


# Pieces: what a file is made of, so that they can change places. Joined, they are the file.


def pieces(data: bytes) -> list[bytes]:
    """Split a file into head, chunks (segments, blocks, entries) and rest; a file of no known kind at random."""
    if data[4:8] in (b"ftyp", b"jP  ", b"JXL "):
        return list(_boxes(data))
    for signature, split in _SPLITTERS.items():
        if data.startswith(signature):
            return [piece for piece in split(data) if piece]
    return _evenly(data)


def _evenly(data: bytes) -> list[bytes]:
    step = max(1, len(data) // 16)
    return [data[i : i + step] for i in range(0, len(data), step)]


def _boxes(data: bytes, start: int = 0) -> Iterator[bytes]:
    """Yield boxes, those of a few kinds taken apart: the formats of ISO, where a box says how long it is, itself included."""
    while start + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, start)
        inner = start + {b"meta": 12, b"iprp": 8, b"ipco": 8, b"jp2h": 8}.get(kind, length)
        if length < 8 or start + length > len(data):
            break
        yield data[start:inner]
        start = inner
    yield data[start:]


def _png_pieces(data: bytes) -> Iterator[bytes]:
    yield data[:8]
    yield from _sized(data, 8, ">I", at=0, around=12)


def _webp_pieces(data: bytes) -> Iterator[bytes]:
    yield data[:12]
    yield from _sized(data, 12, "<I", at=4, around=8, even=True)


def _sized(
    data: bytes, position: int, form: str, *, at: int, around: int, even: bool = False
) -> Iterator[bytes]:
    """Yield chunks that say their length in a field `at` bytes from their start, and the rest."""
    while position + around <= len(data):
        (length,) = struct.unpack_from(form, data, position + at)
        end = position + around + length + (length % 2 if even else 0)
        if end > len(data):
            break
        yield data[position:end]
        position = end
    yield data[position:]


def _jpeg_pieces(data: bytes) -> Iterator[bytes]:
    marks = [m.start() for m in re.finditer(rb"\xff[\xc0-\xfe]", data)] + [len(data)]
    yield from (data[a:b] for a, b in pairwise(marks))


def _tiff_pieces(data: bytes) -> Iterator[bytes]:
    """Yield the header, then the entries of the first directory, each with what stands before it."""
    order, big = ("<" if data[:2] == b"II" else ">"), data[2:4] in (b"+\0", b"\0+")
    if len(data) < 16:
        return iter(_evenly(data))
    start = struct.unpack_from(order + ("Q" if big else "I"), data, 8 if big else 4)[0]
    width, counter = (20, "Q") if big else (12, "H")
    begin = start + struct.calcsize(order + counter)
    if begin > len(data):
        return iter(_evenly(data))
    count = min(struct.unpack_from(order + counter, data, start)[0], (len(data) - begin) // width)
    cuts = [0, 8, begin, *(begin + width * (i + 1) for i in range(count)), len(data)]
    return (data[a:b] for a, b in pairwise(cuts))


_SPLITTERS: Mapping[bytes, Callable[[bytes], Iterator[bytes]]] = {
    b"\x89PNG": _png_pieces,
    b"RIFF": _webp_pieces,
    b"\xff\xd8": _jpeg_pieces,
    b"II": _tiff_pieces,
    b"MM": _tiff_pieces,
}


def repaired(data: bytes) -> bytes:
    """Return a file with its checksums (PNG) and its outermost length (WebP) put right, so that more is read of it."""
    if data.startswith(SIGNATURE):
        head, *chunks = pieces(data)
        return head + b"".join(chunk(c[4:8], c[8:-4]) if len(c) >= 12 else c for c in chunks)
    if data.startswith(b"RIFF"):
        return data[:4] + struct.pack("<I", len(data) - 8) + data[8:]
    return data


# Mutators: (file, source of chance) -> file.


def _flip_bits(data: bytes, random: Random) -> bytes:
    changed = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 8, 64))):
        changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def _flip_bits_of_the_head(data: bytes, random: Random) -> bytes:
    head = min(len(data), 200)
    return _repaired_mostly(_flip_bits(data[:head], random) + data[head:], random)


def _set_bytes(data: bytes, random: Random) -> bytes:
    start, length = random.randrange(len(data)), random.choice((1, 4, 16, 256))
    filling = random.choice((b"\0", b"\xff", b"\x80", random.randbytes(1))) * length
    return data[:start] + filling[: len(data) - start] + data[start + length :]


def _truncate(data: bytes, random: Random) -> bytes:
    return data[: random.randrange(len(data))]


def _remove(data: bytes, random: Random) -> bytes:
    start = random.randrange(len(data))
    return data[:start] + data[start + random.choice((1, 2, 16, 300)) :]


def _insert(data: bytes, random: Random) -> bytes:
    start = random.randrange(len(data))
    return data[:start] + random.randbytes(random.choice((1, 2, 16, 300))) + data[start:]


def _splice(data: bytes, random: Random) -> bytes:
    other = originals()[random.choice(sorted(originals()))]
    return data[: random.randrange(len(data))] + other[random.randrange(len(other)) :]


def _swap(data: bytes, random: Random) -> bytes:
    parts = pieces(data)
    a, b = random.randrange(len(parts)), random.randrange(len(parts))
    parts[a], parts[b] = parts[b], parts[a]
    return b"".join(parts)


def _drop(data: bytes, random: Random) -> bytes:
    parts = pieces(data)
    del parts[random.randrange(len(parts))]
    return repaired(b"".join(parts))


def _repeat(data: bytes, random: Random) -> bytes:
    parts = pieces(data)
    index = random.randrange(len(parts))
    parts[index] *= random.choice((2, 3, 50))
    return repaired(b"".join(parts))


def _foreign_piece(data: bytes, random: Random) -> bytes:
    parts = pieces(data)
    others = pieces(originals()[random.choice(sorted(originals()))])
    parts.insert(random.randrange(1, len(parts) + 1), random.choice(others))
    return repaired(b"".join(parts))


def _garbage_piece(data: bytes, random: Random) -> bytes:
    """Fill the inside of a piece with noise, its kind and length kept."""
    parts = pieces(data)
    index = random.randrange(len(parts))
    inside = parts[index][10:-4]
    parts[index] = parts[index][:10] + random.randbytes(len(inside)) + parts[index][10 + len(inside) :]
    return repaired(b"".join(parts))


def _length(data: bytes, random: Random) -> bytes:
    """Change the first number of a piece (its length, count or size)."""
    parts = pieces(data)
    index = random.randrange(len(parts))
    at = {b"\x89P": 0, b"RI": 4, b"\xff\xd8": 2}.get(data[:2], 4)
    parts[index] = _with_number(parts[index], at, random)
    return b"".join(parts)


def _size(data: bytes, random: Random) -> bytes:
    """Change width or height, or a number near them, in the header of a file."""
    if data[:2] in (b"II", b"MM"):
        parts = pieces(data)
        index = random.randrange(min(len(parts), 10))
        parts[index] = _with_number(parts[index], random.choice((4, 8)), random)
        return b"".join(parts)
    frame = re.search(rb"\xff[\xc0-\xc2]", data) if data[:2] == b"\xff\xd8" else None
    at = {b"\x89P": 16, b"RI": 20, b"BM": 14, b"GI": 6}.get(data[:2], 0)
    at = frame.start() + 5 if frame else at
    return _repaired_mostly(_with_number(data, at + 2 * random.randrange(5), random), random)


def _with_number(data: bytes, at: int, random: Random) -> bytes:
    form = random.choice((">H", "<H", ">I", "<I"))
    length = struct.calcsize(form)
    if at + length > len(data):
        return data
    (old,) = struct.unpack_from(form, data, at)
    new = random.choice((*_INTERESTING, old + 1, old - 1, old * 2, old // 2, random.getrandbits(32)))
    return data[:at] + struct.pack(form, new % 256**length) + data[at + length :]


def _repaired_mostly(data: bytes, random: Random) -> bytes:
    return repaired(data) if random.random() < 0.9 else data


MUTATORS: Mapping[str, Callable[[bytes, Random], bytes]] = {
    "bits": _flip_bits,
    "head": _flip_bits_of_the_head,
    "bytes": _set_bytes,
    "cut": _truncate,
    "remove": _remove,
    "insert": _insert,
    "splice": _splice,
    "swap": _swap,
    "drop": _drop,
    "repeat": _repeat,
    "foreign": _foreign_piece,
    "garbage": _garbage_piece,
    "length": _length,
    "size": _size,
}


# Bombs: small files that ask for much.


def zeros(mebibytes: int) -> bytes:
    """Return deflated zeros, about a thousandth of what they inflate to."""
    packer = zlib.compressobj(9)
    return b"".join([*(packer.compress(bytes(1 << 20)) for _ in range(mebibytes)), packer.flush()])


def _inflating_chunks(random: Random) -> bytes:
    kind, head = random.choice(
        (
            (b"iCCP", b"name\0\0"),
            (b"zTXt", b"Raw profile type exif\0\0"),
            (b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0"),
        )
    )
    bomb = chunk(kind, head + zeros(random.choice((8, 63, 65))))
    return insert_chunks(pillow_file("PNG"), *[bomb] * random.choice((3, 30, 300)))


def _huge_png(random: Random) -> bytes:
    """Let a picture, all black, be whole or not."""
    width, height, colour, channels = random.choice(
        (
            (22_000, 22_000, 2, 3),
            (22_000, 22_000, 6, 4),
            (1_000_000, 60, 0, 1),
            (65_500, 7_000, 2, 3),
            (6000, 6000, 6, 4),
        )
    )
    needed = height * (1 + channels * width) // 2**20 + 1
    header = chunk(
        b"IHDR", struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, random.choice((0, 0, 0, 1)))
    )
    data = chunk(b"IDAT", zeros(random.choice((4, needed))))
    return SIGNATURE + header + data + chunk(b"IEND", b"")


def circular_exif(directories: int, *, pointers: tuple[int, ...] = (34665, 34853)) -> bytes:
    """Return an EXIF block whose directories of many entries all point to themselves or to one another."""
    count = 2000 // len(pointers) * len(pointers)
    entries = b"".join(struct.pack("<HHII", pointers[i % len(pointers)], 4, 1, 8) for i in range(count))
    directory = struct.pack("<H", count) + entries + struct.pack("<I", 8)
    return b"II*\0\x08\0\0\0" + directory * directories


def _circular_jpeg(random: Random) -> bytes:
    block = circular_exif(random.choice((1, 2)), pointers=random.choice(((34665,), (34665, 34853), (40965,))))
    return insert_segments(pillow_file("JPEG"), segment(0xE1, b"Exif\0\0" + block))


def _circular_png(random: Random) -> bytes:
    return insert_chunks(pillow_file("PNG"), chunk(b"eXIf", circular_exif(random.choice((1, 10)))))


def _tiff_entries(data: bytes) -> tuple[int, list[int]]:
    """Return where the first directory of a little-endian TIFF is, and where its entries are."""
    (place,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, place)
    return place, [place + 2 + 12 * i for i in range(count)]


def with_tags(data: bytes, values: Mapping[int, int]) -> bytes:
    """Set tags of the first directory of a little-endian TIFF to one number each."""
    changed = bytearray(data)
    for at in _tiff_entries(data)[1]:
        (tag,) = struct.unpack_from("<H", data, at)
        if tag in values:
            struct.pack_into("<HII", changed, at + 2, 4, 1, values[tag])
    return bytes(changed)


def _with_first_directory(data: bytes, entries: bytes, tail: bytes = b"") -> bytes:
    """Give a TIFF a new first directory at its end: its own entries and others."""
    _, places = _tiff_entries(data)
    own = b"".join(data[at : at + 12] for at in places)
    start = len(data) + len(data) % 2
    directory = struct.pack("<H", (len(own) + len(entries)) // 12) + own + entries + struct.pack("<I", 0)
    return data[:4] + struct.pack("<I", start) + data[8:].ljust(start - 8, b"\0") + directory + tail


def _shared_values(random: Random) -> bytes:
    """Let the entries of a directory all claim the same, large part of the file."""
    count, size = random.choice((100, 5000)), random.choice((60_000, 2_000_000))
    entries = b"".join(struct.pack("<HHII", 40_000 + i, 7, size, 8) for i in range(count))
    return _with_first_directory(tiff_file(), entries, bytes(size))


def _circular_tiff(random: Random) -> bytes:
    """Let thousands of pointers to directories lead back, or to directories that overlap."""
    sound = tiff_file()
    start, step = len(sound) + len(sound) % 2, random.choice((0, 1, 12))
    tags = random.choice(((34665,), (34853, 34665), (330,)))
    entries = b"".join(
        struct.pack("<HHII", tag, 4, 1, start + step * i) for i in range(30_000 // len(tags)) for tag in tags
    )
    return _with_first_directory(sound, entries)


def _chain_of_pages(random: Random) -> bytes:
    """Let thousands of pages follow, empty or overlapping, at last the first one again."""
    first, count, step = tiff_file(), random.choice((1000, 30_000)), random.choice((6, 18))
    place, entries = _tiff_entries(first)
    following = place + 2 + 12 * len(entries)
    start = len(first) + len(first) % 2
    places = [start + step * (i + 1) for i in range(count - 1)] + [place]
    entry = struct.pack("<HHII", 34675, 7, start, 0) if step == 18 else b""
    pages = b"".join(struct.pack("<H", len(entry) // 12) + entry + struct.pack("<I", at) for at in places)
    return (first[:following] + struct.pack("<I", start) + first[following + 4 :]).ljust(start, b"\0") + pages


def _deflated_tiff(random: Random) -> bytes:
    """Let a compressed strip inflate to far more than its pixels, or to all of a huge picture."""
    sound = tiff_file(compression="adobe_deflate")
    bomb = zeros(random.choice((64, 256)))
    size = random.choice(({}, {256: 9000, 257: 9000, 278: 9000}, {256: 22_000, 257: 22_000, 278: 22_000}))
    return with_tags(sound + bomb, {273: len(sound), 279: len(bomb), **size})


def _pictures_in_tiff(random: Random) -> bytes:
    """Let a tile be a JPEG that claims to be far larger than the tile."""
    sound = bytearray(tiff_file(compression="jpeg", tile=(16, 16)))
    for frame in re.finditer(rb"\xff[\xc0-\xc2]\x00\x11\x08", bytes(sound)):
        struct.pack_into(
            ">HH",
            sound,
            frame.start() + 5,
            *random.choice(((65_500, 65_500), (16, 65_500), (20_000, 20_000))),
        )
    return bytes(sound)


def many_scans(count: int, *, side: int = 2048, claimed: int | None = None) -> bytes:
    """Return a progressive JPEG whose last scan, of a few bytes, is repeated, of a side that may be only claimed."""
    from PIL import Image

    stream = io.BytesIO()
    Image.new("RGB", (side, side)).save(stream, "JPEG", progressive=True, quality=30)
    data = stream.getvalue()
    last = data.rindex(b"\xff\xda")
    if claimed is not None:
        size = data.index(b"\xff\xc2") + 5
        data = data[:size] + struct.pack(">HH", claimed, claimed) + data[size + 4 :]
    return data[:last] + data[last:-2] * count + b"\xff\xd9"


def _many_scans(random: Random) -> bytes:
    claimed = random.choice((None, None, 8000, 22_000))
    return many_scans(random.choice((10, 50, 400, 2000)), side=random.choice((512, 2048)), claimed=claimed)


def _many_segments(random: Random) -> bytes:
    payload = random.choice(
        (b"http://ns.adobe.com/xmp/extension/\0" + b"A" * 32 + bytes(8), b"ICC_PROFILE\0\1\xff", b"Exif\0\0")
    )
    if random.random() < 0.3:
        return insert_segments(pillow_file("JPEG"), segment(0xE5, b"") * 2_000_000)
    marker = 0xE2 if payload.startswith(b"ICC") else 0xE1
    return insert_segments(
        pillow_file("JPEG"), *[segment(marker, payload + bytes(1000))] * random.choice((300, 3000))
    )


def _huge_gif(random: Random) -> bytes:
    sound = bytearray(pillow_file("GIF", "L"))
    struct.pack_into("<HH", sound, 6, *random.choice(((8000, 7999), (65535, 900), (65535, 65535))))
    return bytes(sound)


def _many_frames(random: Random) -> bytes:
    sound = pillow_file("GIF", "L")
    frame = sound[sound.index(b"\x2c\0\0\0\0") : -1]
    return sound[:-1] + frame * random.choice((1000, 20_000)) + b";"


def _huge_webp(random: Random) -> bytes:
    """Let a picture be as large as the format allows, whole or only claimed."""
    from PIL import Image

    if random.random() < 0.5:
        stream = io.BytesIO()
        Image.new("RGB", random.choice(((16_383, 2000), (6000, 6000)))).save(
            stream, "WEBP", lossless=True, method=0
        )
        return stream.getvalue()
    sound = bytearray(pillow_file("WEBP", "RGBA", lossless=True))
    bits = struct.unpack_from("<I", sound, 21)[0] & 0xF0000000
    struct.pack_into("<I", sound, 21, bits | random.choice((0x3FFF | 0x3FFF << 14, 0x3FFF | 0x1000 << 14)))
    return bytes(sound)


def _huge_bmp(random: Random) -> bytes:
    sound = bytearray(pillow_file("BMP"))
    struct.pack_into("<ii", sound, 18, *random.choice(((22_000, 22_000), (22_000, -22_000), (2**31 - 1, 1))))
    if random.random() < 0.5:  # run lengths, of which a few bytes end the picture
        struct.pack_into("<HI", sound, 28, 8, 1)
        return bytes(sound[:54]) + bytes(1024) + b"\xff\1\0\1"
    return bytes(sound)


def _nested_exif(random: Random) -> bytes:
    block = exif_block()
    return insert_chunks(
        pillow_file("PNG"),
        *[chunk(b"eXIf", block)] * random.choice((100, 5000)),
        chunk(b"tEXt", b"a\0" * 500_000),
    )


def many_strips(count: int, compression: str | None = None) -> bytes:
    """Return a TIFF one pixel wide, of as many strips of a row, which all are one place."""
    sound = with_tags(tiff_file(compression=compression), {256: 1, 257: count, 278: 1})
    changed, numbers = bytearray(sound), b""
    for at in _tiff_entries(sound)[1]:
        tag, _, _, value = struct.unpack_from("<HHII", sound, at)
        if tag in (273, 279):  # offsets and lengths
            struct.pack_into("<HII", changed, at + 2, 4, count, len(sound) + len(numbers))
            numbers += struct.pack("<I", value) * count
    return bytes(changed) + numbers


def _many_strips(random: Random) -> bytes:
    return many_strips(random.choice((50_000, 1_000_000)), random.choice((None, "jpeg", "lzw")))


BOMBS: Mapping[str, Callable[[Random], bytes]] = {
    "png-inflating-chunks": _inflating_chunks,
    "png-huge": _huge_png,
    "png-circular-exif": _circular_png,
    "png-many-blocks": _nested_exif,
    "jpeg-circular-exif": _circular_jpeg,
    "jpeg-many-scans": _many_scans,
    "jpeg-many-segments": _many_segments,
    "tiff-circular": _circular_tiff,
    "tiff-pictures": _pictures_in_tiff,
    "tiff-shared-values": _shared_values,
    "tiff-chain-of-pages": _chain_of_pages,
    "tiff-many-strips": _many_strips,
    "tiff-deflated": _deflated_tiff,
    "webp-huge": _huge_webp,
    "bmp-huge": _huge_bmp,
    "gif-huge": _huge_gif,
    "gif-many-frames": _many_frames,
}
