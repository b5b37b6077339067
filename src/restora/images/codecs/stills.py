"""What the codecs of HEIC, AVIF, JPEG XL and JPEG 2000 have in common."""

from restora.images.formats import HEIC
from restora.images.metadata import SRGB, Metadata, StillEncoding
from restora.images.photograph import Photograph
from restora.pixels import Pixels, change_bits

DEFAULT_QUALITY = 95
_BT_709, _UNSPECIFIED = 1, 2  # the transfer function of video, which still pictures mean as sRGB's


def quality_of(metadata: Metadata, quality: int | None) -> int | None:
    """Return the quality to store with, 1 to 100; None for without loss, as the source was if nobody asks for more."""
    return DEFAULT_QUALITY if quality is None and metadata.was_lossy else quality


def bits_to_write(photograph: Photograph) -> int:
    """Return the depth of a channel: 8, or that of the file that a deeper photograph came from, or the most."""
    if photograph.depth == "8-bit":
        return 8
    encoding = photograph.metadata.encoding
    came_with = encoding.bits if isinstance(encoding, StillEncoding) else HEIC.bits
    return min(max(came_with, 10), HEIC.bits)


def as_uint16(array: Pixels, bits: int) -> Pixels:
    """Return integers of another depth than 8 and 16 bits with the full range of 8 or 16."""
    if bits in (8, 16):
        return array
    return change_bits(array, bits, 8 if bits < 8 else 16)


def cicp_of(primaries: int | None, transfer: int | None) -> tuple[int, int] | None:
    """Return a colour space by its numbers; None where it is sRGB, or nobody says."""
    primaries = SRGB[0] if primaries in (None, 0, _UNSPECIFIED) else primaries
    transfer = SRGB[1] if transfer in (None, 0, _BT_709, _UNSPECIFIED) else transfer
    assert primaries is not None
    assert transfer is not None
    return None if (primaries, transfer) == SRGB else (primaries, transfer)
