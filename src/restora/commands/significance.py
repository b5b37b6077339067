"""``restora significance``: is one method better than another, or was it these images?"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from restora.commands.options import MOST_SEED, AsJson
from restora.evaluation.record import read_json
from restora.evaluation.significance import difference

EPILOG = """
Examples:

  restora significance evaluations/cbsd68-nlmeans.json evaluations/cbsd68-mine.json

  restora significance a.json b.json --level 0.99 --resamples 100000
"""


def significance(
    first: Annotated[Path, typer.Argument(metavar="A.json", help="Written by restora evaluate.")],
    second: Annotated[
        Path,
        typer.Argument(metavar="B.json", help="Another method on the same benchmark, by the same protocol."),
    ],
    resamples: Annotated[int, typer.Option(min=100, max=10_000_000, help="Draws of the bootstrap.")] = 10_000,
    level: Annotated[
        float, typer.Option(min=0.5, max=0.9999, help="Share of the draws inside the interval.")
    ] = 0.95,
    seed: Annotated[int, typer.Option(min=0, max=MOST_SEED, help="Seed of the bootstrap.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Print the mean difference of two methods, B minus A, with its bootstrap interval."""
    a, b = read_json(first), read_json(second)
    found = [difference(a, b, metric, resamples=resamples, level=level, seed=seed) for metric in a.metrics]
    if as_json:
        print(json.dumps([{**asdict(one), "significant": one.significant} for one in found], indent=2))
        return
    print(
        f"{a.label}, protocol {a.protocol}, {found[0].images} images: {b.method_title} minus {a.method_title}"
    )
    for one in found:
        digits = 3 if one.metric == "psnr" else 5
        unit = " dB" if one.metric == "psnr" else ""
        verdict = "significant" if one.significant else "not significant: zero is inside"
        print(
            f"  {one.metric}: {one.mean:+.{digits}f}{unit}, {one.level:.0%} interval {one.low:+.{digits}f} to"
            f" {one.high:+.{digits}f}, higher on {one.wins:.0%} of the images; {verdict}"
        )
