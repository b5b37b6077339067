"""The page of a report: an evaluation as HTML, with its style and its script inside."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files

from restora.evaluation.histogram import histogram
from restora.evaluation.published import Published
from restora.evaluation.record import Evaluation, ImageScores

QUALITY = 92
"""Of the WebP pictures inside the page."""

UNITS = {"psnr": "PSNR, dB", "ssim": "SSIM", "mae": "MAE", "lpips": "LPIPS", "niqe": "NIQE"}
DIGITS = {"psnr": 2, "mae": 4, "niqe": 2}


@dataclass(frozen=True)
class Shown:
    """An image that the page shows: its size in pixels and its pictures as addresses."""

    image: ImageScores
    width: int
    height: int
    degraded: str
    restored: str
    clean: str


def page(
    evaluation: Evaluation,
    shown: Sequence[tuple[str, Sequence[Shown]]] = (),
    published: Sequence[Published] = (),
) -> str:
    """Return the HTML of a report.

    Args:
        evaluation: What was measured.
        shown: Groups of images, each with its heading.
        published: Numbers to print beside the means.
    """
    title = f"{evaluation.method} on {evaluation.label}"
    anchors = {
        item.image.name: f"picture-{i}" for i, item in enumerate(s for _, group in shown for s in group)
    }
    sections = [
        f"<header><h1>{escape(title)}</h1>{_subtitle(evaluation)}</header>",
        _tiles(evaluation),
        _published(evaluation, published) if published else "",
        _charts(evaluation),
        _pictures(evaluation, shown, anchors) if shown else "",
        _table(evaluation, anchors),
        _facts(evaluation),
        f"<footer>Written by restora{_version(evaluation)}. Scores were computed from the original pictures.</footer>",
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        # An address that shows nothing, so that browsers do not ask for an icon.
        f'<link rel="icon" href="data:,">\n<title>{escape(title)}</title>\n'
        f"<style>\n{_asset('report.css')}</style>\n</head>\n<body>\n"
        + "\n".join(section for section in sections if section)
        + f"\n<script>\n{_asset('report.js')}</script>\n</body>\n</html>\n"
    )


def printed(metric: str, value: float) -> str:
    """Print a score with the decimals that papers print: two of a PSNR, three of an SSIM.

    Example:
        >>> printed("psnr", 31.456), printed("ssim", 0.91249), printed("psnr", math.inf)
        ('31.46', '0.912', '∞')
    """
    return f"{value:.{DIGITS.get(metric, 3)}f}" if math.isfinite(value) else "∞" if value > 0 else "–"


@cache
def _asset(name: str) -> str:
    return files("restora.evaluation").joinpath(name).read_text(encoding="utf-8")


def _version(evaluation: Evaluation) -> str:
    version = evaluation.versions.get("restora")
    return f" {escape(version)}" if version else ""


def _unit(metric: str) -> str:
    return escape(UNITS.get(metric, metric.upper()))


def _subtitle(evaluation: Evaluation) -> str:
    count = len(evaluation.images)
    images = f"{count} image{'s' if count != 1 else ''}"
    if evaluation.published_pairs is not None and evaluation.published_pairs != count:
        images += f" of {evaluation.published_pairs}"
    remarks = "".join(f"<p>{escape(remark)}</p>" for remark in evaluation.remarks)
    return (
        f'<p class="soft">{images}, protocol <code>{escape(evaluation.protocol)}</code>: '
        f"{escape(evaluation.protocol_description)}</p>{remarks}"
    )


def _tiles(evaluation: Evaluation) -> str:
    tiles = []
    for metric, value in evaluation.means.items():
        low, high = min(evaluation.values(metric)), max(evaluation.values(metric))
        spread = f"{printed(metric, low)} to {printed(metric, high)}"
        tiles.append(
            f'<div class="tile"><span>mean {_unit(metric)}</span><b>{printed(metric, value)}</b>'
            f"<span>from {spread}</span></div>"
        )
    return f'<section class="tiles" aria-label="Mean scores">{"".join(tiles)}</section>'


def _published(evaluation: Evaluation, published: Sequence[Published]) -> str:
    """Return the table of means, ours among the published ones, the best first; printed digits stay as they are."""
    metrics = evaluation.metrics
    ours = {metric: printed(metric, value) for metric, value in evaluation.means.items()}
    rows = [(evaluation.means[metrics[0]], _row(evaluation.method, ours, metrics, "this evaluation", "ours"))]
    for one in published:
        notes = [one.source, one.remark]
        if one.protocol != evaluation.protocol:
            notes.append(
                f"measured by {one.protocol or 'an unknown protocol'}, not comparable to the last digit"
            )
        if one.kind == "unverified":
            notes.append("quoted, the source was not at hand")
        row = _row(one.model, one.scores, metrics, "; ".join(note for note in notes if note), "")
        rows.append((float(one.scores.get(metrics[0], "-inf")), row))
    rows.sort(key=lambda row: row[0], reverse=True)
    heads = "".join(f'<th scope="col" class="number">{_unit(metric)}</th>' for metric in metrics)
    return (
        '<section><h2>Beside the published numbers</h2><div class="scroll" tabindex="0" role="region" '
        f'aria-label="Published numbers"><table class="published" style="--metrics:{len(metrics)}"><thead><tr>'
        f'<th scope="col">Method</th>{heads}<th scope="col" class="source">Source</th></tr></thead>'
        f"<tbody>{''.join(row for _, row in rows)}</tbody></table></div></section>"
    )


def _row(method: str, scores: Mapping[str, str], metrics: Sequence[str], source: str, mark: str) -> str:
    cells = "".join(f'<td class="number">{escape(scores.get(metric, "–"))}</td>' for metric in metrics)
    return (
        f'<tr class="{mark}"><th scope="row">{escape(method)}</th>{cells}'
        f'<td class="source">{escape(source)}</td></tr>'
    )


def _charts(evaluation: Evaluation) -> str:
    charts = [
        f'<figure class="chart"><figcaption>{_unit(metric)}</figcaption>'
        f"{histogram(evaluation.values(metric), name=UNITS.get(metric, metric), digits=DIGITS.get(metric, 3))}</figure>"
        for metric in evaluation.metrics
    ]
    return f'<section><h2>Scores of the images</h2><div class="charts">{"".join(charts)}</div></section>'


def _pictures(
    evaluation: Evaluation, shown: Sequence[tuple[str, Sequence[Shown]]], anchors: Mapping[str, str]
) -> str:
    groups = [
        f'<h3>{escape(heading)}</h3><div class="viewers">'
        + "".join(_viewer(item, anchors[item.image.name]) for item in group)
        + "</div>"
        for heading, group in shown
    ]
    return (
        f'<section><h2>Pictures</h2><p class="soft">Ranked by {_unit(evaluation.metrics[0])}. Drag the line, or use '
        "the arrow keys: degraded on its left, restored or clean on its right. "
        f"Shown as WebP of quality {QUALITY}.</p>{''.join(groups)}</section>"
    )


def _viewer(item: Shown, anchor: str) -> str:
    name = escape(item.image.name)
    size = f'width="{item.width}" height="{item.height}" draggable="false"'
    scores = " · ".join(
        f"{printed(metric, value)} {escape(UNITS.get(metric, metric).split(', ')[-1])}"
        for metric, value in item.image.scores.items()
    )
    return (
        f'<figure class="viewer" id="{anchor}"><div class="stage" style="--ratio:{item.width / item.height:.4f}">'
        f'<img src="{item.degraded}" {size} alt="{name}, degraded">'
        f'<img class="shows-restored" src="{item.restored}" {size} alt="{name}, restored">'
        f'<img class="shows-clean" src="{item.clean}" {size} alt="{name}, clean">'
        '<span class="side left">degraded</span>'
        '<span class="side right shows-restored">restored</span><span class="side right shows-clean">clean</span>'
        '<span class="knob" aria-hidden="true">⇔</span>'
        f'<input type="range" min="0" max="100" value="50" step="any" aria-label="{name}: how much is degraded">'
        f'</div><figcaption><span><span class="name">{name}</span><span class="scores">{scores}</span></span>'
        f'<span class="tools"><fieldset class="switch"><legend class="hidden">{name}: on the right</legend>'
        f'<label><input type="radio" name="{anchor}" value="restored" checked><span>restored</span></label>'
        f'<label><input type="radio" name="{anchor}" value="clean"><span>clean</span></label>'
        '</fieldset><button type="button" aria-pressed="false">large</button></span></figcaption></figure>'
    )


def _table(evaluation: Evaluation, anchors: Mapping[str, str]) -> str:
    heads = "".join(
        f'<th scope="col" class="number"><button type="button">{_unit(metric)}</button></th>'
        for metric in evaluation.metrics
    )
    rows = []
    for order, image in enumerate(evaluation.images):
        name = escape(image.name)
        if image.name in anchors:
            name = f'<a href="#{anchors[image.name]}">{name}</a>'
        cells = "".join(
            f'<td class="number" data-value="{"Infinity" if value == math.inf else repr(value)}">{printed(metric, value)}</td>'
            for metric, value in image.scores.items()
        )
        rows.append(f'<tr data-order="{order}"><th scope="row">{name}</th>{cells}</tr>')
    return (
        '<section><h2>All images</h2><div class="search"><label for="search">Search</label>'
        '<input id="search" type="search" autocomplete="off"><span id="found" class="soft" role="status"></span></div>'
        '<div class="scroll" tabindex="0" role="region" aria-label="Scores of all images"><table id="images"><thead><tr>'
        f'<th scope="col"><button type="button">Image</button></th>{heads}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div></section>"
    )


def _facts(evaluation: Evaluation) -> str:
    """Return what is needed to repeat the evaluation."""
    facts = [
        (
            "benchmark",
            f"{evaluation.benchmark}, split {evaluation.split}"
            + (f", {evaluation.variant}" if evaluation.variant else ""),
        ),
        ("protocol", evaluation.protocol),
        (evaluation.kind, evaluation.method),
    ]
    if evaluation.weights_sha256 is not None:
        facts.append(("SHA-256", evaluation.weights_sha256))
    settings = ", ".join(f"{name} {_word(value)}" for name, value in evaluation.settings.items())
    facts += [("settings", settings or "none")]
    versions = ", ".join(f"{name} {version}" for name, version in evaluation.versions.items())
    facts += [("versions", versions)] if versions else []
    lines = "".join(f"<dt>{escape(what)}</dt><dd>{escape(value)}</dd>" for what, value in facts)
    return f'<section><h2>To repeat it</h2><dl class="facts">{lines}</dl></section>'


def _word(value: object) -> str:
    if value is None:
        return "none"
    return ("on" if value else "off") if isinstance(value, bool) else str(value)
