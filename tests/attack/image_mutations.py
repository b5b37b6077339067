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
    originals,
    pillow_file,
    segment,
    tiff_file,
)

BOMBS_EVERY = 40
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
    name = random.choice(sorted(originals()))
    data, done = originals()[name], []
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        done.append(random.choice(sorted(MUTATORS)))
        data = MUTATORS[done[-1]](data, random)
    return Mutation(f"{number:06}-{name}-{'-'.join(done)}", "." + name.partition("-")[0], data)


def mutations(seed: int, count: int, start: int = 0) -> Iterator[Mutation]:
    """Yield `count` mutations of a seed from number `start` on."""
    return (mutation(seed, number) for number in range(start, start + count))


# Pieces: what a file is made of, so that they can change places. Joined, they are the file.


def pieces(data: bytes) -> list[bytes]:
    """Split a file into head, chunks (segments, blocks, entries) and rest; a file of no known kind at random."""
    for signature, split in _SPLITTERS.items():
        if data.startswith(signature):
            return [piece for piece in split(data) if piece]
    return _evenly(data)


def _evenly(data: bytes) -> list[bytes]:
    step = max(1, len(data) // 16)
    return [data[i : i + step] for i in range(0, len(data), step)]


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
    width, height = random.choice(((22_000, 22_000), (1_000_000, 499), (65_500, 7_000)))
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, random.choice((0, 2, 6)), 0, 0, 0))
    return SIGNATURE + header + chunk(b"IDAT", zeros(4)) + chunk(b"IEND", b"")


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


def _shared_values(random: Random) -> bytes:
    """Let the entries of a directory all claim the same, large part of the file."""
    count, size = random.choice((100, 5000)), random.choice((60_000, 2_000_000))
    head = tiff_file()
    start = len(head) + len(head) % 2
    place = start + 6 + 12 * count
    entries = b"".join(struct.pack("<HHII", 40000 + i, 7, size, place) for i in range(count))
    directory = struct.pack("<H", count) + entries + struct.pack("<I", 8)
    return head[:4] + struct.pack("<I", start) + head[8:].ljust(start - 8, b"\0") + directory + bytes(size)


def _chain_of_pages(random: Random) -> bytes:
    count = random.choice((1000, 30_000))
    first = tiff_file()
    (place,) = struct.unpack_from("<I", first, 4)
    (entries,) = struct.unpack_from("<H", first, place)
    following = place + 2 + 12 * entries
    start = len(first) + len(first) % 2
    empty = b"".join(struct.pack("<HI", 0, start + 6 * (i + 1)) for i in range(count))
    return (first[:following] + struct.pack("<I", start) + first[following + 4 :]).ljust(start, b"\0") + empty


def _deflated_tiff(random: Random) -> bytes:
    """Let a deflated strip inflate to far more than its pixels."""
    sound = tiff_file(compression="adobe_deflate")
    bomb = zeros(random.choice((64, 256)))
    (place,) = struct.unpack_from("<I", sound, 4)
    changed = bytearray(sound + bomb)
    for i in range(struct.unpack_from("<H", sound, place)[0]):
        (tag,) = struct.unpack_from("<H", sound, place + 2 + 12 * i)
        if tag in (273, 279):
            struct.pack_into(
                "<HII", changed, place + 4 + 12 * i, 4, 1, len(sound) if tag == 273 else len(bomb)
            )
    return bytes(changed)


def many_scans(count: int, *, side: int = 2048) -> bytes:
    """Return a progressive JPEG whose last scan, of a few bytes, is repeated."""
    from PIL import Image

    stream = io.BytesIO()
    Image.new("RGB", (side, side)).save(stream, "JPEG", progressive=True, quality=30)
    data = stream.getvalue()
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * count + b"\xff\xd9"


def _many_scans(random: Random) -> bytes:
    return many_scans(random.choice((50, 400, 2000)), side=random.choice((512, 2048)))


def _many_segments(random: Random) -> bytes:
    payload = random.choice(
        (b"http://ns.adobe.com/xmp/extension/\0" + b"A" * 32 + bytes(8), b"ICC_PROFILE\0\1\xff", b"Exif\0\0")
    )
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
    sound = bytearray(pillow_file("WEBP", "RGBA", lossless=True))
    bits = struct.unpack_from("<I", sound, 21)[0] & 0xF0000000
    struct.pack_into("<I", sound, 21, bits | random.choice((0x3FFF | 0x3FFF << 14, 0x3FFF | 0x1000 << 14)))
    return bytes(sound)


def _huge_bmp(random: Random) -> bytes:
    sound = bytearray(pillow_file("BMP"))
    struct.pack_into("<ii", sound, 18, *random.choice(((22_000, 22_000), (22_000, -22_000), (2**31 - 1, 1))))
    return bytes(sound)


def _nested_exif(random: Random) -> bytes:
    block = exif_block()
    return insert_chunks(
        pillow_file("PNG"),
        *[chunk(b"eXIf", block)] * random.choice((100, 5000)),
        chunk(b"tEXt", b"a\0" * 500_000),
    )


BOMBS: Mapping[str, Callable[[Random], bytes]] = {
    "png-inflating-chunks": _inflating_chunks,
    "png-huge": _huge_png,
    "png-circular-exif": _circular_png,
    "png-many-blocks": _nested_exif,
    "jpeg-circular-exif": _circular_jpeg,
    "jpeg-many-scans": _many_scans,
    "jpeg-many-segments": _many_segments,
    "tiff-shared-values": _shared_values,
    "tiff-chain-of-pages": _chain_of_pages,
    "tiff-deflated": _deflated_tiff,
    "webp-huge": _huge_webp,
    "bmp-huge": _huge_bmp,
    "gif-huge": _huge_gif,
    "gif-many-frames": _many_frames,
}
