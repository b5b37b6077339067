"""Runs of a method over a benchmark: images are read ahead and scored behind while the method works."""

import os
import platform
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from importlib import metadata
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from restora import __version__
from restora.atomic import claimed
from restora.checkpoints.reading import sha256_of
from restora.datasets import Entry, Pair, Pairs, benchmark
from restora.errors import RestoraError
from restora.evaluation.cases import Case
from restora.evaluation.journal import Journal
from restora.evaluation.methods import Method
from restora.evaluation.record import Evaluation, ImageScores
from restora.images import Photograph, write
from restora.metrics import Protocol
from restora.pixels import to_double, to_float, to_uint8

WORKERS = max(2, min(8, os.cpu_count() or 1))
"""Threads that decode, score and write."""

Pixels = NDArray[Any]
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Run:
    """Where a run keeps what is done.

    Attributes:
        folder: Holds ``scores.jsonl`` and ``images/``.
        keep_images: Write what was restored, as PNG of 8 bits.
        again: Begin anew, whatever is there.

    Example:
        >>> Run(Path("scores/rain100l")).image("norain-1").name
        'norain-1.png'
    """

    folder: Path
    keep_images: bool = True
    again: bool = False

    def image(self, name: str) -> Path:
        """Where the restored image of a pair is."""
        return self.folder / "images" / f"{name}.png"


def evaluate(
    case: Case,
    pairs: Pairs,
    method: Method,
    protocol: Protocol,
    run: Run,
    *,
    limit: int | None = None,
    every: int = 1,
    progress: Progress = lambda done, total, name: None,
) -> Evaluation:
    """Score a method on a benchmark; what an earlier run with the same settings has done is not done again.

    Args:
        case: What is evaluated.
        pairs: Its images.
        method: What restores them.
        protocol: How they are scored.
        run: Where scores and images are kept.
        limit: Only the first so many pairs.
        every: Only the first of every so many pairs.
        progress: Called with the number of images done, that of all and the name of the last.

    Returns:
        The scores in the order of the pairs: the same for every run of the same.

    Raises:
        RestoraError: A pair has no clean image, a file cannot be read or written, or the kept scores are of another run.

    Example:
        >>> import tempfile
        >>> from restora.datasets import open_folder_pair
        >>> from restora.evaluation import baseline_method
        >>> from restora.metrics import protocol
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     for part, level in (("noisy", 100), ("clean", 102)):
        ...         _ = write(Path(folder) / part / "1.png", Photograph(np.full((32, 32, 3), level, np.uint8)))
        ...     pairs = open_folder_pair(f"{folder}/noisy", f"{folder}/clean")
        ...     method = baseline_method("input", task="denoise", sigma=None)
        ...     run = Run(Path(folder) / "scores")
        ...     scored = evaluate(Case("gopro", "test", "blur"), pairs, method, protocol("rgb8"), run)
        >>> round(scored.means["psnr"], 2)
        42.11
    """
    entries = pairs.entries[::every][:limit]
    for entry in entries:
        if entry.clean is None:
            raise RestoraError(
                f"{pairs.title}: the clean images are withheld; write files for the server with restora submit"
            )
    versions = _versions(method)
    with claimed(run.folder / "scores.jsonl"):
        journal = Journal(
            run.folder / "scores.jsonl",
            {
                "benchmark": case.benchmark,
                "split": case.split,
                "variant": case.variant,
                "protocol": protocol.name,
                "method": method.name,
                "kind": method.kind,
                "settings": dict(method.settings),
                "weights_sha256": method.weights_sha256,
                "versions": versions,
            },
            again=run.again,
        )
        stamps = _stamps(entries, method)
        missing = [
            entry
            for entry in entries
            if journal.find(entry.name, stamps[entry.name]) is None
            or (run.keep_images and not run.image(entry.name).is_file())
        ]
        done = len(entries) - len(missing)
        progress(done, len(entries), "")
        for scores in _scored(missing, method, protocol, run):
            journal.add(scores, stamps[scores.name])
            done += 1
            progress(done, len(entries), scores.name)
    found = [journal.find(entry.name, stamps[entry.name]) for entry in entries]
    card = benchmark(case.benchmark)
    return Evaluation(
        benchmark=case.benchmark,
        title=card.title,
        split=case.split,
        variant=case.variant,
        protocol=protocol.name,
        protocol_description=protocol.description,
        method=method.name,
        kind=method.kind,
        settings=dict(method.settings),
        images=tuple(scores for scores in found if scores is not None),
        published_pairs=card.split(case.split, case.variant).pairs,
        remarks=(*pairs.remarks, *part_of(len(pairs), len(entries), every)),
        versions=versions,
        weights_sha256=method.weights_sha256,
        card=None if method.card is None else dict(method.card),
    )


def part_of(pairs: int, scored: int, every: int) -> tuple[str, ...]:
    """Say which part of the pairs was scored, nothing if it was all.

    Example:
        >>> part_of(24, 24, 1), part_of(68, 20, 1), part_of(24, 8, 3)
        ((), ('only the first 20 of 68 pairs',), ('only 8 of 24 pairs, one of every 3',))
    """
    if scored == pairs:
        return ()
    if every == 1:
        return (f"only the first {scored} of {pairs} pairs",)
    return (f"only {scored} of {pairs} pairs, one of every {every}",)


def restored(
    entries: Sequence[Entry], restore: Callable[[Entry, NDArray[np.float32]], Pixels]
) -> Iterator[tuple[Pair, Pixels]]:
    """Restore images one after the other while the next ones are being read.

    Args:
        entries: What to restore.
        restore: As `Method.restore`.

    Yields:
        The pair and its restored image, float in about [0, 1], in order.
    """
    pool = ThreadPoolExecutor(WORKERS)
    waiting = iter(entries)
    reading = deque((entry, pool.submit(entry.read)) for entry in islice(waiting, WORKERS))
    try:
        while reading:
            entry, future = reading.popleft()
            pair = future.result()
            reading.extend((following, pool.submit(following.read)) for following in islice(waiting, 1))
            yield pair, to_double(restore(entry, to_float(pair.degraded)))
    finally:
        pool.shutdown(cancel_futures=True)


def _scored(entries: Sequence[Entry], method: Method, protocol: Protocol, run: Run) -> Iterator[ImageScores]:
    """Restore in this thread, score and write in others; in order."""
    pool = ThreadPoolExecutor(WORKERS)
    scoring: deque[Future[ImageScores]] = deque()
    try:
        for pair, answer in restored(entries, method.restore):
            scoring.append(pool.submit(_score, pair, answer, protocol, run))
            # Those at the front that are done, and the first one if too many images wait in memory.
            while scoring and (scoring[0].done() or len(scoring) > WORKERS):
                yield scoring.popleft().result()
        while scoring:
            yield scoring.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _score(pair: Pair, answer: NDArray[np.float64], protocol: Protocol, run: Run) -> ImageScores:
    assert pair.clean is not None
    try:
        scores = protocol.scores(answer, to_double(pair.clean))
    except (RestoraError, ValueError) as error:
        raise RestoraError(f"{pair.name}: cannot be scored by {protocol.name} ({error})") from error
    if run.keep_images:
        write(run.image(pair.name), Photograph(to_uint8(answer)), overwrite=True)
    return ImageScores(pair.name, {metric: float(value) for metric, value in scores.items()})


def _stamps(entries: Sequence[Entry], method: Method) -> dict[str, str]:
    """Name each pair by the content of its files, and of the method's, so that one that was replaced is scored again."""
    files = {
        entry.name: [file for source in (entry.degraded, entry.clean) if source for file in source.files]
        for entry in entries
    }
    distinct = list(dict.fromkeys(chain.from_iterable(files.values())))  # many pairs may be in one file
    try:
        with ThreadPoolExecutor(WORKERS) as pool:
            content = dict(zip(distinct, pool.map(sha256_of, distinct), strict=True))
    except OSError as error:
        raise RestoraError(f"{error.filename}: cannot be read ({error.strerror})") from error
    return {
        entry.name: "-".join([*(content[file][:16] for file in files[entry.name]), method.stamp(entry)[:16]])
        for entry in entries
    }


def _versions(method: Method) -> dict[str, str]:
    """Versions of what has a say in the numbers."""
    packages = ["numpy", "opencv-python-headless", "torch"] + ([method.package] if method.package else [])
    found = {"restora": __version__, "python": ".".join(platform.python_version_tuple()[:2])}
    for package in packages:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found
