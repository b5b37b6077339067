"""The leaderboard of a case: means of methods that were measured among the published numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

from restora.errors import RestoraError
from restora.evaluation.cases import SUITES
from restora.evaluation.published import Published
from restora.evaluation.record import Evaluation, mean

DIGITS = {"psnr": 2, "ssim": 3, "mae": 4}
"""Decimals that papers print."""


@dataclass(frozen=True)
class Row:
    """A line of a table.

    Attributes:
        method: Its name.
        scores: Metric -> as it is printed.
        source: "measured", or where the number was read.
        notes: What to know before comparing.
    """

    method: str
    scores: dict[str, str]
    source: str
    notes: tuple[str, ...] = ()

    @property
    def measured(self) -> bool:
        """Whether restora measured it."""
        return self.source == MEASURED


MEASURED = "measured"


def printed(metric: str, value: float) -> str:
    """Return a score with as many decimals as papers print.

    Example:
        >>> printed("psnr", 26.8999), printed("ssim", 0.83839)
        ('26.90', '0.838')
    """
    return f"{value:.{DIGITS.get(metric, 4)}f}"


def title(evaluation: Evaluation) -> str:
    """Return what tables call a method: its name with the settings that were chosen.

    Example:
        >>> from restora.evaluation.record import ImageScores
        >>> one = (ImageScores("a", {"psnr": 30.0}),)
        >>> title(Evaluation("b", "B", "test", "", "p", "", "mine", "weights", {"ensemble": True}, one))
        'mine, self-ensemble'
    """
    settings = evaluation.settings
    words = [str(settings.get("title", evaluation.method))]
    words += ["self-ensemble"] if settings.get("ensemble") else []
    words += [f"tiles of {settings['tile']}"] if settings.get("tile") is not None else []
    if settings.get("local_statistics") is not None:
        words.append(f"local statistics of {settings['local_statistics']}")
    return ", ".join(words)


def measured_row(evaluation: Evaluation) -> Row:
    """Return the line of an evaluation."""
    scores = {metric: printed(metric, value) for metric, value in evaluation.means.items()}
    return Row(title(evaluation), scores, MEASURED, evaluation.remarks)


def published_row(one: Published, protocol: str) -> Row:
    """Return the line of a published result; it is noted if it was measured by another protocol."""
    notes = (one.remark,) if one.remark else ()
    if one.protocol != protocol:
        notes = (*notes, f"by {one.protocol}")
    return Row(one.model, dict(one.scores), one.source, notes)


def leaderboard(evaluations: Sequence[Evaluation], published: Sequence[Published]) -> tuple[Row, ...]:
    """Return the lines of a table from the lowest PSNR to the highest.

    Args:
        evaluations: Of one case by one protocol.
        published: Of the same case.

    Raises:
        RestoraError: The evaluations are of different cases or protocols.
    """
    kinds = {(one.benchmark, one.split, one.variant, one.protocol) for one in evaluations}
    if len(kinds) != 1:
        names = sorted({f"{one.label} by {one.protocol}" for one in evaluations})
        raise RestoraError(f"a table is of one case and one protocol, not of {' and '.join(names)}")
    rows = [measured_row(one) for one in evaluations]
    rows += [published_row(one, evaluations[0].protocol) for one in published]
    return tuple(sorted(rows, key=lambda row: (float(row.scores.get("psnr", "nan")), row.measured)))


def suite_means(name: str, evaluations: Sequence[Evaluation]) -> dict[str, float]:
    """Return the mean over the parts of a suite as papers take it: metric -> mean.

    Args:
        name: Of the suite.
        evaluations: Of each of its parts, by one protocol.

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
