"""File formats: how each is recognised, and what it can hold, as data."""

import re
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from restora.errors import RestoraError


@dataclass(frozen=True)
class ImageFormat:
    """One file format.

    Attributes:
        name: As people write it; the codec is the module of that name in lower case, with ``_`` for a space.
        media_type: As HTTP and mail call it.
        suffixes: Lower case, the preferred one first.
        signature: Regular expression of the first bytes.
        dtypes: Depths it can hold, the shallowest first; empty if restora only reads the format.
        max_side: Greatest height and width.
        bits: Most bits of an integer that it holds.
        alpha: Whether it holds transparency.
        gray: Whether it holds one channel.
        gray_alpha: Whether it holds one channel with transparency.
        orientation: Whether it holds an orientation tag.
        profile: Whether it holds a colour profile; pixels are converted to sRGB where it does not.
        colours: Most colours of a picture; 0 for as many as there are.
        several: What its further pictures are, if they can be read and written one by one.
        holds: Fields of the metadata that it holds.
        needs: Package of the extra ``formats`` without which it is not read, as it is imported.
    """

    name: str
    media_type: str
    suffixes: tuple[str, ...]
    signature: bytes
    dtypes: tuple[str, ...] = ("uint8",)
    max_side: int = 2**31 - 1
    bits: int = 16
    alpha: bool = True
    gray: bool = True
    gray_alpha: bool = True
    orientation: bool = True
    profile: bool = True
    colours: int = 0
    several: Literal["", "pages", "frames"] = ""
    holds: frozenset[str] = frozenset({"exif", "xmp"})
    needs: str = ""


PNG = ImageFormat(
    "PNG",
    "image/png",
    (".png", ".apng"),
    rb"\x89PNG\r\n\x1a\n",
    dtypes=("uint8", "uint16"),
    max_side=1_000_000,
    several="frames",
    holds=frozenset({"exif", "xmp", "comments", "density", "cicp"}),
)
JPEG = ImageFormat(
    "JPEG",
    "image/jpeg",
    (".jpg", ".jpeg", ".jpe", ".jfif"),
    rb"\xff\xd8\xff",
    max_side=65_500,
    alpha=False,
    holds=frozenset({"exif", "xmp", "photoshop", "iptc", "comments", "density"}),
)
TIFF = ImageFormat(
    "TIFF",
    "image/tiff",
    (".tif", ".tiff"),
    rb"II[*+]\0|MM\0[*+]",
    dtypes=("uint8", "uint16", "float32"),
    several="pages",
    holds=frozenset({"exif", "xmp", "photoshop", "iptc", "density"}),
)
WEBP = ImageFormat(
    "WebP",
    "image/webp",
    (".webp",),
    rb"RIFF....WEBP",
    max_side=16_383,
    gray=False,
    gray_alpha=False,
    several="frames",
)
BMP = ImageFormat(
    "BMP",
    "image/bmp",
    (".bmp", ".dib"),
    rb"BM",
    max_side=32_767,
    gray_alpha=False,
    orientation=False,
    holds=frozenset(),
)
GIF = ImageFormat(
    "GIF",
    "image/gif",
    (".gif",),
    rb"GIF8[79]a",
    max_side=65_535,
    orientation=False,
    profile=False,
    colours=256,
    several="frames",
    holds=frozenset({"comments", "density"}),
)
AVIF = ImageFormat(
    "AVIF",
    "image/avif",
    (".avif",),
    rb"....ftyp(avi[fs]|(mif1|msf1)....(....){0,8}?avi[fs])",
    dtypes=("uint8", "uint16"),
    max_side=16_384,
    bits=12,
    gray_alpha=True,
    orientation=False,
    holds=frozenset({"exif", "xmp", "cicp"}),
)
HEIC = ImageFormat(
    "HEIC",
    "image/heic",
    (".heic", ".heif", ".hif"),
    rb"....ftyp(he[iv][cxms]|mif1|msf1)",
    dtypes=("uint8", "uint16"),
    max_side=16_384,
    bits=12,
    gray_alpha=False,
    orientation=False,
    holds=frozenset({"exif", "xmp", "cicp"}),
    needs="pillow_heif",
)
JPEG_XL = ImageFormat(
    "JPEG XL",
    "image/jxl",
    (".jxl",),
    rb"\xff\x0a|\0\0\0\x0cJXL ",
    max_side=2**30,
    orientation=False,
    profile=False,
    needs="pillow_jxl",
)
JPEG_2000 = ImageFormat(
    "JPEG 2000",
    "image/jp2",
    (".jp2", ".j2k", ".jpx", ".j2c", ".jpf"),
    rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51",
    dtypes=("uint8", "uint16"),
    holds=frozenset({"exif", "xmp", "iptc"}),
)
RAW = ImageFormat(
    "Raw",
    "image/x-raw",
    (".dng", ".cr2", ".cr3", ".nef", ".nrw", ".arw", ".raf", ".orf", ".rw2", ".pef", ".srw"),
    rb"....ftypcrx |FUJIFILM|IIR[OS]|MMOR|IIU\0",  # most others are told from TIFF by what is in them
    dtypes=(),
    needs="rawpy",
)

FORMATS = (PNG, JPEG, TIFF, WEBP, BMP, GIF, AVIF, HEIC, JPEG_XL, JPEG_2000, RAW)
"""Every format restora reads; it writes all but Raw."""

HEAD = 64
"""Bytes of a file that tell its format."""

PIP = "pip install 'restora[formats]'"
"""What installs the packages that some formats need."""

IMAGE_SUFFIXES = frozenset(suffix for image_format in FORMATS for suffix in image_format.suffixes)
"""Lower-case suffixes of the files that restora takes for images when it looks through a folder."""

WRITABLE_SUFFIXES = tuple(s for f in FORMATS if f.dtypes for s in f.suffixes)
"""Suffixes of the files that restora can write."""

_VIDEOS = (
    rb"....(ftyp|moov|mdat|wide)",  # MP4, QuickTime
    rb"\x1a\x45\xdf\xa3",  # Matroska, WebM
    rb"RIFF....AVI ",
    rb"\0\0\x01[\xb3\xba]|(....)?G@[\0\x11][\x10-\x1f]",  # MPEG, its streams of discs and of camcorders
    rb"FLV\x01|\x30\x26\xb2\x75\x8e\x66\xcf\x11",  # Flash, Windows Media
)
_FOREIGN = (
    *((signature, "a video", "'restora video' restores it") for signature in _VIDEOS),
    (rb"8BPS", "a Photoshop document", "save it as TIFF or PNG first"),
    (rb"%PDF", "a PDF document", "export its pages as images first"),
    (rb"v/1\x01", "OpenEXR", "convert it to a float TIFF first"),
    (rb"(?i:<!DOCTYPE html|<html)", "a web page", "download the image itself"),
)
"""(signature, name, remedy) of files that people mistake for one that restora reads."""


def recognise(head: bytes) -> ImageFormat | None:
    r"""Tell the format of a file by its first bytes, `HEAD` of them; suffixes lie too often.

    Example:
        >>> recognise(b"\x89PNG\r\n\x1a\n").name
        'PNG'
    """
    return next((each for each in FORMATS if re.match(each.signature, head, re.DOTALL)), None)


def lacks_package(image_format: ImageFormat) -> bool:
    """Whether a format cannot be read or written before `PIP` was run."""
    return bool(image_format.needs) and find_spec(image_format.needs) is None


def pip_command(suffix: str) -> str | None:
    """Return the command that makes files of a suffix readable; None if they are, or never will be.

    Example:
        >>> pip_command(".png") is None
        True
    """
    return next((PIP for each in FORMATS if suffix.lower() in each.suffixes and lacks_package(each)), None)


def is_video(head: bytes) -> bool:
    """Tell whether a file is a film, by its first bytes, `HEAD` of them."""
    return recognise(head) is None and any(re.match(signature, head, re.DOTALL) for signature in _VIDEOS)


def foreign(head: bytes) -> tuple[str, str] | None:
    """Return name and remedy for a file of a known kind that restora does not read; None if unknown."""
    for signature, name, remedy in _FOREIGN:
        if re.match(signature, head, re.DOTALL):
            return name, remedy
    return None


def format_to_write(path: Path) -> ImageFormat:
    """Return the format that the suffix of an output file asks for.

    Raises:
        RestoraError: Restora cannot write such files, or not before a package is installed.
    """
    suffix = path.suffix.lower()
    for image_format in FORMATS:
        if suffix in image_format.suffixes and suffix in WRITABLE_SUFFIXES:
            if lacks_package(image_format):
                raise RestoraError(f"{path}: {image_format.name} needs another package; {PIP}")
            return image_format
    known = ", ".join(WRITABLE_SUFFIXES)
    raise RestoraError(f"{path}: cannot write files that end in {suffix or 'nothing'!r}; use one of {known}")


def suffix_to_write(path: Path) -> str:
    """Return the suffix for the result of an input file: its own, or what restora can write instead.

    Example:
        >>> [suffix_to_write(Path(name)) for name in ("holiday.JPG", "dance.gif", "view.NEF")]
        ['.JPG', '.gif', '.tif']
    """
    suffix = path.suffix.lower()
    return path.suffix if suffix in WRITABLE_SUFFIXES else ".tif" if suffix in RAW.suffixes else ".png"
