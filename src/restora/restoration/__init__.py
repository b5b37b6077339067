"""Image in, image out: padding, tiles, precision and self-ensemble around a network."""

from typing import TYPE_CHECKING, Any

from restora.restoration.choosing import restorer_for
from restora.restoration.ensemble import SelfEnsemble
from restora.restoration.jobs import Result, gather, restore, run_jobs
from restora.restoration.local_statistics import with_local_statistics
from restora.restoration.planning import Job, plan_jobs
from restora.restoration.restorer import Restorer
from restora.restoration.run import Run
from restora.restoration.windowed_network import WindowedNetwork

if TYPE_CHECKING:
    from restora.restoration.automatic import AutoRestorer

__all__ = [
    "AutoRestorer",
    "Job",
    "Restorer",
    "Result",
    "Run",
    "SelfEnsemble",
    "WindowedNetwork",
    "gather",
    "restorer_for",
    "plan_jobs",
    "restore",
    "run_jobs",
    "with_local_statistics",
]


def __getattr__(name: str) -> Any:
    """Import the `AutoRestorer` when it is first asked for: a diagnosis takes a tenth of the time to start."""
    if name != "AutoRestorer":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from restora.restoration.automatic import AutoRestorer

    return AutoRestorer
