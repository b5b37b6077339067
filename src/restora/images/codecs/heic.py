"""HEIC by libheif through pillow-heif: 8, 10 and 12 bits, with colour profile, EXIF and XMP.

libheif turns pictures upright as their file says, so that the orientation in EXIF, which no viewer heeds, is not true.
"""

import io
from typing import Any, BinaryIO

import numpy as np

from restora.images import exif
from restora.images.codecs.faults import damaged, decoding
from restora.images.codecs.item_boxes import Items
from restora.images.codecs.limits import Limits
from restora.images.codecs.stills import as_uint16, bits_to_write, cicp_of, quality_of
from restora.images.metadata import SRGB, Metadata, StillEncoding
from restora.images.photograph import Photograph
from restora.pixels import change_bits

_EXIF = b"Exif\0\0"
_SUBSAMPLING = {420: "4:2:0", 422: "4:2:2", 444: "4:4:4"}
_BT_601, _IDENTITY = 6, 0  # matrices from RGB: with some loss, and none at all
_HDR = ("content_light_level", "mastering_display_colour_volume", "ambient_viewing_environment")


def decode(stream: BinaryIO, limits: Limits) -> Photograph:
    """Read the primary picture of a HEIC file; see `Codec`."""
    import pillow_heif

    data = stream.read()
    Items.of(data).check_whole()
    with decoding():
        images = pillow_heif.open_heif(data, convert_hdr_to_8bit=False, hdr_to_16bit=False)
        image = images[images.primary_index]
    info: dict[str, Any] = image.info
    width, height = image.size
    bits = int(info["bit_depth"])
    channels = 1 if image.mode[0] in "LI" else 4 if image.has_alpha else 3
    sample = 1 if bits == 8 else 2
    limits.check_size(width, height)
    limits.check_memory(width, height, pixel=channels * sample, decoding=4 * channels * sample)
    with decoding():
        array = np.asarray(image)
    if array.shape[:2] != (height, width):
        raise damaged("its pixels do not match its header")
    array = as_uint16(array, bits)
    gray, alpha = array.ndim == 2, None
    if not gray and array.shape[2] == 4:
        alpha = np.ascontiguousarray(array[..., 3])
    nclx = info.get("nclx_profile") or {}
    block = info["exif"]
    block = exif.with_orientation(block.removeprefix(_EXIF), 1) if block else None
    xmp = info.get("xmp")
    metadata = Metadata(
        icc=info.get("icc_profile"),
        exif=block,
        xmp=xmp.removesuffix(b"\0") if xmp else None,
        dpi=exif.dpi(block),
        format="HEIC",
        encoding=StillEncoding(
            nclx.get("matrix_coefficients") == _IDENTITY, bits, _SUBSAMPLING.get(info.get("chroma", 0))
        ),
        cicp=cicp_of(nclx.get("color_primaries"), nclx.get("transfer_characteristics")),
    )
    pixels = array if gray else array[..., :3]
    return Photograph(np.ascontiguousarray(pixels), alpha, metadata.upright(), tuple(_notes(images, info)))


def encode(photograph: Photograph, stream: BinaryIO, quality: int | None) -> None:
    """Write a HEIC file; see `Codec`.

    Without a quality, a photograph that came from a file with loss is stored with quality 95, and any other without.
    """
    import pillow_heif

    metadata, bits = photograph.metadata.upright(), bits_to_write(photograph)  # XMP's orientation, too
    level = quality_of(metadata, quality)
    primaries, transfer = metadata.cicp or SRGB
    mode = ("L" if photograph.is_gray else "RGB") + ("A" if photograph.alpha is not None else "")
    channels = [photograph.pixels] if photograph.alpha is None else [photograph.pixels, photograph.alpha]
    array = np.dstack(channels) if len(channels) > 1 else channels[0]
    if bits > 8:
        mode, array = f"{mode};{bits}", change_bits(array, 16, bits)
    came_with = metadata.encoding.subsampling if isinstance(metadata.encoding, StillEncoding) else None
    options: dict[str, Any] = {
        "quality": -1 if level is None else level,
        "subsampling": "4:4:4" if level is None else came_with or "4:4:4",
        "bit_depth": bits,
        "color_primaries": primaries,
        "transfer_characteristics": transfer,
        "matrix_coefficients": _IDENTITY if level is None and not photograph.is_gray else _BT_601,
        "full_range_flag": 1,
    }
    block = metadata.exif if metadata.dpi is None else exif.with_dpi(metadata.exif, metadata.dpi)
    options |= {"exif": _EXIF + block} if block else {}
    options |= {"xmp": metadata.xmp} if metadata.xmp else {}
    options |= {"icc_profile": metadata.icc} if metadata.icc else {}
    buffer = io.BytesIO()
    size = photograph.width, photograph.height
    pillow_heif.encode(mode, size, np.ascontiguousarray(array).tobytes(), buffer, **options)
    stream.write(buffer.getbuffer())


def _notes(images: Any, info: dict[str, Any]) -> list[str]:
    """Say what only the file holds."""
    notes = []
    if len(images) > 1:
        notes.append(f"picture {images.primary_index + 1} of {len(images)} used")
    left = ["the depth map"] if info["depth_images"] else []
    left += [f"the auxiliary picture {kind!r}" for kind in info.get("aux", {})]
    left += [f"the {key.replace('_', ' ')}" for key in _HDR if key in info]
    left += [f"metadata {item.get('content_type') or item['type']!r}" for item in info["metadata"]]
    if left:
        notes.append(f"{', '.join(left)} left out")
    return notes
