"""Comparison figure as papers print it: a picture with marked crops, and below it the crops of every method, enlarged."""

from collections.abc import Sequence

from restora.errors import RestoraError
from restora.evaluation.figure_crops import Crop
from restora.evaluation.figure_sheet import COLOURS, Enlargement, Exhibit, Image, Scoring, Sheet
from restora.evaluation.scene import Scene
from restora.metrics import Protocol, printed


def scored(exhibits: Sequence[Exhibit], clean: Image, protocol: Protocol) -> Scoring:
    """Score every exhibit against the clean picture.

    Args:
        exhibits: Pictures of the shape of `clean`.
        clean: (H, W, 3) in [0, 1].
        protocol: What is computed.
    """
    lines = []
    for exhibit in exhibits:
        scores = protocol.scores(exhibit.image, clean)
        lines.append(" / ".join(printed(metric, score) for metric, score in scores.items()))
    return Scoring(protocol.name, tuple(protocol.metrics), tuple(lines))


def figure(
    exhibits: Sequence[Exhibit],
    crops: Sequence[Crop],
    *,
    clean: Exhibit | None = None,
    scoring: Scoring | None = None,
    error_maps: bool = False,
    error_end: int | None = None,
    enlargement: Enlargement = "nearest",
) -> Scene:
    """Lay out a figure of several pictures of the same scene.

    The first picture is shown whole, its crops marked; below it a column for each picture, the clean one last, with
    the crops enlarged by a whole factor, the label and the scores. Error maps come below the crops, on one scale.

    Args:
        exhibits: One or more pictures of the same shape.
        crops: One to `len(COLOURS)`, inside the pictures.
        clean: The truth, for the last column and the error maps.
        scoring: What to print below the labels.
        error_maps: Also show where the errors are; needs `clean`.
        error_end: Grey levels of the last colour of the error maps; None chooses a round number.
        enlargement: "nearest" shows the pixels themselves, "lanczos" what a viewer would interpolate.

    Raises:
        RestoraError: The shapes differ, a crop lies outside, there are too many, or error maps lack a clean picture.
    """
    columns = [*exhibits, *([clean] if clean is not None else [])]
    _check(columns, crops)
    if error_maps and clean is None:
        raise RestoraError("error maps need the clean picture; name it with --clean")
    sheet = Sheet(columns, crops)
    sheet.place_whole()
    sheet.place_crops(enlargement)
    how = {"nearest": "nearest pixel", "lanczos": "Lanczos"}[enlargement]
    factors = sorted({sheet.factor(crop) for crop in crops})
    note = f"crops enlarged {' and '.join(map(str, factors))} times ({how})"
    if error_maps and clean is not None:
        sheet.place_errors(clean, error_end)
        note += "; errors are means over red, green and blue"
    sheet.place_captions(scoring, clean)
    if scoring is not None:
        sheet.place_note(f"{scoring.heading} of the whole picture, protocol {scoring.protocol}")
    sheet.place_note(note)
    return sheet.scene()


def _check(columns: Sequence[Exhibit], crops: Sequence[Crop]) -> None:
    first = columns[0]
    height, width = first.image.shape[:2]
    for other in columns[1:]:
        if other.image.shape != first.image.shape:
            rows, places = other.image.shape[:2]
            raise RestoraError(
                f"{other.label} is {places}x{rows} and {first.label} {width}x{height}; pictures to compare must have "
                "one size: cut or scale them first"
            )
    for crop in crops:
        crop.check(width, height)
    if not 1 <= len(crops) <= len(COLOURS):
        raise RestoraError(f"a figure shows 1 to {len(COLOURS)} crops, got {len(crops)}")
