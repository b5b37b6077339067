"""Writing packs: decoded and cut by several threads, shard by shard, so that a kill costs one shard at most."""

import io
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np

from restora.atomic import claimed, refusal, replacement
from restora.datasets.corrupt import Corrupt, skip_or_fail
from restora.datasets.originals import Images, Original, digest
from restora.datasets.pack import INDEX, Kind, Pack, PackIndex, Shard, crc32_of, read_shard, shard_files
from restora.datasets.preparation import WHOLE, Preparation
from restora.errors import RestoraError

SHARD_BYTES = 256_000_000
"""When a shard is full; what one original gives is never divided."""

Parts = list[tuple[str, Images]]
"""Names and images of what an original gives."""


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

    Example:
        >>> import tempfile
        >>> from restora.datasets.originals import original_photographs
        >>> from restora.images import Photograph, find_images
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = Photograph(np.zeros((6, 8, 3), np.uint8)).save(Path(folder) / "1.png")
        ...     originals = original_photographs(find_images([folder]))
        ...     len(write_pack(originals, f"{folder}/my.pack", kind="photographs", title="mine"))
        1
    """
    folder = Path(folder)
    plan = digest(originals, preparation)
    try:
        with claimed(folder / INDEX):
            if (folder / INDEX).exists():
                pack = Pack(folder)
                if pack.index.originals != plan:
                    raise RestoraError(
                        f"{folder}: holds a pack of other images; remove it or choose another folder"
                    )
                progress(len(originals), len(originals))
                return pack
            shards = _finished_shards(folder, originals, preparation)
            skipped: list[str] = []  # behind the last shard
            names = {image.name for shard in shards for image in shard.images}
            parts: Parts = []
            first = shards[-1].done if shards else 0
            progress(first, len(originals))
            for done, future in enumerate(_ahead(originals[first:], preparation, workers), start=first + 1):
                try:
                    parts += future.result()
                except RestoraError as error:
                    skip_or_fail(error, corrupt)
                    skipped.append(str(error))
                full = sum(pixels.nbytes for _, images in parts for pixels in images) >= shard_bytes
                if parts and (full or done == len(originals)):
                    for name, _ in parts:
                        if name in names:  # "a" cut, and "a_s001" whole
                            raise RestoraError(f"{name}: two images would have this name; rename one")
                        names.add(name)
                    made = digest(originals[first:done], preparation)
                    shards.append(_write_shard(folder, len(shards), parts, made, done, skipped))
                    first, parts, skipped = done, [], []
                progress(done, len(originals))
            if not shards:
                raise RestoraError(
                    f"{folder}: nothing to pack; none of the {len(originals)} images can be read"
                )
            index = PackIndex(
                kind=kind,
                title=title,
                preparation=str(preparation),
                originals=plan,
                skipped=(*(line for shard in shards for line in shard.skipped), *skipped),
                shards=len(shards),
                descriptions=tuple(crc32_of(folder / shard_files(n)[1]) for n in range(len(shards))),
            )
            with replacement(folder / INDEX) as stream:
                stream.write(index.model_dump_json(indent=1).encode() + b"\n")
    except OSError as error:
        raise refusal(Path(error.filename or folder), error) from error
    return Pack(folder, check=False)


def _finished_shards(folder: Path, originals: Sequence[Original], preparation: Preparation) -> list[Shard]:
    """Return the shards that a folder already holds, having removed what a kill left."""
    shards: list[Shard] = []
    while (folder / shard_files(len(shards))[1]).exists():
        shard = read_shard(folder, len(shards))
        first = shards[-1].done if shards else 0
        if shard.originals != digest(originals[first : shard.done], preparation):
            raise RestoraError(
                f"{folder}: holds part of a pack of other images; remove it or choose another folder"
            )
        shards.append(shard)
    known = {name for number in range(len(shards)) for name in shard_files(number)}
    for path in sorted(folder.iterdir()):
        if path.name == shard_files(len(shards))[0] or (path.name[:9], path.suffix) == (".restora-", ".tmp"):
            path.unlink()
        elif path.suffix == ".safetensors":
            raise RestoraError(f"{path}: is of a pack of an older restora; remove {folder} and pack again")
        elif path.name not in known and path.suffix != ".lock":
            raise RestoraError(f"{path}: does not belong to a pack; choose an empty or a new folder")
    return shards


def _write_shard(
    folder: Path, number: int, parts: Parts, originals: str, done: int, skipped: Sequence[str]
) -> Shard:
    """Write the pixels of a shard, then what they are."""
    path, description = (folder / name for name in shard_files(number))
    images, length = [], 0
    for name, arrays in parts:
        places = []
        for pixels in arrays:
            places.append((pixels.dtype.name, pixels.shape, length))
            length += pixels.nbytes
        images.append({"name": name, "places": places})
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": (length,)})
    crc32 = 0
    with replacement(path) as stream:
        for data in (header.getbuffer(), *(pixels.data for _, arrays in parts for pixels in arrays)):
            stream.write(data)
            crc32 = zlib.crc32(data, crc32)
    shard = Shard.model_validate(
        {
            "bytes": path.stat().st_size,
            "crc32": crc32,
            "originals": originals,
            "done": done,
            "skipped": skipped,
            "images": images,
        }
    )
    with replacement(description) as stream:
        stream.write(shard.model_dump_json().encode() + b"\n")
    return shard


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
        (original.name + suffix, tuple(np.ascontiguousarray(window.of(pixels)) for pixels in images))
        for suffix, window in preparation.windows(images[0])
    ]
