"""Photographs written to files, with everything they carry."""

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from stat import S_ISDIR
from typing import BinaryIO

from restora.atomic import mode_of, output_file, refusal
from restora.errors import RestoraError
from restora.images.adaptation import adaptations, consistent
from restora.images.codecs import codec_for, series_codec_for
from restora.images.formats import FORMATS, PNG, RAW, TIFF, ImageFormat, format_to_write
from restora.images.photograph import Photograph


def write(
    path: str | Path, photograph: Photograph, *, quality: int | None = None, overwrite: bool = False
) -> Path:
    """Write a photograph with everything it carries, in the format its suffix asks for.

    Missing folders are created. The file appears whole or not at all: a kill or a full disk leaves the old
    file. What the format cannot hold is reduced; ask `losses` what that is. The orientation tag is kept where
    the format has one, and applied to the pixels where it has none (BMP).

    Args:
        path: Ends in one of `restora.images.formats.WRITABLE_SUFFIXES`.
        photograph: What to write.
        quality: 1 to 100 for JPEG and WebP; other formats have no loss and ignore it. By default a JPEG is
            compressed as the JPEG it was read from (else 95, colour at full resolution), and WebP as its
            source was: lossy with quality 95, or without loss.
        overwrite: Replace a file that exists.

    Returns:
        The path.

    Raises:
        RestoraError: The suffix or quality makes no sense, the file exists, the picture is larger than the
            format or the memory allows, or the disk refuses.

    Example:
        >>> import tempfile
        >>> import numpy as np
        >>> from restora.images import read
        >>> path = Path(tempfile.mkdtemp()) / "gray.png"
        >>> _ = write(path, Photograph(np.full((4, 6, 3), 128, np.uint8)))
        >>> read(path).pixels.shape
        (4, 6, 3)
    """
    path = Path(path)
    check_target(path, photograph, quality=quality, overwrite=overwrite)
    image_format = format_to_write(path)
    with _memory_sufficing(path):
        photograph = _adapted(photograph, image_format)
        with output_file(path) as stream:
            codec_for(image_format).encode(photograph, stream, quality)
            check_free(path, overwrite=overwrite)  # somebody may have written it meanwhile
    return path


def write_all(
    path: str | Path,
    photographs: Iterable[Photograph],
    *,
    quality: int | None = None,
    overwrite: bool = False,
) -> Path:
    """Write photographs as the pages or frames of one file; see `write`.

    Args:
        path: Its suffix is that of a TIFF, whose pages they become, or of a GIF, PNG or WebP, whose frames.
        photographs: From `read_all`, or with a `Series` in their metadata; taken one after the other. Frames have one
            size and depth.
        quality: As for `write`.
        overwrite: Replace a file that exists.

    Raises:
        RestoraError: As `write`; or the format holds one picture alone.

    Example:
        >>> import tempfile
        >>> import numpy as np
        >>> from restora.images import read_all
        >>> path = Path(tempfile.mkdtemp()) / "pages.tif"
        >>> pages = [Photograph(np.full((4, 6, 3), value, np.uint8)) for value in (0, 255)]
        >>> _ = write_all(path, pages)
        >>> len([*read_all(path)])
        2
    """
    path = Path(path)
    format_to_write(path)
    check_free(path, overwrite=overwrite)
    with output_file(path) as stream:
        encode_all(path, photographs, stream, quality=quality)
        check_free(path, overwrite=overwrite)
    return path


def encode_all(
    path: Path, photographs: Iterable[Photograph], stream: BinaryIO, *, quality: int | None = None
) -> None:
    """Put into a stream what `write_all` would write into a file of that name."""
    image_format = format_to_write(path)
    if not image_format.several:
        raise RestoraError(f"{path}: {image_format.name} holds one picture; write TIFF, GIF, PNG or WebP")
    _check_quality(path, quality)

    def checked() -> Iterator[Photograph]:
        for photograph in photographs:
            _check_size(path, photograph, image_format)
            yield _adapted(photograph, image_format)

    with _memory_sufficing(path):
        series_codec_for(image_format).encode_all(checked(), stream, quality)


@contextmanager
def _memory_sufficing(path: Path) -> Iterator[None]:
    try:
        yield
    except MemoryError as error:
        raise RestoraError(
            f"{path}: memory does not suffice to encode it; close other programs, or write PNG"
        ) from error


def encode(photograph: Photograph, file_format: str | None = None, *, quality: int | None = None) -> bytes:
    r"""Return what `write` would write, for a server or a database.

    Args:
        photograph: What to encode.
        file_format: Suffix of a file, such as ``"png"``; by default the format that the photograph came in, or PNG.
        quality: As for `write`.

    Raises:
        RestoraError: As `write`.

    Example:
        >>> import numpy as np
        >>> encode(Photograph(np.zeros((2, 2), np.uint8)))[:4]
        b'\x89PNG'
    """
    path = encoded_path(photograph, file_format)
    image_format = format_to_write(path)
    _check_quality(path, quality)
    _check_size(path, photograph, image_format)
    stream = BytesIO()
    codec_for(image_format).encode(_adapted(photograph, image_format), stream, quality)
    return stream.getvalue()


def encoded_path(photograph: Photograph, file_format: str | None = None) -> Path:
    """Return the name of a file such as `encode` makes, of which `losses` tells what is lost.

    Example:
        >>> import numpy as np
        >>> encoded_path(Photograph(np.zeros((2, 2), np.uint8))).name
        'photograph.png'
    """
    name = photograph.metadata.format
    came_in = TIFF if name == RAW.name else next((f for f in FORMATS if f.dtypes and f.name == name), PNG)
    return Path("photograph").with_suffix(
        f".{file_format.removeprefix('.')}" if file_format else came_in.suffixes[0]
    )


def _adapted(photograph: Photograph, image_format: ImageFormat) -> Photograph:
    for change in adaptations(photograph, image_format):
        photograph = change.apply(photograph)
    return consistent(photograph)


def check_target(
    path: Path, photograph: Photograph, *, quality: int | None = None, overwrite: bool = False
) -> None:
    """Raise what `write` would raise, as far as that can be known before: ask before a long computation.

    Raises:
        RestoraError: As `write`.
    """
    image_format = format_to_write(path)
    _check_quality(path, quality)
    _check_size(path, photograph, image_format)
    try:
        check_free(path, overwrite=overwrite)
        folder = path.parent
        while not folder.exists():
            folder = folder.parent
        if not folder.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, str(folder))
        if not os.access(folder, os.W_OK):
            raise PermissionError(errno.EACCES, str(folder))
    except OSError as error:
        raise refusal(path, error) from error


def losses(path: str | Path, photograph: Photograph) -> tuple[str, ...]:
    """Tell what `write` would have to change or leave out for the format that the suffix asks for.

    Args:
        path: Where the photograph would be written; nothing is.
        photograph: What would be written.

    Returns:
        A clause for each loss, such as "16-bit reduced to 8-bit, the most that JPEG holds"; none if
        everything is kept.

    Raises:
        RestoraError: Restora cannot write such files.

    Example:
        >>> import numpy as np
        >>> losses("deep.jpg", Photograph(np.zeros((2, 2), np.uint16)))
        ('16-bit reduced to 8-bit, the most that JPEG holds',)
    """
    changes = adaptations(photograph, format_to_write(Path(path)))
    return tuple(change.words for change in changes if change.words)


def holds_all(path: str | Path, photograph: Photograph) -> bool:
    """Tell whether `write_all` can put all pictures of a photograph's file into the format that a suffix asks for.

    The pages of a document can become pages, and the frames of an animation frames.

    Example:
        >>> import numpy as np
        >>> holds_all("a.jpg", Photograph(np.zeros((4, 6, 3), np.uint16)))
        False
    """
    target = format_to_write(Path(path)).several
    came_in = next((f.several for f in FORMATS if f.name == photograph.metadata.format), "")
    return photograph.metadata.series is not None and came_in == target


def _check_quality(path: Path, quality: int | None) -> None:
    if quality is not None and not 1 <= quality <= 100:
        raise RestoraError(f"{path}: quality must be 1 to 100, got {quality}")


def _check_size(path: Path, photograph: Photograph, image_format: ImageFormat) -> None:
    side = max(photograph.height, photograph.width)
    if side > image_format.max_side:
        raise RestoraError(
            f"{path}: {image_format.name} holds at most {image_format.max_side} pixels a side, got {side}; "
            "write TIFF instead"
        )


def check_free(path: Path, *, overwrite: bool) -> None:
    """Raise what `write` would raise because of what is there already."""
    mode = mode_of(path)
    if S_ISDIR(mode):
        raise refusal(path, IsADirectoryError(errno.EISDIR, str(path)))
    if mode and not overwrite:
        raise RestoraError(f"{path}: exists already; choose another name or folder, or allow to overwrite it")
