"""Significance: is one method better than another, or was it these images?"""

from dataclasses import dataclass

import numpy as np

from restora.errors import RestoraError
from restora.evaluation.record import Evaluation, mean

RESAMPLES = 10_000
LEVEL = 0.95


@dataclass(frozen=True)
class Difference:
    """The mean difference of two methods over the same images.

    Attributes:
        metric: Which score.
        images: How many images both have.
        mean: Mean of second minus first.
        low: Lower end of the interval.
        high: Upper end.
        level: Share of resamples inside the interval.
        wins: Share of the images on which the second has the higher score.

    Example:
        >>> Difference("psnr", images=24, mean=0.3, low=0.1, high=0.5, level=0.95, wins=0.8).significant
        True
    """

    metric: str
    images: int
    mean: float
    low: float
    high: float
    level: float
    wins: float

    @property
    def significant(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.low > 0 or self.high < 0


def difference(
    first: Evaluation,
    second: Evaluation,
    metric: str | None = None,
    *,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
    seed: int = 0,
) -> Difference:
    """Estimate how far the mean difference would vary over other images of the same kind.

    The images are drawn with replacement, pairs of scores staying together, and the mean difference is taken each time;
    the interval holds the middle share of these means (percentile bootstrap). Efron and Tibshirani, "An introduction to
    the bootstrap", 1993, chapter 13.

    Args:
        first: An evaluation.
        second: Another of the same case by the same protocol; only images that both have are compared.
        metric: Metric of the protocol; the first for None.
        resamples: More make the ends of the interval steadier.
        level: Share of the resamples in the interval.
        seed: The same seed gives the same interval.

    Raises:
        RestoraError: The two are of different cases or protocols, share fewer than two images, or have infinite scores.

    Example:
        >>> from restora.evaluation import ImageScores
        >>> def scored(*scores):
        ...     images = tuple(ImageScores(str(i), {"psnr": score}) for i, score in enumerate(scores))
        ...     return Evaluation("b", "B", "test", "", "rgb8", "", "mine", "weights", {}, images)
        >>> found = difference(scored(30.0, 31.0, 33.0), scored(30.5, 31.6, 33.4))
        >>> round(found.mean, 2), found.wins, found.significant
        (0.5, 1.0, True)
    """
    for words, a, b in (
        ("of", first.label, second.label),
        ("scored by", first.protocol, second.protocol),
    ):
        if a != b:
            raise RestoraError(f"the evaluations are {words} {a} and {b}; compare like with like")
    chosen = metric or first.metrics[0]
    scores = [dict(zip(one.names, one.values(chosen), strict=True)) for one in (first, second)]
    names = [name for name in scores[0] if name in scores[1]]
    if len(names) < 2:
        raise RestoraError(f"{first.label}: the evaluations share {len(names)} images; two are the least")
    differences = np.array([scores[1][name] - scores[0][name] for name in names])
    if not np.isfinite(differences).all():
        raise RestoraError(f"{first.label}: a score is infinite (equal images); no interval can be given")
    random = np.random.default_rng(seed)
    means = np.empty(resamples)
    for start in range(0, resamples, 1000):  # in parts, for thousands of images
        part = means[start : start + 1000]
        part[:] = differences[random.integers(len(names), size=(len(part), len(names)))].mean(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    wins = float((differences > 0).mean())
    return Difference(chosen, len(names), mean(differences.tolist()), float(low), float(high), level, wins)
