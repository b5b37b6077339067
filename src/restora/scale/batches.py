"""Batches: the pictures in a column of a table, restored in whatever process runs over batches."""

from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from threading import Lock
from typing import Any, TypeVar

import numpy as np

from restora.failures import failure
from restora.restoration.choosing import restorer_for
from restora.restoration.content import restore_content
from restora.restoration.file_restoration import MAX_PIXELS
from restora.restoration.planning import file_ending
from restora.scale.places import fetch, overlapped

Batch = TypeVar("Batch")
Line = dict[str, Any]
"""What became of a picture: the fields of `restora.scale.manifest.OUTCOME`."""
Picture = tuple[str, bytes | None, str | None]
"""Its place, or another name; its file, ``None`` if that is to be read at the place; and the target, whose suffix
chooses the format."""

_restorers: dict[str, Any] = {}
_building = Lock()


class BatchRestorer:
    r"""Restore the pictures in a column of a batch, for ``map_batches`` of Ray, ``map_partitions`` of Dask and their like.

    What is pickled are options. Weights are loaded for the first picture of a process and kept for all that follow, also
    where the restorer is pickled again for each batch.

    Args:
        column: Holds the files of pictures as bytes, or their places: paths or URLs that fsspec knows.
        output: Column of the restored files, as bytes; ``None`` where one failed. What became of it stands beside, in
            ``OUTPUT_status``, ``_weights``, ``_seconds``, ``_megapixels``, ``_losses``, ``_notes`` and ``_error``.
        file_format: Of the results, such as ``"png"``; that of each picture by default.
        quality: 1 to 100 for JPEG and WebP; that of the picture by default.
        max_pixels: Refuse larger pictures.
        at_once: Pictures that are worked on at once, each with the memory that it takes: some are read and written while
            a graphics card restores another one; a processor gains nothing.
        task: As for `restora.restore`.
        weights: As for `restora.restore`; a file is to be there in every process.
        **options: Of the `Restorer`.

    Example:
        >>> import numpy as np
        >>> from restora.images import Photograph, encode
        >>> picture = encode(Photograph(np.full((20, 30, 3), 128, np.uint8)))
        >>> batch = BatchRestorer(task="denoise")({"image": np.array([picture, b"no picture"], object)})
        >>> batch["restored_status"].tolist(), batch["restored"][0][:4]
        (['restored', 'failed'], b'\x89PNG')
    """

    def __init__(
        self,
        *,
        column: str = "image",
        output: str = "restored",
        file_format: str | None = None,
        quality: int | None = None,
        max_pixels: int = MAX_PIXELS,
        at_once: int = 1,
        task: str | None = None,
        weights: str | Path | None = None,
        **options: Any,
    ) -> None:
        self.column, self.output = column, output
        self.ending = None if file_format is None else file_ending(file_format)
        self.quality, self.max_pixels, self.at_once = quality, max_pixels, at_once
        self.options = {"task": task, "weights": weights, **options}

    def __call__(self, batch: Batch) -> Batch:
        """Return a batch with the columns of the results added.

        Args:
            batch: A dictionary of arrays, a data frame of pandas or a table of Arrow; the same kind comes back.
        """
        values: Any = batch[self.column]  # type: ignore[index]
        values = values.to_pylist() if hasattr(values, "to_pylist") else list(values)
        target = self.ending and f"picture{self.ending}"
        pictures: list[Picture] = [
            (value, None, target) if isinstance(value, str) else (f"{self.column} {i}", value or b"", target)
            for i, value in enumerate(values)
        ]
        done = list(self.restored(pictures))
        columns = {self.output: [content for content, _ in done]}
        for name in FIELDS:
            columns[f"{self.output}_{name}"] = [line[name] for _, line in done]
        added: Batch = _with_columns(batch, columns)
        return added

    def restored(self, pictures: Iterable[Picture]) -> Iterator[tuple[bytes | None, Line]]:
        """Yield the restored file of each picture, ``None`` if it failed, and what became of it, in order."""

        def made(picture: Picture) -> tuple[bytes | None, Line]:
            name, content, target = picture
            try:
                done = restore_content(
                    fetch(name) if content is None else content,
                    self._restorer(),
                    name=name,
                    file_format=PurePosixPath(target).suffix if target else None,
                    quality=self.quality,
                    max_pixels=self.max_pixels,
                )
            except Exception as error:  # whatever it is, the others are to be restored
                return None, failed(name, error)
            return done.content, {
                "status": done.status,
                "weights": ", then ".join(str(used["weights"]) for used in done.used) or None,
                "seconds": sum(done.seconds.values()),
                "megapixels": done.megapixels,
                "losses": [*done.losses],
                "notes": [*done.notes],
                "error": None,
            }

        yield from overlapped(made, pictures, at_once=self.at_once)

    def _restorer(self) -> Any:
        """Return the restorer of this process, built if it is the first."""
        key = repr(sorted(self.options.items()))
        with _building:
            if key not in _restorers:
                _restorers[key] = restorer_for(**self.options)
            return _restorers[key]


FIELDS = ("status", "weights", "seconds", "megapixels", "losses", "notes", "error")


def failed(name: str, error: Exception | str) -> Line:
    """Return what became of a picture that failed."""
    words = error if isinstance(error, str) else failure(error, name)
    nothing: Line = {"weights": None, "seconds": 0.0, "megapixels": 0.0, "losses": [], "notes": []}
    return {"status": "failed", **nothing, "error": words}


def _with_columns(batch: Any, columns: dict[str, list[Any]]) -> Any:
    if isinstance(batch, dict):
        return {**batch, **{name: _objects(values) for name, values in columns.items()}}
    if hasattr(batch, "append_column"):
        import pyarrow as pa

        from restora.scale.manifest import OUTCOME

        types = [pa.large_binary(), *(field.type for field in OUTCOME)]
        for (name, values), kind in zip(columns.items(), types, strict=True):
            batch = batch.append_column(name, pa.array(values, kind))
        return batch
    return batch.assign(**columns)


def _objects(values: list[Any]) -> Any:
    array = np.empty(len(values), object)
    for i, value in enumerate(values):  # at once, NumPy would make a matrix of lists
        array[i] = value
    return array
