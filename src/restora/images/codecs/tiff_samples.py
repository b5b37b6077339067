"""Samples of a TIFF page, in the many meanings they may have, as gray or RGB and alpha."""

from dataclasses import dataclass

import numpy as np

from restora.images.codecs.cmyk import cmyk_to_rgb
from restora.images.codecs.faults import damaged, unsupported
from restora.pixels import Pixels, change_bits, full_scale, to_uint8

_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _CMYK, _YCBCR = 0, 1, 2, 3, 5, 6
_CHANNELS = {_WHITE_IS_ZERO: 1, _BLACK_IS_ZERO: 1, _RGB: 3, _PALETTE: 1, _CMYK: 4, _YCBCR: 3}
COLOUR_FILTER_ARRAYS = (32803, 34892)
"""Photometric interpretations of what a sensor saw: through its filters, or as three colours of its own."""
_COLOUR_SPACES = {
    4: "a mask",
    8: "CIE L*a*b*",
    9: "ICC L*a*b*",
    10: "ITU L*a*b*",
    32844: "LogL",
    32845: "LogLuv",
}
_JPEG_COMPRESSIONS = (6, 7)  # they convert YCbCr to RGB themselves
_PREMULTIPLIED, _STRAIGHT = 1, 2
_ROWS = 256  # rows converted at a time, so that temporaries stay small beside a large photograph


@dataclass(frozen=True)
class Meaning:
    """What the tags of a page say about its samples.

    Attributes:
        photometric: Colour space, tag 262.
        compression: Tag 259.
        bits: Depth of each sample, tag 258.
        extra_samples: What each channel beyond the colours is, tag 338.
        colour_map: Colours of a palette, tag 320: all reds, then all greens, then all blues.
        icc: Colour profile.
    """

    photometric: int
    compression: int
    bits: tuple[int, ...]
    extra_samples: tuple[int, ...] = ()
    colour_map: tuple[int, ...] = ()
    icc: bytes | None = None

    def check(self, samples: int) -> None:
        """Refuse what is not a photograph, before it is decoded.

        Args:
            samples: Channels of the page.

        Raises:
            UndecodableError: The colour space, depth or number of channels is not supported.
        """
        subsampled = self.photometric == _YCBCR and self.compression not in _JPEG_COMPRESSIONS
        if self.photometric not in _CHANNELS or subsampled:
            name = (
                "YCbCr" if subsampled else _COLOUR_SPACES.get(self.photometric, f"number {self.photometric}")
            )
            raise unsupported(f"a TIFF of the colour space {name}", "save it as RGB first")
        if samples < _CHANNELS[self.photometric]:
            raise damaged(f"{samples} channels are too few for its colour space")
        if len(set(self.bits)) != 1:
            raise unsupported(f"a TIFF with channels of {self.bits} bits", "save it with 8 or 16 bits first")
        if self.photometric == _PALETTE and (self.bits[0] > 16 or len(self.colour_map) != 3 << self.bits[0]):
            raise damaged("its palette is incomplete")


@dataclass(frozen=True)
class Samples:
    """Pixels and alpha of a photograph, what was done to get them, and what the alpha was called."""

    pixels: Pixels
    alpha: Pixels | None
    notes: tuple[str, ...]
    alpha_named: bool
    icc_used: bool


def photograph_samples(array: Pixels, meaning: Meaning) -> Samples:
    """Interpret the samples of a page.

    Args:
        array: (separate, 1, H, W, contiguous) as tifffile decodes a page.
        meaning: Checked already.

    Raises:
        UndecodableError: They are not a photograph.
    """
    channels = np.moveaxis(array[:, 0], 0, -2).reshape(*array.shape[2:4], -1)  # (H, W, C), planes interleaved
    photometric, count = meaning.photometric, _CHANNELS[meaning.photometric]
    notes: list[str] = []
    if photometric == _PALETTE:
        colours = _expand(channels[..., 0], meaning.colour_map)
        extra = colours[..., :0]  # no program is known to write transparency beside a palette
    else:
        channels = _to_depth(channels, meaning.bits[0], notes)
        colours, extra = channels[..., :count], channels[..., count:]
    if photometric == _WHITE_IS_ZERO:
        colours = full_scale(colours.dtype) - colours
    if photometric == _CMYK:
        if colours.dtype != np.uint8:
            notes.append("CMYK reduced to 8 bits")
        colours, note = cmyk_to_rgb(to_uint8(colours), meaning.icc)
        notes.append(note)
        extra = to_uint8(extra)
    alpha = np.ascontiguousarray(extra[..., 0]) if extra.shape[-1] else None
    if extra.shape[-1] > 1:
        notes.append(f"{extra.shape[-1] - 1} further channels left out")
    kind = meaning.extra_samples[0] if meaning.extra_samples else _STRAIGHT
    if alpha is not None and kind == _PREMULTIPLIED:
        colours = _divide(colours, alpha)
        notes.append("premultiplied transparency made independent of the colours")
    return Samples(
        pixels=np.ascontiguousarray(colours[..., 0] if colours.shape[-1] == 1 else colours),
        alpha=alpha,
        notes=tuple(notes),
        alpha_named=kind in (_PREMULTIPLIED, _STRAIGHT),
        icc_used=photometric == _CMYK,
    )


def _to_depth(samples: Pixels, bits: int, notes: list[str]) -> Pixels:
    """Return the samples as uint8, uint16 or float32 of full range, in the byte order of this machine."""
    dtype = samples.dtype
    if dtype.kind == "f":
        if bits not in (16, 32):  # those of 16 bits come back as such
            notes.append(f"{bits}-bit floats {'rounded' if bits > 32 else 'widened'} to 32 bits")
        return samples.astype(np.float32)
    if dtype.kind not in "bu" or dtype.itemsize > 2:
        raise unsupported(
            f"a TIFF of {dtype.name} samples", "convert it to 16-bit unsigned or to float first"
        )
    target = np.uint8 if dtype.itemsize == 1 else np.uint16
    full, limit = full_scale(target), 2**bits - 1
    if limit >= full:
        return samples.astype(target)
    if target == np.uint16:
        notes.append(f"{bits}-bit samples widened to 16 bits")
    return change_bits(samples.astype(target), bits, np.iinfo(target).bits)


def _expand(indices: Pixels, colour_map: tuple[int, ...]) -> Pixels:
    """Return the colours that indices stand for: (H, W, 3), or (H, W, 1) if the map is gray."""
    table = np.array(colour_map, np.uint16).reshape(3, -1).T  # (N, 3)
    table = (table if table.max() < 256 else table >> 8).astype(np.uint8)  # old writers forgot the scale
    if (table[:, :1] == table).all():
        table = table[:, :1]
    return np.asarray(table[indices.astype(np.uint16)])


def _divide(colours: Pixels, alpha: Pixels) -> Pixels:
    """Undo the multiplication of colours by alpha; they are unchanged where nothing can be seen."""
    limit = full_scale(colours.dtype)
    divided = np.empty_like(colours)
    for start in range(0, len(colours), _ROWS):
        rows = slice(start, start + _ROWS)
        weight = np.where(alpha[rows] == 0, limit, alpha[rows])[..., None].astype(np.float64) / limit
        quotient = colours[rows] / weight
        divided[rows] = quotient if colours.dtype.kind == "f" else np.rint(np.minimum(quotient, limit))
    return divided
