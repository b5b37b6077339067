"""Ship a training run: weights and card into the package, their scores into the card, the weights page and the README.

    python benchmarks/publish.py RUN --recipe photos/denoise-laptop --credits credits.tsv --description "..." [--after RUN]

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


def photograph_credits(paths: list[Path]) -> tuple[str, ...]:
    """Sum up tables of photographs (name, split, package, licence, ...) by source and licence."""
    counts: Counter[tuple[str, str]] = Counter()
    for path in paths:
        with path.open(newline="", encoding="utf-8") as file:
            rows = [row for row in csv.reader(file, delimiter="\t") if row[1] == "train"]
        counts.update((package, licence) for _, _, package, licence, *_ in rows)
    return tuple(
        f"{count} photographs of {package}, {licence}" for (package, licence), count in sorted(counts.items())
    )


def card_of(run: Path) -> WeightsCard:
    """Return the card that a run wrote."""
    card = load_model(next(run.glob("*.safetensors"))).card
    assert isinstance(card, WeightsCard)
    return card


def ship(
    run: Path,
    recipe: str,
    credits: list[Path],
    description: str,
    after: list[Path],
    continued: bool,
    commit: str | None,
) -> WeightsCard:
    """Copy a run's weights into the package with the card completed.

    Runs that it went on from (``--init``) count, too, and so do the shipped weights of the same name if they were the start.
    """
    card = card_of(run)
    before = [card_of(earlier) for earlier in after]
    if continued:
        before += [shipped for shipped in list_weights() if shipped.name == card.name]
    spent = {
        name: round(sum(getattr(one, name) for one in (card, *before)), 1)
        for name in ("steps", "images_seen", "seconds")
    }
    card = card.model_copy(
        update={
            **spent,
            "recipe": recipe,
            "commit": commit or card.commit,
            "description": description,
            "credits": photograph_credits(credits),
            "data": "free photographs (see credits), random crops with synthetic degradation",
        }
    )
    save_weights(weights_folder(), read_tensors(next(run.glob("*.safetensors"))), card)
    return card


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("run", type=Path, nargs="?")
    parser.add_argument("--recipe", help="name or file to train such weights with")
    parser.add_argument("--continued", action="store_true", help="the run began with the shipped weights")
    parser.add_argument("--after", type=Path, nargs="*", default=[], help="earlier runs that it went on from")
    parser.add_argument("--credits", type=Path, nargs="+")
    parser.add_argument("--commit", help="of the restora that trained, where an installed package did")
    parser.add_argument("--description", default="")
    arguments = parser.parse_args()
    if arguments.run:
        card = ship(
            arguments.run,
            arguments.recipe,
            arguments.credits,
            arguments.description,
            arguments.after,
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
