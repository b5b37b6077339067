"""Photographs read from files, with everything they carry."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from restora.errors import RestoraError
from restora.images.codecs import codec_for, series_codec_for
from restora.images.codecs.faults import AGAIN, TooLargeError, UndecodableError, UnsupportedError
from restora.images.codecs.limits import Limits
from restora.images.formats import HEAD, PIP, ImageFormat, foreign, lacks_package, recognise
from restora.images.metadata import HIGH_DYNAMIC_RANGE
from restora.images.photograph import Photograph
from restora.images.profile import is_linear
from restora.pixels import HIGHLIGHTS

Source = str | Path | bytes | bytearray | memoryview | BinaryIO
"""A file of an image: its path, or its content."""

MOST_TOGETHER = 20
"""Times the most pixels of a picture that all pictures of a file may have together."""

_REMEDIES = {
    errno.ENOENT: "does not exist; check the spelling and the folder",
    errno.ENOTDIR: "does not exist; check the spelling and the folder",
    errno.EACCES: "may not be read; give yourself permission to read it",
    errno.EPERM: "may not be read; give yourself permission to read it",
    errno.ENAMETOOLONG: "is too long for a file name; check the spelling",
}


def read(source: Source, *, max_pixels: int = 500_000_000, copies: int = 0, beside: int = 0) -> Photograph:
    """Read a photograph with everything its file carries.

    PNG, JPEG, TIFF, WebP, BMP, GIF, AVIF, HEIC, JPEG XL, JPEG 2000 and camera raw files are recognised by their content, whatever their names. 16-bit and float
    pixels stay as they are; palettes are expanded, CMYK becomes RGB; of several pages or frames the first is
    taken (`read_all` gives all). What had to be done is said in the notes of the photograph.

    Args:
        source: Path of the file; or its content, as bytes or as a file object that is open for reading bytes, which is
            read from where it stands to its end and not closed.
        max_pixels: Refuse larger pictures, judged by the header before anything is decoded.
        copies: Pictures of the same size that must find room beside it in free memory, for what is to be done with it.
        beside: Bytes that must find room beside those, where the pictures take more than 64 MiB.

    Returns:
        Pixels in stored order, the orientation in the metadata.

    Raises:
        RestoraError: The file is missing, empty, cut short, damaged, too large for the limit or the memory, not an
            image or of an unsupported kind, or may not be read.

    Example:
        >>> read("no-such-file.png")
        Traceback (most recent call last):
        restora.errors.RestoraError: no-such-file.png: does not exist; check the spelling and the folder
    """
    with _recognised(source) as (stream, image_format):
        photograph = codec_for(image_format).decode(stream, Limits(max_pixels, copies, beside))
        return _with_colours_named(photograph)


def read_all(
    source: Source, *, max_pixels: int = 500_000_000, copies: int = 0, beside: int = 0
) -> Iterator[Photograph]:
    """Read the pages of a TIFF file, or the frames of an animated GIF, PNG or WebP as they are seen, one at a time.

    Of any other file the one picture that `read` gives comes. Each page has metadata of its own; frames have those of
    their file. `Metadata.series` says how many there are and how long each is shown.

    Args:
        source: As for `read`.
        max_pixels: Of each picture; all together may have `MOST_TOGETHER` times as many.
        copies: As for `read`.
        beside: As for `read`.

    Raises:
        RestoraError: As `read`, when the picture at fault is reached; or all of them would take too long.

    Example:
        >>> from PIL import Image
        >>> content = BytesIO()
        >>> Image.new("L", (3, 2)).save(content, "TIFF", save_all=True, append_images=[Image.new("RGB", (4, 4))])
        >>> [photograph.width for photograph in read_all(content.getvalue())]
        [3, 4]
    """
    limits = Limits(max_pixels, copies, beside)
    with _recognised(source) as (stream, image_format):
        first = codec_for(image_format).decode(stream, limits)
        series = first.metadata.series
        if series is None:
            yield _with_colours_named(first)
            return
        if series.pixels > (most := MOST_TOGETHER * max_pixels):
            raise TooLargeError(
                f"its {series.count} pictures have together more than {most} pixels, which may be an attack on time; "
                "raise max_pixels if the file is trusted"
            )
        del first
        stream.seek(0)
        for photograph in series_codec_for(image_format).decode_all(stream, limits):
            yield _with_colours_named(photograph)


@contextmanager
def _recognised(source: Source) -> Iterator[tuple[BinaryIO, ImageFormat]]:
    """Open a file and tell its format; whatever is wrong with it becomes a `RestoraError`."""
    if isinstance(source, str | Path):
        name = str(Path(source))
    else:
        name = str(getattr(source, "name", "")) or f"the given {type(source).__name__}"
    try:
        with _opened(source, name) as stream:
            head = stream.read(HEAD)
            stream.seek(0)
            image_format = recognise(head)
            if image_format is None:
                raise UnsupportedError(_unrecognised(head))
            if lacks_package(image_format):
                raise UnsupportedError(f"is {image_format.name}, which needs another package; {PIP}")
            yield stream, image_format
    except UndecodableError as error:
        raise RestoraError(f"{name}: {error}", error) from error
    except MemoryError as error:
        raise RestoraError(
            f"{name}: does not fit into memory; close other programs or scale it down"
        ) from error
    except OSError as error:
        reason = _REMEDIES.get(error.errno or 0, f"cannot be read ({error.strerror or error}); {AGAIN}")
        raise RestoraError(f"{name}: {reason}") from error


def _with_colours_named(photograph: Photograph) -> Photograph:
    """Say of pixels that are far from what networks were trained on what they are; their values stay."""
    metadata, words = photograph.metadata, []
    if metadata.cicp is not None and metadata.cicp[1] in HIGH_DYNAMIC_RANGE:
        words.append(f"high dynamic range ({metadata.colour_space}) taken as it is stored")
    elif is_linear(metadata.icc):
        words.append("linear light, by its colour profile, taken as it is stored")
    if photograph.depth == "float" and (largest := float(photograph.pixels.max())) > HIGHLIGHTS:
        words.append(f"values up to {largest:.4g}, of which 1 is taken for white and those above it are kept")
    return replace(photograph, notes=(*photograph.notes, *words)) if words else photograph


def _opened(source: Source, name: str) -> BinaryIO:
    """Open a file, or its content, from its beginning."""
    if isinstance(source, str | Path):
        mode = os.stat(source).st_mode  # noqa: PTH116 - one system call for the two questions below
        if stat.S_ISDIR(mode):
            raise RestoraError(f"{name}: is a folder; name the images in it, or restore the whole folder")
        if not stat.S_ISREG(mode):
            raise RestoraError(f"{name}: is not a regular file; copy its content into one first")
        return Path(source).open("rb")
    if isinstance(source, bytes | bytearray | memoryview):
        return BytesIO(source)
    content = source.read()
    if not isinstance(content, bytes):
        raise RestoraError(f"{name}: is open for reading text; open it with mode 'rb'")
    return BytesIO(content)


def _unrecognised(head: bytes) -> str:
    if not head:
        return f"is empty; {AGAIN}"
    known = foreign(head)
    if known is not None:
        return f"is {known[0]}, no photograph; {known[1]}"
    return "is not an image that restora knows; give it a PNG, JPEG, TIFF, WebP, BMP or GIF file"
