"""Metadata of a photograph: what its file carries besides pixels, and how the file was encoded."""

import re
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from restora.errors import RestoraError

TRANSPOSING_ORIENTATIONS = frozenset({5, 6, 7, 8})
"""EXIF orientations under which width and height change places."""

_XMP_ORIENTATION = re.compile(rb"""(tiff:Orientation(?:>|=["']))[1-8]""")


@dataclass(frozen=True)
class JpegEncoding:
    """How a JPEG file was compressed, so that the result can be compressed alike.

    Attributes:
        quantization: The tables of brightness and, in colour, of chroma: 64 numbers each, rows first.
        subsampling: Chroma resolution such as "4:2:0"; None for gray.
        progressive: Whether the file was stored in several passes.
        extended_xmp: The part of an XMP packet that did not fit into the 64 kB of its first segment.
    """

    quantization: tuple[tuple[int, ...], ...]
    subsampling: str | None = None
    progressive: bool = False
    extended_xmp: bytes | None = None


@dataclass(frozen=True)
class PngEncoding:
    """What only a PNG file holds.

    Attributes:
        chunks: Kind and data of those that go back verbatim: colour space (gAMA, cICP, mDCV, ...), text, time.
        profile_name: Name of the colour profile.
        smallest: Whether it was compressed as small as deflate can, whatever the time.
        palette: Whether its pixels were numbers of colours.
    """

    chunks: tuple[tuple[bytes, bytes], ...] = ()
    profile_name: bytes | None = None
    smallest: bool = False
    palette: bool = False


@dataclass(frozen=True)
class TiffEncoding:
    """How a TIFF file was compressed.

    Attributes:
        compression: Name that tifffile knows, such as "lzw"; None for uncompressed.
        predictor: Whether differences of neighbours were compressed instead of values.
        alpha_named: Whether the fourth channel was declared as alpha (else "unspecified").
        big: Whether the file was a BigTIFF.
        order: Of its bytes.
        half: Whether its floats had 16 bits.
        palette: Whether its pixels were numbers of colours.
    """

    compression: str | None = None
    predictor: bool = False
    alpha_named: bool = True
    big: bool = False
    order: Literal["<", ">"] = "<"
    half: bool = False
    palette: bool = False


@dataclass(frozen=True)
class WebpEncoding:
    """Whether a WebP file was stored without loss."""

    lossless: bool


@dataclass(frozen=True)
class StillEncoding:
    """How a HEIC, AVIF, JPEG XL or JPEG 2000 file was compressed.

    Attributes:
        lossless: Whether it was stored without loss.
        bits: Depth of a channel; the photograph has 16 bits where there are more than 8.
        subsampling: Chroma resolution such as "4:2:0"; None for gray, and where there is none.
    """

    lossless: bool
    bits: int = 8
    subsampling: str | None = None


@dataclass(frozen=True)
class Series:
    """What a file of several pictures is: the pages of a document, or the frames of an animation.

    Attributes:
        count: How many pictures there are.
        pixels: Of all of them.
        plays: How often an animation is shown; 0 without an end.
        duration: Seconds for which this frame is shown; 0 of a page.
    """

    count: int
    pixels: int
    plays: int = 1
    duration: Fraction = Fraction(0)


Encoding = JpegEncoding | PngEncoding | TiffEncoding | WebpEncoding | StillEncoding

PRIMARIES = {1: "BT.709", 9: "BT.2020", 11: "DCI-P3", 12: "Display P3"}
"""Colour primaries by their number in ITU-T H.273, where photographs have them."""

TRANSFERS = {1: "BT.709", 8: "linear", 13: "sRGB", 14: "BT.2020", 16: "PQ", 18: "HLG"}
"""Transfer functions by their number in ITU-T H.273, where photographs have them."""

HIGH_DYNAMIC_RANGE = (8, 16, 18)
"""Those under which equal steps do not look equal, or not as on other pictures."""

SRGB = (1, 13)
"""Primaries and transfer function of sRGB."""


@dataclass(frozen=True)
class Metadata:
    r"""What a photograph carries besides its pixels.

    Attributes:
        icc: Colour profile (ICC).
        exif: EXIF block, TIFF-structured, without the leading ``Exif\0\0``. Its orientation tag and its
            thumbnail need not be true: `orientation` rules, and both are put right on writing.
        xmp: XMP packet (XML in UTF-8).
        dpi: Dots per inch, horizontally and vertically in stored pixel order.
        orientation: How a viewer must turn the stored pixels, 1 to 8 as in the EXIF and TIFF tag 274.
        format: Name of the format the photograph was read from, such as "PNG"; None for a new one.
        encoding: How that file was compressed, for writing the same format again.
        photoshop: Photoshop's image resources, with IPTC among them.
        iptc: IPTC record that stands by itself.
        comments: In JPEG and GIF files, mostly ASCII or UTF-8.
        density: Pixels per unit, horizontally and vertically in stored pixel order, where the file names no unit:
            their ratio is the shape of a pixel.
        cicp: Colour primaries and transfer function by number (ITU-T H.273, "nclx", "CICP"); None for sRGB.
        series: Of a picture whose file holds several that can be restored one by one; see `restora.images.read_all`.

    Example:
        >>> Metadata(orientation=9)
        Traceback (most recent call last):
        restora.errors.RestoraError: orientation must be 1 to 8, got 9
    """

    icc: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    dpi: tuple[float, float] | None = None
    orientation: int = 1
    format: str | None = None
    encoding: Encoding | None = None
    photoshop: bytes | None = None
    iptc: bytes | None = None
    comments: tuple[bytes, ...] = ()
    density: tuple[float, float] | None = None
    cicp: tuple[int, int] | None = None
    series: Series | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.orientation <= 8:
            raise RestoraError(f"orientation must be 1 to 8, got {self.orientation}")

    @property
    def was_lossy(self) -> bool:
        """Whether the file that the photograph came from was compressed with loss."""
        return isinstance(self.encoding, JpegEncoding) or getattr(self.encoding, "lossless", None) is False

    @property
    def colour_space(self) -> str:
        """The colour space that `cicp` numbers, in words.

        Example:
            >>> Metadata(cicp=(9, 16)).colour_space
            'BT.2020 primaries, PQ transfer'
        """
        primaries, transfer = self.cicp or SRGB
        names = PRIMARIES.get(primaries, str(primaries)), TRANSFERS.get(transfer, str(transfer))
        return f"{names[0]} primaries, {names[1]} transfer"

    def whole_density(self, largest: int) -> tuple[int, int]:
        """Return the density as whole numbers from 1 on, in the same ratio as nearly as they allow.

        Example:
            >>> Metadata(density=(1.0, 1.5)).whole_density(65535)
            (1000, 1500)
        """
        x, y = self.density or (1, 1)
        if not (float(x).is_integer() and float(y).is_integer()):
            x, y = 1000 * x / min(x, y), 1000 * y / min(x, y)
        shrink = min(1, largest / max(x, y))
        return max(1, round(x * shrink)), max(1, round(y * shrink))

    def upright(self) -> "Metadata":
        """Return the metadata of the same photograph after its pixels are turned as `orientation` says."""
        dpi, density = self.dpi, self.density
        if self.orientation in TRANSPOSING_ORIENTATIONS:
            dpi, density = dpi and (dpi[1], dpi[0]), density and (density[1], density[0])
        xmp = None if self.xmp is None else _XMP_ORIENTATION.sub(rb"\g<1>1", self.xmp)
        return replace(self, xmp=xmp, dpi=dpi, density=density, orientation=1)
