"""Places: files and objects wherever they lie, named by a local path or by a URL of fsspec."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import cache
from glob import has_magic
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from restora.atomic import write_file
from restora.errors import RestoraError, shortened
from restora.images.formats import IMAGE_SUFFIXES
from restora.urls import is_url

CONNECTIONS = 8
"""Places that a process reads or writes at once: a request to an object store is mostly waiting."""
READ_ONLY = ("http://", "https://")
"""What the web begins with: nothing is written there, and what follows a question mark is no part of a name."""
WHOLE = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "oci", "oss", "r2"})
"""Schemes of stores in which an object appears whole or not at all; elsewhere a file is written first and then named."""

_SLASHES = ":/%2F%2F"
"""What a path keeps of the two slashes of a URL."""

Item = TypeVar("Item")
Answer = TypeVar("Answer")


def as_path(place: str) -> Path:
    """Return a path that a place can be planned with, as if it were on this machine; `as_place` is the way back.

    Example:
        >>> as_place(str(as_path("s3://bucket") / "a.png")), as_place(str(as_path("photos") / "a.png"))
        ('s3://bucket/a.png', 'photos/a.png')
    """
    return Path(place.replace("://", _SLASHES) if is_url(place) else place)


def as_place(words: str) -> str:
    """Return the place of a path, or words with a path in them."""
    return words.replace(_SLASHES, "://")


def below(folder: str, *names: str) -> str:
    """Return the place of a name below a folder."""
    return "/".join((folder.rstrip("/"), *names))


def find(url: str, *, recursive: bool = False) -> list[tuple[str, str]]:
    """Find the images that a URL stands for: an object, a pattern, or what is below it.

    An object that is named is taken whatever its suffix; below a folder and for patterns the suffix decides. Where it says
    that a name is that of an image, nobody is asked: a list of a million would be as many requests.

    Args:
        url: What exists under it is never taken for a pattern.
        recursive: Also look into the folders below.

    Returns:
        The URL of each, and its path below the folder, or the fixed part of the pattern.

    Raises:
        RestoraError: It cannot be reached, does not exist, or stands for no image.
    """
    with told(url, "be looked at"):
        system, path = file_system(url)
        folder, plain = url.endswith("/"), path.split("?")[0] if url.startswith(READ_ONLY) else path
        if not folder and ((_is_image(plain) and not has_magic(plain)) or system.isfile(path)):
            return [(url, PurePosixPath(plain).name)]
        if not folder and has_magic(path):
            found, base = system.glob(path), _fixed_part(path)
        else:
            found, base = system.find(path, maxdepth=None if recursive else 1), path
        images = [(url_of(url, one), one.removeprefix(base).lstrip("/")) for one in found if _is_image(one)]
    if not images:
        hint = "" if recursive else ", or search the folders below it, too (--recursive)"
        raise RestoraError(f"{url}: there are no images ({len(found)} other files); check the spelling{hint}")
    return images


def _is_image(path: str) -> bool:
    name = PurePosixPath(path)
    return name.suffix.lower() in IMAGE_SUFFIXES and not name.name.startswith(".")


def _fixed_part(pattern: str) -> str:
    parts = pattern.split("/")
    return "/".join(parts[: next(i for i, part in enumerate(parts) if has_magic(part))])


def url_of(like: str, path: str) -> str:
    """Return the place of a path in the file system of another place."""
    if not is_url(like):
        return path
    first, *chain = like.split("::")
    own = path if is_url(path) else f"{first.split('://')[0]}://{path}"
    return "::".join((own, *chain))


def exists(place: str) -> bool:
    """Tell whether there is a file at a place.

    Raises:
        RestoraError: It cannot be reached.
    """
    if not is_url(place):
        return Path(place).is_file()
    with told(place, "be looked at"):
        system, path = file_system(place)
        return bool(system.exists(path))


def names_in(folder: str) -> list[str]:
    """Return the sorted names of what is in a folder; none if it is not there.

    Raises:
        RestoraError: It cannot be reached.
    """
    if not is_url(folder):
        return sorted(path.name for path in Path(folder).glob("*"))
    with told(folder, "be looked at"):
        system, path = file_system(folder)
        system.invalidate_cache()
        try:
            return sorted(PurePosixPath(one).name for one in system.ls(path, detail=False))
        except FileNotFoundError:
            return []


def fetch(place: str) -> bytes:
    """Read a file whole.

    Raises:
        RestoraError: It is not there, or cannot be read.
    """
    with told(place, "be read"):
        if not is_url(place):
            return Path(place).read_bytes()
        system, path = file_system(place)
        return bytes(system.cat_file(path))


def store(place: str, content: bytes) -> None:
    """Write a file whole or not at all; one that is there is replaced.

    Raises:
        RestoraError: It cannot be written.
    """
    if not is_url(place):
        write_file(Path(place), content)
        return
    with told(place, "be written"):
        system, path = file_system(place)
        if place.split("://")[0] in WHOLE:
            system.pipe_file(path, content)
            return
        folder, _, name = path.rpartition("/")
        system.makedirs(folder, exist_ok=True)
        system.pipe_file(f"{folder}/.{name}.part", content)
        system.mv(f"{folder}/.{name}.part", path)


def overlapped(
    function: Callable[[Item], Answer], items: Iterable[Item], *, at_once: int = CONNECTIONS
) -> Iterator[Answer]:
    """Yield what a function makes of each item, in order, several at once and no further ahead; one by the thread that asks."""
    if at_once == 1:
        yield from map(function, items)
        return
    begun: deque[Future[Answer]] = deque()
    try:
        for item in items:
            begun.append(_threads(at_once).submit(function, item))
            if len(begun) == at_once:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()
    finally:
        wait(begun)  # nothing is still read or written when an error, or who has enough, ends it


@cache
def _threads(at_once: int) -> ThreadPoolExecutor:
    """Return threads that stay, for those who read and those who write: what a thread frees is kept for it alone.

    With new threads for every few pictures each place where memory is kept came to be filled by what restoring takes.
    """
    return ThreadPoolExecutor(2 * at_once)


def file_system(place: str) -> tuple[Any, str]:
    """Return the file system of a place, and the path in it; options come from fsspec's own settings and environment."""
    import fsspec

    system, path = fsspec.core.url_to_fs(place)
    return system, path


@contextmanager
def told(place: str, doing: str) -> Iterator[None]:
    """Say in words what a file system raises, whatever that is."""
    try:
        yield
    except RestoraError:
        raise
    except ImportError as error:
        raise RestoraError(
            f"{place}: needs another package ({error}); pip install 'restora[cloud]'"
        ) from error
    except FileNotFoundError as error:
        raise RestoraError(f"{place}: does not exist; check the spelling and the folder") from error
    except Exception as error:
        words = shortened(f"{type(error).__name__}: {' '.join(str(error).split())}", 200)
        raise RestoraError(f"{place}: cannot {doing} ({words}); check the name and your rights") from error
