"""Manifest: a line for each picture of a large run, as a folder of Parquet files that grows while it runs."""

import time
from io import BytesIO
from secrets import token_hex

import pyarrow as pa
import pyarrow.parquet as pq

from restora.errors import RestoraError
from restora.scale.batches import Line
from restora.scale.places import below, fetch, names_in, overlapped, store

REST = 10.0
"""Seconds between two files of a manifest: what a driver that is killed may not have noted."""

OUTCOME = (
    pa.field("status", pa.string()),  # restored, copied, skipped or failed, as of a `Result`
    pa.field("weights", pa.string()),  # one after the other, if there were several
    pa.field("seconds", pa.float64()),  # of reading, restoring and writing
    pa.field("megapixels", pa.float64()),
    pa.field("losses", pa.list_(pa.string())),  # what the format could not keep
    pa.field("notes", pa.list_(pa.string())),  # what was found and done, the losses among it
    pa.field("error", pa.string()),
)
"""What became of a picture."""
LINE = pa.schema([pa.field("source", pa.string()), pa.field("target", pa.string()), *OUTCOME])


class Manifest:
    """A folder of Parquet files, each whole or not there, which pandas, DuckDB or Spark read as one table.

    Of several lines of a picture the last one counts.

    Args:
        folder: A place; made when the first file is written.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._lines: list[Line] = []
        self._flushed = time.monotonic()

    def finished(self) -> dict[str, str]:
        """Return source -> target of the pictures that need not be done again.

        Raises:
            RestoraError: The folder or a file in it cannot be read.
        """
        parts = [below(self.folder, name) for name in names_in(self.folder) if name.endswith(".parquet")]
        found: dict[str, str] = {}
        for part, content in zip(parts, overlapped(fetch, parts), strict=True):
            try:
                table = pq.read_table(BytesIO(content), columns=["source", "target", "status"])
            except (pa.ArrowException, KeyError) as error:
                raise RestoraError(
                    f"{part}: is no part of a manifest ({str(error).splitlines()[0]}); remove it"
                ) from error
            for source, target, status in zip(*(column.to_pylist() for column in table.columns), strict=True):
                if status == "failed":
                    found.pop(source, None)
                else:
                    found[source] = target
        return found

    def add(self, line: Line) -> None:
        """Note what became of a picture; it is written within `REST` seconds, with those that come meanwhile."""
        self._lines.append(line)
        if time.monotonic() - self._flushed >= REST:
            self.flush()

    def flush(self) -> None:
        """Write what is noted; names of files sort as they were written."""
        if self._lines:
            name = f"part-{time.time_ns():020d}-{token_hex(4)}.parquet"
            store(below(self.folder, name), parquet(pa.Table.from_pylist(self._lines, schema=LINE)))
        self._lines, self._flushed = [], time.monotonic()


def parquet(table: pa.Table) -> bytes:
    """Return the content of a Parquet file."""
    stream = BytesIO()
    pq.write_table(table, stream)
    return stream.getvalue()
