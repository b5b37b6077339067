"""Many pictures on many machines: Ray Data, files wherever fsspec reaches, tables of pictures.

`BatchRestorer` restores a column of a batch, in whatever runs over batches (Ray, Dask, Spark); `restore_dataset` puts it
into a pipeline of Ray Data. `restora restore --on ray` is `restora.scale.pipeline`, `restora restore-table` is
`restora.scale.table`. What reads and writes here (`places`) imports no torch: processes that do nothing else stay small.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from restora.scale.batches import BatchRestorer
    from restora.scale.cluster import restore_dataset

__all__ = ["BatchRestorer", "restore_dataset"]

_HOMES = {"BatchRestorer": "restora.scale.batches", "restore_dataset": "restora.scale.cluster"}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
