"""Ship a training run: weights and card into the package, their scores into the card, the weights page and the README.

    python benchmarks/publish.py RUN --recipe photos/denoise-laptop --credits credits.tsv --description "..." [--continued]

Before it, measure the weights of the run and keep the JSON files in benchmarks/results: restora evaluate --weights
RUN/NAME.safetensors. Without a run, only the scores on the cards, the weights page and the README's table are written anew.
"""

import csv
from collections import Counter
from pathlib import Path

from harness import RESULTS, ROOT, command_line
from weights_page import CLEAN, kept_evaluations, of_card, page

from restora.checkpoints import Score, WeightsCard, list_weights, load_model, read_tensors, save_weights
from restora.checkpoints.shipped import weights_folder
from restora.checkpoints.writing import write_card
from restora.evaluation import Evaluation
from restora.evaluation.tables import read_evaluations, with_tables


def with_scores(card: WeightsCard, evaluations: list[Evaluation]) -> WeightsCard:
    """Return the card with the mean scores that were measured with the weights as they are now."""
    scores = tuple(
        Score(
            benchmark=one.title,
            protocol=one.protocol,
            setting=one.variant.replace("sigma-", "sigma "),
            psnr=round(one.means["psnr"], 3),
        )
        for one in sorted(of_card(card, evaluations), key=lambda one: one.label)
        if one.case != CLEAN
    )
    return card.model_copy(update={"scores": scores})


def photograph_credits(path: Path) -> tuple[str, ...]:
    """Sum up a table of photographs (name, split, package, licence, file) by source and licence."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.reader(file, delimiter="\t") if row[1] == "train"]
    counts = Counter((package, licence) for _, _, package, licence, _ in rows)
    return tuple(
        f"{count} photographs of {package}, {licence}" for (package, licence), count in sorted(counts.items())
    )


def ship(
    run: Path, recipe: str, credits: Path, description: str, continued: bool, commit: str | None
) -> WeightsCard:
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
            "commit": commit or card.commit,
            "description": description,
            "credits": photograph_credits(credits),
            "data": "free photographs, mostly landscapes (see credits), random crops with synthetic degradation",
        }
    )
    save_weights(weights_folder(), read_tensors(path), card)
    return card


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("run", type=Path, nargs="?")
    parser.add_argument("--recipe", help="name or file to train such weights with")
    parser.add_argument("--continued", action="store_true", help="the run began with the shipped weights")
    parser.add_argument("--credits", type=Path)
    parser.add_argument("--commit", help="of the restora that trained, where an installed package did")
    parser.add_argument("--description", default="")
    arguments = parser.parse_args()
    if arguments.run:
        card = ship(
            arguments.run,
            arguments.recipe,
            arguments.credits,
            arguments.description,
            arguments.continued,
            arguments.commit,
        )
        print(card.model_dump_json(indent=2))
    evaluations = kept_evaluations()
    for card in list_weights():
        write_card(weights_folder() / f"{card.name}.json", with_scores(card, evaluations))
    (ROOT / "docs/weights.md").write_text(page(list_weights(), evaluations), encoding="utf-8")
    readme = ROOT / "README.md"
    text = with_tables(readme.read_text(encoding="utf-8"), read_evaluations(RESULTS / "evaluations"))
    assert text is not None
    readme.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
