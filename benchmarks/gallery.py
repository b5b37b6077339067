"""The gallery of the shipped weights: before and after, at full resolution, best and worst of photographs that no training saw.

    python benchmarks/gallery.py PHOTOGRAPHS --credits credits.tsv [--real TASK=FILE ...]

Of every case of a task three photographs are shown, chosen by what restoring them gains in PSNR: most, median, least. Nobody
picks them. Really degraded photographs, whose clean ones nobody has, follow if they are given. Writes docs/gallery.md and
docs/images/gallery. Needs the evaluations of publish.py.
"""

import csv
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from harness import ROOT, command_line
from numpy.typing import NDArray
from weights_page import MARKS, kept_evaluations, of_card

from restora.checkpoints import WeightsCard, list_weights, load_model
from restora.datasets.sources import load_rgb8
from restora.evaluation import Case, Evaluation
from restora.images import Photograph, write
from restora.pixels import to_float, to_uint8
from restora.restoration import Restorer

PICTURES = ROOT / "docs/images/gallery"
SHOWN = {
    "denoise": ("sigma-25", "sigma-50"),
    "denoise-real": ("sensor-strong-jpeg-75", "sensor-strong"),
    "deblur": ("motion-light",),
    "defocus": ("defocus-depth",),
    "derain": ("rain-light", "rain-heavy"),
    "desnow": ("snow-medium", "snow-veiled"),
    "dehaze": ("haze-outdoor", "haze-indoor", "haze-night"),
    "any": ("rain-light", "snow-medium", "haze-outdoor", "sensor-strong", "motion-light"),
}
"""Cases of each task, all of them degraded photographs; two views of one are not shown."""

HEAD = """\
# Gallery

Written by `benchmarks/gallery.py`. Left degraded, right restored by the weights that come with restora, pixel for pixel.
The photographs were not trained on. Each case shows the one that gained most, the median, and the one that gained least:
failures are part of it. Really degraded ones, of which no clean one exists, stand under "real".
Where each comes from, and its licence, stands beside it; restored pictures are under the same one. Scores of all:
[the weights](weights.md).
"""


def scores(case: Case, evaluations: Sequence[Evaluation]) -> dict[str, float]:
    """Return the PSNR of every photograph of a case."""
    found = next(one for one in evaluations if one.case == case)
    return {image.name: image.scores["psnr"] for image in found.images}


def read_credits(path: Path) -> dict[str, str]:
    """Return where each photograph comes from and under which licence, by its name."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file, delimiter="\t"))
    return {name: f"{file} of {package}, {licence}" for name, _, package, licence, file in rows}


def show(
    card: WeightsCard,
    photographs: Path,
    real: Sequence[Path],
    evaluations: Sequence[Evaluation],
    sources: Mapping[str, str],
) -> str:
    """Write the pictures of some weights; return their part of the page."""
    text = f"\n## {card.task}: {card.name}\n"
    restorer = Restorer(load_model(card.name), tile=None, precision="float32")
    for variant in SHOWN[card.task]:
        case = Case("photographs", "test", variant)
        before = scores(case, [one for one in evaluations if one.method == "input"])
        after = scores(case, of_card(card, evaluations))
        ranked = sorted(after, key=lambda name: after[name] - before[name])
        pairs = case.open(photographs)
        text += f"\n### {variant}\n"
        for words, name in (
            ("gained most", ranked[-1]),
            ("median", ranked[len(ranked) // 2]),
            ("gained least", ranked[0]),
        ):
            degraded = to_float(pairs.only([name])[0].degraded)
            text += f"\n{words}, {name} ({sources[name]}): {before[name]:.2f} dB -> {after[name]:.2f} dB\n\n"
            text += picture(restorer, degraded, f"{card.name}-{variant}-{words.replace(' ', '-')}")
    if real:
        text += "\n### real\n"
    for path in real:
        text += f"\n{path.stem} ({sources[re.sub('_[0-9]+$', '', path.stem)]})\n\n"
        text += picture(restorer, to_float(load_rgb8(path)), f"{card.name}-real-{path.stem}")
    return text


def picture(restorer: Restorer, degraded: NDArray[np.float32], name: str) -> str:
    """Write before and after side by side; return the line that shows them."""
    both = np.concatenate([to_uint8(degraded), to_uint8(restorer(degraded))], axis=1)
    PICTURES.mkdir(parents=True, exist_ok=True)
    write(PICTURES / f"{name}.webp", Photograph(both), quality=88, overwrite=True)
    return f"![{name}](images/gallery/{name}.webp)\n"


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("photographs", type=Path, help="folder of clean photographs that were not trained on")
    parser.add_argument(
        "--credits", type=Path, required=True, help="table of name, split, package, licence, file"
    )
    parser.add_argument(
        "--real", nargs="*", default=(), metavar="TASK=FILE", help="free photographs that are really degraded"
    )
    arguments = parser.parse_args()
    evaluations, sources = kept_evaluations(), read_credits(arguments.credits)
    text = HEAD
    shown = [card for card in list_weights() if card.task in SHOWN]
    for card in sorted(shown, key=lambda card: (list(MARKS).index(card.task), card.name)):
        real = [
            Path(file)
            for task, _, file in (one.partition("=") for one in arguments.real)
            if task == card.task
        ]
        text += show(card, arguments.photographs, real, evaluations, sources)
    (ROOT / "docs/gallery.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
