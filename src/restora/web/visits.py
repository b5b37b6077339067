"""Visits: what a visitor has brought, in a folder that goes with them."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock
from time import monotonic

from restora.errors import RestoraError
from restora.failures import failure
from restora.images import ImageFile, Photograph, read
from restora.restoration import AutoRestorer, Result
from restora.restoration.choosing import Choice

PREFIX = "restora-visit-"
"""Begins the name of the folder of a visit."""
FILM = "film"
"""Begins the names of folders for films in it."""
IDLE = 4 * 3600
"""Seconds after which a visit that nobody came back to is over: a program that called may never say so."""
THUMBNAIL = 320
LARGEST_SHOWN = 12_000
"""Pixels of the longer side that a browser is asked to show; above, a picture is shown reduced."""


@dataclass(eq=False)
class Picture:
    """A photograph of a visit.

    Attributes:
        file: Where it is, and its name within the visit.
        size: Width and height in pixels, upright.
        depth: In words.
        choice: What was found, and what ``auto`` would do.
        thumbnail: A small PNG of it, or of its restoration.
        result: What became of it, if it was restored.
        views: PNGs of it before and, if there is an after, after; made when it is shown.
    """

    file: ImageFile
    size: tuple[int, int]
    depth: str
    choice: Choice
    thumbnail: Path
    result: Result | None = None
    views: tuple[Path, Path | None] | None = None

    @property
    def name(self) -> str:
        """Name of the file."""
        return self.file.path.name

    @property
    def megapixels(self) -> float:
        """Millions of pixels."""
        return self.size[0] * self.size[1] / 1e6


class Visit:
    """A visitor's photographs and what is being done to them.

    Attributes:
        folder: Where all of it is.
        pictures: In the order in which they came.
        stop: Set to cancel what is being done.
        selected: Number of the picture that is shown.
        point: Where the visitor has pointed to in it, as shares of width and height.
        uploads: Files that the page's server has written for this visit.
    """

    def __init__(self, place: Path) -> None:
        place.mkdir(parents=True, exist_ok=True)
        self.folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
        self.pictures: list[Picture] = []
        self.stop = Event()
        self.selected = 0
        self.point: tuple[float, float] | None = None
        self.uploads: set[Path] = set()
        self.seen = monotonic()
        self._working = Lock()
        self._number = 0

    @contextmanager
    def working(self) -> Iterator[None]:
        """Do one thing at a time, which `stop` cancels."""
        with self._working:
            self.stop.clear()
            self.seen = monotonic()
            yield

    def new_folder(self, name: str = "") -> Path:
        """Make a folder of a number of its own, and of a name; so no address on the page ever means another picture."""
        self._number += 1
        folder = self.folder / f"{name}{self._number}"
        folder.mkdir()
        return folder

    def take(self, upload: Path, max_pixels: int, diagnose: AutoRestorer) -> Picture:
        """Take a file that was uploaded, byte for byte, and look at it.

        Raises:
            RestoraError: As `read`.
        """
        folder = self.new_folder()
        source = folder / upload.name
        try:
            shutil.copyfile(upload, source)
            photograph = read(source, max_pixels=max_pixels)
            upright = photograph.upright()
            picture = Picture(
                ImageFile(source, source.relative_to(self.folder)),
                (upright.width, upright.height),
                photograph.depth,
                diagnose.choose(photograph),
                self.png(photograph, THUMBNAIL),
            )
        except BaseException:
            shutil.rmtree(folder)
            raise
        self.pictures.append(picture)
        self.select(len(self.pictures) - 1)
        return picture

    def select(self, number: int) -> None:
        """Choose the picture that is shown."""
        self.selected, self.point = number, None

    @property
    def picture(self) -> Picture:
        """The picture that is shown.

        Raises:
            RestoraError: There is none.
        """
        if not self.pictures:
            raise RestoraError("there is no photograph yet; drop one first")
        return self.pictures[self.selected]

    def views(self, picture: Picture, max_pixels: int) -> tuple[Path, Path | None]:
        """Return PNGs of a picture before and after, for the browser to show."""
        if picture.views is None:
            target = picture.result.target if picture.result else None
            before = self.png(read(picture.file.path, max_pixels=max_pixels))
            picture.views = before, target and self.png(read(target, max_pixels=max_pixels))
        return picture.views

    def png(self, photograph: Photograph, longest: int = LARGEST_SHOWN) -> Path:
        """Write a picture for the browser to show."""
        path = self.new_folder("shown") / "picture.png"
        path.write_bytes(photograph.preview(longest))
        return path

    def clear(self) -> None:
        """Forget the pictures, not a film."""
        self.pictures.clear()
        self.select(0)
        for path in self.folder.iterdir():
            if not path.name.startswith(FILM):
                shutil.rmtree(path, ignore_errors=True)

    def failure(self, error: Exception, *files: Path) -> str:
        """Say in the words of the command line why something failed, with names as the visitor knows them."""
        return self.words(failure(error, *files))

    def words(self, text: str) -> str:
        """Return a message without the folders of the visit in it."""
        return re.sub(re.escape(f"{self.folder}{os.sep}") + r"(?:[\w-]+[/\\])*", "", text)


class Visits:
    """The visits that are going on.

    Args:
        place: Folder in which each has its own.
    """

    def __init__(self, place: Path) -> None:
        self.place = place
        self._visits: dict[str, Visit] = {}
        self._lock = Lock()

    def __getitem__(self, session: str) -> Visit:
        """Return a visitor's visit; it begins when it is first asked for."""
        with self._lock:
            late = [
                s for s, visit in self._visits.items() if monotonic() - visit.seen > IDLE and s != session
            ]
        for other in late:
            self.end(other)
        with self._lock:
            if session not in self._visits:
                self._visits[session] = Visit(self.place)
            return self._visits[session]

    def end(self, session: str) -> None:
        """Stop what is being done for a visitor, and remove what they brought."""
        with self._lock:
            visit = self._visits.pop(session, None)
            if visit is None:
                return
            # The same file, uploaded by two, is one file of the server.
            shared = {path for other in self._visits.values() for path in other.uploads}
        visit.stop.set()
        with visit._working:
            shutil.rmtree(visit.folder, ignore_errors=True)
        for path in visit.uploads - shared:
            with suppress(OSError):
                path.unlink()
                path.parent.rmdir()

    def end_all(self) -> None:
        """End every visit."""
        for session in list(self._visits):
            self.end(session)
