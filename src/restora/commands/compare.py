"""``restora compare``: the figure that papers print."""

from pathlib import Path
from typing import Annotated

import typer

from restora.commands.options import Overwrite
from restora.errors import RestoraError
from restora.evaluation.figure import figure, scored
from restora.evaluation.figure_crops import Crop, differing_crops
from restora.evaluation.figure_sheet import Exhibit
from restora.evaluation.scene import paint, write_pdf
from restora.images import Metadata, Photograph, read, write
from restora.images.writing import check_target
from restora.metrics import protocol as find_protocol

EPILOG = """
Examples:

  restora compare noisy.png bm3d.png restora.png --clean clean.png -o figure.pdf

  restora compare a/7.png b/7.png --crop 120,80,64,64 --crop 300,40,64,64 -o figure.png

  restora compare noisy.png ours.png --clean clean.png --labels "Noisy,Ours" --error-maps -o errors.png

The first picture is shown whole. Crops are x,y,width,height; without any, two are chosen where the pictures differ most.
"""

COPIES, COPIES_OF_SCORES = 10, 60
"""Pictures of 8 bits that comparing takes for each that is compared, and that scoring takes, as measured."""


def compare(
    pictures: Annotated[
        list[Path],
        typer.Argument(
            metavar="PICTURE...",
            help="Pictures of the same scene and size, a column each.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="PNG, PDF or another format.", show_default=False)
    ],
    crop: Annotated[
        list[str] | None,
        typer.Option(metavar="X,Y,W,H", help="What to enlarge, in pixels; repeat it for more."),
    ] = None,
    clean: Annotated[Path | None, typer.Option(help="The clean picture: last column, scores.")] = None,
    labels: Annotated[
        str | None,
        typer.Option(
            metavar="A,B,...",
            help="Instead of the names of the files; one each, split at ; or else at commas.",
        ),
    ] = None,
    protocol: Annotated[
        str, typer.Option(help="How to score against the clean picture; see 'restora protocols'.")
    ] = "rgb8",
    error_maps: Annotated[
        bool, typer.Option("--error-maps", help="Also show the absolute error of each picture.")
    ] = False,
    error_scale: Annotated[
        int | None,
        typer.Option(min=1, max=255, metavar="LEVELS", help="Where the colours of the error maps end."),
    ] = None,
    enlargement: Annotated[
        str, typer.Option("--enlarge", metavar="nearest|lanczos", help="How crops are enlarged.")
    ] = "nearest",
    quality: Annotated[
        int | None, typer.Option(min=1, max=100, help="Quality of a JPEG or WebP figure.")
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Compare pictures in a figure: one whole with marked crops, below it the crops of each, with their scores."""
    if enlargement not in ("nearest", "lanczos"):
        raise RestoraError(f"--enlarge {enlargement}: must be nearest or lanczos")
    if len(pictures) + (clean is not None) < 2:
        raise RestoraError(f"{pictures[0]}: nothing to compare it with; name another picture, or --clean")
    if error_maps and clean is None:
        raise RestoraError("--error-maps needs the clean picture; name it with --clean")
    if error_scale is not None and not error_maps:
        raise RestoraError("--error-scale is of the error maps; add --error-maps")
    scoring_protocol = find_protocol(protocol)
    crops = [Crop.parse(words) for words in crop or ()]
    names = _labels(pictures, labels)
    is_pdf = output.suffix.lower() == ".pdf"
    if is_pdf and output.exists() and not overwrite:
        raise RestoraError(f"{output}: exists already; choose another name, or --overwrite")
    files = [*pictures, *([clean] if clean is not None else [])]
    copies = COPIES * len(files) + (COPIES_OF_SCORES if clean is not None else 0)
    photographs = [read(file, copies=copies).upright() for file in files]
    if not is_pdf:
        check_target(output, photographs[0], quality=quality, overwrite=overwrite)
    first = photographs[0]
    for file, photograph in zip(files, photographs, strict=True):
        if (photograph.height, photograph.width) != (first.height, first.width):
            raise RestoraError(
                f"{file}: is {photograph.width}x{photograph.height}, but {files[0]} is {first.width}x{first.height}; "
                "pictures to compare must have one size: cut or scale them first"
            )
    images = [photograph.shown() for photograph in photographs]
    crops = crops or list(differing_crops(images))
    if crop is None:
        typer.echo("crops: " + " ".join(f"--crop {each}" for each in crops), err=True)
    exhibits = [Exhibit(name, image) for name, image in zip(names, images[: len(pictures)], strict=True)]
    truth = Exhibit("clean", images[-1]) if clean is not None else None
    scoring = scored(exhibits, truth.image, scoring_protocol) if truth is not None else None
    scene = figure(
        exhibits,
        crops,
        clean=truth,
        scoring=scoring,
        error_maps=error_maps,
        error_end=error_scale,
        enlargement="nearest" if enlargement == "nearest" else "lanczos",
    )
    if is_pdf:
        typer.echo(write_pdf(output, scene))
        return
    # Values are shown as stored, so the first picture's profile says what its colours are.
    profile = None if first.is_gray else first.metadata.icc
    sheet = Photograph(paint(scene), metadata=Metadata(icc=profile))
    typer.echo(write(output, sheet, quality=quality, overwrite=overwrite))


def _labels(pictures: list[Path], labels: str | None) -> list[str]:
    """Return a label a picture: as given, or what tells the files apart: their names, else their folders'."""
    if labels is not None:
        given = [label.strip() for label in labels.split(";" if ";" in labels else ",")]
        if len(given) != len(pictures):
            raise RestoraError(
                f"--labels {labels!r}: {len(given)} for {len(pictures)} pictures; give one each, between commas (or semicolons, if labels contain commas)"
            )
        return given
    candidates = (
        [path.stem for path in pictures],
        [path.resolve().parent.name for path in pictures],
    )
    return next(
        (names for names in candidates if len(set(names)) == len(names)), [str(path) for path in pictures]
    )
