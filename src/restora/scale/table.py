"""Tables of pictures: a column of a Parquet file restored into another one, part by part."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import groupby, islice
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
BUFFER = 2**23
"""Bytes of a column that are read at once, or a page if that is larger: a row group may be larger than memory."""
CORES_TO_READ = 0.25
"""Of a process that reads rows for those that restore."""
PART = pa.schema(
    [("source", pa.string()), ("group", pa.int64()), ("number", pa.int64()), ("target", pa.string())]
)
READ = pa.schema([("target", pa.string()), ("rows", pa.large_binary()), ("error", pa.string())])
"""A part on its way: its rows as a stream of Arrow; none if it is there already, or cannot be read."""
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
    with _opened(file) as about:
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


@contextmanager
def _opened(file: str) -> Iterator[pq.ParquetFile]:
    with told(file, "be read as Parquet"):
        system, path = file_system(file)
        # Columns are read in turns, which a cache that reads ahead would take for jumps.
        with system.open(path, cache_type="none") as stream:
            yield pq.ParquetFile(stream, buffer_size=BUFFER, pre_buffer=False)


def read_parts(parts: Sequence[Part], *, overwrite: bool) -> Iterator[Line]:
    """Read the parts of a row group in one pass, which goes no further than is needed.

    Args:
        parts: Of one row group, in order.
        overwrite: Also read those whose target is there.

    Yields:
        ``target`` of each, with ``rows`` as a table, or ``error`` in words, or neither if it is there already.
    """

    def batches() -> Iterator[pa.RecordBatch]:
        with _opened(parts[0].source) as file:
            yield from file.iter_batches(ROWS, row_groups=[parts[0].group])

    coming, following, error = batches(), 0, None
    for part in parts:
        rows = None
        try:
            if error is None and (overwrite or not exists(part.target)):
                rows = pa.Table.from_batches([next(islice(coming, part.number - following, None))])
                following = part.number + 1
        except Exception as problem:  # whatever it is, the other row groups are to be read
            error = failure(problem, part.target, part.source)
        yield {"target": part.target, "rows": rows, "error": error}


def _read(parts: pa.Table, *, overwrite: bool) -> Iterator[pa.Table]:
    for part in read_parts([Part(**row) for row in parts.to_pylist()], overwrite=overwrite):
        if part["rows"] is not None:
            stream = pa.BufferOutputStream()
            with pa.ipc.new_stream(stream, part["rows"].schema) as writer:
                writer.write_table(part["rows"])
            part["rows"] = memoryview(stream.getvalue())
        yield pa.Table.from_pylist([part], schema=READ)


class PartRestorer(BatchRestorer):
    """A worker that makes files of parts."""

    def __call__(self, parts: pa.Table) -> pa.Table:
        """Restore parts, and tell what became of each."""
        return pa.Table.from_pylist([self.done(part) for part in _unpacked(parts)], schema=DONE)

    def done(self, part: Line) -> Line:
        """Restore a part that `read_parts` has read."""
        counts: Counter[str] = Counter()
        target, rows, error = part["target"], part["rows"], part["error"]
        try:
            if rows is not None:
                table = super().__call__(rows)
                counts.update(table[f"{self.output}_status"].to_pylist())
                store(target, parquet(table))
        except Exception as problem:  # whatever it is, the other parts are to be made
            error = failure(problem, target)
        failed = counts.pop("failed", 0)
        return {"target": target, "restored": counts.total(), "failed": failed, "error": error}


def _unpacked(parts: pa.Table) -> Iterator[Line]:
    for target, rows, error in zip(*parts.columns, strict=True):
        stream = rows.as_buffer()
        table = None if stream is None else pa.ipc.open_stream(stream).read_all()
        yield {"target": target.as_py(), "rows": table, "error": error.as_py()}


def restore_parts(
    parts: Sequence[Part], pool: Pool | None, *, overwrite: bool = False, **options: Any
) -> Iterator[Line]:
    """Restore the parts of a table, here or on the cluster that this process is connected to.

    Args:
        parts: From `plan_parts`.
        pool: Workers; ``None`` restores here.
        overwrite: Make again what is there already.
        **options: Of the `PartRestorer`.

    Yields:
        What became of each part, as `DONE` has it.
    """
    groups = [[*group] for _, group in groupby(parts, lambda part: (part.source, part.group))]
    if pool is None:
        restorer = PartRestorer(**options)
        for group in groups:
            yield from map(restorer.done, read_parts(group, overwrite=overwrite))
        return
    left = {part.target for part in parts}
    blocks = [pa.Table.from_pylist([asdict(part) for part in group], schema=PART) for group in groups]
    with tolerant(target_max_block_size=1) as data:  # each part is handed on by itself
        read = data.from_arrow(blocks).map_batches(
            _read,
            fn_kwargs={"overwrite": overwrite},
            batch_size=None,
            batch_format="pyarrow",
            num_cpus=CORES_TO_READ,
        )
        restored = pool.restored(read, PartRestorer, rows=1, **options)
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
