"""The diagnosis and the command without a task: what is found, how true the confidences are, what it gains and harms.

    python benchmarks/diagnosis.py --photos FOLDER --photos FOLDER --rain100l FOLDER --clean CBSD68=FOLDER --real FOLDER

Photographs are degraded by every preset of restora.degradations, Rain100L's test pairs are taken as they are, clean sets
with Gaussian noise, all in 8 bits as files have them. The whole picture is diagnosed; restored is its middle, 192 x 192, to
save time. Writes benchmarks/results/diagnosis.json (every picture) and diagnosis.md (the tables); restorations in
the JSON are kept, delete it when weights have changed; --again diagnoses again.
"""

import argparse
import json
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from restora.checkpoints import list_weights, weights_for_task
from restora.datasets.gaussian import add_test_noise
from restora.degradations import Degradation, find_preset
from restora.degradations.photographs import picture_presets
from restora.diagnosis import DAMAGES, Diagnosis, diagnose
from restora.diagnosis.findings import NAMES, SURE
from restora.images import find_images, read
from restora.metrics import protocol
from restora.pixels import gray_to_rgb, to_uint8
from restora.restoration import AutoRestorer, Restorer
from restora.tensors import quantize, to_pixels, to_tensor

RGB8 = NDArray[np.uint8]
RESULTS = Path(__file__).parent / "results"
RULE = protocol("gaussian-rgb8")
MIDDLE = 192
FAMILY_DAMAGES = {"sensor": "noise"}
"""Families of presets that are called otherwise than the damage."""
ALWAYS = ("denoise", "denoise-real", "any")
"""What the command without a task is compared with, as far as there are weights."""
AS_IT_IS = "as it is"
REAL_DAMAGES = {"blur": ("motion", "defocus")}
"""Words in the names of real pictures -> damages, one of which is there."""


@dataclass(frozen=True)
class Case:
    """A picture to be diagnosed.

    Attributes:
        group: The row of the tables it belongs to.
        name: Of the picture.
        truth: Damages of which at least one is there; none for a clean picture.
        make: Returns the picture and, where there is one, the clean one, (H, W, 3) uint8.
    """

    group: str
    name: str
    truth: tuple[str, ...]
    make: Callable[[], tuple[RGB8, RGB8 | None]]


def load(path: Path) -> RGB8:
    return to_uint8(gray_to_rgb(read(path).pixels))


def pair(path: Path, clean: Path | None) -> tuple[RGB8, RGB8 | None]:
    return load(path), None if clean is None else load(clean)


def files(folder: Path, every: int) -> list[Path]:
    return [image.path for image in find_images([folder])][::every]


def photo_cases(folders: list[Path], every: int) -> Iterator[Case]:
    """Photographs as they are, and every n-th of them, another start each time, with each preset."""
    photos = [path for folder in folders for path in files(folder, 1)]
    for path in photos:
        yield Case("photographs, clean", path.name, (), partial(pair, path, path))
    for number, name in enumerate(picture_presets()):
        degradation = find_preset(name)
        family = name.partition("/")[0]
        damage = FAMILY_DAMAGES.get(family, family)
        for path in photos[number % every :: every]:

            def make(
                path: Path = path, name: str = name, degradation: Degradation = degradation
            ) -> tuple[RGB8, RGB8]:
                clean = load(path)
                generator = torch.Generator().manual_seed(zlib.crc32(f"{name} {path.name}".encode()))
                return to_pixels(quantize(degradation(to_tensor(clean)[None], generator)[0])), clean

            yield Case(name, path.name, (damage,), make)


def rain_cases(root: Path, every: int) -> Iterator[Case]:
    for path in files(root / "test" / "input", every):
        clean = root / "test" / "target" / path.name
        yield Case("Rain100L input", path.name, ("rain",), partial(pair, path, clean))
        yield Case("Rain100L target, clean", path.name, (), partial(pair, clean, clean))


def noise_cases(name: str, folder: Path, every: int) -> Iterator[Case]:
    for path in files(folder, every):
        yield Case(f"{name}, clean", path.name, (), partial(pair, path, path))
        for sigma in (5, 15, 25, 50):

            def make(path: Path = path, sigma: int = sigma) -> tuple[RGB8, RGB8]:
                clean = load(path)
                return to_uint8(add_test_noise(clean / 255, sigma)), clean

            yield Case(f"{name} σ {sigma}", path.name, ("noise",), make)


def real_cases(folder: Path) -> Iterator[Case]:
    for path in files(folder, 1):
        word = path.name.partition("__")[0]
        yield Case(f"real {word}", path.name, REAL_DAMAGES.get(word, (word,)), partial(pair, path, None))


@cache
def restorer(task: str) -> Restorer:
    return Restorer(weights_for_task(task))


def diagnosed(picture: RGB8) -> dict[str, Any]:
    begin = time.perf_counter()
    diagnosis = diagnose(picture)
    seconds = time.perf_counter() - begin
    choice = auto_restorer().choose(picture)
    return {
        "confidences": diagnosis.confidences,
        "noise_level": diagnosis.noise_level,
        "noise_coarseness": diagnosis.noise_coarseness,
        "tasks": choice.tasks,
        "missing": choice.missing,
        "seconds": seconds,
    }


@cache
def auto_restorer() -> AutoRestorer:
    return AutoRestorer()


def measured(case: Case, kept: dict[str, Any], again: bool) -> dict[str, Any]:
    """Diagnose a picture, restore its middle in every way, and return all numbers; what is kept is not computed again."""
    record = {"group": case.group, "name": case.name, "truth": case.truth, "results": {}, **kept}
    picture = clean = None
    if not kept or again:
        picture, clean = case.make()
        record |= diagnosed(picture)
    ways = [way_of(record["tasks"]), *(task for task in ALWAYS if task in tasks_there()), AS_IT_IS]
    missing = [way for way in ways if way not in record["results"]]
    if missing:
        if picture is None:
            picture, clean = case.make()
        middle = slice_of(picture.shape)
        before = picture[middle]
        for way in missing:
            after = before
            for task in way.split(", ") if way != AS_IT_IS else ():
                after = restorer(task)(after)
            psnr = None if clean is None or not case.truth else RULE.score(after / 255, clean[middle] / 255)
            record["results"][way] = {
                "change": float(np.abs(after - before.astype(float)).mean()),
                "psnr": psnr,
            }
    return record


def rounded(value: Any) -> Any:
    """Round every number to four places: more of them say nothing."""
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    return round(value, 4) if isinstance(value, float) else value


def diagnosis_of(record: dict[str, Any]) -> Diagnosis:
    return Diagnosis(record["confidences"], record["noise_level"], record["noise_coarseness"])


def way_of(tasks: tuple[str, ...]) -> str:
    return ", ".join(tasks) or AS_IT_IS


@cache
def tasks_there() -> set[str]:
    return {card.task for card in list_weights()}


def slice_of(shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Return the middle of a picture, beginning on the grid of JPEG."""
    starts = [max(0, side - MIDDLE) // 2 // 8 * 8 for side in shape[:2]]
    return slice(starts[0], starts[0] + MIDDLE), slice(starts[1], starts[1] + MIDDLE)


def found(record: dict[str, Any]) -> tuple[str, ...]:
    return diagnosis_of(record).found


def grouped(records: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        groups.setdefault(record["group"], []).append(record)
    return groups


def row(cells: Sequence[object]) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |\n"


def confusion(records: list[dict[str, Any]]) -> str:
    """Percent of each group in which each damage is found; what is there in bold."""
    text = row(["picture", "n", *(NAMES[name] for name in DAMAGES), "σ"]) + row(["---"] * (len(DAMAGES) + 3))
    for group, members in grouped(records).items():
        cells: list[object] = [group, len(members)]
        truth = members[0]["truth"] or ["clean"]
        for name in DAMAGES:
            share = f"{100 * np.mean([name in found(record) for record in members]):.0f}"
            cells.append(f"**{share}**" if name in truth else share)
        levels = [record["noise_level"] for record in members if "noise" in found(record)]
        text += row([*cells, f"{np.median(levels):.0f}" if levels else ""])
    return text


def calibration(records: list[dict[str, Any]]) -> str:
    """How often it is there, for confidences in ranges; only damages whose truth is known for sure."""
    edges = (0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0001)
    heads = [f"{low:.0%} to {min(high, 1):.0%}" for low, high in pairwise(edges)]
    text = row(["damage", *heads, "error"]) + row(["---"] * (len(heads) + 2))
    known = [record for record in records if not record["group"].startswith("real")]
    for name in DAMAGES:
        told = np.array([record["confidences"][name] for record in known])
        there = np.array([name in (record["truth"] or ["clean"]) for record in known])
        cells: list[object] = [NAMES[name]]
        error = 0.0
        for low, high in pairwise(edges):
            within = (told >= low) & (told < high)
            if not within.any():
                cells.append("")
                continue
            cells.append(f"{there[within].mean():.0%} ({within.sum()})")
            error += within.sum() * abs(there[within].mean() - told[within].mean())
        text += row([*cells, f"{error / len(told):.3f}"])
    return text


def gains(records: list[dict[str, Any]]) -> str:
    """Gain in dB over the input, and how often there is harm; for clean pictures, how much they change."""
    ways = ["auto", *(task for task in ALWAYS if task in tasks_there())]

    def of(way: str, members: list[dict[str, Any]], number: str) -> NDArray[np.float64]:
        return np.array(
            [
                record["results"][way_of(record["tasks"]) if way == "auto" else way][number]
                for record in members
            ]
        )

    heads = ["picture", "n", "input, dB", *ways, *(f"{way}: worse by 0.1 dB" for way in ways)]
    gain = row(heads) + row(["---"] * len(heads))
    change = row(["picture", "n", "left alone by auto", *ways]) + row(["---"] * (len(ways) + 3))

    def gain_row(name: str, members: list[dict[str, Any]]) -> str:
        given = of(AS_IT_IS, members, "psnr")
        differences = [of(way, members, "psnr") - given for way in ways]
        means = [f"{difference.mean():+.2f}" for difference in differences]
        worse = [f"{(difference < -0.1).mean():.0%}" for difference in differences]
        return row([name, len(members), f"{given.mean():.2f}", *means, *worse])

    for group, members in grouped(records).items():
        if members[0]["results"][AS_IT_IS]["psnr"] is not None:
            gain += gain_row(group, members)
        else:
            alone = sum(not record["tasks"] for record in members)
            change += row(
                [group, len(members), alone, *(f"{of(way, members, 'change').mean():.2f}" for way in ways)]
            )
    gain += gain_row(
        "**all**", [record for record in records if record["results"][AS_IT_IS]["psnr"] is not None]
    )
    return (
        f"Gain over the input in dB, protocol `{RULE.name}`:\n\n{gain}\n"
        f"Mean change in grey levels of 255, where there is nothing to gain or nothing to compare with:\n\n{change}"
    )


def unsure(records: list[dict[str, Any]]) -> str:
    """What `any` gains on pictures of which nothing is sure enough for weights of its own, by what is likeliest."""
    text = row(["likeliest", "n", "gain, dB", "worse by 0.1 dB", "n without a clean one", "most changed"])
    text += row(["---"] * 6)
    members = [
        record
        for record in records
        if way_of(record["tasks"]) in ("any", AS_IT_IS) and record["confidences"]["clean"] < SURE
    ]
    for name in DAMAGES:
        ours = [record["results"] for record in members if diagnosis_of(record).likeliest == name]
        known = [results for results in ours if results[AS_IT_IS]["psnr"] is not None]
        others = [results["any"]["change"] for results in ours if results[AS_IT_IS]["psnr"] is None]
        gained = np.array([results["any"]["psnr"] - results[AS_IT_IS]["psnr"] for results in known])
        gain = (f"{gained.mean():+.2f}", int((gained < -0.1).sum())) if known else ("", "")
        text += row([NAMES[name], len(known), *gain, len(others), f"{max(others):.1f}" if others else ""])
    return text


def real(records: list[dict[str, Any]]) -> str:
    text = row(["picture", "found", "mended by"]) + row(["---"] * 3)
    for record in records:
        if record["group"].startswith("real"):
            wanted = [*record["tasks"], *(f"({task})" for task in record["missing"])]
            text += row([record["name"], diagnosis_of(record), ", ".join(wanted) or "nothing"])
    return text


def page(records: list[dict[str, Any]], every: int) -> str:
    seconds = np.median([record["seconds"] for record in records])
    return f"""Written by `benchmarks/diagnosis.py`; {len(records)} pictures, of the photographs every {every}th with each preset.

## What is found

Percent of the pictures in which each damage has a confidence of {SURE:.0%} or more; in bold what is there. σ: median of the
noise level that is told, in grey levels.

{confusion(records)}
## How true the confidences are

How often a damage was there when it was told with a confidence in this range (and how many pictures that were); error: mean
distance of confidence and truth. A snowy picture with a veil, or rain with mist, counts as one without haze.

{calibration(records)}
## Gain and harm without a task

{gains(records)}
What `any` would gain where no damage is sure enough for its own weights and the picture is not surely clean, by what is likeliest; most changed: in
grey levels. Where that is clean or motion blur, the command leaves the picture alone.

{unsure(records)}
## Really degraded pictures

Tasks in brackets have no weights in the package.

{real(records)}
Median time of a diagnosis in this run: {seconds:.2f} s.
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", type=Path, action="append", default=[])
    parser.add_argument("--rain100l", type=Path)
    parser.add_argument("--clean", action="append", default=[], metavar="NAME=FOLDER")
    parser.add_argument("--real", type=Path)
    parser.add_argument(
        "--every", type=int, default=6, help="take every n-th photograph for a preset, or image of a set"
    )
    parser.add_argument("--again", action="store_true", help="diagnose again; restorations are kept")
    parser.add_argument("--out", type=Path, default=RESULTS / "diagnosis")
    arguments = parser.parse_args()
    cases = [*photo_cases(arguments.photos, arguments.every)]
    if arguments.rain100l:
        cases += rain_cases(arguments.rain100l, arguments.every)
    for item in arguments.clean:
        name, folder = item.split("=", 1)
        cases += noise_cases(name, Path(folder), arguments.every)
    if arguments.real:
        cases += real_cases(arguments.real)
    path = arguments.out.with_suffix(".json")
    kept = {(r["group"], r["name"]): r for r in json.loads(path.read_text())} if path.exists() else {}
    records = []
    for number, case in enumerate(cases):
        records.append(measured(case, kept.get((case.group, case.name), {}), arguments.again))
        if number % 50 == 0:
            print(f"{number} of {len(cases)}", flush=True)
    lines = ",\n".join(json.dumps(rounded(record)) for record in records)
    path.write_text(f"[\n{lines}\n]\n")
    arguments.out.with_suffix(".md").write_text(page(records, arguments.every), encoding="utf-8")


if __name__ == "__main__":
    main()
