"""Tables of the documentation in Markdown, from the files that evaluations left: nobody types a number."""

import logging
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from restora.errors import RestoraError
from restora.evaluation.cases import Case, sigma_of
from restora.evaluation.leaderboard import leaderboard
from restora.evaluation.published import Published
from restora.evaluation.record import Evaluation, read_json
from restora.metrics import with_unit

HEAD = """\
# Results

Written by `restora tables` from the files in `{folder}`; every image's score is in them. **Bold** rows were measured
with restora, the others are printed by the sources they name. How to repeat a row: [evaluation.md](evaluation.md).
On synthetic noise, baselines are told sigma unless "estimated noise" stands beside them; restora's weights never are.
"""

logger = logging.getLogger(__name__)

_MARKED = re.compile(
    r"(<!-- restora tables: (?P<benchmarks>[^;>]+); (?P<methods>[^;>]+) -->\n).*?<!-- end -->", re.DOTALL
)


def results_page(evaluations: Sequence[Evaluation], folder: str) -> str:
    """Write the page of all results.

    Args:
        evaluations: In any order.
        folder: Where their files are, for the reader.
    """
    return HEAD.format(folder=folder) + benchmark_tables(evaluations)


def with_tables(text: str, evaluations: Sequence[Evaluation]) -> str | None:
    """Write tables anew between the marks of a page, None if it has no marks.

    A mark names benchmarks and methods, whose columns and rows the tables have:
    ``<!-- restora tables: cbsd68, kodak24; input, bm3d -->``, up to the next ``<!-- end -->``.

    Args:
        text: A page in Markdown.
        evaluations: In any order.

    Raises:
        RestoraError: A benchmark or method of a mark was not measured.
    """

    def tables(mark: re.Match[str]) -> str:
        benchmarks, methods = (re.split(r",\s*", mark[words]) for words in ("benchmarks", "methods"))
        chosen = sorted(
            (one for one in evaluations if one.benchmark in benchmarks and one.method in methods),
            key=lambda one: (benchmarks.index(one.benchmark), *_order(one)),
        )
        missing = {*benchmarks, *methods} - {word for one in chosen for word in (one.benchmark, one.method)}
        if missing:
            raise RestoraError(
                f"{min(missing)}: has no evaluation; run restora evaluate, or correct the mark"
            )
        metrics = " and ".join(map(with_unit, chosen[0].metrics))
        head = (
            f"{metrics}; protocol `{chosen[0].protocol}`; means over the images, written by `restora tables`."
        )
        return f"{mark[1]}\n{head}\n\n{_tables(chosen, published=False)}\n<!-- end -->"

    return _MARKED.sub(tables, text) if _MARKED.search(text) else None


def benchmark_tables(evaluations: Sequence[Evaluation], heading: str = "##") -> str:
    """Write evaluations as a heading and a table a benchmark and protocol, beside the published results.

    Variants, such as strengths of noise, are columns. Methods that were run on a part of the images get tables of their
    own, in which all others are averaged over the same part.

    Args:
        evaluations: In any order.
        heading: The mark of a heading of the wanted level.
    """
    text = ""
    groups: dict[tuple[str, str], list[Evaluation]] = {}
    for one in sorted(evaluations, key=lambda one: (one.title.lower(), one.protocol, _order(one))):
        groups.setdefault((one.title, one.protocol), []).append(one)
    for (name, protocol), group in groups.items():
        text += f"\n{heading} {name}\n\nProtocol `{protocol}`: {group[0].protocol_description}.\n\n"
        text += _tables(group, published=True)
    return text


def read_evaluations(folder: str | Path) -> list[Evaluation]:
    """Read every JSON file of a folder, without those that are a part of another: the same method on fewer images.

    What is left out is said in the log.

    Raises:
        RestoraError: There is none, or one is no evaluation.
    """
    files = sorted(Path(folder).glob("*.json"))
    if not files:
        raise RestoraError(f"{folder}: holds no evaluations; put JSON files of restora evaluate there")
    found = {path: read_json(path) for path in files}
    for path, part in list(found.items()):
        for other, fuller in found.items():
            if _identity(part) == _identity(fuller) and {*part.names} < {*fuller.names}:
                numbers = f"{len(part.names)} of its {len(fuller.names)} images"
                logger.info("%s: left out, %s is fuller; it has %s", path, other, numbers)
                del found[path]
                break
    return list(found.values())


def _identity(evaluation: Evaluation) -> tuple[Case, str, str]:
    return evaluation.case, evaluation.protocol, evaluation.method_title


def _tables(group: Sequence[Evaluation], *, published: bool) -> str:
    """Write a table of the methods that were run on all images, and one for each that was run on a part."""
    most: dict[Case, int] = {}
    for one in group:
        most[one.case] = max(len(one.images), most.get(one.case, 0))
    partly = dict.fromkeys(one.method_title for one in group if len(one.images) < most[one.case])
    whole = [one for one in group if one.method_title not in partly]
    text = _markdown(whole, None if published else ()) if whole else ""
    for method in partly:
        part = [one for one in group if one.method_title == method]
        names = {one.case: one.names for one in part}
        others = (one for one in group if one.method_title != method and one.case in names)
        part += [one.only(names[one.case]) for one in others if {*names[one.case]} <= {*one.names}]
        text += f"\nOn the images that {method} was run on:\n\n{_markdown(part, (), sources=published)}"
    for remark in dict.fromkeys(remark for one in whole for remark in one.remarks):
        text += f"\nNote: {remark}.\n"
    return text


def _markdown(
    evaluations: Sequence[Evaluation], published: Iterable[Published] | None, *, sources: bool = False
) -> str:
    """Write one table; the sources stand in the last column and mark what was measured, if there are others."""
    board = leaderboard(evaluations, published)
    sources = sources or published is None
    titles = {one.case: one.title for one in evaluations}
    heads = []
    for case, metric in board.columns:
        words = [titles[case] if len({*titles.values()}) > 1 else "", _words(case)]
        words += [metric.upper()] if sources or len(board.metrics) > 1 else []
        heads.append(" ".join(word for word in (*words, f"({board.images[case]})") if word))
    text = _line(["method", *heads], ["source"] * sources)
    text += f"|---|{'---:|' * len(heads)}{'---|' * sources}\n"
    for row in board.rows:
        method = f"**{row.method}**" if sources and row.measured else row.method
        source = [row.source, row.remark, f"protocol `{row.protocol}`" if row.protocol is not None else ""]
        cells = [row.scores.get(column, "") for column in board.columns]
        text += _line([method, *cells], ["; ".join(word for word in source if word)] * sources)
    return text


def _line(cells: Iterable[str], source: Iterable[str]) -> str:
    return f"| {' | '.join((*cells, *source))} |\n"


def _words(case: Case) -> str:
    """Name a case within the table of its benchmark.

    Example:
        >>> _words(Case("cbsd68", "test", "sigma-25")), _words(Case("dpdd", "test-indoor", "single"))
        ('σ 25', 'test-indoor single')
    """
    split = "" if case.split == "test" else case.split
    return f"{split} {case.variant.replace('sigma-', 'σ ')}".strip()


def _order(evaluation: Evaluation) -> tuple[str, float, str, str]:
    """Variants by their number, then by name; methods by name, whatever the order of the files."""
    return evaluation.split, sigma_of(evaluation.case) or 0.0, evaluation.variant, evaluation.method_title
