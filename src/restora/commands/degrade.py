"""``restora degrade``: a good photograph in, a bad one out, to see and to try."""

from pathlib import Path
from typing import Annotated

import torch
import typer

from restora.commands.options import MOST_SEED, Overwrite
from restora.degradations import DEGRADATIONS, Compose
from restora.degradations.gallery import gallery as contact_sheet
from restora.degradations.photographs import (
    COPIES,
    SIDE,
    clean_tensor,
    picture_presets,
    picture_steps,
    pixels_like,
)
from restora.errors import RestoraError
from restora.images import Photograph, read, write
from restora.images.writing import check_target

PRESETS = ", ".join(picture_presets())
NUMBERS = "; ".join(
    f"{kind.family} also takes {kind.number}" for kind in DEGRADATIONS.values() if kind.number
)

EPILOG = f"""
Examples:

  restora degrade photo.jpg --apply rain/heavy --seed 3   [dim]writes photo-degraded.png[/dim]

  restora degrade photo.jpg -a motion/light -a sensor/strong -a jpeg/40 -o bad.png

  restora degrade --gallery photo.jpg                     [dim]writes photo-gallery.png, all of them[/dim]

Several are applied in the order given; light meets them in that of this list: {PRESETS}
({NUMBERS}).
"""


def degrade(
    photo: Annotated[Path, typer.Argument(metavar="PHOTO", help="A clean photograph.", show_default=False)],
    apply: Annotated[
        list[str] | None,
        typer.Option(
            "-a",
            "--apply",
            metavar="FAMILY/NAME",
            help="A preset; give several to apply them one after the other.",
        ),
    ] = None,
    gallery: Annotated[
        bool, typer.Option("--gallery", help="A contact sheet of all of them instead.")
    ] = False,
    seed: Annotated[
        int, typer.Option(min=0, max=MOST_SEED, help="Another seed, another rain.", show_default=True)
    ] = 0,
    side: Annotated[
        int,
        typer.Option(
            min=0,
            help="Reduce the longer side to this many pixels first, for drops and blur to look as "
            "large as on the data sets; 0 keeps the size.",
            show_default=True,
        ),
    ] = SIDE,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="The file; beside the photograph when left out.")
    ] = None,
    quality: Annotated[
        int | None, typer.Option(help="Of a JPEG or WebP, 1 to 100; as of the photograph when left out.")
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Make an example of bad weather, a bad lens or a bad camera from a clean photograph."""
    apply = apply or []
    if gallery and apply:
        raise RestoraError(f"--gallery shows all of them; leave out --apply {apply[0]}")
    if not gallery and not apply:
        raise RestoraError(f"{photo}: nothing to do; give some, such as --apply rain/heavy, or --gallery")
    steps = picture_steps(apply)
    target = output or photo.with_name(f"{photo.stem}-{'gallery' if gallery else 'degraded'}.png")
    photograph = read(photo, copies=COPIES).upright()
    check_target(target, photograph, quality=quality, overwrite=overwrite)
    clean = clean_tensor(photograph, side)
    if clean.shape[1:] != (photograph.height, photograph.width):
        size = f"{photograph.width}x{photograph.height} to {clean.shape[2]}x{clean.shape[1]}"
        typer.echo(f"reduced from {size}; --side 0 keeps the size", err=True)
    if gallery:
        made = Photograph(pixels_like(contact_sheet(clean, seed), photograph))
    else:
        sample = Compose(steps).sample(clean[None], torch.Generator().manual_seed(seed))
        for name, values in sample.parameters.items():
            if values[0].numel() == 1:  # maps and matrices do not fit a line
                number, _, what = name.partition(".")
                typer.echo(f"{apply[int(number)]}: {what} {float(values[0]):.4g}", err=True)
        made = Photograph(pixels_like(sample.degraded[0], photograph), metadata=photograph.metadata)
    typer.echo(write(target, made, quality=quality, overwrite=overwrite))
