"""Tables of pictures: a column of a Parquet file restored into another one, part by part."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from restora.errors import RestoraError
from restora.failures import failure
from restora.scale.batches import BatchRestorer, Line
from restora.scale.cluster import Pool, tolerant
from restora.scale.manifest import parquet
from restora.scale.places import below, exists, file_system, store, told, url_of

ROWS = 64
"""Rows of a part: what is lost with a worker, or when a run is stopped."""
PART = pa.schema(
    [("source", pa.string()), ("group", pa.int64()), ("number", pa.int64()), ("target", pa.string())]
)
DONE = pa.schema(
    [("target", pa.string()), ("restored", pa.int64()), ("failed", pa.int64()), ("error", pa.string())]
)
"""What became of a part: its rows are restored or not, or it was there already and has none, or it failed as a whole."""


@dataclass(frozen=True)
class Part:
    """Some rows of a table, and the file that they become.

    Attributes:
        source: File of the table.
        group: Row group in it.
        number: Which `ROWS` of that.
        target: File of the result.
    """

    source: str
    group: int
    number: int
    target: str


def plan_parts(source: str, target: str, column: str) -> list[Part]:
    """Cut a table into parts.

    Args:
        source: A Parquet file, or a folder of them, which is mirrored.
        target: Folder of the results, a table for whatever reads Parquet.
        column: Is in every file, with bytes or text in it.

    Raises:
        RestoraError: It cannot be read, is no Parquet, or lacks the column.
    """
    parts = []
    for file, relative in _files(source):
        stem = relative.removesuffix(".parquet")
        parts += [
            Part(file, group, number, below(target, f"{stem}-{group:05d}-{number:05d}.parquet"))
            for group, rows in enumerate(_groups(file, column))
            for number in range(-(-rows // ROWS))
        ]
    return parts


def _files(source: str) -> list[tuple[str, str]]:
    """Return the files of a table, and their paths below its folder."""
    with told(source, "be looked at"):
        system, path = file_system(source)
        if system.isfile(path):
            return [(source, PurePosixPath(path).name)]
        found = [one for one in system.find(path) if one.endswith(".parquet")]
    if not found:
        raise RestoraError(f"{source}: there is no Parquet file; check the spelling")
    return [(url_of(source, one), one.removeprefix(path).lstrip("/")) for one in found]


def _groups(file: str, column: str) -> list[int]:
    """Return the numbers of rows in the row groups of a file whose column holds pictures."""
    with told(file, "be read as Parquet"):
        system, path = file_system(file)
        with system.open(path) as stream:
            about = pq.ParquetFile(stream)
            schema, data = about.schema_arrow, about.metadata
            rows = [data.row_group(group).num_rows for group in range(data.num_row_groups)]
    if column not in schema.names:
        raise RestoraError(f"{file}: has no column {column!r}; there are: {', '.join(schema.names)}")
    kind = schema.field(column).type
    if kind not in (pa.binary(), pa.large_binary(), pa.string(), pa.large_string()):
        raise RestoraError(
            f"{file}: column {column!r} holds {kind}; name one that holds files as bytes, or their places"
        )
    return rows


class PartRestorer(BatchRestorer):
    """A worker that makes files of parts.

    Args:
        overwrite: Make again what is there already.
        **options: Of the `BatchRestorer`.
    """

    def __init__(self, *, overwrite: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.overwrite = overwrite

    def __call__(self, parts: pa.Table) -> pa.Table:
        """Restore parts, and tell what became of each."""
        return pa.Table.from_pylist([self.done(Part(**row)) for row in parts.to_pylist()], schema=DONE)

    def done(self, part: Part) -> Line:
        """Restore a part, unless it is there."""
        counts: Counter[str] = Counter()
        error = None
        try:
            if self.overwrite or not exists(part.target):
                table = super().__call__(_rows(part))
                counts.update(table[f"{self.output}_status"].to_pylist())
                store(part.target, parquet(table))
        except Exception as problem:  # whatever it is, the other parts are to be made
            error = failure(problem, part.target, part.source)
        failed = counts.pop("failed", 0)
        return {"target": part.target, "restored": counts.total(), "failed": failed, "error": error}


def _rows(part: Part) -> pa.Table:
    with told(part.source, "be read as Parquet"):
        system, path = file_system(part.source)
        with system.open(path) as stream:
            batches = pq.ParquetFile(stream).iter_batches(ROWS, row_groups=[part.group])
            return pa.Table.from_batches([next(islice(batches, part.number, None))])


def restore_parts(parts: Sequence[Part], pool: Pool | None, **options: Any) -> Iterator[Line]:
    """Restore the parts of a table, here or on the cluster that this process is connected to.

    Args:
        parts: From `plan_parts`.
        pool: Workers; ``None`` restores here.
        **options: Of the `PartRestorer`.

    Yields:
        What became of each part, as `DONE` has it.
    """
    if pool is None:
        yield from map(PartRestorer(**options).done, parts)
        return
    left = {part.target for part in parts}
    blocks = [pa.Table.from_pylist([asdict(part)], schema=PART) for part in parts]
    with tolerant() as data:
        restored = pool.restored(data.from_arrow(blocks), PartRestorer, **options)
        for table in restored.iter_batches(batch_size=None, batch_format="pyarrow"):
            for line in table.to_pylist():
                left.discard(line["target"])
                yield line
    for target in sorted(left):
        yield {
            "target": target,
            "restored": 0,
            "failed": 0,
            "error": f"{target}: its worker died; take larger ones",
        }
