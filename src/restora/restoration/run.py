"""Work in a thread of its own, and its progress."""

from collections.abc import Callable, Iterator
from queue import SimpleQueue
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from restora.input_types import loaded, open_image
from restora.progress import Pace, ProgressMeter

if TYPE_CHECKING:
    from restora.restoration.automatic import AutoRestorer
    from restora.restoration.restorer import Restorer

Report = TypeVar("Report")


class Background(Generic[Report]):
    """Do something in the background; iterate over it for what it reports.

    A context: left before the end, it cancels the work.

    Args:
        work: Called with what takes its reports; what it returns is the result.
        stop: Set to cancel the work, which has to look at it.
    """

    def __init__(self, work: Callable[[Callable[[Report], None]], Any], stop: Event) -> None:
        self._work, self._stop = work, stop
        self._reports: SimpleQueue[tuple[Report] | None] = SimpleQueue()
        self._ended = False
        self._result: Any = None
        self._error: BaseException | None = None
        self._thread = Thread(target=self._do, name="restora-background", daemon=True)
        self._thread.start()

    def _do(self) -> None:
        try:
            self._result = self._work(lambda report: self._reports.put((report,)))
        except BaseException as error:
            self._error = error
        finally:
            self._ended = True
            self._reports.put(None)

    def __iter__(self) -> Iterator[Report]:
        """Yield what is reported, until the work has ended; to be iterated over once."""
        for (report,) in iter(self._reports.get, None):
            yield report

    def result(self) -> Any:
        """Wait for the end of the work, and return what it came to.

        Raises:
            Cancelled: It was cancelled before it was done.
            RestoraError: What the work raised.
        """
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._result

    def cancel(self) -> None:
        """Stop the work, within a tile where torch computes, else at the next one; does not wait for it."""
        self._stop.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if not self._ended:
            self.cancel()
        self._thread.join()


class Run(Background[Pace]):
    """Restore an image in the background; iterate over the run for its progress, after each tile.

    A context: left before the end, it cancels the work. Its `result` is the restored image, of the kind that was given.

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
        image = loaded(image)
        height, width = open_image(image).pixels.shape[:2]
        meter, stop = ProgressMeter(height * width / 1e6), Event()

        def work(report: Callable[[Pace], None]) -> Any:
            return restorer(image, progress=lambda fraction: report(meter.report(fraction)), cancel=stop)

        super().__init__(work, stop)
