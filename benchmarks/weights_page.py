"""The page of the shipped weights, docs/weights.md, from their cards and from the files of `restora evaluate`."""

from collections.abc import Sequence
from dataclasses import dataclass

from harness import RESULTS

from restora.checkpoints import WeightsCard
from restora.evaluation import Case, Evaluation, published_for
from restora.evaluation.record import mean
from restora.evaluation.tables import benchmark_tables, read_evaluations

FOLDERS = (RESULTS / "evaluations", RESULTS / "photographs")
"""Where evaluations are kept: of the benchmarks of papers, and of photographs that restora degraded."""

OTHER_PHOTOGRAPHS = RESULTS / "other_photographs"
"""Evaluations on a second set of photographs, degraded by the same variants; they are reported beside, and no mark counts them."""

CLEAN = Case("photographs", "test", "clean")


@dataclass(frozen=True)
class Mark:
    """What the weights of a task have to reach.

    Attributes:
        cases: Measured on these; the mean PSNR over all of them counts.
        baseline: Whose score it is: a published model, or a method that was measured on the same images, or on some of them;
            `BEST_WEIGHTS` for that of the best shipped weights of each case's own task.
        margin: By how many dB to beat it.
        elsewhere: Where the baseline was measured, if on another view of the same scenes.
    """

    cases: tuple[Case, ...]
    baseline: str
    margin: float = 0.0
    elsewhere: Case | None = None


def _photographs(*variants: str) -> tuple[Case, ...]:
    return tuple(Case("photographs", "test", variant) for variant in variants)


BEST_WEIGHTS = "the best weights for each task"

MARKS = {
    "denoise": Mark((Case("cbsd68", "test", "sigma-25"),), "DnCNN"),
    # Non-local means are ahead of BM3D there, whose noise is independent from pixel to pixel.
    "denoise-real": Mark(_photographs("sensor-strong", "sensor-strong-jpeg-75"), "nlmeans"),
    "deblur": Mark(_photographs("motion-light", "motion-heavy", "motion-frames"), "input", 2.5),
    "defocus": Mark(_photographs("defocus-disc", "defocus-depth"), "input", 1.5),
    # With the same seed, the light of both views together is that of defocus-depth.
    "defocus-dual": Mark(
        _photographs("defocus-dual"), "defocus-chair-tiny", 0.5, Case("photographs", "test", "defocus-depth")
    ),
    "derain": Mark(_photographs("rain-light", "rain-heavy"), "input", 6.0),
    "desnow": Mark(_photographs("snow-small", "snow-medium", "snow-large", "snow-veiled"), "input", 6.0),
    "dehaze": Mark(_photographs("haze-outdoor", "haze-indoor", "haze-night"), "dark-channel", 4.0),
}
MARKS["any"] = Mark(
    tuple(
        case for task, mark in MARKS.items() if task not in ("denoise", "defocus-dual") for case in mark.cases
    ),
    BEST_WEIGHTS,
    -2.0,
)
"""Marks of all tasks that weights are shipped for."""


def kept_evaluations() -> list[Evaluation]:
    """Read all evaluations of the repository."""
    return [one for folder in FOLDERS if folder.is_dir() for one in read_evaluations(folder)]


def of_card(card: WeightsCard, evaluations: Sequence[Evaluation]) -> list[Evaluation]:
    """Return the evaluations of weights as they are now, without options such as the self-ensemble."""
    return [one for one in evaluations if one.weights_sha256 == card.sha256 and one.method_title == card.name]


def page(cards: Sequence[WeightsCard], evaluations: Sequence[Evaluation]) -> str:
    """Write the page as Markdown, the weights farthest below their mark first."""
    entries = sorted((_entry(card, evaluations) for card in cards), key=lambda one: one.distance)
    lines = [
        "# The weights that come with restora",
        "",
        "Written by `benchmarks/publish.py` from the weights cards and the files of `restora evaluate` in `benchmarks/results`.",
        "The weakest come first: that is where the next hour of training goes. Pictures: [gallery](gallery.md).",
        "How they were trained, and what did not help: [training log](training-log.md).",
        "",
        "| task | weights | network | parameters | steps | PSNR, dB | mark | distance | date |",
        "|---|---|---|---:|---:|---:|---:|---:|---|",
    ]
    for one in entries:
        card = one.card
        lines.append(
            f"| {card.task} | [{card.name}](#{card.name}) | {card.architecture}/{card.variant} | {card.parameters:,}"
            f" | {card.steps:,} | {one.score:.2f} | {one.mark:.2f} | {one.distance:+.2f} | {card.date} |"
        )
    lines += ["", "The marks, each a mean over its cases:", ""]
    for task in dict.fromkeys(one.card.task for one in entries):
        mark = MARKS[task]
        margin = (
            f" and {mark.margin:g} dB"
            if mark.margin > 0
            else f" less {-mark.margin:g} dB"
            if mark.margin
            else ""
        )
        lines.append(
            f"- {task}: {mark.baseline}{margin} on {', '.join(f'`{case.stem}`' for case in mark.cases)}"
        )
    lines += [
        "",
        "`photographs` are 28 that no training saw, degraded by restora: `restora evaluate --benchmark photographs`.",
        "",
        *_on_other_photographs([one.card for one in entries], evaluations),
    ]
    for one in entries:
        lines += _section(one.card, evaluations)
    return "\n".join(lines)


@dataclass(frozen=True)
class _Entry:
    card: WeightsCard
    score: float
    mark: float

    @property
    def distance(self) -> float:
        return self.score - self.mark


def _entry(card: WeightsCard, evaluations: Sequence[Evaluation]) -> _Entry:
    mark = MARKS[card.task]
    own = {one.case: one for one in of_card(card, evaluations)}
    missing = [case.stem for case in mark.cases if case not in own]
    if missing:
        raise SystemExit(
            f"{card.name}: the weights as they are now are not measured on {', '.join(missing)}; run restora evaluate"
        )
    both = [_own_and_baseline(own[case], mark.baseline, evaluations, mark.elsewhere) for case in mark.cases]
    score, baseline = (mean(scores) for scores in zip(*both, strict=True))
    return _Entry(card, score, baseline + mark.margin)


def _own_and_baseline(
    own: Evaluation, baseline: str, evaluations: Sequence[Evaluation], elsewhere: Case | None = None
) -> tuple[float, float]:
    """Return the PSNR of weights and of what they are held against, on the images that both were run on.

    The baseline's may be those of another case, ``elsewhere``.
    """
    case = elsewhere or own.case
    rivals = [one for one in evaluations if one.case == case and one.protocol == own.protocol]
    if baseline == BEST_WEIGHTS:
        weights = [one for one in rivals if one.kind == "weights" and one.method_title != own.method_title]
        return own.means["psnr"], max(one.means["psnr"] for one in weights)
    for one in rivals:
        if one.method == baseline:
            shared = set(own.names) & set(one.names)
            return own.only(shared).means["psnr"], one.only(shared).means["psnr"]
    for published in published_for(own.benchmark, own.split, own.variant):
        if published.model == baseline:
            return own.means["psnr"], float(published.scores["psnr"])
    raise SystemExit(f"{baseline}: has no score for {own.label}; run restora evaluate --method {baseline}")


def _section(card: WeightsCard, evaluations: Sequence[Evaluation]) -> list[str]:
    assert card.seconds is not None
    assert card.steps is not None
    return [
        f"## {card.name}",
        "",
        card.description,
        "",
        f"- task: `{card.task}`; network: {card.architecture}/{card.variant}, {card.parameters:,} parameters,"
        f" stored in {card.precision}",
        f"- trained by the recipe `{card.recipe}`: {card.steps:,} steps, {card.images_seen:,} crops,"
        f" {card.seconds / 60:.0f} minutes, at commit {card.commit}, {card.date}",
        f"- data: {card.data}",
        f"- licence: {card.licence}",
        *clean_change(card, evaluations),
        _tables(card, evaluations),
        f"To go on training: `restora train {card.recipe} --init {card.name} --set data.photos=FOLDER`.",
        "",
        "Photographs:",
        "",
        *(f"- {credit}" for credit in card.credits),
        "",
    ]


def _on_other_photographs(cards: Sequence[WeightsCard], evaluations: Sequence[Evaluation]) -> list[str]:
    """Write what weights gain on a second set of photographs, beside what they gain on the first."""
    others = read_evaluations(OTHER_PHOTOGRAPHS)
    rows = []
    for card in cards:
        first = {one.case: one for one in of_card(card, evaluations)}
        for one in of_card(card, others):
            if one.case not in first:
                raise SystemExit(f"{card.name}: is not measured on {one.case.stem} of the first photographs")
            if one.case == CLEAN:
                changes = (255 * each.means["mae"] for each in (one, first[one.case]))
                cells = ["", "", *(f"changes by {change:.2f} levels" for change in changes)]
            else:
                own, given = _own_and_baseline(one, "input", others)
                gain, before = own - given, _own_and_baseline(first[one.case], "input", evaluations)
                cells = [f"{given:.2f}", f"{own:.2f}", f"{gain:+.2f}", f"{before[0] - before[1]:+.2f}"]
            rows.append(f"| {card.name} | `{one.case.variant}` | {' | '.join(cells)} |")
    if not rows:
        return []
    return [
        "## On other photographs",
        "",
        f"{len(others[0].images)} more photographs that no training saw, degraded in the same way: people, food, streets, buildings, animals, text.",
        "",
        "| weights | variant | input, dB | restored, dB | gain | gain on the 28 |",
        "|---|---|---:|---:|---:|---:|",
        *rows,
        "",
    ]


def clean_change(card: WeightsCard, evaluations: Sequence[Evaluation]) -> list[str]:
    changes = [one for one in of_card(card, evaluations) if one.case == CLEAN]
    return [
        f"- clean photographs change by {255 * one.means['mae']:.2f} grey levels of 255 on average (`{CLEAN.stem}`,"
        f" protocol `{one.protocol}`, {len(one.images)} images), the most changed one by"
        f" {255 * max(one.values('mae')):.2f}"
        for one in changes
    ]


def _tables(card: WeightsCard, evaluations: Sequence[Evaluation]) -> str:
    """Write the scores of the weights beside those of all other methods on the same images."""
    own = [one for one in of_card(card, evaluations) if one.case != CLEAN]
    cases = {(one.case, one.protocol) for one in own}
    others = [one for one in evaluations if one.kind != "weights" and (one.case, one.protocol) in cases]
    return benchmark_tables([*own, *others], heading="###")
