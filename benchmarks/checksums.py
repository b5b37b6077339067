"""What checksums cost, as shares of the work that they are looked at for.

    python benchmarks/checksums.py

Files are made in a temporary folder: a pack of noise, the training checkpoint and the weights of denoise-kit-tiny's network, a
pair of pictures. Each share is the median of rounds in which the work and the check take turns, in seconds of the processor,
all threads together, so that what else the machine does counts little; the files are in memory. Writes
benchmarks/results/checksums.md.
"""

import statistics
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from harness import command_line, machine, table, write_results
from safetensors.torch import load_file

from restora.checkpoints import load_model
from restora.checkpoints.conversion import convert_checkpoint
from restora.checkpoints.reading import checksum, sha256_of
from restora.datasets import PhotoCrops
from restora.datasets.originals import Original
from restora.datasets.pack import Pack
from restora.datasets.packing import write_pack
from restora.images import Photograph, write
from restora.networks import create_model
from restora.restoration import Restorer
from restora.training.checkpoint import TrainingCheckpoint, load_checkpoint, save_checkpoint

PATCH, BATCH = 128, 4
SIDE, PHOTOGRAPHS = 2048, 24  # 302 MB of pixels


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        rows = [
            (what, work, f"{100 * _share(check, done, factor, arguments.rounds):.2g} %")
            for what, work, check, done, factor in _cases(Path(name))
        ]
    write_results(
        "checksums.md",
        [
            "# What checksums cost",
            "",
            f"`python benchmarks/checksums.py`; {machine()}. Shares of processor time, medians of rounds that take turns.",
            "",
            *table(("checksum", "of the time of", "share"), rows, rule="---:"),
        ],
    )


def _cases(folder: Path) -> list[tuple[str, str, Callable[[], object], Callable[[], object], float]]:
    """Return what is checked, the work it is a share of, both as calls, and how often the work is due for one check."""
    random = np.random.default_rng(0)
    photographs = [random.integers(0, 256, (SIDE, SIDE, 3), np.uint8) for _ in range(2)]
    originals = [
        Original(str(n), (), lambda n=n: (photographs[n % 2],))  # type: ignore[misc]
        for n in range(PHOTOGRAPHS)
    ]
    pack = write_pack(originals, folder / "pack", kind="photographs", title="noise").folder
    crops = PhotoCrops.from_pack(pack, patch=PATCH)
    epoch = PHOTOGRAPHS * (SIDE // PATCH) ** 2  # crops that show each pixel once
    network = create_model("chair", "tiny")
    batch = torch.rand(BATCH, 3, PATCH, PATCH)

    def step() -> None:
        network.zero_grad()
        sum(scale.square().mean() for scale in network.forward_scales(batch)).backward()  # type: ignore[union-attr]

    large = load_model("denoise-kit-tiny")
    optimizer = torch.optim.AdamW(large.parameters())
    sum(parameter.sum() for parameter in large.parameters()).backward()  # type: ignore[union-attr]
    optimizer.step()
    state = large.state_dict()
    last = folder / "last.pt"
    save_checkpoint(last, TrainingCheckpoint(1, state, state, 1, optimizer.state_dict(), "{}"))
    torch.save(state, folder / "raw.pth")
    weights = convert_checkpoint(folder / "raw.pth", folder, name="kit", precision="float32")
    weights.with_suffix(".json").unlink()
    tensors = load_file(weights)
    pair = [
        write(folder / f"{n}.png", Photograph(picture[:512, :512])) for n, picture in enumerate(photographs)
    ]
    restorer = Restorer("denoise-chair-tiny", tile=None, precision="float32", device="cpu", engine="torch")

    return [
        (
            "a pack, when training opens it",
            "cutting each pixel once in crops",
            lambda: Pack(pack),
            lambda: [crops[n] for n in range(64)],
            epoch / 64,
        ),
        (
            "",
            "the steps that train the smallest network with them",
            lambda: Pack(pack),
            step,
            epoch / BATCH,
        ),
        (
            "`last.pt`, `.pth`",
            "reading it with all that is looked at",
            lambda: zipfile.ZipFile(last).testzip(),
            lambda: load_checkpoint(last),
            1,
        ),
        (
            "weights without a card",
            "reading them, and building the network",
            lambda: checksum(tensors),
            lambda: load_model(weights),
            1,
        ),
        (
            "the pictures of a pair, in evaluations",
            "restoring one with the smallest weights",
            lambda: [sha256_of(path) for path in pair],
            lambda: restorer(pair[0]),
            1,
        ),
    ]


def _share(check: Callable[[], object], work: Callable[[], object], factor: float, rounds: int) -> float:
    seconds = [(_seconds(check), _seconds(work)) for _ in range(rounds + 1)][1:]
    return statistics.median(c / (factor * w) for c, w in seconds)


def _seconds(call: Callable[[], object]) -> float:
    begin = time.process_time()
    call()
    return time.process_time() - begin


if __name__ == "__main__":
    main()
