"""Measuring like the papers: a method over a benchmark, by a named protocol, beside the published numbers.

`cases_of` says what a name of a benchmark stands for, `weights_method`, `baseline_method` and `images_method` what is evaluated,
`evaluate` runs one over the other, and `read_json` reads what ``restora evaluate`` wrote. Everything below is loaded when
it is first used.

Example:
    >>> from restora.evaluation import cases_of
    >>> [case.stem for case in cases_of("rain100l")]
    ['rain100l']
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from restora.evaluation.cases import Case, cases_of, usual_protocol
    from restora.evaluation.methods import Method, baseline_method, images_method, weights_method
    from restora.evaluation.published import Published, published_for, published_results
    from restora.evaluation.record import Evaluation, ImageScores, read_json, write_csv, write_json
    from restora.evaluation.run import Run, evaluate
    from restora.evaluation.significance import Difference, difference

_MODULES = {
    "cases": ("Case", "cases_of", "usual_protocol"),
    "significance": ("Difference", "difference"),
    "record": ("Evaluation", "ImageScores", "read_json", "write_csv", "write_json"),
    "methods": ("Method", "images_method", "baseline_method", "weights_method"),
    "published": ("Published", "published_for", "published_results"),
    "run": ("Run", "evaluate"),
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names}

__all__ = [
    "Case",
    "Difference",
    "Evaluation",
    "ImageScores",
    "Method",
    "Published",
    "Run",
    "cases_of",
    "difference",
    "evaluate",
    "images_method",
    "baseline_method",
    "published_for",
    "published_results",
    "read_json",
    "usual_protocol",
    "weights_method",
    "write_csv",
    "write_json",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    if name in _HOMES:
        return getattr(import_module(f"restora.evaluation.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
