"""Restoration of the content of a file: bytes in, bytes of the same format out."""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from time import perf_counter
from typing import TYPE_CHECKING

from restora.cancellation import Cancel, cancellable, check
from restora.images import Photograph, encode, holds_all, losses, read, read_all
from restora.images.formats import ImageFormat, format_to_write
from restora.images.writing import encode_all, encoded_path
from restora.restoration.choosing import Choice
from restora.restoration.file_restoration import COPIES, MAX_PIXELS, NETWORK_MEMORY, Status
from restora.restoration.restorer import Restorer
from restora.restoration.series_restoration import SeriesRestoration

if TYPE_CHECKING:
    from restora.restoration.automatic import AutoRestorer

UNNAMED = "the picture"
"""What messages call the content of a file of which no name is known."""


@dataclass(frozen=True)
class RestoredContent:
    """What became of the content of a file.

    Attributes:
        content: Of the restored file.
        format: Its format.
        status: ``"restored"``; ``"copied"`` if nothing was found to restore.
        notes: What was found and done if no task was given, and what reading had to do.
        losses: What the format cannot hold.
        used: What it was restored with, one after the other; see `Restorer`.
        megapixels: Millions of pixels.
        seconds: Of each stage: ``read``, ``restore``, ``write``.
    """

    content: bytes
    format: ImageFormat
    status: Status
    notes: tuple[str, ...]
    losses: tuple[str, ...]
    used: tuple[dict[str, str | int | None], ...]
    megapixels: float
    seconds: dict[str, float]


class _Named(BytesIO):
    """The content of a file that has a name, which messages tell."""

    def __init__(self, content: bytes, name: str) -> None:
        super().__init__(content)
        self.name = name


def restore_content(
    content: bytes,
    restorer: "Restorer | AutoRestorer",
    *,
    name: str = UNNAMED,
    file_format: str | None = None,
    quality: int | None = None,
    max_pixels: int = MAX_PIXELS,
    cancel: Cancel | None = None,
) -> RestoredContent:
    """Restore the content of a file, as ``restora restore`` does a file; nothing is written to a disk.

    Args:
        content: Of a file that `restora.images.read` reads.
        restorer: Does the work.
        name: Of the file, for messages.
        file_format: Of the result, such as ``"png"``; by default that of the file, or what can be written instead.
        quality: See `restora.images.write`.
        max_pixels: Refuse larger photographs.
        cancel: Ends the work when it is set; see `Restorer`.

    Returns:
        The restored file; where nothing was found to restore and the format stays, the content as it came.

    Raises:
        Cancelled: ``cancel`` was set.
        RestoraError: As `restora.images.read`, `Restorer` and `restora.images.encode`.
    """
    times = [perf_counter()]
    before = read(_Named(content, name), max_pixels=max_pixels, copies=COPIES, beside=NETWORK_MEMORY)
    path = encoded_path(before, file_format)
    target = format_to_write(path)
    times.append(perf_counter())
    with cancellable(cancel):
        check()
        if holds_all(path, before):

            def pictures() -> Iterator[Photograph]:
                source = _Named(content, name)
                return read_all(source, max_pixels=max_pixels, copies=COPIES, beside=NETWORK_MEMORY)

            every = SeriesRestoration(restorer, pictures, before, path)
            return _all_restored(every, content, before, quality, times)
        choice = Choice.of(restorer, before)
        copied = not choice.restorers and before.metadata.format == target.name
        after = before if copied else choice(before)
        check()
    times.append(perf_counter())
    made = content if copied else encode(after, file_format, quality=quality)
    times.append(perf_counter())
    return RestoredContent(
        made,
        target,
        "restored" if choice.restorers else "copied",
        (*choice.notes, *before.notes),
        () if copied else losses(path, after),
        tuple(one.used for one in choice.restorers),
        before.megapixels,
        _stages(times),
    )


def _all_restored(
    every: SeriesRestoration, content: bytes, first: Photograph, quality: int | None, times: list[float]
) -> RestoredContent:
    """Restore the pages of a document or the frames of an animation; restoring them and writing them is one."""
    target, made = format_to_write(every.target), BytesIO()
    copied = not every.is_restoring and first.metadata.format == target.name
    if not copied:
        encode_all(every.target, every.restored(), made, quality=quality)
    times += [perf_counter()] * 2
    return RestoredContent(
        content if copied else made.getvalue(),
        target,
        "restored" if every.is_restoring else "copied",
        every.notes,
        (),
        every.used,
        every.series.pixels / 1e6,
        _stages(times),
    )


def _stages(times: list[float]) -> dict[str, float]:
    stages = zip(("read", "restore", "write"), times, times[1:], strict=False)
    return {stage: end - begin for stage, begin, end in stages}
