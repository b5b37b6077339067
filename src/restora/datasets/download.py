"""Benchmarks fetched from their authors' hosts, where those let a program do it."""

import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from restora.atomic import claimed, refusal
from restora.datasets.benchmark import Benchmark, Download
from restora.datasets.catalogue import benchmark
from restora.errors import RestoraError

_BLOCK = 1 << 20  # bytes that come at a time
_PATIENCE = 30  # seconds in which a host has to say something

Progress = Callable[[str, int, int], None]
"""Called with the name of a file, its bytes that have come, and all of them, 0 where the host does not say."""


def download(name: str, root: Path, *, progress: Progress = lambda name, done, total: None) -> Path:
    """Fetch a benchmark into a folder of its own, which appears when it is whole; what a stop left is gone on with.

    Args:
        name: Of the benchmark.
        root: Where its folder goes.
        progress: Told of every block.

    Returns:
        The folder, for `restora.datasets.examination.examine`.

    Raises:
        RestoraError: Only a browser may fetch it: the message names the page. Or its folder is there already, pooch is
            missing, the host does not answer, or what came is damaged.
    """
    card = benchmark(name)
    by_hand = f"visit {card.source}, then 'restora benchmarks check {card.name} FOLDER'"
    if not card.downloads:
        raise RestoraError(f"{card.name}: no program may fetch it; {by_hand}")
    target = root / card.folders[0]
    if target.exists():
        raise RestoraError(
            f"{target}: is there already; 'restora benchmarks check {card.name} {target}' examines it"
        )
    work = root / f".restora-{card.name}.download"
    content = work / "content"
    with claimed(target):
        try:
            files = [_fetched(one, work, card, by_hand, progress) for one in card.downloads]
            shutil.rmtree(content, ignore_errors=True)
            content.mkdir()
            for file in files:
                if file.suffix == ".zip":
                    with ZipFile(file) as archive:  # which keeps names within the folder
                        archive.extractall(content)
                else:
                    file.rename(content / file.name)
            content.rename(target)
            shutil.rmtree(work)
        except BadZipFile as error:
            file.unlink()
            raise RestoraError(f"{file.name}: is damaged ({error}); fetch it again, or {by_hand}") from error
        except OSError as error:
            raise refusal(target, error) from error
    return target


def _fetched(one: Download, folder: Path, card: Benchmark, by_hand: str, progress: Progress) -> Path:
    try:
        import pooch
        from requests import RequestException
    except ImportError as error:
        raise RestoraError("fetching benchmarks needs pooch; pip install 'restora[benchmarks]'") from error
    pooch.get_logger().setLevel(logging.WARNING)
    name = one.url.rsplit("/", 1)[-1]
    try:
        fetch = _Resuming(folder / f"{name}.part", progress)
        return Path(pooch.retrieve(one.url, one.sha256, fname=name, path=folder, downloader=fetch))
    except RequestException as error:
        words = " ".join(str(error).split())[:120]
        raise RestoraError(
            f"{card.name}: {one.url} cannot be fetched ({words}); try again, or {by_hand}"
        ) from error
    except ValueError as error:
        raise RestoraError(f"{card.name}: {one.url} is not the file that was published; {by_hand}") from error


class _Resuming:
    """What pooch fetches a file with: goes on where the last connection ended, if the host still has the same file.

    Args:
        part: Where the bytes that have come are kept, beside them what tells whether it is the same file (RFC 9110, If-Range).
        progress: Told of every block.
    """

    def __init__(self, part: Path, progress: Progress) -> None:
        self.part, self.progress = part, progress

    def __call__(self, url: str, output: str, _: object) -> None:
        """Fetch a file.

        Raises:
            requests.RequestException: The host does not answer, or the connection broke.
        """
        import requests

        state = self.part.with_suffix(".state")
        done = self.part.stat().st_size if self.part.exists() and state.exists() else 0
        headers = {"Accept-Encoding": "identity"}
        if done:
            headers |= {"Range": f"bytes={done}-", "If-Range": state.read_text(encoding="utf-8")}
        with requests.get(url, headers=headers, stream=True, timeout=_PATIENCE) as answer:
            if answer.status_code == requests.codes.requested_range_not_satisfiable:  # there is no more of it
                state.unlink()
                return self(url, output, _)
            answer.raise_for_status()
            if answer.status_code != requests.codes.partial_content:
                done = 0
            state.unlink(missing_ok=True)
            if same := answer.headers.get("ETag") or answer.headers.get("Last-Modified"):
                state.write_text(same, encoding="utf-8")
            total = done + int(answer.headers.get("Content-Length", -done))
            with self.part.open("ab" if done else "wb") as stream:
                for block in answer.iter_content(_BLOCK):
                    stream.write(block)
                    done += len(block)
                    self.progress(self.part.stem, done, total)
        self.part.replace(output)
        return None
