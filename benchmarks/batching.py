"""What a batch of tiles costs on this device, against its tiles one after the other.

    python benchmarks/batching.py [--rounds 3]

For weights, sides of tiles and numbers of tiles: the time of a batch by the time of its tiles alone, the median over rounds in which both take
turns; on a processor the processor time of one thread, on a graphics card the time on the clock. Writes benchmarks/results/batching.md.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any

import torch
from harness import DEVICE, command_line, interleaved, machine, ratio, table, write_results

from restora import load_model
from restora.restoration.engine import build_engine

Network = Callable[[torch.Tensor], Any]
NETWORKS = ("denoise-chair-tiny",)
SIDES = (64, 128, 256)
BATCHES = (2, 4, 8)


def alone(network: Network, tiles: torch.Tensor) -> None:
    """Run tiles one after the other."""
    for tile in torch.split(tiles, 1):
        network(tile)


def compared(network: Network, tiles: torch.Tensor, rounds: int) -> float:
    """Return the time of a batch by the time of its tiles alone."""
    clock = time.perf_counter if DEVICE.type == "cuda" else time.thread_time
    calls = {"together": lambda: network(tiles), "alone": lambda: alone(network, tiles)}
    times = interleaved(calls, rounds, clock)
    return ratio(times["together"], times["alone"])


def rows(rounds: int) -> Iterator[tuple[str, ...]]:
    """Yield name, side and the ratio for each number of tiles."""
    for name in NETWORKS:
        network = build_engine(load_model(name), precision="float32", device=DEVICE).network
        for side in SIDES:
            tiles = torch.rand(max(BATCHES), 3, side, side, device=DEVICE)
            tiles = tiles.contiguous(memory_format=torch.channels_last)
            yield name, str(side), *(f"{compared(network, tiles[:n], rounds):.2f}" for n in BATCHES)


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    with torch.inference_mode():
        found = list(rows(arguments.rounds))
    lines = [
        f"Time of a batch by the time of its tiles one after the other, float32, medians of {arguments.rounds} rounds; {machine()}."
        " Written by `benchmarks/batching.py`, which says how.",
        "",
        *table(("weights", "side", *(f"{count} tiles" for count in BATCHES)), found, rule="---:"),
    ]
    write_results("batching.md", lines)


if __name__ == "__main__":
    main()
