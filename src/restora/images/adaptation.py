"""Adaptation of a photograph to what a format can hold: what it loses, in words and in deed."""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from restora.images import exif, photoshop
from restora.images.codecs.jpeg_segments import MAX_EXIF, MAX_ICC, MAX_XMP
from restora.images.formats import GIF, HEIC, JPEG, PNG, TIFF, ImageFormat
from restora.images.metadata import JpegEncoding, Metadata, PngEncoding
from restora.images.palette import indexed
from restora.images.photograph import Photograph
from restora.pixels import DEPTH_NAMES, convert_depth, full_scale, gray_to_rgb, to_uint8

_CARRIED: dict[str, tuple[str, Any]] = {
    "exif": ("EXIF", None),
    "xmp": ("XMP", None),
    "photoshop": ("Photoshop's data, with IPTC,", None),
    "iptc": ("IPTC", None),
    "comments": ("the comment", ()),
    "density": ("the shape of the pixels, which are not square,", None),
    "cicp": ("the colour space", None),
}
"""Fields of the metadata, what they are called, and what they are where they are empty."""


@dataclass(frozen=True)
class Adaptation:
    """One change that makes a photograph fit.

    Attributes:
        words: What is lost, for the user.
        apply: The change.
    """

    words: str
    apply: Callable[[Photograph], Photograph]


def adaptations(photograph: Photograph, image_format: ImageFormat) -> tuple[Adaptation, ...]:
    """Return the changes, in order, that a photograph needs before a format can hold it."""
    return (*_pixel_changes(photograph, image_format), *_metadata_changes(photograph, image_format))


def consistent(photograph: Photograph) -> Photograph:
    """Return the photograph with an EXIF block that is true of it.

    The block gets the orientation of the metadata. It and Photoshop's data lose their thumbnails, which show the
    picture as it was before restoration.
    """
    metadata = photograph.metadata
    block = exif.with_orientation(exif.without_thumbnail(metadata.exif), metadata.orientation)
    resources = metadata.photoshop and photoshop.without_thumbnail(metadata.photoshop)
    return replace(photograph, metadata=replace(metadata, exif=block, photoshop=resources or None))


def _pixel_changes(photograph: Photograph, target: ImageFormat) -> list[Adaptation]:
    changes = []
    metadata = photograph.metadata
    if metadata.orientation != 1 and not target.orientation:
        words = f"turned upright, because no orientation is written into {target.name}"
        changes.append(Adaptation(words, Photograph.upright))
    if photograph.alpha is not None and not target.alpha:
        if bool((photograph.alpha >= full_scale(photograph.alpha.dtype)).all()):
            changes.append(Adaptation("", lambda p: replace(p, alpha=None)))
        else:
            words = f"transparent parts laid over white, because {target.name} has no transparency"
            changes.append(Adaptation(words, Photograph.over_white))
    if photograph.pixels.dtype.name not in target.dtypes:
        deepest = target.dtypes[-1]
        words = f"{photograph.depth} reduced to {DEPTH_NAMES[deepest]}, the most that {target.name} holds"
        if photograph.depth == "float" and _exceeds_unit(photograph.pixels):
            words += "; values outside 0 to 1 are clipped"
        changes.append(Adaptation(words, lambda p: p.with_pixels(convert_depth(p.pixels, deepest))))
    elif photograph.depth == "16-bit" and min(getattr(metadata.encoding, "bits", 16), 16) > target.bits:
        changes.append(
            Adaptation(f"16-bit reduced to {target.bits}-bit, the most that {target.name} holds", _same)
        )
    if photograph.is_gray and not _stays_gray(photograph, target):
        what = "gray with transparency" if target.gray else "gray"
        words = f"gray stored as equal red, green and blue, because {target.name} has no {what}"
        changes.append(Adaptation(words, lambda p: p.with_pixels(gray_to_rgb(p.pixels))))
    changes += [Adaptation(words, _same) for words in _colours_lost(photograph, target)]
    return changes


def _colours_lost(photograph: Photograph, target: ImageFormat) -> Iterator[str]:
    """Say what becomes of a palette, or of colours and transparency that must go into one."""
    metadata = photograph.metadata
    was_indexed = target.name == metadata.format and getattr(metadata.encoding, "palette", False)
    if not (target.colours or was_indexed):
        return
    alpha = None if photograph.alpha is None else to_uint8(photograph.alpha)
    if target.colours and alpha is not None and ((alpha > 0) & (alpha < 255)).any():
        yield f"transparency made whole or none, because {target.name} has nothing between"
    if indexed(to_uint8(photograph.pixels), alpha) is None:
        if target.colours:
            yield f"colours reduced to {target.colours}, the most that {target.name} holds; --format png keeps all"
        else:
            yield "its palette given up, because there are more colours now than one holds; the file is larger"


def _in_srgb(photograph: Photograph) -> Photograph:
    """Convert 8-bit pixels from the colour profile to sRGB; a profile that cannot be used is left out."""
    from PIL import Image, ImageCms

    mode = "L" if photograph.is_gray else "RGB"
    image = Image.fromarray(photograph.pixels)
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(photograph.metadata.icc or b""))
        converted = ImageCms.profileToProfile(
            image, profile, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        converted = None
    pixels = photograph.pixels if converted is None else np.asarray(converted.convert(mode))
    return replace(photograph, pixels=pixels, metadata=replace(photograph.metadata, icc=None))


def _metadata_changes(photograph: Photograph, target: ImageFormat) -> list[Adaptation]:
    metadata = consistent(photograph).metadata
    losses: list[tuple[str, dict[str, Any]]] = []
    changes: list[Adaptation] = []
    space = (metadata.icc or b"")[16:20]
    stays_gray = photograph.is_gray and _stays_gray(photograph, target)
    if metadata.icc is not None and (space == b"CMYK" or (space == b"GRAY" and not stays_gray)):
        name = space.decode("ascii")
        losses.append(
            (f"colour profile left out, because it is for {name} and the pixels are RGB", {"icc": None})
        )
    elif metadata.icc is not None and not target.profile:
        words = f"colours converted to sRGB, because no colour profile is written into {target.name}"
        changes.append(Adaptation(words, _in_srgb))
    for field, (name, nothing) in _CARRIED.items():
        # A block made just now, to hold the orientation, is no loss; nor is the density of square pixels.
        data = getattr(metadata, field) and getattr(photograph.metadata, field)
        if data and field not in target.holds and not (field == "density" and data[0] == data[1]):
            name = f"{name} ({metadata.colour_space})" if field == "cicp" else name
            losses.append((f"{name} left out, because {target.name} cannot hold it", {field: nothing}))
    for field, name, limit in (("exif", "EXIF", MAX_EXIF), ("xmp", "XMP", MAX_XMP)):
        if target is JPEG and len(getattr(metadata, field) or b"") > limit:
            losses.append(
                (f"{name} left out, because it is larger than the 64 kB a JPEG can hold", {field: None})
            )
    if target is GIF and metadata.dpi is not None:
        losses.append(("the resolution left out, because GIF cannot hold it", {"dpi": None}))
    if target is TIFF and (tags := exif.not_for_tiff(metadata.exif)):
        numbers = ", ".join(map(str, tags))
        losses.append((f"EXIF tags {numbers} left out, because a TIFF uses their place otherwise", {}))
    if target is JPEG and metadata.icc is not None and len(metadata.icc) > MAX_ICC:
        losses.append(("colour profile left out, because it is larger than a JPEG can hold", {"icc": None}))
    if target is HEIC and metadata.icc is not None and metadata.cicp is not None:
        words = (
            f"the colour space ({metadata.colour_space}) left out, because HEIC holds it or a colour profile"
        )
        losses.append((words, {"cicp": None}))
    encoding = metadata.encoding
    if target is not JPEG and isinstance(encoding, JpegEncoding) and encoding.extended_xmp is not None:
        losses.append((f"the extended part of XMP left out, because {target.name} cannot hold it", {}))
    if target is not PNG and isinstance(encoding, PngEncoding):
        chunks = dict.fromkeys(kind.decode("latin-1") for kind, _ in encoding.chunks)
        what = [f"the PNG chunks {', '.join(chunks)}"] if chunks else []
        what += ["the name of the colour profile"] if encoding.profile_name and metadata.icc else []
        if what:
            losses.append((f"{' and '.join(what)} left out, because {target.name} has no place for that", {}))
    return changes + [Adaptation(words, _without(change)) for words, change in losses]


def _stays_gray(photograph: Photograph, target: ImageFormat) -> bool:
    return target.gray if photograph.alpha is None or not target.alpha else target.gray_alpha


def _same(photograph: Photograph) -> Photograph:
    """Leave a photograph as it is: the codec makes the change."""
    return photograph


def _without(change: dict[str, Any]) -> Callable[[Photograph], Photograph]:
    def apply(photograph: Photograph) -> Photograph:
        metadata: Metadata = replace(photograph.metadata, **change)
        return replace(photograph, metadata=metadata)

    return apply


def _exceeds_unit(values: np.ndarray[Any, Any]) -> bool:
    """Tell whether some values are no intensities between 0 and 1 (or not numbers)."""
    return not bool(((values >= 0) & (values <= 1)).all())
