"""BMP: read through Pillow, written here, because Pillow loses the alpha channel and the profile."""

import struct
from typing import BinaryIO

import numpy as np

from restora.images.codecs.faults import CompleteBytes, cut_short, damaged, decoding
from restora.images.codecs.limits import Limits
from restora.images.metadata import Metadata
from restora.images.photograph import Photograph

_METRE = 0.0254  # metres per inch
_FILE_HEADER = 14
_INFO_HEADER = 40
_V5_HEADER = 124
_RGB, _BITFIELDS = 0, 3
_EMBEDDED_PROFILE = b"DEBM"  # 'MBED', little-endian
_SRGB = b"BGRs"


def decode(stream: BinaryIO, limits: Limits) -> Photograph:
    """Read a BMP file; see `Codec`."""
    from PIL.BmpImagePlugin import BmpImageFile

    data = stream.read()
    if len(data) < _FILE_HEADER + 12:
        raise cut_short()
    size = _size(data)
    limits.check_size(*size)
    limits.check_memory(*size, pixel=4, decoding=9, data=2 * len(data))
    with decoding():
        image = BmpImageFile(CompleteBytes(data))
        image.load()
        palette = image.getpalette() if image.mode == "P" else None
        if palette is not None:
            gray = palette[::3] == palette[1::3] == palette[2::3]
            image = image.convert("L" if gray else "RGB")  # type: ignore[assignment]
        elif image.mode == "1":
            image = image.convert("L")  # type: ignore[assignment]
    array = np.array(image)
    alpha = None
    if image.mode == "RGBA":
        array, alpha = np.ascontiguousarray(array[..., :3]), np.ascontiguousarray(array[..., 3])
        # Many programs leave the fourth byte zero without meaning that nothing can be seen.
        alpha = alpha if alpha.any() else None
    dpi = image.info.get("dpi")
    dpi = (float(dpi[0]), float(dpi[1])) if dpi and min(dpi) > 0 else None
    return Photograph(array, alpha, Metadata(icc=_profile(data), dpi=dpi, format="BMP"))


def encode(photograph: Photograph, stream: BinaryIO, quality: int | None) -> None:
    """Write a BMP file; see `Codec`. Alpha and profile need the newest header; without, the oldest serves."""
    pixels, alpha, icc = photograph.pixels, photograph.alpha, photograph.metadata.icc
    if photograph.is_gray and alpha is None:
        samples = pixels[..., None]
    else:
        colours = [pixels] * 3 if photograph.is_gray else [pixels[..., c] for c in (2, 1, 0)]
        samples = np.stack([*colours, alpha] if alpha is not None else colours, axis=-1)
    bits = 8 * samples.shape[2]
    row = (photograph.width * samples.shape[2] + 3) // 4 * 4
    palette = b"".join(bytes((v, v, v, 0)) for v in range(256)) if bits == 8 else b""
    header = _V5_HEADER if alpha is not None or icc is not None else _INFO_HEADER
    start = _FILE_HEADER + header + len(palette)
    body = row * photograph.height
    stream.write(struct.pack("<2sIII", b"BM", start + body + len(icc or b""), 0, start))
    dots = (min(round(v / _METRE), 2**31 - 1) for v in photograph.metadata.dpi or (0.0, 0.0))
    compression = _BITFIELDS if alpha is not None else _RGB
    size = (photograph.width, photograph.height)
    stream.write(
        struct.pack("<IiiHHIIiiII", header, *size, 1, bits, compression, body, *dots, len(palette) // 4, 0)
    )
    if header == _V5_HEADER:
        masks = (0xFF0000, 0xFF00, 0xFF, 0xFF000000) if alpha is not None else (0, 0, 0, 0)
        profile = (header + len(palette) + body, len(icc)) if icc is not None else (0, 0)
        space = _SRGB if icc is None else _EMBEDDED_PROFILE
        stream.write(struct.pack("<4I4s48xIIII", *masks, space, 4, *profile, 0))  # 4: perceptual intent
    stream.write(palette)
    padding = bytes(row - photograph.width * samples.shape[2])
    for line in samples[::-1]:  # from the bottom up
        stream.write(np.ascontiguousarray(line).tobytes() + padding)
    if icc is not None:
        stream.write(icc)


def _size(data: bytes) -> tuple[int, int]:
    header = struct.unpack_from("<I", data, _FILE_HEADER)[0]
    if header == 12:
        width, height = struct.unpack_from("<HH", data, 18)
        return width, height
    width, height = struct.unpack_from("<ii", data, 18)
    return width, abs(height)


def _profile(data: bytes) -> bytes | None:
    """Return the colour profile behind the pixels, which only the newest header has a place for."""
    if len(data) < _FILE_HEADER + _V5_HEADER or struct.unpack_from("<I", data, _FILE_HEADER)[0] != _V5_HEADER:
        return None
    space = data[_FILE_HEADER + 56 : _FILE_HEADER + 60]
    offset, length = struct.unpack_from("<II", data, _FILE_HEADER + 112)
    if space != _EMBEDDED_PROFILE or not length:
        return None
    profile = data[_FILE_HEADER + offset : _FILE_HEADER + offset + length]
    if len(profile) < length:
        raise damaged("its colour profile is cut short")
    return profile
