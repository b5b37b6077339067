"""Ship a training run: weights and card into the package, its scores into the card, the weights page and the README.

    python benchmarks/publish.py RUN --recipe photos/denoise-laptop --credits credits.tsv --description "..." [--continued]

Before it, export the run (restora train does) and measure it: python benchmarks/denoising.py --weights RUN/NAME.safetensors.
Without a run, only the weights page and the README's table are written anew.
"""

import argparse
import csv
from collections import Counter
from pathlib import Path

import numpy as np
from denoising import RESULTS, read_results, table

from restora.checkpoints import Score, WeightsCard, list_weights, load_model, read_tensors, save_weights
from restora.checkpoints.shipped import weights_folder

ROOT = Path(__file__).parent.parent


def measured(name: str) -> tuple[Score, ...]:
    """Return the mean scores of weights from the results of benchmarks/denoising.py."""
    results = read_results(RESULTS / "denoising.json")
    scores = []
    for case, values in results["scores"].get(f"restora {name}", {}).items():
        benchmark, sigma = case.split("/")
        mean = round(float(np.mean(list(values.values()))), 3)
        protocol = results["protocol"].split(":")[0]
        scores.append(Score(benchmark=benchmark, protocol=protocol, setting=f"sigma {sigma}", psnr=mean))
    return tuple(scores)


def photograph_credits(path: Path) -> tuple[str, ...]:
    """Sum up a table of photographs (name, split, package, licence, file) by source and licence."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.reader(file, delimiter="\t") if row[1] == "train"]
    counts = Counter((package, licence) for _, _, package, licence, _ in rows)
    return tuple(
        f"{count} photographs of {package}, {licence}" for (package, licence), count in sorted(counts.items())
    )


def ship(run: Path, recipe: str, credits: Path, description: str, continued: bool) -> WeightsCard:
    """Copy a run's weights into the package with the card completed.

    A run that was continued began with the shipped weights of the same name (``--init``): what they took counts, too.
    """
    path = next(path for path in run.glob("*.safetensors"))
    card = load_model(path).card
    assert isinstance(card, WeightsCard)
    before = {shipped.name: shipped for shipped in list_weights()}[card.name] if continued else None
    spent = {
        name: getattr(card, name) + (getattr(before, name) if before else 0)
        for name in ("steps", "images_seen", "seconds")
    }
    card = card.model_copy(
        update={
            **spent,
            "recipe": recipe,
            "description": description,
            "credits": photograph_credits(credits),
            "scores": measured(card.name),
            "data": "free photographs, mostly landscapes (see credits), random crops with synthetic degradation",
        }
    )
    save_weights(weights_folder(), read_tensors(path), card)
    return card


def page(cards: list[WeightsCard]) -> str:
    """Write the page of the shipped weights."""
    lines = [
        "# The weights that come with restora",
        "",
        "Written by `benchmarks/publish.py` from the weights cards; every score is measured by a command.",
        "",
    ]
    for card in cards:
        lines += [
            f"## {card.name}",
            "",
            card.description,
            "",
            f"- task: {card.task}; network: {card.architecture}/{card.variant}, {card.parameters:,} parameters,"
            f" stored in {card.precision}",
            f"- trained by the recipe `{card.recipe}`: {card.steps:,} steps, {card.images_seen:,} crops,"
            f" {card.seconds / 60:.0f} minutes, at commit {card.commit}, {card.date}",
            f"- data: {card.data}",
            f"- licence: {card.licence}",
            "",
            "| test set | setting | protocol | PSNR, dB |",
            "|---|---|---|---|",
            *(f"| {s.benchmark} | {s.setting} | `{s.protocol}` | {s.psnr:.2f} |" for s in card.scores),
            "",
            f"To go on training: `restora train {card.recipe} --init {card.name} --set data.photos=FOLDER`.",
            "",
            "Photographs:",
            "",
            *(f"- {credit}" for credit in card.credits),
            "",
        ]
    return "\n".join(lines)


def update_readme() -> None:
    """Put the table of the denoising benchmark between its markers in the README."""
    readme = ROOT / "README.md"
    begin, end = "<!-- denoising table -->", "<!-- end of denoising table -->"
    head, _, rest = readme.read_text(encoding="utf-8").partition(begin)
    tail = rest.partition(end)[2]
    readme.write_text(
        f"{head}{begin}\n\n{table(read_results(RESULTS / 'denoising.json'))}\n{end}{tail}", encoding="utf-8"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, nargs="?")
    parser.add_argument("--recipe", help="name or file to train such weights with")
    parser.add_argument("--continued", action="store_true", help="the run began with the shipped weights")
    parser.add_argument("--credits", type=Path)
    parser.add_argument("--description", default="")
    arguments = parser.parse_args()
    if arguments.run:
        card = ship(
            arguments.run, arguments.recipe, arguments.credits, arguments.description, arguments.continued
        )
        print(card.model_dump_json(indent=2))
    (ROOT / "docs/weights.md").write_text(page(list_weights()), encoding="utf-8")
    update_readme()


if __name__ == "__main__":
    main()
