"""Boxes of a HEIF container (ISO/IEC 23008-12): what an AVIF file says beside its pixels, read and added.

Encoders that write 10 and 12 bits have no place for EXIF, XMP and colour profiles, so these are put into their files here.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from restora.images.codecs.faults import cut_short, damaged

_MOST_ITEMS = 1 << 12
_XMP_TYPE = b"application/rdf+xml"
_CDSC = b"cdsc"  # "describes", from metadata to a picture

Box = tuple[bytes, int, int]
"""Kind of a box, and where its content begins and ends."""


def boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """Yield the boxes that stand one after another in a part of a file.

    Raises:
        UndecodableError: One reaches beyond the end.
    """
    end = len(data) if end is None else end
    while start + 8 <= end:
        length, kind = struct.unpack_from(">I4s", data, start)
        content = start + 8
        if length == 1 and content + 8 <= end:
            (length,) = struct.unpack_from(">Q", data, content)
            content += 8
        following = end if length == 0 else start + length
        if following < content or following > end:
            raise cut_short()
        yield kind, content, following
        start = following


def box(kind: bytes, *content: bytes) -> bytes:
    """Return a box."""
    body = b"".join(content)
    return struct.pack(">I", 8 + len(body)) + kind + body


@dataclass(frozen=True)
class Items:
    """The items of a file and their properties.

    Attributes:
        data: The file.
        parts: Place of each box of its ``meta`` box, by kind; the first counts.
    """

    data: bytes
    parts: dict[bytes, tuple[int, int]] = field(default_factory=dict)

    @classmethod
    def of(cls, data: bytes) -> "Items":
        """Find the boxes of a file.

        Raises:
            UndecodableError: There is no ``meta`` box, or boxes reach beyond the end.
        """
        meta = next(((start, end) for kind, start, end in boxes(data) if kind == b"meta"), None)
        if meta is None:
            raise damaged("it does not say what it holds")
        inside = list(boxes(data, meta[0] + 4, meta[1]))
        return cls(data, {kind: (start, end) for kind, start, end in reversed(inside)})

    @cached_property
    def primary(self) -> int:
        """Number of the picture that is shown."""
        start, end = self.parts.get(b"pitm", (0, 0))
        if end - start not in (6, 8):
            raise damaged("it does not say which picture is shown")
        return int.from_bytes(self.data[start + 4 : end], "big")

    @cached_property
    def kinds(self) -> dict[int, bytes]:
        """Kind of each item by its number, that of its content behind a zero."""
        start, end = self.parts.get(b"iinf", (0, 0))
        kinds: dict[int, bytes] = {}
        if start == end:
            return kinds
        first = start + (6 if self.data[start] == 0 else 8)
        for kind, at, stop in boxes(self.data, first, end):
            version = self.data[at] if stop > at else 0
            width = 2 if version < 3 else 4
            if kind == b"infe" and version >= 2 and stop - at >= 10 + width and len(kinds) < _MOST_ITEMS:
                number = int.from_bytes(self.data[at + 4 : at + 4 + width], "big")
                named = at + 4 + width + 2
                rest = self.data[named + 4 : stop].split(b"\0")
                kinds[number] = self.data[named : named + 4] + b"\0" + (rest[1] if len(rest) > 1 else b"")
        return kinds

    @cached_property
    def places(self) -> dict[int, list[tuple[int, int]]]:
        """Where the parts of each item are: offset in the file and length."""
        start, end = self.parts.get(b"iloc", (0, 0))
        idat = self.parts.get(b"idat", (0, 0))[0]
        found: dict[int, list[tuple[int, int]]] = {}
        try:
            version, sizes = self.data[start], struct.unpack_from(">H", self.data, start + 4)[0]
            offset_size, length_size, base_size, index_size = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
            at = start + 6

            def number(size: int) -> int:
                nonlocal at
                at += size
                if at > end:
                    raise cut_short()
                return int.from_bytes(self.data[at - size : at], "big")

            for _ in range(number(2 if version < 2 else 4)):
                item = number(2 if version < 2 else 4)
                method = number(2) & 15 if version else 0
                number(2)  # the file that holds it: this one
                base = number(base_size) + (idat if method == 1 else 0)
                found[item] = []
                for _ in range(number(2)):
                    number(index_size if version else 0)
                    place = base + number(offset_size), number(length_size)
                    if method < 2:  # else in another item
                        found[item].append(place)
        except (struct.error, IndexError) as error:
            raise cut_short() from error
        return found

    def check_whole(self) -> None:
        """Refuse a file that ends before its items, of which decoders show what there is.

        Raises:
            UndecodableError: It is cut short.
        """
        if any(at + length > len(self.data) for parts in self.places.values() for at, length in parts):
            raise cut_short()

    @cached_property
    def properties(self) -> list[Box]:
        """All properties, which items share."""
        start, end = self.parts.get(b"iprp", (0, 0))
        inside = (part for part in boxes(self.data, start, end) if part[0] == b"ipco")
        return [each for _, at, stop in inside for each in boxes(self.data, at, stop)]

    def properties_of(self, item: int) -> list[tuple[bytes, bytes]]:
        """Return kind and content of the properties of an item, in its order."""
        start, end = self.parts.get(b"iprp", (0, 0))
        found = []
        for kind, at, stop in boxes(self.data, start, end):
            if kind != b"ipma" or stop - at < 8:
                continue
            wide, version = self.data[at + 3] & 1, self.data[at]
            form = ">I" if version else ">H"
            (count,) = struct.unpack_from(">I", self.data, at + 4)
            at += 8
            for _ in range(min(count, _MOST_ITEMS)):
                if at + struct.calcsize(form) + 1 > stop:
                    break
                (number,) = struct.unpack_from(form, self.data, at)
                at += struct.calcsize(form)
                total, at = self.data[at], at + 1
                indices = struct.unpack_from(
                    f">{total}{'H' if wide else 'B'}", self.data[at:stop].ljust(512, b"\0")
                )
                at += total << wide
                if number == item:
                    found += [index & (0x7FFF if wide else 0x7F) for index in indices]
        wanted = (self.properties[index - 1] for index in found if 0 < index <= len(self.properties))
        return [(kind, self.data[at:stop]) for kind, at, stop in wanted]

    def content(self, kind: bytes) -> bytes | None:
        """Return the content of the first item of a kind such as ``b"Exif"``; None if there is none that is whole."""
        for number, named in self.kinds.items():
            if named.startswith(kind):
                parts = [
                    self.data[at : at + (length or len(self.data))]
                    for at, length in self.places.get(number, ())
                ]
                return b"".join(parts)[: len(self.data)] or None
        return None

    @property
    def exif(self) -> bytes | None:
        """The EXIF block."""
        item = self.content(b"Exif\0")
        if item is None or len(item) < 8:
            return None
        return item[4 + int.from_bytes(item[:4], "big") :] or None

    @property
    def xmp(self) -> bytes | None:
        """The XMP packet."""
        return self.content(b"mime\0" + _XMP_TYPE)


def with_metadata(data: bytes, *, icc: bytes | None, exif: bytes | None, xmp: bytes | None) -> bytes:
    """Return a file of one picture with a colour profile, an EXIF block and an XMP packet.

    Args:
        data: As libavif writes it: offsets of four bytes from the start of the file, narrow numbers of items.
        icc: Colour profile.
        exif: Block without its leading mark.
        xmp: Packet.
    """
    items = Items.of(data)
    payloads = [(b"Exif", b"", bytes(4) + exif)] if exif else []
    payloads += [(b"mime", _XMP_TYPE + b"\0", xmp)] if xmp else []
    added = list(enumerate(payloads, 1 + max(items.kinds)))
    meta = next((start, end) for kind, start, end in boxes(data) if kind == b"meta")

    def rewritten(shift: int) -> bytes:
        """Return the content of the ``meta`` box where everything behind it moves by some bytes."""
        end, parts = len(data) + shift, []
        places = {
            number: [(at + shift, size) for at, size in there] for number, there in items.places.items()
        }
        for number, (_, _, content) in added:
            places[number] = [(end, len(content))]
            end += len(content)
        for kind, start, stop in boxes(data, meta[0] + 4, meta[1]):
            body = data[start:stop]
            if kind == b"iloc":
                body = bytes(4) + struct.pack(">HH", 0x4400, len(places))
                for number, there in places.items():
                    body += struct.pack(">HHH", number, 0, len(there))
                    body += b"".join(struct.pack(">II", *place) for place in there)
            elif kind == b"iinf":
                body = bytes(4) + struct.pack(">H", len(items.kinds) + len(added)) + body[6:]
                for number, (named, content_type, _) in added:
                    body += box(
                        b"infe", b"\2\0\0\0", struct.pack(">HH", number, 0), named, b"\0", content_type
                    )
            elif kind == b"iref":
                continue
            elif kind == b"iprp" and icc:
                body = _with_profile(data, start, stop, items, icc)
            parts.append(box(kind, body))
        if added or b"iref" in items.parts:
            start, stop = items.parts.get(b"iref", (0, 4))
            describes = (box(_CDSC, struct.pack(">HHH", number, 1, items.primary)) for number, _ in added)
            old = data[start + 4 : stop] if b"iref" in items.parts else b""
            parts.append(box(b"iref", bytes(4), old, *describes))
        return bytes(4) + b"".join(parts)

    shift = 8 + len(rewritten(0)) - (meta[1] - meta[0] + 8)
    head, tail = data[: meta[0] - 8], data[meta[1] :]
    payload = b"".join(content for _, (_, _, content) in added)
    body = box(b"meta", rewritten(shift))
    return head + body + tail + payload


def _with_profile(data: bytes, start: int, stop: int, items: Items, icc: bytes) -> bytes:
    """Return the properties with a colour profile, which is the last and belongs to the primary picture."""
    index, parts = len(items.properties) + 1, []
    for kind, at, end in boxes(data, start, stop):
        body = data[at:end]
        if kind == b"ipco":
            body += box(b"colr", b"prof", icc)
        elif kind == b"ipma":
            entries, position = bytearray(body[:8]), 8
            while position + 3 <= len(body):
                number, total = struct.unpack_from(">HB", body, position)
                indices = body[position + 3 : position + 3 + total] + bytes(
                    [index] * (number == items.primary)
                )
                entries += struct.pack(">HB", number, len(indices)) + indices
                position += 3 + total
            body = bytes(entries)
        parts.append(box(kind, body))
    return b"".join(parts)
