"""Reproducible restoration: what has to be fixed so that the same bytes come out of every machine."""

import logging
import os
from typing import Any

from restora.errors import RestoraError

logger = logging.getLogger(__name__)

ENVIRONMENT = {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "MKL_CBWR": "COMPATIBLE"}
"""Environment in which torch takes the same instructions, and MKL the same order of sums, on every x86-64 with AVX2 (from
2013 or 2015 on). It is read when torch is loaded. Free as they are, they differ in the last bits, which rounding turns into
single grey levels."""

FIXED = {"precision": "float32", "device": "cpu", "engine": "torch", "threads": 1}
"""Options of the `Restorer` and what ``"auto"`` means for them; only the threads may be any number."""


def fix_environment() -> None:
    """Choose the instructions, and one thread for whatever asks for none; before torch is loaded."""
    os.environ.update(ENVIRONMENT, OMP_NUM_THREADS="1")


def fixed_options(**options: Any) -> dict[str, Any]:
    """Return options of the `Restorer` with what is left to the machine fixed.

    Raises:
        RestoraError: What is asked for differs from machine to machine.

    Example:
        >>> fixed_options(precision="auto", threads=2)
        {'precision': 'float32', 'threads': 2}
    """
    if any(os.environ.get(name) != value for name, value in ENVIRONMENT.items()):
        words = " ".join(f"{name}={value}" for name, value in ENVIRONMENT.items())
        logger.warning(
            "other processors may give other last bits, unless torch is imported with %s in the environment",
            words,
        )
    chosen = {}
    for name, value in options.items():
        chosen[name] = FIXED[name] if value in ("auto", None) else value
        if name != "threads" and str(chosen[name]) != FIXED[name]:
            raise RestoraError(
                f"{name} {value} differs from machine to machine; a reproducible run takes {FIXED[name]}"
            )
    return chosen
