"""Devices, processes, precision and trackers, through Hugging Face Accelerate."""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from restora.errors import RestoraError
from restora.layers.precision import computes_in_bfloat16
from restora.training.recipe import Recipe

if TYPE_CHECKING:
    from accelerate import Accelerator


def build_accelerator(recipe: Recipe, folder: Path) -> "Accelerator":
    """Set up what ``accelerate launch``, ``torchrun`` or a plain start asks for.

    Args:
        recipe: Its precision and trackers are used.
        folder: Folder of the run, where TensorBoard's files go.

    Raises:
        RestoraError: Accelerate or a tracker is not installed, or parameters are to be sharded.
    """
    try:
        from accelerate import Accelerator
        from accelerate.utils import DistributedType
    except ImportError as error:
        raise RestoraError("training needs Accelerate: pip install 'restora[train]'") from error
    for tracker in recipe.track:
        if find_spec(tracker) is None:
            raise RestoraError(f"track: {tracker} is not installed; pip install {tracker}")
    precision = recipe.precision
    if precision == "auto":
        device = torch.accelerator.current_accelerator() or torch.device("cpu")
        precision = "bfloat16" if computes_in_bfloat16(device) else "float32"
    accelerator = Accelerator(
        cpu=not torch.accelerator.is_available(),  # so that torchrun's processes find one another there, too
        mixed_precision={"float32": "no", "bfloat16": "bf16", "float16": "fp16"}[precision],
        log_with=list(recipe.track) or None,
        project_dir=folder,
    )
    if accelerator.distributed_type not in (
        DistributedType.NO,
        DistributedType.MULTI_CPU,
        DistributedType.MULTI_GPU,
        DistributedType.MULTI_XPU,
    ):
        raise RestoraError(
            f"the processes are set up as {accelerator.distributed_type}; these networks fit on one"
            " device each, so choose plain data parallelism (MULTI_GPU or MULTI_CPU) in `accelerate config`"
        )
    return accelerator
