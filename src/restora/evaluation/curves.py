"""Curves of the mean score against the level of noise, a line a method."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from restora.errors import RestoraError
from restora.evaluation.plots import saved
from restora.evaluation.record import Evaluation
from restora.metrics import with_unit

SUFFIXES = (".svg", ".pdf", ".png")
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Palette of Okabe and Ito: told apart with every kind of colour vision."""
MARKERS = "osD^vPX"


@dataclass(frozen=True)
class Curve:
    """The mean scores of a method: (level of noise, score), by level."""

    method: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Chart:
    """Curves that may be compared: of one benchmark, protocol and metric.

    Attributes:
        title: Benchmark, number of images and protocol.
        metric: Name of what is drawn.
        curves: The highest at the strongest noise first.
    """

    title: str
    metric: str
    curves: tuple[Curve, ...]


def level(evaluation: Evaluation) -> float:
    """Tell the level of noise: the setting "sigma", else the number in the variant.

    Raises:
        RestoraError: There is neither.

    Example:
        >>> from restora.evaluation.record import ImageScores
        >>> one = (ImageScores("a", {"psnr": 30.0}),)
        >>> level(Evaluation("cbsd68", "CBSD68", "test", "sigma-25", "p", "", "m", "baseline", {}, one))
        25.0
    """
    sigma = evaluation.settings.get("sigma")
    if isinstance(sigma, int | float) and not isinstance(sigma, bool):
        return float(sigma)
    number = re.search(r"(\d+(?:\.\d+)?)$", evaluation.variant)
    if number is None:
        raise RestoraError(
            f"{evaluation.method} on {evaluation.label}: has no level of noise; curves are of variants such as sigma-25"
        )
    return float(number[1])


def chart(evaluations: Sequence[Evaluation], metric: str | None = None) -> Chart:
    """Gather evaluations into curves.

    Args:
        evaluations: One for each method and level, of the same benchmark, split, protocol and images.
        metric: What to draw; the protocol's first for None.

    Raises:
        RestoraError: There are none, they cannot be compared, or a method was measured twice at a level.
    """
    if not evaluations:
        raise RestoraError("curves need evaluations; name JSON files of restora evaluate")
    first = evaluations[0]
    names = set(first.names)
    points: dict[str, dict[float, float]] = {}
    chosen = metric or first.metrics[0]
    for evaluation in evaluations:
        what = f"{evaluation.method} on {evaluation.label}"
        for word in ("benchmark", "split", "protocol"):
            if getattr(evaluation, word) != getattr(first, word):
                raise RestoraError(
                    f"{what}: {word} is {getattr(evaluation, word)}, but {getattr(first, word)} for {first.method} on "
                    f"{first.label}; curves compare one {word}"
                )
        if set(evaluation.names) != names:
            raise RestoraError(
                f"{what}: scores other images than {first.method} on {first.label}; evaluate all methods on the same"
            )
        measured = points.setdefault(evaluation.method, {})
        strength = level(evaluation)
        if strength in measured:
            raise RestoraError(f"{what}: measured twice; name one of the two records")
        evaluation.values(chosen)  # says which metrics there are
        measured[strength] = evaluation.means[chosen]
        if not math.isfinite(measured[strength]):
            raise RestoraError(f"{what}: the mean {chosen} is {measured[strength]}, which cannot be drawn")
    curves = [Curve(method, tuple(sorted(measured.items()))) for method, measured in points.items()]
    curves.sort(key=lambda curve: (curve.points[-1][0], curve.points[-1][1]), reverse=True)
    count = len(names)
    title = f"{first.title}, {count} image{'s' if count > 1 else ''}, protocol {first.protocol}"
    return Chart(title, chosen, tuple(curves))


def write_curves(path: str | Path, drawn: Chart) -> Path:
    """Draw curves as SVG, PDF or PNG; the same records always give the same bytes.

    Raises:
        RestoraError: The suffix is another one, matplotlib is not installed, or the file cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() not in SUFFIXES:
        raise RestoraError(
            f"{path}: curves are written as {', '.join(SUFFIXES)}; choose one of these suffixes"
        )
    try:
        from matplotlib import rc_context
        from matplotlib.figure import Figure
    except ImportError as error:
        raise RestoraError(f"{path}: curves need matplotlib; pip install 'restora[figures]'") from error
    with rc_context(
        {
            "font.family": "DejaVu Sans",
            "font.size": 9,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "pdf.fonttype": 42,
        }
    ):
        figure = Figure(figsize=(5.2, 3.6), dpi=200, layout="constrained")
        axes = figure.subplots()
        for index, curve in enumerate(drawn.curves):
            levels, scores = zip(*curve.points, strict=True)
            axes.plot(
                levels,
                scores,
                color=COLOURS[index % len(COLOURS)],
                marker=MARKERS[index % len(MARKERS)],
                linestyle="-" if index < len(COLOURS) else "--",
                markersize=4.5,
                linewidth=1.6,
                label=curve.method.replace("$", r"\$"),
            )
        axes.set_title(drawn.title, fontsize=9, loc="left", color="#444444")
        axes.set_xlabel("noise level σ, grey levels of 255")
        axes.set_ylabel(with_unit(drawn.metric))
        axes.set_xticks(sorted({strength for curve in drawn.curves for strength, _ in curve.points}))
        axes.grid(axis="y", color="#dddddd", linewidth=0.7)
        axes.set_axisbelow(True)
        axes.legend(frameon=False)
        return saved(figure, path)
