"""Segments: a film encoded piece by piece, so that a run that was killed goes on where the last whole piece ends."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from typing import Any, Self

import numpy as np

from restora.atomic import make_folder, output_file, write_file
from restora.video.codecs import Encoder, Encoding
from restora.video.color import Floats, Planes

LENGTH = 120
"""Frames of a segment: what a kill loses at most; each begins with a key frame, every four or five seconds."""


class Workplace:
    """Folder beside the target that holds its segments until it is done; what another task left in it is removed.

    Args:
        target: The film that is to be written.
        task: Everything that the bytes of the segments follow from.

    Attributes:
        folder: The folder.
        done: Segments that are finished.
        facts: What was decided by the run that began, an empty mapping if it is this one.
    """

    def __init__(self, target: Path, task: Mapping[str, Any]) -> None:
        place = target.resolve()
        name = hashlib.sha256(os.fsencode(place.name)).hexdigest()[:12]
        self.folder = place.with_name(f".restora-{name}.video")
        self._task = json.loads(json.dumps(task))
        self._file = self.folder / "task.json"
        begun = self._begun()
        if begun is None:
            self.remove()
            make_folder(self.folder)
        self.facts: dict[str, Any] = begun or {}
        self.done = 0
        while self.segment(self.done).exists():
            self.done += 1

    def _begun(self) -> dict[str, Any] | None:
        try:
            content = json.loads(self._file.read_text())
            return dict(content["facts"]) if content["task"] == self._task else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def begin(self, facts: Mapping[str, Any]) -> None:
        """Note what was decided, for runs that go on."""
        self.facts = dict(facts)
        write_file(self._file, json.dumps({"task": self._task, "facts": self.facts}))

    def segment(self, number: int) -> Path:
        """Return the file of a segment."""
        return self.folder / f"{number:06d}.mkv"

    @property
    def segments(self) -> list[Path]:
        """The files of all finished segments."""
        return [self.segment(number) for number in range(self.done)]

    @property
    def state(self) -> Floats | None:
        """The last fused frame of the finished segments, where frames are fused."""
        path = self.segment(self.done - 1).with_suffix(".npy")
        return np.load(path, allow_pickle=False) if self.done and path.exists() else None

    def keep(self, state: Floats) -> None:
        """Keep the last fused frame of the segment that is about to appear, and forget the one before the last."""
        content = BytesIO()
        np.save(content, state, allow_pickle=False)
        write_file(self.segment(self.done).with_suffix(".npy"), content.getvalue())
        self.segment(self.done - 2).with_suffix(".npy").unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)


class SegmentWriter:
    """Encode frames in another thread, one at a time, segment by segment; a segment appears when it is whole.

    Args:
        place: Where the segments go.
        encoding: How.
        length: Frames of a segment.
        finishing: Called before a segment appears.
    """

    def __init__(
        self, place: Workplace, encoding: Encoding, length: int, finishing: Callable[[], None]
    ) -> None:
        self._place, self._encoding, self._length, self._finishing = place, encoding, length, finishing
        self._pool = ThreadPoolExecutor(1)
        self._open: tuple[ExitStack, Encoder] | None = None
        self._pending: Future[None] | None = None
        self._count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        try:
            if kind is None:
                self._close()
            elif self._open is not None:
                self._open[0].__exit__(kind, error, trace)
        finally:
            self._pool.shutdown()

    def add(self, planes: Callable[[], Planes]) -> None:
        """Have the next frame encoded; its planes are made in the encoder's thread."""
        self._wait()
        if self._open is None:
            stack = ExitStack()
            stream = stack.enter_context(output_file(self._place.segment(self._place.done)))
            self._open = stack, stack.enter_context(Encoder(Path(stream.name), self._encoding))
        encoder = self._open[1]
        self._pending = self._pool.submit(lambda: encoder.encode(planes()))
        self._count += 1
        if self._count == self._length:
            self._close()

    def _wait(self) -> None:
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.result()

    def _close(self) -> None:
        if self._open is None:
            return
        self._wait()
        stack, encoder = self._open
        encoder.finish()
        self._finishing()
        self._open, self._count = None, 0
        stack.close()
        self._place.done += 1
