"""Pipeline: pictures read, restored and written on many machines, by Ray Data, with a line for each."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import pyarrow as pa

from restora.allocation import keep_freed_memory
from restora.scale.batches import BatchRestorer, Line, Picture, failed
from restora.scale.cluster import DEATHS, Pool, tolerant
from restora.scale.manifest import LINE
from restora.scale.places import exists, fetch, overlapped, store
from restora.scale.planning import Order

BLOCK = 16
"""Pictures whose names go to a worker together at most, and whose lines come back together."""
GPU_BLOCK = 64
"""The same of a worker with a GPU, which is done with them sooner and idle while it waits for more."""
ORDER = pa.schema([pa.field("source", pa.string()), pa.field("target", pa.string())])
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
        for line in _lines(left, 1 if alone else _block(len(left), run.pool), run):
            done.add(line["source"])
            yield line
    for order in orders:
        if order.source not in done:
            yield {
                "source": order.source,
                "target": order.target,
                **failed(order.source, f"{order.source}: {LOST}"),
            }


def _block(pictures: int, pool: Pool) -> int:
    """Return the pictures of a block: several blocks for each worker, so that all end at about the same time."""
    return max(1, min(GPU_BLOCK if pool.gpus else BLOCK, pictures // (4 * pool.workers)))


def _lines(orders: Sequence[Order], size: int, run: Orders) -> Iterator[Line]:
    """Yield the lines of the pictures that come through."""
    blocks = [
        pa.table([[order.source for order in part], [order.target for order in part]], schema=ORDER)
        for part in (orders[start : start + size] for start in range(0, len(orders), size))
    ]
    with tolerant() as data:
        done = run.pool.restored(
            data.from_arrow(blocks), BlockRestorer, rows=size, overwrite=run.overwrite, **run.restoring
        )
        for table in done.iter_batches(batch_size=None, batch_format="pyarrow"):
            yield from table.to_pylist()


class BlockRestorer(BatchRestorer):
    """A worker: while it restores one picture, the next ones are read and those before are written.

    Only names and lines go through Ray. A file that went from one process to another would cost more time than reading it.

    Args:
        overwrite: Restore again what is there already.
        **options: Of the `BatchRestorer`.
    """

    def __init__(self, *, overwrite: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.overwrite = overwrite
        keep_freed_memory()

    def __call__(self, block: pa.Table) -> pa.Table:
        """Restore the pictures of a block, and return their lines."""
        begun, known = deque[Line](), list[Line]()

        def read() -> Iterator[Picture]:
            for line in overlapped(self._read, block.to_pylist()):
                if "status" in line:
                    known.append(line)
                else:
                    begun.append(line)
                    yield line["source"], line.pop("content"), line["target"]

        def restored() -> Iterator[Line]:
            for content, outcome in self.restored(read()):
                line = begun.popleft()
                yield {**line, **outcome, "content": content, "seconds": line["seconds"] + outcome["seconds"]}

        return pa.Table.from_pylist([*overlapped(_written, restored()), *known], schema=LINE)

    def _read(self, order: Line) -> Line:
        """Return an order with the file of its picture, or with what became of it: skipped if its target is there."""
        begin = perf_counter()
        try:
            there = not self.overwrite and exists(order["target"])
            outcome = {"status": "skipped"} if there else {"content": fetch(order["source"])}
        except Exception as error:  # whatever it is, the others are to be restored
            outcome = failed(order["source"], error)
        return {**order, **outcome, "seconds": perf_counter() - begin}


def _written(line: Line) -> Line:
    """Write a picture; what is left of it is its line."""
    begin, content = perf_counter(), line.pop("content")
    try:
        if content is not None:
            store(line["target"], content)
    except Exception as error:
        line |= failed(line["source"], error)
    return {**line, "seconds": line["seconds"] + perf_counter() - begin}
