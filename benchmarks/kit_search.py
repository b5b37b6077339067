"""What KiT's search for similar patches gives after training: k and h as in the paper's Table 4, the hash, the patch weights.

    python benchmarks/kit_search.py FOLDER [--benchmark cbsd68] [--variant sigma-25] [--weights denoise-kit-tiny] [--limit 3]

None of them has parameters: the same weights are run with each setting, on the same images. Mean PSNR by the usual protocol.
Writes benchmarks/results/kit_search.md.
"""

from collections.abc import Sequence
from pathlib import Path

from harness import command_line, table, write_results

from restora.checkpoints import load_model
from restora.datasets import Pair
from restora.evaluation.cases import Case, usual_protocol
from restora.evaluation.record import mean
from restora.metrics import Protocol, protocol
from restora.pixels import to_double, to_float
from restora.restoration import Restorer

PATCHES = (1, 2, 4, 8, 16)
ROUNDS = (1, 2, 4, 8)


def score(weights: str, pairs: Sequence[Pair], rule: Protocol, **settings: object) -> float:
    """Return the mean PSNR with some settings of the configuration."""
    restorer = Restorer(load_model(weights, **settings), tile=None, precision="float32")
    return mean(
        [
            rule.score(restorer(to_float(pair.degraded)), to_double(pair.clean))
            for pair in pairs
            if pair.clean is not None
        ]
    )


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("folder", type=Path, help="of the benchmark")
    parser.add_argument("--benchmark", default="cbsd68")
    parser.add_argument("--variant", default="sigma-25")
    parser.add_argument("--weights", default="denoise-kit-tiny")
    parser.add_argument("--limit", type=int, default=3, help="only the first images")
    arguments = parser.parse_args()
    case = Case(arguments.benchmark, "test", arguments.variant)
    found = case.open(arguments.folder)
    pairs = [found[number] for number in range(min(arguments.limit, len(found)))]
    rule = protocol(usual_protocol(case))
    card = load_model(arguments.weights).card
    lines = [
        f"`{card.name}` (trained with k = {card.config['chunk_size']}, h = {card.config['rounds']}) on the first {len(pairs)}"
        f" images of `{case.stem}`, protocol `{rule.name}`, mean PSNR in dB. Written by `benchmarks/kit_search.py`.",
        "",
        "k patches to a chunk (every patch looks at 2k), h rounds of hashing:",
        "",
    ]
    rows: list[list[object]] = []
    for k in PATCHES:
        values = [score(arguments.weights, pairs, rule, chunk_size=k, rounds=h) for h in ROUNDS]
        rows.append([k, *(f"{value:.3f}" for value in values)])
        print(*rows[-1], flush=True)
    lines += table(["k", *(f"h = {rounds}" for rounds in ROUNDS)], rows, rule="---:")
    lines += ["", "Other forms, k as trained:", ""]
    rows = []
    forms: dict[str, dict[str, object]] = {
        "centred hash": {"centered_hash": True},
        "patch weights as the ratio of eq. 10": {"patch_weights": "ratio"},
    }
    for name, form in forms.items():
        values = [score(arguments.weights, pairs, rule, **form, **more) for more in ({}, {"rounds": 4})]
        rows.append([name, *(f"{value:.3f}" for value in values)])
        print(*rows[-1], flush=True)
    write_results("kit_search.md", [*lines, *table(["", "h as trained", "h = 4"], rows, rule="---:")])


if __name__ == "__main__":
    main()
