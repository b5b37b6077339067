"""Methods that are evaluated: weights of restora, baselines, pictures that somebody else restored."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from restora.checkpoints.names import file_name
from restora.checkpoints.reading import sha256_of
from restora.datasets import Entry
from restora.errors import RestoraError
from restora.evaluation.baselines import baseline
from restora.evaluation.record import Setting
from restora.images import IMAGE_SUFFIXES, read
from restora.pixels import gray_to_rgb
from restora.threads import Threads

Pixels = NDArray[Any]


def _no_stamp(entry: Entry) -> str:
    return ""


@dataclass(frozen=True)
class Method:
    """A way to restore the images of a benchmark.

    Attributes:
        name: For files and tables.
        kind: "weights", "baseline" or "images".
        restore: An entry and its degraded image (H, W, C), float32, about [0, 1] -> (H, W, 3), float or 8 or 16 bits.
        settings: Everything that changes the result.
        stamp: Entry -> words that change when its result would; for results that are read from files.
        weights_sha256: Checksum of the file of weights.
        card: The weights card as data.
        package: Name of the package on whose version the result depends, beside the usual ones.

    Example:
        >>> twice = Method("twice", "baseline", lambda entry, degraded: 2 * degraded)
        >>> twice.label
        'twice'
    """

    name: str
    kind: Literal["weights", "baseline", "images"]
    restore: Callable[[Entry, NDArray[np.float32]], Pixels]
    settings: Mapping[str, Setting] = field(default_factory=dict)
    stamp: Callable[[Entry], str] = _no_stamp
    weights_sha256: str | None = None
    card: Mapping[str, Any] | None = None
    package: str | None = None

    @property
    def label(self) -> str:
        """The name with the settings that were chosen, for the names of files.

        Example:
            >>> Method("mine", "weights", lambda e, x: x, {"ensemble": True, "tile": 256}).label
            'mine-ensemble-tile-256'
        """
        words = [self.name]
        words += [key for key in ("ensemble", "reproducible") if self.settings.get(key)]
        for key, word in (("tile", "tile"), ("local_statistics", "local"), ("engine", "engine")):
            words += [f"{word}-{self.settings[key]}"] if self.settings.get(key) is not None else []
        return "-".join(words)


def weights_method(
    source: str | Path,
    *,
    tile: int | Literal["auto"] | None = None,
    ensemble: bool = False,
    local_statistics: int | None = None,
    precision: str = "float32",
    device: str = "auto",
    engine: str = "torch",
    threads: Threads = "auto",
    reproducible: bool = False,
) -> Method:
    """Restore with weights; the whole image at once in float32 unless told otherwise, as papers do.

    Args:
        source: What `restora.load_model` takes.
        tile: Side of the tiles in pixels, None for none; "auto" is recorded as the number it stands for here.
        ensemble: Average over flips and turns.
        local_statistics: Side of the training crops in pixels, for pooling over windows; None for pooling over all.
        precision: As `restora.Restorer` takes it.
        device: As `restora.Restorer` takes it.
        engine: As `restora.Restorer` takes it.
        threads: As `restora.Restorer` takes it.
        reproducible: As `restora.Restorer` takes it.

    Raises:
        RestoraError: Unknown or unreadable weights.

    Example:
        >>> weights_method("denoise-chair-tiny", ensemble=True).label
        'denoise-chair-tiny-ensemble'
    """
    from restora.checkpoints import WeightsCard, load_model
    from restora.restoration import Restorer, with_local_statistics

    model = load_model(source)
    card: WeightsCard | None = model.card
    network = model if local_statistics is None else with_local_statistics(model, local_statistics)
    restorer = Restorer(
        network,
        tile=tile,
        ensemble=ensemble,
        precision=precision,
        device=device,
        engine=engine,
        threads=threads,
        reproducible=reproducible,
    )
    if restorer.tile == "auto":  # the same for all images and engines
        restorer.tile = restorer.auto_tile() if engine == "torch" else restorer.choice.side

    def restore(entry: Entry, degraded: NDArray[np.float32]) -> Pixels:
        return restorer(degraded)

    return Method(
        name=card.name if card else Path(source).stem,
        kind="weights",
        restore=restore,
        settings={
            "tile": restorer.tile,
            "ensemble": ensemble,
            "local_statistics": local_statistics,
            "precision": str(restorer.engine.dtype).removeprefix("torch."),
            "device": restorer.engine.device.type,
            **({} if engine == "torch" else {"engine": engine}),
            **({"reproducible": True, "threads": restorer.threads} if reproducible else {}),
        },
        weights_sha256=card.sha256 if card else sha256_of(Path(source)),
        card=card.model_dump(mode="json") if card else None,
    )


def baseline_method(name: str, *, task: str, sigma: float | None) -> Method:
    """Restore with a classical baseline.

    Args:
        name: One of `restora.evaluation.baselines.BASELINES`.
        task: Task of the benchmark.
        sigma: Strength of the noise in grey levels of 255, which the baseline is told; None for it to estimate.

    Raises:
        RestoraError: There is no such baseline, or its package is missing.

    Example:
        >>> baseline_method("input", task="denoise", sigma=None).name
        'input'
    """
    built = baseline(name, task=task, sigma=sigma)

    def restore(entry: Entry, degraded: NDArray[np.float32]) -> Pixels:
        _require_rgb(entry, degraded)
        return built.restore(degraded)

    return Method(
        name,
        "baseline",
        restore,
        {"title": built.title, **built.settings},
        weights_sha256=None if built.weights is None else sha256_of(built.weights),
        package=built.package,
    )


def images_method(folder: str | Path, *, name: str | None = None) -> Method:
    """Take pictures that were restored before, by whatever program, from a folder.

    A picture belongs to a pair if its path below the folder without the suffix is the name of the pair, or if its own
    name is that of the pair or of the degraded file. Never by the order of files: folders of mixed suffixes mispair.

    Args:
        folder: It and those below are searched.
        name: Name of the method, after which files are called; that of the folder for None.

    Raises:
        RestoraError: The folder is missing or holds no images, or the name names no file; when restoring, a picture is missing or not unique.

    Example:
        >>> import tempfile
        >>> from restora.images import Photograph
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = Photograph(np.zeros((6, 8, 3), np.uint8)).save(Path(folder) / "norain-1.png")
        ...     images_method(folder, name="theirs").kind
        'images'
    """
    folder = Path(folder)
    try:
        label = file_name(folder.resolve().name if name is None else name)
    except ValueError as error:
        raise RestoraError(f"{folder}: {error}; choose another one with --name") from error
    if not folder.is_dir():
        raise RestoraError(f"{folder}: is not a folder; name the one with the restored pictures")
    files = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in IMAGE_SUFFIXES and path.is_file() and not path.name.startswith(".")
    )
    if not files:
        raise RestoraError(f"{folder}: holds no pictures; name the folder with the restored ones")
    known: dict[str, list[Path]] = {}
    for path in files:
        below = path.relative_to(folder)
        for key in {below.as_posix(), below.with_suffix("").as_posix(), path.stem}:
            known.setdefault(key, []).append(path)

    def find(entry: Entry) -> Path:
        for key in (entry.name, entry.degraded.file.stem):
            found = known.get(key, [])
            if len(found) == 1:
                return found[0]
            if found:
                raise RestoraError(
                    f"{found[1]}: stands for {entry.name} as {found[0]} does; remove one of them"
                )
        example = files[0].relative_to(folder)
        raise RestoraError(
            f"{folder}: has no picture for {entry.name}; name it {Path(entry.name).name}.png (there is {example}, for one)"
        )

    def restore(entry: Entry, degraded: NDArray[np.float32]) -> Pixels:
        path = find(entry)
        pixels = gray_to_rgb(read(path).pixels)
        if pixels.shape[:2] != degraded.shape[:2]:
            sizes = [f"{shape[1]}x{shape[0]}" for shape in (pixels.shape, degraded.shape)]
            raise RestoraError(f"{path}: is {sizes[0]}, but {entry.name} is {sizes[1]}; nothing is resized")
        return pixels

    def stamp(entry: Entry) -> str:
        return sha256_of(find(entry))

    return Method(label, "images", restore, stamp=stamp)


def _require_rgb(entry: Entry, degraded: Pixels) -> None:
    if degraded.shape[2] != 3:
        raise RestoraError(
            f"{entry.name}: has {degraded.shape[2]} channels, which no method here takes; restore it yourself and score it"
            " with --images"
        )
