"""Published numbers, each with where it was read and by which protocol it was measured."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal, cast

Kind = Literal["result", "ablation", "unverified"]


@dataclass(frozen=True)
class Published:
    """One printed result.

    Attributes:
        model: As its authors call it.
        benchmark: Name of the card, or of a suite for a printed mean over several.
        split: Split of the benchmark.
        variant: Variant of the benchmark, "" where it has none.
        scores: Metric -> printed value, with as many digits as were printed.
        protocol: By which it was measured, as far as its authors say.
        kind: "result", "ablation" (a variant that nobody uses), or "unverified" (quoted, the source not at hand).
        source: Where it was read.
        remark: What to know before comparing.

    Example:
        >>> printed = published_for("rain100l", "test", "")[-1]
        >>> printed.model, printed.scores["psnr"], printed.protocol
        ('Restormer', '38.99', 'dinat-y')
    """

    model: str
    benchmark: str
    split: str
    variant: str
    scores: dict[str, str]
    protocol: str
    kind: Kind
    source: str
    remark: str


@cache
def published_results() -> tuple[Published, ...]:
    """Return all of them, in the order of their sources.

    Example:
        >>> published_results()[0].model, published_results()[0].scores["psnr"]
        ('BM3D', '25.65')
    """
    text = resources.files("restora.evaluation").joinpath("published.csv").read_text(encoding="utf-8")
    return tuple(
        Published(
            row["model"],
            row["benchmark"],
            row["split"],
            row["variant"],
            {metric: row[metric] for metric in ("psnr", "ssim") if row[metric]},
            row["protocol"],
            cast(Kind, row["kind"]),
            row["source"],
            row["remark"],
        )
        for row in csv.DictReader(text.splitlines())
    )


def published_for(benchmark: str, split: str, variant: str) -> tuple[Published, ...]:
    """Return the results for one case without ablations, the lowest PSNR first.

    Args:
        benchmark: Name of its card, or of a suite.
        split: Such as "test".
        variant: Such as "sigma-25"; "" where there are none.

    Example:
        >>> [p.model for p in published_for("rain100l", "test", "")][-1]
        'Restormer'
    """
    found = [
        one
        for one in published_results()
        if (one.benchmark, one.split, one.variant) == (benchmark, split, variant) and one.kind != "ablation"
    ]
    return tuple(sorted(found, key=lambda one: float(one.scores["psnr"])))
