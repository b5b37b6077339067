"""Cluster: Ray started or found, a pool of restorers that fits it, and a data set restored by one."""

import logging
import os
import socket
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from restora.errors import RestoraError
from restora.reproducibility import ENVIRONMENT
from restora.scale.batches import BatchRestorer
from restora.threads import available_cores

if TYPE_CHECKING:
    from ray.data import Dataset

PATIENCE = 10.0
"""Seconds for which the head of a cluster may not answer."""
FEW = 4
"""Cores of a worker without a GPU, beyond which threads help a network little."""
MANY = 8
"""Cores of a worker with a GPU, which decode and compress what it restores."""
BATCH = 16
"""Rows of a data set that a worker with a GPU gets at once."""
AT_ONCE = 3
"""Pictures that a worker with a GPU works on at once: one is read and one written while another is restored."""
DEATHS = 2
"""Workers that a block of pictures may cost, by whatever kills them, before its pictures are tried one by one."""


def ray_data() -> Any:
    """Return the module ``ray.data``.

    Raises:
        RestoraError: Ray is not installed.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # else on the standard error of whoever calls
    try:
        import ray.data
    except ImportError as error:
        raise RestoraError(f"many machines need Ray ({error}); pip install 'restora[ray]'") from error
    return ray.data


def connect(address: str | None = None) -> None:
    """Connect to a cluster, or start one on this machine; one that this process is connected to already stays.

    Args:
        address: As Ray has it: ``auto``, ``HOST:6379``, ``ray://HOST:10001``. By default what ``RAY_ADDRESS`` says.

    Raises:
        RestoraError: Ray is not installed, or there is no cluster.
    """
    ray_data()
    import ray

    if ray.is_initialized():
        return
    address = address or os.environ.get("RAY_ADDRESS")
    own = {
        "num_cpus": available_cores() + 1,  # whoever reads a table or a data set waits most of the time
        "include_dashboard": False,
        "_system_config": {"enable_metrics_collection": False, "task_events_report_interval_ms": 0},
    }
    logging.getLogger("ray").setLevel(logging.ERROR)
    try:
        host, _, port = (address or "").removeprefix("ray://").rpartition(":")
        if host and port.isdecimal():  # Ray itself would try for minutes
            socket.create_connection((host, int(port)), timeout=PATIENCE).close()
        # Without an address Ray would take any cluster that it finds on this machine.
        ray.init(
            address or "local", logging_level=logging.ERROR, log_to_driver=False, **({} if address else own)
        )
    except Exception as error:  # Ray raises that itself
        words = " ".join(str(error).split())[:200]
        raise RestoraError(
            f"there is no cluster of Ray at {address or 'this machine'} ({words}); try again, or start one with 'ray start --head'"
        ) from error


@contextmanager
def tolerant(**settings: Any) -> Iterator[Any]:
    """Let data sets that are made and run within lose blocks with their workers, quietly; gives ``ray.data``.

    Args:
        **settings: More of the context of Ray Data.
    """
    data = ray_data()
    context, noted = data.DataContext.get_current(), {}
    settings |= {"max_errored_blocks": -1, "enable_progress_bars": False}
    loggers = {name: logging.getLogger(name) for name in ("ray", "ray.data")}
    levels = {name: logger.level for name, logger in loggers.items()}
    for name, value in settings.items():
        noted[name] = getattr(context, name)
        setattr(context, name, value)
    for logger in loggers.values():
        logger.setLevel(logging.CRITICAL)
    try:
        yield data
    finally:
        for name, value in noted.items():
            setattr(context, name, value)
        for name, level in levels.items():
            loggers[name].setLevel(level)


@dataclass(frozen=True)
class Pool:
    """Workers that restore, each with weights of its own.

    Attributes:
        workers: How many there are at most.
        cores: Of each.
        gpus: Of each; a half lets two share one.
        reproducible: Whether they take the same instructions on every machine.
    """

    workers: int
    cores: int
    gpus: float
    reproducible: bool = False

    @classmethod
    def fitting(
        cls,
        workers: int | None = None,
        gpus: float | None = None,
        threads: int | Literal["auto"] | None = "auto",
        *,
        reproducible: bool = False,
    ) -> "Pool":
        """Return the pool that the cluster has room for, with a core left for reading and writing.

        Without that core nothing would ever be read, and the pool would wait for ever.

        Args:
            workers: How many; by default one for each GPU, or for each `FEW` cores.
            gpus: Of each; by default 1 where there are any.
            threads: Cores of each; by default its share.
            reproducible: Whether they are to take the same instructions on every machine.

        Raises:
            RestoraError: More GPUs are asked for than any machine of the cluster has.
        """
        import ray

        if reproducible and threads == "auto":
            threads = 1
        there = ray.cluster_resources()
        free, cards = max(1, int(there.get("CPU", 1)) - 1), there.get("GPU", 0.0)
        gpus = (1.0 if cards else 0.0) if gpus is None else gpus
        if gpus > cards:
            raise RestoraError(
                f"{gpus:g} GPUs are asked for each worker, the cluster has {cards:g}; --gpus-per-worker 0 takes cores"
            )
        if gpus:
            workers = workers or int(cards // gpus)
            cores = threads if isinstance(threads, int) else max(1, min(MANY, free // workers))
        else:
            cores = min(free, threads if isinstance(threads, int) else FEW)
            if workers is not None and threads == "auto":
                cores = max(1, min(FEW, free // workers))
            workers = max(1, min(workers or free, free // cores))
        return cls(workers, cores, gpus, reproducible)

    def __str__(self) -> str:
        cards = f" and {self.gpus:g} GPU" if self.gpus else ""
        return f"{self.workers} workers of {self.cores} cores{cards} each"

    def restored(
        self, dataset: "Dataset", restorer: type[BatchRestorer], *, rows: int, **options: Any
    ) -> "Dataset":
        """Return a data set whose batches go through restorers, of which one that dies is replaced.

        Args:
            dataset: Of what the restorer takes.
            restorer: Gets tables of Arrow.
            rows: Of such a table where workers have GPUs, for which Ray takes no blocks as they come.
            **options: Of the restorer.
        """
        alike = {"env_vars": {**ENVIRONMENT, "OMP_NUM_THREADS": "1"}} if self.reproducible else None
        with warnings.catch_warnings():  # of retries, for which there is no other word yet
            warnings.simplefilter("ignore", DeprecationWarning)
            return dataset.map_batches(
                restorer,
                fn_constructor_kwargs={
                    **options,
                    "threads": self.cores,
                    "at_once": AT_ONCE if self.gpus else 1,
                },
                batch_size=rows if self.gpus else None,
                batch_format="pyarrow",
                compute=ray_data().ActorPoolStrategy(min_size=1, max_size=self.workers),
                num_cpus=self.cores,
                num_gpus=self.gpus,
                runtime_env=alike,
                max_task_retries=DEATHS,
            )


def pool_for(cluster: dict[str, Any], restoring: dict[str, Any]) -> Pool:
    """Return the pool for ``workers`` and ``gpus``, of the size that the options of a `BatchRestorer` ask for."""
    return Pool.fitting(
        cluster.get("workers"),
        cluster.get("gpus"),
        restoring.get("threads", "auto"),
        reproducible=bool(restoring.get("reproducible")),
    )


def restore_dataset(
    dataset: "Dataset",
    *,
    column: str = "image",
    output: str = "restored",
    workers: int | None = None,
    gpus_per_worker: float | None = None,
    **options: Any,
) -> "Dataset":
    """Restore a column of pictures in a data set of Ray, lazily, as ``map_batches`` does.

    Args:
        dataset: Has a column of files as bytes, or of their places.
        column: Its name.
        output: Column of the results; see `restora.scale.BatchRestorer` for those beside it.
        workers: How many restore at once; by default one for each GPU, or for each few cores.
        gpus_per_worker: Such as 0.5 for two on one; by default 1 where there are any.
        **options: Of the `restora.scale.BatchRestorer`, such as ``task``.

    Raises:
        RestoraError: Ray is not installed, or has not the GPUs.

    Example:
        >>> photos = ray.data.read_parquet("photos.parquet")  # doctest: +SKIP
        >>> restore_dataset(photos, task="denoise").write_parquet("restored")  # doctest: +SKIP
    """
    connect()
    pool = pool_for({"workers": workers, "gpus": gpus_per_worker}, options)
    return pool.restored(dataset, BatchRestorer, rows=BATCH, **options, column=column, output=output)
