"""Search for the images among files, folders and patterns that a user names."""

import glob
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISDIR, S_ISREG

from restora.atomic import mode_of
from restora.errors import RestoraError
from restora.images.formats import IMAGE_SUFFIXES, pip_command

__all__ = ["IMAGE_SUFFIXES", "ImageFile", "find_images"]

KINDS = 3
"""Kinds of files that are named where there are no images."""


@dataclass(frozen=True)
class ImageFile:
    """A file to restore.

    Attributes:
        path: Where it is.
        relative: Its place below the folder (or the fixed part of the pattern) that the user named, so that
            an output folder can mirror the tree; the bare name for a file that was named itself.

    Example:
        >>> ImageFile(Path("scans/1980/7.tif"), Path("1980/7.tif")).relative.parent.name
        '1980'
    """

    path: Path
    relative: Path


OnError = Callable[[Path, RestoraError], None]


def find_images(
    inputs: Sequence[str | Path], *, recursive: bool = False, onerror: OnError | None = None
) -> list[ImageFile]:
    """Find the image files that files, folders and patterns stand for.

    A file that is named is taken whatever its suffix; in folders and for patterns the suffix decides, and
    hidden files are passed over. Each file comes once, where it was first named.

    Args:
        inputs: Paths of files and folders, and patterns such as ``scans/*.tif`` or ``scans/**/*.tif`` that
            no shell has expanded. What exists under its literal name is never taken for a pattern.
        recursive: Also look into the folders below those named.
        onerror: Called with an input, or a folder below one, and why it is left out; without it that is raised.

    Returns:
        In the order of the inputs, each sorted as people count: ``2.png`` before ``10.png``.

    Raises:
        RestoraError: An input does not exist, may not be read, matches nothing, or holds no image.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> _ = [(folder / name).write_bytes(b"") for name in ("b.png", "a.jpg", "notes.txt")]
        >>> [image.path.name for image in find_images([folder])]
        ['a.jpg', 'b.png']
    """
    found: dict[Path, ImageFile] = {}
    for named in inputs:
        if not isinstance(named, str | Path):
            raise RestoraError(f"{type(named).__name__} is no path; give images in memory one at a time")
        with _reporting(Path(named), onerror):
            if named == "":  # which would be the present folder
                raise RestoraError("the name of a photograph or folder is empty; say which")
            for image in _images_of(Path(named), recursive, onerror):
                found.setdefault(image.path.resolve(), image)
    return list(found.values())


@contextmanager
def _reporting(path: Path, onerror: OnError | None) -> Iterator[None]:
    """Hand an error to ``onerror``, or raise it in words."""
    try:
        yield
    except (RestoraError, OSError) as error:
        told = error if isinstance(error, RestoraError) else _unseen(path, error)
        if onerror is None:
            raise told from (None if told is error else error)
        onerror(path, told)


def _unseen(path: Path, error: OSError) -> RestoraError:
    reason = f"cannot be looked at ({error.strerror}); check the name, or give yourself permission"
    return RestoraError(f"{error.filename or path}: {reason}")


def _images_of(named: Path, recursive: bool, onerror: OnError | None) -> list[ImageFile]:
    mode = mode_of(named)
    if S_ISDIR(mode):
        paths = _readable(named, _walk(named, recursive, onerror), onerror)
        images = [ImageFile(path, path.relative_to(named)) for path in paths]
        if not images:
            hint = "" if recursive else ", or search the folders below it, too"
            seen = _seen(named.rglob("*") if recursive else named.iterdir())
            raise RestoraError(f"{named}: holds no images ({_suffixes()}){seen}; name another one{hint}")
        return images
    if mode:
        return [ImageFile(named, Path(named.name))]
    if not glob.has_magic(str(named)):
        raise RestoraError(f"{named}: does not exist; check the spelling and the folder")
    base = _fixed_part(named)
    matches = [Path(match) for match in glob.glob(str(named), recursive=True)]  # noqa: PTH207 - absolute ones, too
    paths = _readable(named, (path for path in matches if _is_image(path)), onerror)
    images = [ImageFile(path, path.relative_to(base)) for path in paths]
    if not images:
        raise RestoraError(f"{named}: matches no images ({_suffixes()}){_seen(matches)}; check the pattern")
    return sorted(images, key=lambda image: natural_key(image.relative))


def _readable(named: Path, paths: Iterable[Path], onerror: OnError | None) -> list[Path]:
    """Leave out images whose packages are not installed, and say so once."""
    readable: list[Path] = []
    kinds: Counter[tuple[str, str]] = Counter()
    for path in paths:
        command = pip_command(path.suffix)
        if command is None:
            readable.append(path)
        else:
            kinds[path.suffix.lower().removeprefix(".").upper(), command] += 1
    if kinds:
        words = "; ".join(f"{n} {kind} file{'s' * (n > 1)}: {pip}" for (kind, pip), n in kinds.most_common())
        if onerror is None or not readable:
            raise RestoraError(f"{named}: {words}")
        onerror(named, RestoraError(f"{named}: {words}"))
    return readable


def natural_key(path: Path) -> tuple[tuple[tuple[int, int, str], ...], ...]:
    """Return a sort key that counts numbers in names, and ignores case unless nothing else differs.

    Example:
        >>> sorted([Path("b10.png"), Path("B2.png"), Path("a.png")], key=natural_key)
        [PosixPath('a.png'), PosixPath('B2.png'), PosixPath('b10.png')]
    """
    folded = tuple(_pieces(part.casefold()) for part in path.parts)
    return (*folded, *(_pieces(part) for part in path.parts))


def _pieces(text: str) -> tuple[tuple[int, int, str], ...]:
    pieces = re.split(r"(\d+)", text)
    return tuple((0, int(p), p) if p.isdecimal() else (1, 0, p) for p in pieces if p)


def _walk(folder: Path, recursive: bool, onerror: OnError | None) -> Iterator[Path]:
    """Yield the images of a folder in natural order, without linked folders, which may lead in circles."""
    entries = sorted(os.scandir(folder), key=lambda entry: natural_key(Path(entry.name)))
    yield from (path for path in (folder / entry.name for entry in entries) if _is_image(path))
    if recursive:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
                with _reporting(folder / entry.name, onerror):
                    yield from _walk(folder / entry.name, recursive, onerror)


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".") and S_ISREG(mode_of(path))


def _fixed_part(pattern: Path) -> Path:
    """Return the folder above the first part of a pattern that is one."""
    fixed: list[str] = []
    for part in pattern.parts[:-1]:
        if glob.has_magic(part):
            break
        fixed.append(part)
    return Path(*fixed)


def _suffixes() -> str:
    return " ".join(sorted(IMAGE_SUFFIXES))


def _seen(paths: Iterable[Path]) -> str:
    """Name the kinds of files that were there instead, the most frequent first."""
    kinds = Counter(_kind(path) for path in paths if not path.name.startswith("."))
    if len(kinds) > 1:  # folders say nothing beside files
        kinds.pop("folder", None)
    first = sorted(kinds.items(), key=lambda item: (-item[1], item[0]))[:KINDS]
    words = [f"{count} {kind}{'s' * (count > 1)}" for kind, count in first]
    more = " and others" if len(kinds) > KINDS else ""
    return f" but {', '.join(words)}{more}" if words else " and nothing else"


def _kind(path: Path) -> str:
    if path.is_dir():
        return "folder"
    return f"{path.suffix.lower() if 1 < len(path.suffix) <= 6 else 'other'} file"
