"""Devices, processes, precision and trackers, through Hugging Face Accelerate."""

import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import distributed
from torch.distributed import PrefixStore, TCPStore  # type: ignore[attr-defined]

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
        RestoraError: Accelerate or a tracker is not installed, or parameters are to be sharded in a way that is not supported.
    """
    try:
        from accelerate import Accelerator
        from accelerate.state import AcceleratorState
        from accelerate.utils import DistributedType, patch_environment
    except ImportError as error:
        raise RestoraError("training needs Accelerate: pip install 'restora[train]'") from error
    for tracker in recipe.track:
        if find_spec(tracker) is None:
            raise RestoraError(f"track: {tracker} is not installed; pip install {tracker}")
    precision = recipe.precision
    if precision == "auto":
        device = torch.accelerator.current_accelerator() or torch.device("cpu")
        precision = "bfloat16" if computes_in_bfloat16(device) else "float32"
    wanted = {"float32": "no", "bfloat16": "bf16", "float16": "fp16"}[precision]
    _meet_again()
    # Accelerate keeps the precision of the first run in a process, and refuses another one.
    if AcceleratorState._shared_state and AcceleratorState().mixed_precision != wanted:
        AcceleratorState._reset_state()
    with patch_environment(accelerate_use_fsdp="false"):  # the Trainer divides by itself; see `sharding`
        accelerator = Accelerator(
            cpu=not torch.accelerator.is_available(),  # so that torchrun's processes find one another there, too
            mixed_precision=wanted,
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
            f"the processes are set up as {accelerator.distributed_type}; choose data parallelism (MULTI_GPU or"
            " MULTI_CPU) or FSDP of version 2 in `accelerate config`"
        )
    return accelerator


def restarts_allowed() -> bool:
    """Tell whether torchrun would start this process again, by ``--max-restarts``."""
    return os.environ.get("TORCHELASTIC_MAX_RESTARTS", "0") != "0"


def restarted() -> bool:
    """Tell whether torchrun has started this process again; it does not always say so where another machine's process died."""
    return os.environ.get("TORCHELASTIC_RESTART_COUNT", "0") != "0"


def _meet_again() -> None:
    """Let restarted processes find one another: the store in which torchrun has them meet still names those that died.

    Raises:
        RestoraError: Several machines have restarted different numbers of times; nothing that all know tells a start from others.
    """
    if (
        distributed.is_initialized()
        or os.environ.get("TORCHELASTIC_USE_AGENT_STORE") != "True"
        or not restarted()
    ):
        return
    number, rank, processes = (
        os.environ[name] for name in ("TORCHELASTIC_RESTART_COUNT", "RANK", "WORLD_SIZE")
    )
    if os.environ.get("GROUP_WORLD_SIZE") != "1":
        raise RestoraError(
            "torchrun: processes on several machines cannot be restarted like this; start torchrun with"
            " TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1 in its environment"
        )
    store = TCPStore(os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"]), is_master=False)
    distributed.init_process_group(
        store=PrefixStore(f"restart-{number}", store), rank=int(rank), world_size=int(processes)
    )


def divides(recipe: Recipe) -> bool:
    """Tell whether processes are to divide the weights: the recipe says so, or the configuration of Accelerate.

    Raises:
        RestoraError: PyTorch is too old, or Accelerate is configured for an FSDP that is not supported.
    """
    configured = os.environ.get("ACCELERATE_USE_FSDP", "").lower() == "true"
    if configured:
        for key, default, wanted in (
            ("FSDP_VERSION", "1", "2"),
            ("FSDP_OFFLOAD_PARAMS", "false", "false"),
            ("FSDP_ACTIVATION_CHECKPOINTING", "false", "false"),  # the recipe has a key for it
        ):
            if (value := os.environ.get(key, default).lower()) != wanted:
                raise RestoraError(
                    f"{key.lower()}: {value} is not supported; choose {wanted} in `accelerate config`"
                )
    if (configured or recipe.fsdp) and find_spec("torch.distributed.checkpoint.hf_storage") is None:
        raise RestoraError("fsdp: needs a newer PyTorch; pip install -U torch, or leave it out")
    return configured or recipe.fsdp
