"""Train the diagnosis: damaged pictures from clean photographs, the network, its calibration, into the package.

    python benchmarks/train_diagnosis.py PHOTOS --data FOLDER --credits photos/credits.tsv photos2/credits.tsv

The pictures are made once (``--pictures``, about 0.4 MB each) and kept in FOLDER; run again, it goes on. Several processes
may share the making: --part 0/2 makes every second picture and stops, --part 1/2 the others.
"""

import argparse
import time
from datetime import date
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from publish import photograph_credits

from restora.checkpoints import WeightsCard, save_weights
from restora.diagnosis.diagnose import WEIGHTS
from restora.diagnosis.findings import DAMAGES, Calibration
from restora.diagnosis.network import DiagnosisNetwork
from restora.images import find_images
from restora.training.diagnosis.learning import BATCH, answers_for, calibrate, train
from restora.training.diagnosis.training_set import TrainingSet, fill

DESCRIPTION = (
    "tells noise with its level and grain, motion blur, defocus, rain, snow, haze and JPEG, several at once; takes soft, "
    "enlarged pictures for out of focus now and then, and thin rain or single flakes for clean"
)


def make(pictures: TrainingSet, photos: Path, part: str) -> None:
    """Make the pictures of a part, as ``0/2``, that are not there yet."""
    number, parts = (int(x) for x in part.split("/"))
    files = [image.path for image in find_images([photos])]
    begin = time.perf_counter()

    def report(done: int) -> None:
        if done // parts % 200 == 0:
            print(
                f"picture {done} of {len(pictures.labels)}, {time.perf_counter() - begin:.0f} s", flush=True
            )

    fill(pictures, files, range(number, len(pictures.labels), parts), report)


def scored(answers: NDArray[np.float64], labels: NDArray[np.float32], calibration: Calibration) -> str:
    """Sum up, for the pictures held out, how many of each damage are found and how many findings are right."""
    lines = []
    for column, name in enumerate(DAMAGES):
        sure = ~np.isnan(labels[:, column])
        there = labels[sure, column] == 1
        found = calibration.scales[column] * answers[sure, column] + calibration.offsets[column] >= 0
        hits = (there & found).sum()
        lines.append(
            f"{name:8} {there.sum():5} of {sure.sum():5}: found {hits / max(1, there.sum()):.3f}, right {hits / max(1, found.sum()):.3f}"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("photos", type=Path, help="clean photographs")
    parser.add_argument("--data", type=Path, required=True, help="folder for the damaged pictures")
    parser.add_argument("--pictures", type=int, default=16_000)
    parser.add_argument("--steps", type=int, default=1_800)
    parser.add_argument("--credits", type=Path, nargs="*", default=[])
    parser.add_argument("--part", help="make this part of the pictures only, such as 0/2")
    parser.add_argument("--commit", help="of the restora that trained")
    parser.add_argument("--out", type=Path, default=WEIGHTS.parent)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    pictures = TrainingSet.open(arguments.data, arguments.pictures)
    make(pictures, arguments.photos, arguments.part or "0/1")
    if arguments.part:
        return
    begin = time.perf_counter()
    network = train(
        pictures,
        steps=arguments.steps,
        report=lambda step, loss: print(
            f"step {step}, loss {loss:.4f}, {time.perf_counter() - begin:.0f} s", flush=True
        ),
    )
    ship(network, pictures, arguments, round(time.perf_counter() - begin))


def ship(
    network: DiagnosisNetwork, pictures: TrainingSet, arguments: argparse.Namespace, seconds: int
) -> None:
    """Calibrate the network on the pictures held out, print how it does there, and write it with its card."""
    answers, labels, noise = answers_for(network, pictures, np.flatnonzero(pictures.held_out == 1))
    calibration = calibrate(answers[:, : len(DAMAGES)], labels)
    print(scored(answers, labels, calibration))
    measured, told = (~np.isnan(values) for values in noise.T)
    error = np.abs(answers[measured, -2] - np.log2(noise[measured, 0])).mean()
    right = ((answers[told, -1] > 0) == (noise[told, 1] == 1)).mean()
    print(f"noise level wrong by a factor of {2**error:.2f} in the mean, grain right {right:.3f}")
    made = int((pictures.held_out != 2).sum())
    card = WeightsCard(
        name=WEIGHTS.stem,
        task="diagnose",
        architecture="diagnosis",
        variant="tiny",
        config={"scales": list(calibration.scales), "offsets": list(calibration.offsets)},
        parameters=sum(p.numel() for p in network.parameters()),
        precision="float32",
        licence="Apache-2.0",
        description=DESCRIPTION,
        recipe="benchmarks/train_diagnosis.py",
        steps=arguments.steps,
        images_seen=arguments.steps * BATCH,
        seconds=seconds,
        data=f"{made:,} pictures with synthetic damages, made from free photographs (see credits) and pages of text",
        credits=photograph_credits(arguments.credits),
        commit=arguments.commit,
        date=date.today().isoformat(),
        sha256="",
    )
    print(save_weights(arguments.out, network.state_dict(), card))


if __name__ == "__main__":
    main()
