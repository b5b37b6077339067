"""Pipeline: pictures read, restored and written on many machines, by Ray Data, with a line for each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import pyarrow as pa

from restora.allocation import keep_freed_memory
from restora.scale.batches import BatchRestorer, Line, failed
from restora.scale.cluster import DEATHS, Pool, tolerant
from restora.scale.manifest import LINE, OUTCOME
from restora.scale.places import exists, fetch, overlapped, store
from restora.scale.planning import Order

BLOCK = 64
"""Pictures that go through the pipeline together at most: what the loss of a worker costs."""
CORES_TO_MOVE = 0.25
"""Of a process that reads or writes."""
ORDER = pa.schema([pa.field("source", pa.string()), pa.field("target", pa.string())])
MOVED = pa.schema([*ORDER, pa.field("content", pa.large_binary()), *OUTCOME])
"""A picture on its way: its file, or what became of it."""
LOST = f"its worker died {DEATHS + 1} times and once more with it alone; restore it by itself to see why, or with larger workers"


@dataclass(frozen=True)
class Orders:
    """How the pictures of a run are restored.

    Attributes:
        overwrite: Restore again what is there already.
        restoring: Of the `BatchRestorer`: what to do, and how.
        pool: Workers that restore.
    """

    pool: Pool
    overwrite: bool = False
    restoring: dict[str, Any] = field(default_factory=dict)


def restore_all(orders: Sequence[Order], run: Orders) -> Iterator[Line]:
    """Restore pictures on the cluster that this process is connected to.

    Pictures whose worker dies go to another one; where workers die of a block, its pictures are tried one by one.

    Args:
        orders: What is to be done.
        run: How.

    Yields:
        The line of each picture, in the order in which they are done.
    """
    done: set[str] = set()
    for order in orders:
        if order.refusal is not None:
            done.add(order.source)
            yield {"source": order.source, "target": order.target, **failed(order.source, order.refusal)}
    for alone in (False, True):
        left = [order for order in orders if order.source not in done]
        if not left:
            return
        for line in _lines(left, 1 if alone else _block(len(left), run.pool.workers), run):
            done.add(line["source"])
            yield line
    for order in orders:
        if order.source not in done:
            yield {
                "source": order.source,
                "target": order.target,
                **failed(order.source, f"{order.source}: {LOST}"),
            }


def _block(pictures: int, workers: int) -> int:
    """Return the pictures of a block: several blocks for each worker, so that all end at about the same time."""
    return max(1, min(BLOCK, pictures // (4 * workers)))


def _lines(orders: Sequence[Order], size: int, run: Orders) -> Iterator[Line]:
    """Yield the lines of the pictures that come through."""
    blocks = [
        pa.table(
            [[order.source for order in part], [order.target for order in part]],
            schema=ORDER,
        )
        for part in (orders[start : start + size] for start in range(0, len(orders), size))
    ]
    moving = {"num_cpus": CORES_TO_MOVE, "batch_size": None, "batch_format": "pyarrow"}
    with tolerant() as data:
        read = data.from_arrow(blocks).map_batches(
            read_block, fn_kwargs={"overwrite": run.overwrite}, **moving
        )
        restored = run.pool.restored(read, BlockRestorer, **run.restoring)
        written = restored.map_batches(write_block, **moving)
        for table in written.iter_batches(batch_size=None, batch_format="pyarrow"):
            yield from table.to_pylist()


def read_block(block: pa.Table, *, overwrite: bool) -> Iterator[pa.Table]:
    """Read the pictures of a block; those whose target is there already are skipped."""

    def moved(order: Line) -> pa.Table:
        source, begin = order["source"], perf_counter()
        outcome: Line = {}
        try:
            if not overwrite and exists(order["target"]):
                outcome = {"status": "skipped"}
            else:
                outcome = {"content": fetch(source)}
        except Exception as error:  # whatever it is, the others are to be read
            outcome = failed(source, error)
        row = {**order, **outcome, "seconds": perf_counter() - begin}
        return pa.Table.from_pylist([row], schema=MOVED)

    yield from overlapped(moved, block.to_pylist())


class BlockRestorer(BatchRestorer):
    """A worker that restores: what is read becomes what is to be written."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        keep_freed_memory()

    def __call__(self, block: pa.Table) -> Iterator[pa.Table]:  # type: ignore[override]
        """Yield the pictures of a block, each as soon as it is restored."""
        rows = block.to_pylist()
        todo = [row for row in rows if row["status"] is None]
        if len(todo) < len(rows):
            yield pa.Table.from_pylist([row for row in rows if row["status"] is not None], schema=MOVED)
        pictures = ((row["source"], row["content"], row["target"]) for row in todo)
        for row, (content, outcome) in zip(todo, self.restored(pictures), strict=True):
            seconds = row["seconds"] + outcome["seconds"]
            done = {**row, **outcome, "content": content, "seconds": seconds}
            yield pa.Table.from_pylist([done], schema=MOVED)


def write_block(block: pa.Table) -> pa.Table:
    """Write the pictures of a block; what is left of each is its line."""

    def written(row: Line) -> Line:
        begin = perf_counter()
        try:
            if row["content"] is not None:
                store(row["target"], row["content"])
        except Exception as error:
            return {**row, **failed(row["source"], error)}
        return {**row, "seconds": row["seconds"] + perf_counter() - begin}

    lines = [*overlapped(written, block.to_pylist())]
    for line in lines:
        del line["content"]
    return pa.Table.from_pylist(lines, schema=LINE)
