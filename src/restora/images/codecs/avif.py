"""AVIF by libavif through imagecodecs: 8, 10 and 12 bits; colour profile, EXIF and XMP are read and written here.

Pillow reads and writes 8 bits only, and moves what an EXIF block holds when it changes its orientation.
"""

import io
import warnings
from typing import Any, BinaryIO

import numpy as np

from restora.images import exif
from restora.images.codecs.faults import damaged, decoding
from restora.images.codecs.item_boxes import Items, with_metadata
from restora.images.codecs.limits import Limits
from restora.images.codecs.stills import as_uint16, bits_to_write, cicp_of, quality_of
from restora.images.metadata import SRGB, Metadata, StillEncoding
from restora.images.photograph import Photograph
from restora.pixels import change_bits

_EXIF = b"Exif\0\0"
_SEQUENCE = b"avis"
_GRAY, _FULL = "400", "444"
_BT_601, _BT_2020, _IDENTITY = 6, 9, 0  # matrices from RGB: with some loss, and none at all
_UNDERSTOOD = (b"ispe", b"pixi", b"av1C", b"colr", b"irot", b"imir", b"auxC", b"a1op", b"lsel", b"a1lx")
# EXIF's orientation for a rotation, counterclockwise in quarters, and for one before a mirror about the two axes.
_ROTATED = {0: 1, 1: 8, 2: 3, 3: 6}
_MIRRORED = {(0, 0): 4, (0, 1): 2, (1, 0): 7, (1, 1): 5, (2, 0): 2, (2, 1): 4, (3, 0): 5, (3, 1): 7}


def decode(stream: BinaryIO, limits: Limits) -> Photograph:
    """Read the primary picture, or the first frame, of an AVIF file; see `Codec`."""
    import imagecodecs
    from PIL.AvifImagePlugin import AvifImageFile

    data = stream.read()
    items = Items.of(data)
    items.check_whole()
    properties = items.properties_of(items.primary)
    kinds = dict(reversed(properties))  # of several of a kind the first counts
    size = kinds.get(b"ispe", b"")
    if len(size) != 12:
        raise damaged("it does not say how large it is")
    width, height = int.from_bytes(size[4:8], "big"), int.from_bytes(size[8:], "big")
    configuration = kinds.get(b"av1C", bytes(4))[2:3] or b"\0"
    bits = (8, 8, 10, 12)[configuration[0] >> 5 & 3]
    sample = 1 if bits == 8 else 2
    limits.check_size(width, height)
    limits.check_memory(width, height, pixel=4 * sample, decoding=16 * sample)
    frames = 1
    with decoding(), warnings.catch_warnings():
        if data[8:12] == _SEQUENCE:  # of several frames, imagecodecs corrupts memory when it is asked for one
            warnings.simplefilter("ignore")  # Pillow's about EXIF, which is not read from it
            with AvifImageFile(io.BytesIO(data)) as image:
                frames, array = getattr(image, "n_frames", 1), np.asarray(image)
        else:
            array = imagecodecs.avif_decode(data)
    if array.shape[:2] != (height, width):
        raise damaged("its pixels do not match its header")
    array = as_uint16(array, bits if array.dtype == np.uint16 else 8)
    alpha = None
    if array.ndim == 3 and array.shape[2] in (2, 4):
        array, alpha = array[..., :-1], np.ascontiguousarray(array[..., -1])
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]
    colours = [content for kind, content in properties if kind == b"colr"]
    icc = next((each[4:] for each in colours if each[:4] in (b"prof", b"rICC")), None)
    nclx = next((each for each in colours if each[:4] == b"nclx" and len(each) >= 10), bytes(10))
    primaries, transfer, matrix = (int.from_bytes(nclx[at : at + 2], "big") for at in (4, 6, 8))
    block = items.exif
    turned = _orientation(properties)
    block = exif.with_orientation(block.removeprefix(_EXIF), turned) if block else None
    metadata = Metadata(
        icc=icc or None,
        exif=block,
        xmp=items.xmp,
        dpi=exif.dpi(block),
        orientation=turned,
        format="AVIF",
        encoding=StillEncoding(
            any(colours) and nclx[:4] == b"nclx" and matrix == _IDENTITY, bits, _subsampling(configuration[0])
        ),
        cicp=cicp_of(primaries, transfer),
    )
    notes = []
    if frames > 1:
        notes.append(f"frame 1 of {frames} used")
    if left := sorted({kind.decode("latin-1") for kind, _ in properties if kind not in _UNDERSTOOD}):
        notes.append(f"AVIF properties {', '.join(map(repr, left))} left out")
    return Photograph(np.ascontiguousarray(array), alpha, metadata, tuple(notes))


def encode(photograph: Photograph, stream: BinaryIO, quality: int | None) -> None:
    """Write an AVIF file; see `Codec`.

    Without a quality, a photograph that came from a file with loss is stored with quality 95, and any other without.
    """
    import imagecodecs

    metadata, bits = photograph.metadata.upright(), bits_to_write(photograph)  # XMP's orientation, too
    level = quality_of(metadata, quality)
    primaries, transfer = metadata.cicp or SRGB
    channels = [photograph.pixels] if photograph.alpha is None else [photograph.pixels, photograph.alpha]
    array = np.dstack(channels) if len(channels) > 1 else channels[0]
    array = array if bits == 8 else change_bits(array, 16, bits)
    encoding = metadata.encoding if isinstance(metadata.encoding, StillEncoding) else None
    came_with = (encoding and encoding.subsampling) or ""
    options: dict[str, Any] = {
        "level": 100 if level is None else min(level, 99),
        "pixelformat": _GRAY
        if photograph.is_gray
        else _FULL
        if level is None
        else came_with.replace(":", "") or _FULL,
        "bitspersample": bits,
        "primaries": primaries,
        "transfer": transfer,
        "matrix": _BT_2020 if primaries == _BT_2020 else _BT_601,
    }
    if level is None and not photograph.is_gray:
        options["matrix"] = _IDENTITY
    encoded = imagecodecs.avif_encode(np.ascontiguousarray(array), **options)
    block = metadata.exif if metadata.dpi is None else exif.with_dpi(metadata.exif, metadata.dpi)
    stream.write(with_metadata(bytes(encoded), icc=metadata.icc, exif=block, xmp=metadata.xmp))


def _orientation(properties: list[tuple[bytes, bytes]]) -> int:
    """Return the orientation, as EXIF numbers it, of a rotation and a mirror, in this order."""
    kinds = dict(properties)
    rotation, mirror = (kinds.get(kind, b"") for kind in (b"irot", b"imir"))
    turns = rotation[0] & 3 if rotation else 0
    return _MIRRORED[turns, mirror[0] & 1] if mirror else _ROTATED[turns]


def _subsampling(flags: int) -> str | None:
    """Return the chroma resolution that the third byte of an AV1 configuration states."""
    gray, x, y = flags >> 4 & 1, flags >> 3 & 1, flags >> 2 & 1
    return None if gray else {(0, 0): "4:4:4", (1, 0): "4:2:2", (1, 1): "4:2:0"}.get((x, y))
