"""Training states of divided tensors on disk: each process writes its parts, any number of processes reads them.

Parts are safetensors files of ``torch.distributed.checkpoint``, in a folder beside the checkpoint that names them and
their checksums. The checkpoint is written last, so that a kill leaves the old state or the new one.
"""

import secrets
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from shutil import rmtree
from warnings import catch_warnings

import torch
from torch import Tensor, distributed, nn
from torch.distributed.checkpoint.state_dict_loader import load
from torch.distributed.checkpoint.state_dict_saver import save
from torch.distributed.tensor import DTensor

from restora.checkpoints.budget import check_safetensors
from restora.datasets.pack import crc32_of
from restora.errors import RestoraError
from restora.training.checkpoint import TrainingCheckpoint
from restora.training.sharding import divided_like


def write_parts(path: Path, checkpoint: TrainingCheckpoint) -> TrainingCheckpoint:
    """Write the divided tensors of a checkpoint into a new folder; all processes together.

    Args:
        path: Where the checkpoint will be.
        checkpoint: With divided tensors.

    Returns:
        The checkpoint with the checksums of the files, and empty tensors in place of what they hold.

    Raises:
        RestoraError: A disk refuses.
    """
    from torch.distributed.checkpoint.hf_storage import HuggingFaceStorageWriter  # not in PyTorch 2.6

    folders = [path.with_name(f"{path.stem}-{checkpoint.step}-{secrets.token_hex(4)}.parts")]
    distributed.broadcast_object_list(folders)
    folder, divided = folders[0], dict[str, Tensor]()

    def put_aside(name: str, value: Tensor) -> Tensor:
        if not isinstance(value, DTensor):
            return value
        divided[name] = value
        return torch.empty(0)

    rest = _changed(checkpoint, put_aside)
    try:
        save(divided, storage_writer=HuggingFaceStorageWriter(str(folder), save_distributed=True))
        files = {f"{folder.name}/{file.name}": crc32_of(file) for file in sorted(folder.iterdir())}
    except Exception as error:  # those of other processes come wrapped
        raise RestoraError(
            f"{folder}: the checkpoint cannot be written ({error}); free some space and resume"
        ) from error
    return replace(rest, parts=files)


def read_parts(
    path: Path, checkpoint: TrainingCheckpoint, network: nn.Module, optimizer: torch.optim.Optimizer
) -> TrainingCheckpoint:
    """Return a checkpoint whose tensors are divided as those of a network and its optimiser are, or not at all.

    Args:
        path: Of the checkpoint.
        checkpoint: As it was read, of divided tensors or of whole ones.
        network: With the parameters of the optimiser.
        optimizer: Of the recipe.

    Raises:
        RestoraError: A file is missing or damaged.
        Exception: The state belongs to another network.
    """
    from torch.distributed.checkpoint.hf_storage import HuggingFaceStorageReader

    for name, expected in checkpoint.parts.items():
        file = path.parent / name
        if not file.is_file() or crc32_of(file) != expected:
            raise RestoraError(
                f"{file}: missing or damaged; copy it again, or resume from best.pt copied over {path}"
            )
        check_safetensors(file)
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    likes = {f"network.{name}": value for name, value in network.state_dict().items()}
    likes |= {f"optimizer.{number}": parameter for number, parameter in enumerate(parameters)}
    missing = dict[str, Tensor]()

    def find(name: str, value: Tensor) -> Tensor:
        like = likes[name] if name in likes else likes[name.rpartition(".")[0]]
        if value.numel():
            return divided_like(value, like)
        missing[name] = torch.zeros_like(like)
        return missing[name]

    found = _changed(checkpoint, find)
    if missing:
        folder = path.parent / next(iter(checkpoint.parts)).partition("/")[0]
        with catch_warnings(category=UserWarning, action="ignore"):  # of reading in a single process
            load(missing, storage_reader=HuggingFaceStorageReader(str(folder)))
    return found


def remove_parts(path: Path, keep: set[str]) -> None:
    """Remove the folders of parts that a checkpoint no longer needs, and those that a kill has left.

    Args:
        path: Of the checkpoint.
        keep: Names of files as checkpoints have them, whose folders stay.
    """
    kept = {name.partition("/")[0] for name in keep}
    for folder in path.parent.glob(f"{path.stem}-*.parts"):
        if folder.name not in kept:
            rmtree(folder, ignore_errors=True)


def _changed(checkpoint: TrainingCheckpoint, change: Callable[[str, Tensor], Tensor]) -> TrainingCheckpoint:
    """Replace the tensors of network and optimiser, each by what becomes of its name and itself."""
    network = {name: change(f"network.{name}", value) for name, value in checkpoint.network.items()}
    state = {
        number: {key: change(f"optimizer.{number}.{key}", value) for key, value in values.items()}
        for number, values in checkpoint.optimizer["state"].items()
    }
    return replace(checkpoint, network=network, optimizer={**checkpoint.optimizer, "state": state})
