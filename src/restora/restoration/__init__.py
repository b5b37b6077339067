"""Image in, image out: padding, tiles, precision and self-ensemble around a network."""

from restora.restoration.ensemble import SelfEnsemble
from restora.restoration.jobs import Job, Result, gather, plan_jobs, restore, run_jobs
from restora.restoration.restorer import Restorer
from restora.restoration.windows import WindowedNetwork

__all__ = [
    "Job",
    "Restorer",
    "Result",
    "SelfEnsemble",
    "WindowedNetwork",
    "gather",
    "plan_jobs",
    "restore",
    "run_jobs",
]
