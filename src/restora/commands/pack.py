"""``restora pack``: training data decoded and cut once, for training that does not wait for files."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from restora.commands.progress import counting_bar
from restora.datasets import open_benchmark, open_folder_pair
from restora.datasets.originals import Original, original_pairs, original_photographs
from restora.datasets.pack import Kind
from restora.datasets.packing import write_pack
from restora.datasets.preparation import Preparation
from restora.datasets.preparation import published as find
from restora.errors import RestoraError
from restora.images import find_images

EPILOG = """
Examples:

  restora pack my-photos -o photos.pack                            [dim]clean photographs, for degradation on the fly[/dim]

  restora pack train/input --target train/target -o pairs.pack     [dim]pairs of the same names[/dim]

  restora pack data/GOPRO_Large --benchmark gopro --published gopro -o gopro.pack

  restora pack data/DPDD --benchmark dpdd --variant dual --crop 512 --step 204 --sharpest 0.7 -o dpdd.pack

Published preparations: gopro (512, step 256), sidd (512, step 384), dpdd (512, step 204, the sharpest 70 percent),
dfwb (512, step 416, images above 800). Interrupted, the same command goes on where it was.
"""


def pack(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT...",
            help="Photographs, folders or patterns; with --target a folder; with --benchmark its folder.",
            show_default=False,
        ),
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder of the pack.", show_default=False)],
    target: Annotated[
        Path | None, typer.Option(help="Folder of the clean images; INPUT holds the degraded ones.")
    ] = None,
    benchmark: Annotated[
        str | None, typer.Option(metavar="NAME", help="Pairs of a benchmark; restora benchmarks lists them.")
    ] = None,
    split: Annotated[str | None, typer.Option(help="Of the benchmark; train when left out.")] = None,
    variant: Annotated[str | None, typer.Option(help="Of the benchmark, such as blur_gamma.")] = None,
    published: Annotated[
        str | None, typer.Option(metavar="gopro|sidd|dpdd|dfwb", help="Cut as published for these data.")
    ] = None,
    crop: Annotated[int | None, typer.Option(min=1, help="Cut windows of this side, in pixels.")] = None,
    step: Annotated[
        int | None, typer.Option(min=1, help="From one window to the next; half of the crop when left out.")
    ] = None,
    sharpest: Annotated[
        float | None, typer.Option(metavar="SHARE", help="Keep this share of the windows of each image.")
    ] = None,
    above: Annotated[
        int | None, typer.Option(min=0, help="Cut only images with both sides longer than this.")
    ] = None,
    recursive: Annotated[
        bool, typer.Option("-r", "--recursive", help="Also photographs in the folders below.")
    ] = False,
    corrupt: Annotated[
        Literal["fail", "skip"], typer.Option(help="What to do about a file that cannot be read.")
    ] = "fail",
    workers: Annotated[
        int | None, typer.Option(min=1, help="Threads; one for each core when left out.")
    ] = None,
) -> None:
    """Pack clean photographs or pairs for training: decoded once, cut if wanted, read by memory mapping."""
    preparation = _preparation(published, crop, step, sharpest, above)
    if benchmark is None and (split or variant):
        raise RestoraError("--split and --variant are about a --benchmark; name it, too")
    kind, title, originals = _originals(inputs, target, benchmark, split or "train", variant, recursive)
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    with counting_bar(console) as bar:
        task = bar.add_task("packing", total=len(originals), facts="")
        made = write_pack(
            originals,
            output,
            kind=kind,
            title=title,
            preparation=preparation,
            corrupt=corrupt,
            workers=workers or os.cpu_count() or 1,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    size = sum(shard.bytes for shard in made.shards)
    left_out = f", {len(made.index.skipped)} left out" if made.index.skipped else ""
    words = f"{len(made):,} {kind} of {len(originals):,} originals ({preparation}), {size / 1e6:,.1f} MB{left_out}"
    console.print(words, markup=False)
    print(output)


def _preparation(
    published: str | None, crop: int | None, step: int | None, sharpest: float | None, above: int | None
) -> Preparation:
    """Return what the options ask for."""
    if published is not None:
        if (crop, step, sharpest, above) != (None, None, None, None):
            raise RestoraError(
                "--published says all about crops; leave out --crop, --step, --sharpest and --above"
            )
        return find(published)
    if step is None:
        step = max(1, crop // 2) if crop else 0
    return Preparation(crop or 0, step, 1.0 if sharpest is None else sharpest, above or 0)


def _originals(
    inputs: list[str],
    target: Path | None,
    benchmark: str | None,
    split: str,
    variant: str | None,
    recursive: bool,
) -> tuple[Kind, str, Sequence[Original]]:
    """Return what is to be packed, and what to call it."""
    if target is not None and benchmark is not None:
        raise RestoraError("--target: a --benchmark knows its clean images; leave one out")
    if target is None and benchmark is None:
        originals = original_photographs(find_images(inputs, recursive=recursive))
        return "photographs", ", ".join(Path(named).name for named in inputs), originals
    if len(inputs) != 1:
        raise RestoraError(f"pairs come from one folder, not from {len(inputs)}; name one")
    if benchmark is not None:
        pairs = open_benchmark(benchmark, inputs[0], split=split, variant=variant)
        return "pairs", pairs.title, original_pairs(pairs)
    assert target is not None
    title = f"{Path(inputs[0]).name} and {target.name}"
    return "pairs", title, original_pairs(open_folder_pair(inputs[0], target))
