"""The page of results, from the files that evaluations left: nobody types a number."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from restora.errors import RestoraError
from restora.evaluation.cases import Case
from restora.evaluation.leaderboard import printed, title
from restora.evaluation.published import Published, published_for
from restora.evaluation.record import Evaluation, read_json

HEAD = """\
# Results

Written by `restora tables` from the files in `{folder}`; every image's score is in them. **Bold** rows were measured
with restora, the others are printed by the sources they name. How to repeat a row: [evaluation.md](evaluation.md).
On synthetic noise, classical methods are told sigma unless "estimated noise" stands beside them; restora's weights never are.
"""


@dataclass(frozen=True)
class _Line:
    """A method over the cases of a table: (case, metric) -> as printed."""

    method: str
    cells: dict[tuple[Case, str], str]
    source: str
    rank: float


def results_page(evaluations: Sequence[Evaluation], folder: str) -> str:
    """Write the page as Markdown.

    Args:
        evaluations: In any order.
        folder: Where their files are, for the reader.
    """
    return HEAD.format(folder=folder) + benchmark_tables(evaluations)


def benchmark_tables(evaluations: Sequence[Evaluation], heading: str = "##") -> str:
    """Write evaluations as Markdown, a heading and a table a benchmark and protocol, beside the published results.

    Variants, such as strengths of noise, are columns. Evaluations over a part of the images get tables of their own, in
    which all others are averaged over the same part.

    Args:
        evaluations: In any order.
        heading: The mark of a heading of the wanted level.
    """
    text = ""
    groups: dict[tuple[str, str], list[Evaluation]] = {}
    for one in sorted(evaluations, key=lambda one: (one.title.lower(), one.protocol, _order(one))):
        groups.setdefault((one.title, one.protocol), []).append(one)
    for (name, protocol), group in groups.items():
        text += f"\n{heading} {name}\n\nProtocol `{protocol}`: {group[0].protocol_description}.\n"
        most = {
            one.case: max(len(other.images) for other in group if other.case == one.case) for one in group
        }
        whole = [one for one in group if len(one.images) == most[one.case]]
        text += "\n" + _table(whole, _published(whole))
        for part in _parts(group, whole):
            text += f"\nOn the {len(part[0].images)} images that {title(part[0])} was run on:\n\n{_table(part, ())}"
        for remark in dict.fromkeys(remark for one in whole for remark in one.remarks):
            text += f"\nNote: {remark}.\n"
    return text


def read_evaluations(folder: str | Path) -> list[Evaluation]:
    """Read every JSON file of a folder.

    Raises:
        RestoraError: There is none, or one is no evaluation.
    """
    files = sorted(Path(folder).glob("*.json"))
    if not files:
        raise RestoraError(f"{folder}: holds no evaluations; put JSON files of restora evaluate there")
    return [read_json(path) for path in files]


def _table(evaluations: Sequence[Evaluation], published: Iterable[Published]) -> str:
    cases = list(dict.fromkeys(one.case for one in sorted(evaluations, key=_order)))
    metrics = evaluations[0].metrics
    columns = [(case, metric) for case in cases for metric in metrics]
    counts = {one.case: len(one.images) for one in evaluations}
    lines: dict[tuple[str, str], _Line] = {}
    for one in evaluations:
        key = (f"**{title(one)}**", "measured")
        cells = {(one.case, metric): printed(metric, value) for metric, value in one.means.items()}
        _merge(lines, key, cells)
    for result in published:
        words = [result.source, result.remark]
        words += [f"protocol `{result.protocol}`"] if result.protocol != evaluations[0].protocol else []
        case = Case(result.benchmark, result.split, result.variant)
        cells = {(case, metric): score for metric, score in result.scores.items()}
        _merge(lines, (result.model, "; ".join(word for word in words if word)), cells)
    heads = [
        " ".join(word for word in (_words(case), metric.upper(), f"({counts[case]})") if word)
        for case, metric in columns
    ]
    text = f"| method | {' | '.join(heads)} | source |\n|---|{'---:|' * len(columns)}---|\n"
    for line in sorted(lines.values(), key=lambda line: (line.rank, line.method)):
        cells_text = " | ".join(line.cells.get(column, "") for column in columns)
        text += f"| {line.method} | {cells_text} | {line.source} |\n"
    return text


def _merge(
    lines: dict[tuple[str, str], _Line], key: tuple[str, str], cells: dict[tuple[Case, str], str]
) -> None:
    """Add cells to the line of a method; lines are ranked by the mean of their PSNR."""
    old = lines.get(key)
    if old is not None and old.cells.keys() & cells.keys():
        raise RestoraError(f"{key[0].strip('*')}: is there twice for the same images; keep one of the files")
    merged = {**(old.cells if old else {}), **cells}
    ranks = [float(text) for (_, metric), text in merged.items() if metric == "psnr"]
    lines[key] = _Line(key[0], merged, key[1], sum(ranks) / len(ranks) if ranks else 0.0)


def _parts(group: Sequence[Evaluation], whole: Sequence[Evaluation]) -> list[list[Evaluation]]:
    """For every evaluation of fewer images: itself, and the others over the same images."""
    found = []
    for one in group:
        if one in whole:
            continue
        others = [
            other.only(one.names)
            for other in group
            if other is not one and other.case == one.case and set(other.names) >= set(one.names)
        ]
        found.append([one, *others])
    return found


def _published(evaluations: Sequence[Evaluation]) -> list[Published]:
    cases = dict.fromkeys(one.case for one in evaluations)
    return [one for case in cases for one in published_for(case.benchmark, case.split, case.variant)]


def _words(case: Case) -> str:
    """A case within the table of its benchmark.

    Example:
        >>> _words(Case("cbsd68", "test", "sigma-25")), _words(Case("dpdd", "test-indoor", "single"))
        ('σ 25', 'test-indoor single')
    """
    return " ".join(
        word
        for word in ("" if case.split == "test" else case.split, case.variant.replace("sigma-", "σ "))
        if word
    )


def _order(evaluation: Evaluation) -> tuple[str, float, str, str]:
    """Variants by their number, then by name; methods by name, whatever the order of the files."""
    number = evaluation.variant.removeprefix("sigma-")
    strength = float(number) if evaluation.variant.startswith("sigma-") else 0.0
    return evaluation.split, strength, evaluation.variant, title(evaluation)
