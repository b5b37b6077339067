"""Writing packs: decoded and cut by several threads, shard by shard, so that a kill costs one shard at most."""

import json
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from restora.atomic import replacement
from restora.datasets.corrupt import Corrupt, skip_or_fail
from restora.datasets.originals import Original, digest
from restora.datasets.pack import INDEX, Kind, Pack, PackIndex, ShardRecord
from restora.datasets.preparation import WHOLE, Preparation
from restora.datasets.shards import read_shard, write_shard
from restora.errors import RestoraError

SHARD_BYTES = 256_000_000
"""When a shard is full; what one original gives is never divided."""

Parts = list[tuple[str, NDArray[Any]]]


@dataclass
class _Progress:
    """How far a pack is.

    Attributes:
        done: Number of originals that are in the finished shards, or skipped.
        shards: Those that are finished.
        skipped: Lines about originals that could not be read.
    """

    done: int = 0
    shards: list[ShardRecord] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


def write_pack(
    originals: Sequence[Original],
    folder: str | Path,
    *,
    kind: Kind,
    title: str,
    preparation: Preparation = WHOLE,
    corrupt: Corrupt = "fail",
    workers: int = 1,
    shard_bytes: int = SHARD_BYTES,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Pack:
    """Write a pack, or go on with one that was interrupted.

    Every shard appears whole or not at all, and the index last. Called again with the same originals, finished shards
    are kept, and a finished pack is opened as it is.

    Args:
        originals: Of unique names, all photographs or all pairs.
        folder: Of the pack; made if it is not there.
        kind: Which of the two they are.
        title: Where they come from.
        preparation: How they are cut.
        corrupt: Whether one that cannot be read is fatal, or reported, left out and listed in the index.
        workers: Threads that decode and cut; two images for each are held at a time.
        shard_bytes: When a shard is full.
        progress: Called with the number of originals that are done, and of all.

    Raises:
        RestoraError: An original cannot be read and that is to be fatal, none can be, the folder holds something else,
            or there is no space.
    """
    folder = Path(folder)
    plan = digest(originals, preparation)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        state = _resume(folder, originals, preparation, plan)
        if (folder / INDEX).exists():
            progress(len(originals), len(originals))
            return Pack(folder)
        _write_shards(state, folder, originals, preparation, corrupt, workers, shard_bytes, progress)
        if not state.shards:
            raise RestoraError(f"{folder}: nothing to pack; none of the {len(originals)} images can be read")
        index = PackIndex(
            kind=kind,
            title=title,
            preparation=str(preparation),
            originals=plan,
            skipped=tuple(state.skipped),
            shards=tuple(state.shards),
        )
        with replacement(folder / INDEX) as stream:
            stream.write(index.model_dump_json(indent=1).encode() + b"\n")
    except OSError as error:
        raise RestoraError(
            f"{error.filename or folder}: cannot be written ({error.strerror}); make space or choose another folder"
        ) from error
    return Pack(folder)


def _resume(folder: Path, originals: Sequence[Original], preparation: Preparation, plan: str) -> _Progress:
    """Say what a folder already holds, having removed what a kill left."""
    state = _Progress()
    if (folder / INDEX).exists():
        if Pack(folder).index.originals != plan:
            raise RestoraError(f"{folder}: holds a pack of other images; remove it or choose another folder")
        return state
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".restora-") and path.suffix == ".tmp":
            path.unlink()
        elif path.name == _shard_name(len(state.shards)):
            shard = read_shard(path)
            first, done = state.done, int(shard.notes.get("done", -1))
            if shard.notes.get("originals") != digest(originals[first:done], preparation):
                raise RestoraError(
                    f"{folder}: holds part of a pack of other images; remove it or choose another folder"
                )
            images = sum(key.endswith("/clean") for key in shard.places)
            state.shards.append(ShardRecord(file=path.name, bytes=path.stat().st_size, images=images))
            state.skipped += json.loads(shard.notes["skipped"])
            state.done = done
        else:
            raise RestoraError(f"{path}: does not belong to a pack; choose an empty or a new folder")
    return state


def _write_shards(
    state: _Progress,
    folder: Path,
    originals: Sequence[Original],
    preparation: Preparation,
    corrupt: Corrupt,
    workers: int,
    shard_bytes: int,
    progress: Callable[[int, int], None],
) -> None:
    """Write what is still to do, and say so in the state."""
    arrays: dict[str, NDArray[Any]] = {}
    skipped: list[str] = []
    first = state.done
    progress(first, len(originals))
    for done, future in enumerate(_ahead(originals[first:], preparation, workers), start=first + 1):
        try:
            parts = future.result()
        except RestoraError as error:
            skip_or_fail(error, corrupt)
            skipped.append(str(error))
            parts = []
        for key, pixels in parts:
            if key in arrays:  # "a" cut, and "a_s001" whole
                raise RestoraError(f"{key.rpartition('/')[0]}: two images would have this name; rename one")
            arrays[key] = pixels
        full = sum(array.nbytes for array in arrays.values()) >= shard_bytes
        if arrays and (full or done == len(originals)):
            name = _shard_name(len(state.shards))
            notes = {
                "originals": digest(originals[first:done], preparation),
                "done": str(done),
                "skipped": json.dumps(skipped),
            }
            size = write_shard(folder / name, arrays, notes)
            images = sum(key.endswith("/clean") for key in arrays)
            state.shards.append(ShardRecord(file=name, bytes=size, images=images))
            state.skipped += skipped
            state.done = first = done
            arrays, skipped = {}, []
        progress(done, len(originals))
    state.skipped += skipped


def _ahead(
    originals: Sequence[Original], preparation: Preparation, workers: int
) -> Iterator["Future[Parts]"]:
    """Prepare originals in threads, in order, a few ahead of the one that is waited for."""
    waiting: deque[Future[Parts]] = deque()
    with ThreadPoolExecutor(max(1, workers)) as threads:
        try:
            for original in originals:
                waiting.append(threads.submit(_prepare, original, preparation))
                if len(waiting) == 2 * max(1, workers):
                    yield waiting.popleft()
            while waiting:
                yield waiting.popleft()
        finally:
            threads.shutdown(wait=False, cancel_futures=True)


def _prepare(original: Original, preparation: Preparation) -> Parts:
    """Read an original and cut it."""
    images = original.read()
    return [
        (f"{original.name}{suffix}/{role}", np.ascontiguousarray(window.of(pixels)))
        for suffix, window in preparation.windows(images[0])
        for role, pixels in zip(("clean", "degraded"), images, strict=False)
    ]


def _shard_name(number: int) -> str:
    return f"{number:05d}.safetensors"
