"""Image in, image out: padding, tiles, precision and self-ensemble around a network."""

from restora.restoration.automatic import AutoRestorer, restorer_for
from restora.restoration.ensemble import SelfEnsemble
from restora.restoration.jobs import Result, gather, restore, run_jobs
from restora.restoration.local_statistics import with_local_statistics
from restora.restoration.planning import Job, plan_jobs
from restora.restoration.restorer import Restorer
from restora.restoration.windowed_network import WindowedNetwork

__all__ = [
    "AutoRestorer",
    "Job",
    "Restorer",
    "Result",
    "SelfEnsemble",
    "WindowedNetwork",
    "gather",
    "restorer_for",
    "plan_jobs",
    "restore",
    "run_jobs",
    "with_local_statistics",
]
