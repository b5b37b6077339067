"""Cases and suites, what is evaluated at once: a benchmark, its strengths of noise, or several benchmarks whose mean papers print."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from restora.datasets import Pairs, benchmark, open_benchmark
from restora.errors import RestoraError

SIGMAS = (15.0, 25.0, 50.0)
"""Strengths of noise that papers print."""


@dataclass(frozen=True)
class Case:
    """One row of numbers: a benchmark in one split and variant.

    Example:
        >>> Case("cbsd68", "test", "sigma-25").stem
        'cbsd68-sigma-25'
    """

    benchmark: str
    split: str
    variant: str = ""

    @property
    def stem(self) -> str:
        """For the names of files.

        Example:
            >>> Case("cbsd68", "test", "sigma-25").stem, Case("dpdd", "test-indoor", "single").stem
            ('cbsd68-sigma-25', 'dpdd-test-indoor-single')
        """
        split = "" if self.split == "test" else self.split
        return "-".join(word for word in (self.benchmark, split, self.variant) if word)

    def open(self, root: str | Path) -> Pairs:
        """Open its pairs below a folder: that of the benchmark, or one above.

        Raises:
            RestoraError: It is not there or not complete.
        """
        return open_benchmark(self.benchmark, root, split=self.split, variant=self.variant or None)


@dataclass(frozen=True)
class Suite:
    """Several cases and how papers take their mean.

    Attributes:
        title: For tables.
        cases: The parts.
        mean: "cases" gives every part the same weight, "images" every image.
    """

    title: str
    cases: tuple[Case, ...]
    mean: Literal["cases", "images"]


SUITES: dict[str, Suite] = {
    "rain13k": Suite(
        "mean of the five sets of Rain13K",
        tuple(Case(name, "test") for name in ("test100", "rain100h", "rain100l", "test2800", "test1200")),
        "cases",
    ),
    "sots": Suite("mean of SOTS", (Case("sots-indoor", "test"), Case("sots-outdoor", "test")), "cases"),
    "realblur": Suite("mean of RealBlur", (Case("realblur-j", "test"), Case("realblur-r", "test")), "cases"),
    "dpdd": Suite(
        "DPDD single",
        (Case("dpdd", "test-indoor", "single"), Case("dpdd", "test-outdoor", "single")),
        "images",
    ),
}
"""Name -> several cases at once. The names of benchmarks that are suites, too, mean the suite."""


def cases_of(
    name: str, *, split: str | None = None, variant: str | None = None, sigmas: Sequence[float] = ()
) -> tuple[Case, ...]:
    """Return what a name stands for.

    Args:
        name: Name of a benchmark or a suite.
        split: None for the usual one, or for all parts of a suite.
        variant: None for the usual one; of sets for synthetic noise, for all of `SIGMAS`.
        sigmas: Strengths of noise instead, in grey levels of 255.

    Raises:
        RestoraError: There is no such benchmark, split or variant, or it takes no sigma.

    Example:
        >>> [case.stem for case in cases_of("kodak24")]
        ['kodak24-sigma-15', 'kodak24-sigma-25', 'kodak24-sigma-50']
        >>> [case.stem for case in cases_of("dpdd", variant="dual")]
        ['dpdd-test-indoor-dual', 'dpdd-test-outdoor-dual']
    """
    if name in SUITES and split is None and not sigmas:
        return tuple(_suite_case(case, variant) for case in SUITES[name].cases)
    card = benchmark(name)
    noisy = bool(card.more_variants)
    if sigmas and not noisy:
        raise RestoraError(f"{name}: takes no --sigma; only sets of clean images do, such as cbsd68")
    if noisy and variant is None:
        return tuple(_case(name, split, f"sigma-{sigma:g}") for sigma in sigmas or SIGMAS)
    return (_case(name, split, variant),)


def _suite_case(case: Case, variant: str | None) -> Case:
    return case if variant is None else _case(case.benchmark, case.split, variant)


def _case(name: str, split: str | None, variant: str | None) -> Case:
    card = benchmark(name)
    chosen = card.variant(variant)
    return Case(name, card.split(split, chosen).name, chosen)


def sigma_of(case: Case) -> float | None:
    """Return the strength of synthetic noise of a case, None where there is none.

    Example:
        >>> sigma_of(Case("cbsd68", "test", "sigma-25")), sigma_of(Case("gopro", "test", "blur"))
        (25.0, None)
    """
    return float(case.variant.removeprefix("sigma-")) if case.variant.startswith("sigma-") else None


def usual_protocol(case: Case) -> str:
    """Return the protocol by which most papers score a case.

    Raises:
        RestoraError: Only a server can score it, or no paper does.

    Example:
        >>> usual_protocol(Case("rain100l", "test")), usual_protocol(Case("gopro", "test", "blur"))
        ('derain-y8', 'rgb8')
    """
    card = benchmark(case.benchmark)
    protocols = list(card.protocols.values())
    if protocols and protocols[0] == "server":
        raise RestoraError(
            f"{card.name}: only its authors' server can score it; write the files for it with restora submit"
        )
    if protocols:
        return protocols[0]
    return "rgb8"
