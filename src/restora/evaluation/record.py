"""Record of an evaluation: every score, and everything needed to repeat it, as JSON and as CSV."""

import csv
import io
import json
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError

from restora.atomic import write_file
from restora.errors import RestoraError, first_problem
from restora.evaluation.cases import Case

FORMAT = 1
"""Format of the JSON files; readers refuse a later one."""

OLD_KINDS = {"peer": "baseline"}
"""Kinds of methods as files of the first releases have them."""

Setting = str | int | float | bool | None


@dataclass(frozen=True)
class ImageScores:
    """The scores of one image.

    Attributes:
        name: Name of the pair in its benchmark.
        scores: Metric -> value, as the protocol has them; infinity for equal images.

    Example:
        >>> ImageScores("kodim01", {"psnr": 30.0, "ssim": 0.9}).scores["psnr"]
        30.0
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    name: str
    scores: dict[str, float]


@dataclass(frozen=True)
class Evaluation:
    """One method on one benchmark by one protocol.

    Attributes:
        benchmark: Name of its card, such as "cbsd68".
        title: As papers call it, such as "CBSD68".
        split: Such as "test".
        variant: Such as "sigma-25"; "" where the benchmark has none.
        protocol: Name of the protocol.
        protocol_description: What it does, in words.
        method: Name of the weights, of the baseline, or of the folder of images.
        kind: "weights", "baseline" or "images".
        settings: Everything that changes the result: tile, ensemble, local_statistics, sigma, ...
        images: The scores of every image, in the order of the benchmark.
        published_pairs: How many pairs the published numbers are means of; None if not fixed.
        remarks: What a reader should know, such as an odd number of pairs.
        versions: Package -> version.
        weights_sha256: Checksum of the file of weights; None for methods without one.
        card: The weights card as data; None where there is none.

    Example:
        >>> images = (ImageScores("a", {"psnr": 30.0}), ImageScores("b", {"psnr": 32.0}))
        >>> one = Evaluation("b", "B", "test", "", "rgb8", "", "mine", "weights", {}, images)
        >>> one.means, [image.name for image in one.ranked()]
        ({'psnr': 31.0}, ['a', 'b'])
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    benchmark: str
    title: str
    split: str
    variant: str
    protocol: str
    protocol_description: str
    method: str
    kind: str
    settings: dict[str, Setting]
    images: tuple[ImageScores, ...]
    published_pairs: int | None = None
    remarks: tuple[str, ...] = ()
    versions: dict[str, str] = field(default_factory=dict)
    weights_sha256: str | None = None
    card: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        if not self.images:
            raise RestoraError(f"{self.label}: an evaluation needs at least one image")
        for image in self.images:
            if image.scores.keys() != self.images[0].scores.keys():
                raise RestoraError(f"{self.label}: {image.name} has other metrics than {self.images[0].name}")

    @property
    def case(self) -> Case:
        """What was evaluated."""
        return Case(self.benchmark, self.split, self.variant)

    @property
    def label(self) -> str:
        """The benchmark with its split and variant where they are not the usual ones, for people.

        Example:
            >>> one = (ImageScores("a", {"psnr": 30.0}),)
            >>> Evaluation("cbsd68", "CBSD68", "test", "sigma-25", "p", "", "m", "baseline", {}, one).label
            'CBSD68 sigma-25'
        """
        return " ".join(
            word for word in (self.title, self.split if self.split != "test" else "", self.variant) if word
        )

    @property
    def method_title(self) -> str:
        """The method's name in tables, with the settings that were chosen.

        Example:
            >>> one = (ImageScores("a", {"psnr": 30.0}),)
            >>> Evaluation("b", "B", "test", "", "p", "", "mine", "weights", {"ensemble": True}, one).method_title
            'mine, self-ensemble'
        """
        words = [str(self.settings.get("title", self.method))]
        words += ["self-ensemble"] if self.settings.get("ensemble") else []
        for setting, what in (("tile", "tiles"), ("local_statistics", "local statistics")):
            if self.settings.get(setting) is not None:
                words.append(f"{what} of {self.settings[setting]}")
        return ", ".join(words)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the images, in the order of the benchmark."""
        return tuple(image.name for image in self.images)

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names of the metrics, the one to rank by first."""
        return tuple(self.images[0].scores)

    @property
    def means(self) -> dict[str, float]:
        """Metric -> mean over the images."""
        return {metric: mean(self.values(metric)) for metric in self.metrics}

    def values(self, metric: str) -> list[float]:
        """Return the scores of all images, in their order.

        Raises:
            RestoraError: The protocol has no such metric.
        """
        if metric not in self.metrics:
            raise RestoraError(
                f"{self.protocol}: has no metric {metric!r}; there are: {', '.join(self.metrics)}"
            )
        return [image.scores[metric] for image in self.images]

    def only(self, names: Collection[str]) -> "Evaluation":
        """Return the evaluation of a part of its images."""
        return replace(self, images=tuple(image for image in self.images if image.name in names))

    def ranked(self, metric: str | None = None) -> tuple[ImageScores, ...]:
        """Return the images from the lowest score to the highest, equal ones by name; by the first metric for None."""
        chosen = metric or self.metrics[0]
        return tuple(sorted(self.images, key=lambda image: (image.scores[chosen], image.name)))


def mean(values: Sequence[float]) -> float:
    """Return the mean, correctly rounded whatever the order."""
    return math.fsum(values) / len(values) if all(map(math.isfinite, values)) else sum(values) / len(values)


def write_json(path: str | Path, evaluation: Evaluation) -> Path:
    """Write an evaluation; the same one always gives the same bytes.

    Raises:
        RestoraError: The file cannot be written.

    Example:
        >>> import tempfile
        >>> one = (ImageScores("a", {"psnr": 30.0}),)
        >>> evaluation = Evaluation("b", "B", "test", "", "p", "", "mine", "weights", {}, one)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     read_json(write_json(f"{folder}/scores.json", evaluation)) == evaluation
        True
    """
    content = {"format": FORMAT, **asdict(evaluation), "means": evaluation.means}
    text = json.dumps(_plain(content), indent=1, allow_nan=False, ensure_ascii=False) + "\n"
    return write_file(Path(path), text)


def read_json(path: str | Path) -> Evaluation:
    """Read an evaluation.

    Raises:
        RestoraError: The file is missing, is no evaluation, or one of a later restora.

    Example:
        >>> read_json("no-such-scores.json")
        Traceback (most recent call last):
        restora.errors.RestoraError: no-such-scores.json: cannot be read (No such file or directory); name a JSON file ...
    """
    path = Path(path)
    if path.exists() and not path.is_file():
        raise RestoraError(f"{path}: is no regular file; name a JSON file of restora evaluate")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RestoraError(
            f"{path}: cannot be read ({error.strerror}); name a JSON file of restora evaluate"
        ) from error
    except ValueError as error:
        raise RestoraError(f"{path}: is not JSON; name a file that restora evaluate wrote") from error
    if not isinstance(content, dict) or not isinstance(content.get("format"), int):
        raise RestoraError(f"{path}: is no evaluation; name a file that restora evaluate wrote")
    if content["format"] > FORMAT:
        raise RestoraError(f"{path}: is of format {content['format']}, known is {FORMAT}; update restora")
    fields = {name: value for name, value in content.items() if name not in ("format", "means")}
    fields["kind"] = OLD_KINDS.get(str(content.get("kind")), content.get("kind"))
    try:
        return TypeAdapter(Evaluation).validate_python(fields)
    except ValidationError as error:
        place, words = first_problem(error)
        raise RestoraError(f"{path}: is no evaluation ({'.'.join(place)}: {words})") from error


def write_csv(path: str | Path, evaluation: Evaluation) -> Path:
    """Write the scores as a table: a row an image, the mean last.

    Raises:
        RestoraError: The file cannot be written.

    Example:
        >>> import tempfile
        >>> one = (ImageScores("a", {"psnr": 30.0}),)
        >>> evaluation = Evaluation("b", "B", "test", "", "p", "", "mine", "weights", {}, one)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     print(write_csv(f"{folder}/scores.csv", evaluation).read_text())
        image,psnr
        a,30.0
        mean,30.0
        <BLANKLINE>
    """
    buffer = io.StringIO()
    table = csv.writer(buffer, lineterminator="\n")
    table.writerow(("image", *evaluation.metrics))
    for image in evaluation.images:
        table.writerow((image.name, *(repr(image.scores[metric]) for metric in evaluation.metrics)))
    table.writerow(("mean", *(repr(value) for value in evaluation.means.values())))
    return write_file(Path(path), buffer.getvalue())


def _plain(value: Any) -> Any:
    """JSON has no infinity: written as a string, which reading turns back into a float."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
