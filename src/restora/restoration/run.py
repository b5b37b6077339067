"""A restoration in a thread of its own, and its progress."""

from collections.abc import Iterator
from queue import SimpleQueue
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, Self

from restora.input_types import loaded, open_image
from restora.progress import Pace, ProgressMeter

if TYPE_CHECKING:
    from restora.restoration.automatic import AutoRestorer
    from restora.restoration.restorer import Restorer


class Run:
    """Restore an image in the background; iterate over the run for its progress.

    A context: left before the end, it cancels the work.

    Args:
        restorer: Does the work.
        image: What a `Restorer` takes, but a batch.

    Raises:
        RestoraError: No image, or one that cannot be read.

    Example:
        >>> import numpy as np, restora
        >>> noisy = np.full((48, 80, 3), 128, np.uint8)
        >>> with Run(restora.Restorer("denoise-chair-tiny", tile=48, overlap=16), noisy) as run:
        ...     for pace in run:
        ...         print(f"{pace.fraction:.0%}")
        ...     clean = run.result()
        50%
        100%
    """

    def __init__(self, restorer: "Restorer | AutoRestorer", image: Any) -> None:
        self._restorer = restorer
        self._image = loaded(image)
        height, width = open_image(self._image).pixels.shape[:2]
        self._meter = ProgressMeter(height * width / 1e6)
        self._paces: SimpleQueue[Pace | None] = SimpleQueue()
        self._stop = Event()
        self._restored: Any = None
        self._error: BaseException | None = None
        self._thread = Thread(target=self._work, name="restora-run", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        try:
            self._restored = self._restorer(
                self._image,
                progress=lambda fraction: self._paces.put(self._meter.report(fraction)),
                cancel=self._stop,
            )
        except BaseException as error:
            self._error = error
        finally:
            self._paces.put(None)

    def __iter__(self) -> Iterator[Pace]:
        """Yield the pace after each tile, until the work has ended; to be iterated over once."""
        yield from iter(self._paces.get, None)

    def result(self) -> Any:
        """Wait for the restored image, of the kind that was given.

        Raises:
            Cancelled: The run was cancelled before it was done.
            RestoraError: What the restorer raised.
        """
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._restored

    def cancel(self) -> None:
        """Stop the work, within a tile where torch computes, else at the next one; does not wait for it."""
        self._stop.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.cancel()
        self._thread.join()
