"""Progress in numbers: how fast work goes, and how long it will take."""

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter


@dataclass(frozen=True)
class Pace:
    """How far work has come.

    Attributes:
        fraction: Finished part, 0 to 1.
        rate: Units (megapixels, frames) a second, ``None`` until a second report has come.
        seconds_left: Until all is done at that rate, ``None`` as long as there is none.
    """

    fraction: float
    rate: float | None = None
    seconds_left: float | None = None


class ProgressMeter:
    """Turn finished fractions into a rate and the time left.

    The clock starts at the first report: before it, networks are compiled and engines measured, which the rest of the work
    does not repeat.

    Args:
        total: All the work, in units of the rate: megapixels of an image, frames of a film.
        clock: Seconds, rising.

    Example:
        >>> time = iter([10.0, 12.0, 14.0])
        >>> meter = ProgressMeter(8.0, clock=lambda: next(time))
        >>> meter.report(0.25)
        Pace(fraction=0.25, rate=None, seconds_left=None)
        >>> meter.report(0.5)
        Pace(fraction=0.5, rate=1.0, seconds_left=4.0)
        >>> meter.report(1.0)
        Pace(fraction=1.0, rate=1.5, seconds_left=0.0)
    """

    def __init__(self, total: float, clock: Callable[[], float] = perf_counter) -> None:
        self.total, self._clock = total, clock
        self._first: tuple[float, float] | None = None  # fraction and time

    def report(self, fraction: float) -> Pace:
        """Take note of the finished part, 0 to 1 and never less than before, and say how it goes."""
        now = self._clock()
        if self._first is None:
            self._first = fraction, now
        done, seconds = fraction - self._first[0], now - self._first[1]
        if not (done > 0 and seconds > 0):
            return Pace(fraction)
        return Pace(fraction, done * self.total / seconds, (1 - fraction) / done * seconds)


def duration(seconds: float) -> str:
    """Say a time.

    Example:
        >>> duration(3.21), duration(75), duration(7300)
        ('3.2 s', '1 min 15 s', '2 h 2 min')
    """
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{rest} s"
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min"
