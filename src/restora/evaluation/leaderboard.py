"""Leaderboards: means of methods that were measured among the published numbers of the same cases."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from restora.errors import RestoraError
from restora.evaluation.cases import SUITES, Case
from restora.evaluation.published import Published, published_for
from restora.evaluation.record import Evaluation, mean
from restora.metrics import printed

Column = tuple[Case, str]
"""Case and name of the metric."""

MEASURED = "measured"


@dataclass(frozen=True)
class Row:
    """Line of a leaderboard.

    Attributes:
        method: Its name.
        scores: Column -> score as it is printed.
        source: "measured", or where the number was read.
        remark: What to know before comparing, "" for nothing.
        kind: "measured", or the kind of published number.
        protocol: Name of the protocol by which it was measured, None for that of the leaderboard.
    """

    method: str
    scores: dict[Column, str]
    source: str = MEASURED
    remark: str = ""
    kind: str = MEASURED
    protocol: str | None = None

    @property
    def measured(self) -> bool:
        """Whether restora measured it."""
        return self.kind == MEASURED

    @property
    def rank(self) -> float:
        """Mean of its PSNR over the cases, 0 where there is none."""
        values = [text.replace("∞", "inf") for (_, metric), text in self.scores.items() if metric == "psnr"]
        return sum(map(float, values)) / len(values) if values else 0.0


@dataclass(frozen=True)
class Leaderboard:
    """Methods from the lowest mean PSNR to the highest.

    Attributes:
        protocol: Name of the protocol.
        metrics: Names of the metrics.
        images: Case -> number of images that its scores are means over, in the order of the columns.
        rows: The methods.
    """

    protocol: str
    metrics: tuple[str, ...]
    images: dict[Case, int]
    rows: tuple[Row, ...]

    @property
    def columns(self) -> tuple[Column, ...]:
        """Every case with every metric."""
        return tuple((case, metric) for case in self.images for metric in self.metrics)


def leaderboard(
    evaluations: Sequence[Evaluation], published: Iterable[Published] | None = None
) -> Leaderboard:
    """Gather methods, each in one row whatever the number of its cases.

    Args:
        evaluations: By one protocol; the order of the cases is that of the columns.
        published: Results beside them; None for those of the same cases.

    Raises:
        RestoraError: The evaluations are by different protocols, or one is there twice.
    """
    first = evaluations[0]
    if protocols := sorted({one.protocol for one in evaluations} - {first.protocol}):
        raise RestoraError(f"a leaderboard is of one protocol, not of {first.protocol} and {protocols[0]}")
    images = {one.case: len(one.images) for one in evaluations}
    if published is None:
        published = [
            one for case in images for one in published_for(case.benchmark, case.split, case.variant)
        ]
    rows: dict[tuple[str, ...], Row] = {}
    for one in evaluations:
        scores = {(one.case, metric): printed(metric, value) for metric, value in one.means.items()}
        _merge(rows, Row(one.method_title, scores))
    for result in published:
        _merge(rows, _published_row(result, first.protocol))
    return Leaderboard(first.protocol, first.metrics, images, _ranked(rows.values()))


def suite_leaderboard(name: str, evaluations: Sequence[Evaluation]) -> Leaderboard:
    """Gather one method's mean over the parts of a suite among the published means.

    Args:
        name: Name of the suite.
        evaluations: One of each of its parts, by one protocol.

    Raises:
        RestoraError: Their protocols have different metrics.
    """
    first = evaluations[0]
    case = Case(name, "test", first.variant if name == "dpdd" else "")
    means = suite_means(name, evaluations)
    rows = [
        Row(first.method_title, {(case, metric): printed(metric, value) for metric, value in means.items()})
    ]
    rows += [_published_row(one, first.protocol) for one in published_for(name, "test", case.variant)]
    images = sum(len(one.images) for one in evaluations)
    return Leaderboard(first.protocol, first.metrics, {case: images}, _ranked(rows))


def suite_means(name: str, evaluations: Sequence[Evaluation]) -> dict[str, float]:
    """Return the mean over the parts of a suite as papers take it: metric -> mean.

    Args:
        name: Name of the suite.
        evaluations: One of each of its parts, by one protocol.

    Raises:
        RestoraError: Their protocols have different metrics.
    """
    metrics = evaluations[0].metrics
    if any(one.metrics != metrics for one in evaluations):
        raise RestoraError(
            f"{name}: its parts were scored by protocols with different metrics; choose one --protocol"
        )
    if SUITES[name].mean == "images":
        return {metric: mean([v for one in evaluations for v in one.values(metric)]) for metric in metrics}
    return {metric: mean([one.means[metric] for one in evaluations]) for metric in metrics}


def _published_row(one: Published, protocol: str) -> Row:
    case = Case(one.benchmark, one.split, one.variant)
    scores = {(case, metric): score for metric, score in one.scores.items()}
    other = None if one.protocol == protocol else one.protocol
    return Row(one.model, scores, one.source, one.remark, one.kind, other)


def _merge(rows: dict[tuple[str, ...], Row], row: Row) -> None:
    """Add a row, or its scores to that of the same method from the same source."""
    key = (row.method, row.source, row.remark, row.kind, str(row.protocol))
    known = rows.setdefault(key, row)
    if known is not row:
        if known.scores.keys() & row.scores.keys():
            raise RestoraError(f"{row.method}: is there twice for the same images; keep one of the files")
        known.scores.update(row.scores)


def _ranked(rows: Iterable[Row]) -> tuple[Row, ...]:
    return tuple(sorted(rows, key=lambda row: (row.rank, not row.measured, row.method)))
