"""``restora degrade``: a good photograph in, a bad one out, to see and to try."""

from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from numpy.typing import NDArray
from torch import Tensor

from restora.degradations import Compose, find_preset
from restora.degradations.gallery import gallery as contact_sheet
from restora.errors import RestoraError
from restora.images import Photograph, read, write
from restora.images.writing import check_target
from restora.pixels import convert_depth
from restora.tensors import to_pixels, to_tensor

EPILOG = """
Examples:

  restora degrade photo.jpg --rain heavy --seed 3      [dim]writes photo-degraded.png[/dim]

  restora degrade photo.jpg --motion light --sensor strong --jpeg 40 -o bad.png

  restora degrade --gallery photo.jpg                  [dim]writes photo-gallery.png, all of them[/dim]

Several are applied in the order in which light meets them: haze, snow, rain, defocus, motion, sensor, noise, jpeg.
"""


def degrade(
    photo: Annotated[Path, typer.Argument(metavar="PHOTO", help="A clean photograph.", show_default=False)],
    haze: Annotated[str | None, typer.Option(metavar="indoor|outdoor|night", help="Haze.")] = None,
    snow: Annotated[str | None, typer.Option(metavar="small|medium|large|veiled", help="Snow.")] = None,
    rain: Annotated[str | None, typer.Option(metavar="light|heavy", help="Rain.")] = None,
    defocus: Annotated[
        str | None, typer.Option(metavar="disc|butterworth|depth", help="A lens out of focus.")
    ] = None,
    motion: Annotated[
        str | None, typer.Option(metavar="light|heavy|frames", help="A camera that moves.")
    ] = None,
    sensor: Annotated[str | None, typer.Option(metavar="weak|strong", help="The noise of a camera.")] = None,
    noise: Annotated[str | None, typer.Option(metavar="SIGMA|blind", help="Gaussian noise of 255.")] = None,
    jpeg: Annotated[str | None, typer.Option(metavar="QUALITY|any", help="Saving as JPEG.")] = None,
    gallery: Annotated[
        bool, typer.Option("--gallery", help="A contact sheet of all of them instead.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, another rain.", show_default=True)] = 0,
    side: Annotated[
        int,
        typer.Option(
            min=0,
            help="Reduce the longer side to this many pixels first, for drops and blur to look as "
            "large as on the data sets; 0 keeps the size.",
            show_default=True,
        ),
    ] = 1280,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="The file; beside the photograph when left out.")
    ] = None,
    quality: Annotated[
        int | None, typer.Option(help="Of a JPEG or WebP, 1 to 100; as of the photograph when left out.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file that exists.")] = False,
) -> None:
    """Make an example of bad weather, a bad lens or a bad camera from a clean photograph."""
    families = {
        "haze": haze,
        "snow": snow,
        "rain": rain,
        "defocus": defocus,
        "motion": motion,
        "sensor": sensor,
        "noise": noise,
        "jpeg": jpeg,
    }
    wanted = [(family, name) for family, name in families.items() if name is not None]
    if gallery and wanted:
        raise RestoraError(f"--gallery shows all of them; leave out --{wanted[0][0]}")
    if not gallery and not wanted:
        raise RestoraError(f"{photo}: nothing to do; ask for some, such as --rain heavy, or for --gallery")
    steps = tuple(find_preset(family, name) for family, name in wanted)
    target = output or photo.with_name(f"{photo.stem}-{'gallery' if gallery else 'degraded'}.png")
    photograph = read(photo).upright()
    check_target(target, photograph, quality=quality, overwrite=overwrite)
    clean = _tensor(photograph, side)
    if gallery:
        made = Photograph(_pixels(contact_sheet(clean, seed), photograph))
    else:
        sample = Compose(steps).sample(clean[None], torch.Generator().manual_seed(seed))
        for name, values in sample.parameters.items():
            if values[0].numel() == 1:  # maps and matrices do not fit a line
                number, _, what = name.partition(".")
                typer.echo(f"{wanted[int(number)][0]}: {what} {float(values[0]):.4g}", err=True)
        made = Photograph(_pixels(sample.degraded[0], photograph), metadata=photograph.metadata)
    typer.echo(write(target, made, quality=quality, overwrite=overwrite))


def _tensor(photograph: Photograph, side: int) -> Tensor:
    """Return an upright photograph on white: (3, H, W) in [0, 1], H and W at most ``side``."""
    image = to_tensor(photograph.shown())
    height, width = image.shape[1:]
    if not 0 < side < max(height, width):
        return image
    scale = side / max(height, width)
    size = max(1, round(height * scale)), max(1, round(width * scale))
    typer.echo(f"reduced from {width}x{height} to {size[1]}x{size[0]}; --side 0 keeps the size", err=True)
    reduced = torch.nn.functional.interpolate(
        image[None], size, mode="bilinear", antialias=True, align_corners=False
    )
    return reduced[0].clamp(0, 1)


def _pixels(image: Tensor, like: Photograph) -> NDArray[Any]:
    """Return (3, H, W) as the pixels of a photograph of the depth of another, gray if both are."""
    values = to_pixels(image.clamp(0, 1))
    if like.is_gray and bool((values == values[..., :1]).all()):
        values = values[..., 0]
    return convert_depth(values, like.pixels.dtype)
