"""What the pages of the tasks say in numbers and pictures: from weights cards, evaluations and the gallery."""

import re

from weights_page import CLEAN, OTHER_PHOTOGRAPHS, clean_change, kept_evaluations, of_card

from restora.checkpoints import list_weights, weights_for_task
from restora.checkpoints.published import published_for_task
from restora.evaluation.record import Evaluation
from restora.evaluation.tables import read_evaluations

MARKER = "<!-- weights and pictures -->"
"""Stands in the page of a task where these go; in the repository it shows nothing."""


def numbers(task: str, gallery: str) -> str:
    """Write the weights for a task, what they gain and what they look like.

    Args:
        task: One of `restora.checkpoints.TASKS`.
        gallery: The page of the gallery, whose pictures are named relative to docs/.
    """
    evaluations, others = kept_evaluations(), read_evaluations(OTHER_PHOTOGRAPHS)
    best = weights_for_task(task)
    text = _pictures(best, gallery) + "\n## Weights in the package\n"
    for card in sorted(
        (card for card in list_weights() if card.task == task), key=lambda one: one.name != best
    ):
        text += (
            f"\n### {card.name}\n\n{card.description}\n\n{card.architecture}/{card.variant}, {card.parameters:,} parameters;"
            f" [training, data and licence](../weights.md#{card.name}).\n\n"
            "| photographs | given, dB | restored, dB | gain, dB | restored better |\n|---|---:|---:|---:|---:|\n"
        )
        rows = [_row(one, evaluations) for one in of_card(card, evaluations) if one.case != CLEAN]
        rows += [_row(one, others, ", others") for one in of_card(card, others) if one.case != CLEAN]
        text += "".join(rows) + "".join(
            f"\n{line[2:].capitalize()}.\n" for line in clean_change(card, evaluations)
        )
    text += "\n## The authors' weights\n\n"
    published = published_for_task(task)
    for weights in published:
        way = (
            f"`--weights {weights.name}` fetches them once"
            if weights.file
            else f"a person fetches them from {weights.place}; then `--weights FILE`"
        )
        text += f"- `{weights.name}`: {weights.score} as published; {way}\n"
    return text + ("" if published else "None are published for this task.\n")


def _row(own: Evaluation, evaluations: list[Evaluation], where: str = "") -> str:
    """Write a row: the restored pictures beside the ones that were given, image by image."""
    given = next(
        (
            one
            for one in evaluations
            if one.method == "input" and (one.case, one.protocol) == (own.case, own.protocol)
        ),
        None,
    )
    cells = ["", f"{own.means['psnr']:.2f}", "", ""]
    if given:
        before = {image.name: image.scores["psnr"] for image in given.images}
        gains = [image.scores["psnr"] - before[image.name] for image in own.images]
        better = f"{sum(gain > 0 for gain in gains)} of {len(gains)}"
        cells = [f"{given.means['psnr']:.2f}", cells[1], f"{sum(gains) / len(gains):+.2f}", better]
    return f"| `{own.case.stem}`{where} | {' | '.join(cells)} |\n"


def _pictures(weights: str, gallery: str) -> str:
    """Choose from the gallery, of the first damage of some weights, the median and the one that gained least."""
    section = re.search(rf"^## [\w-]+: {weights}\n(.*?)(?=^## |\Z)", gallery, re.MULTILINE | re.DOTALL)
    if section is None:
        return ""
    entries = re.findall(r"^(median|gained least), (.+)\n\n!\[[^\]]*\]\((.+)\)$", section[1], re.MULTILINE)[
        :2
    ]
    return "".join(
        f"\n![{words}, {said.partition(' ')[0]}](../{file})\n\n*{words.capitalize()} of all: {said}*\n"
        for words, said, file in entries
    )
