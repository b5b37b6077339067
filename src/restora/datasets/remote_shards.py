"""Packs that lie elsewhere: shards copied to this machine's disk when a crop needs them, by fsspec."""

import hashlib
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, TypeVar

from filelock import FileLock, Timeout

from restora.atomic import make_folder, refusal, replacement
from restora.cache import cache_folder
from restora.errors import RestoraError

KEPT_GIGABYTES = 50.0
_CHUNK = 1 << 20
T = TypeVar("T")


class RemoteShards:
    """Copies of a folder's files on the disk of this machine, which its processes share.

    Args:
        url: Of the folder, by any protocol that fsspec knows: ``s3://``, ``gs://``, ``https://``, ``file://``.
        gigabytes: How much of it is kept; what was used longest ago makes room.

    Attributes:
        folder: Of the copies.
    """

    def __init__(self, url: str, gigabytes: float = KEPT_GIGABYTES) -> None:
        self.url, self.gigabytes = url.rstrip("/"), gigabytes
        self.folder = cache_folder() / "packs" / hashlib.sha256(self.url.encode()).hexdigest()[:16]
        make_folder(self.folder)

    def open(self, name: str, crc32: int | None, use: Callable[[Path], T]) -> T:
        """Return what is made of the copy of a file; it is fetched where it is not there.

        Args:
            name: In the folder.
            crc32: Checksum; a file that has another one is copied anew. ``None``: it is always copied anew.
            use: Called with the copy, which may be gone afterwards.

        Raises:
            RestoraError: It cannot be fetched, is damaged, or there is no space.
        """
        path = self.folder / name
        with FileLock(path.with_name(f"{name}.lock")):  # one process fetches, the others wait for it
            mark = path.with_name(f"{name}.crc32")  # of a copy that is whole
            if crc32 is None or not path.is_file() or not mark.is_file() or mark.read_text() != str(crc32):
                found = self._fetch(name, path)
                if crc32 is not None and found != crc32:
                    path.unlink()
                    raise RestoraError(
                        f"{self.url}/{name}: is damaged, its checksum is another; upload the pack again"
                    )
                mark.write_text(str(found))
            mark.touch()
            made = use(path)
        self._make_room()
        return made

    def _fetch(self, name: str, path: Path) -> int:
        """Copy a file and return its checksum."""
        import fsspec

        try:
            with fsspec.open(f"{self.url}/{name}", "rb") as source, replacement(path) as target:
                return _copied(source, target)
        except ImportError as error:  # of the package for a protocol
            raise RestoraError(f"{self.url}: {error}; pip install 'restora[cloud]'") from error
        except FileNotFoundError as error:
            raise RestoraError(
                f"{self.url}/{name}: is not there; is it a finished pack of restora pack?"
            ) from error
        except Exception as error:  # each protocol has errors of its own
            if isinstance(error, OSError) and error.filename == str(path):
                raise refusal(path, error) from error
            raise RestoraError(
                f"{self.url}/{name}: cannot be fetched ({type(error).__name__}: {error}); try it again, --resume goes on"
            ) from error

    def _make_room(self) -> None:
        """Remove copies until the rest is small enough; pixels that are mapped stay until nothing needs them."""
        with suppress(OSError, Timeout):  # another process makes room, too, or uses the copy
            marks = [(mark.stat().st_mtime, mark) for mark in self.folder.glob("*.npy.crc32")]
            kept = 0
            for place, (_, mark) in enumerate(sorted(marks, reverse=True)):
                copy = mark.with_suffix("")
                kept += copy.stat().st_size
                if place and kept > self.gigabytes * 1e9:
                    with FileLock(copy.with_name(f"{copy.name}.lock"), timeout=0):
                        mark.unlink()
                        copy.unlink()


def _copied(source: BinaryIO, target: BinaryIO) -> int:
    checksum = 0
    while chunk := source.read(_CHUNK):
        checksum = zlib.crc32(chunk, checksum)
        target.write(chunk)
    return checksum
