"""Weights, gradients and optimiser state divided among processes (FSDP): each holds a part of every tensor.

PyTorch's `fully_shard` does it. Accelerate's preparation around it wants a GPU, and would confuse parameters of which a
process holds nothing when a later stage prepares them again.
"""

import os

import torch
from torch import Tensor, distributed, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor, Replicate


def compile_each(blocks: list[nn.Module]) -> None:
    """Compile what each block computes, before it is divided: gathering its parameters is nothing that a compiler could trace."""
    torch._dynamo.config.cache_size_limit = 64  # blocks of a class share it, which differ in width
    torch._inductor.config.fallback_random = True  # KiT's rotations are those that it would draw uncompiled
    # Each for its own size: Inductor fails where it is to compile KiT and DeRestormer for any.
    for block in blocks:
        block.forward = torch.compile(block.forward, dynamic=False)


def divide(module: nn.Module, blocks: list[nn.Module], device: torch.device) -> None:
    """Divide the parameters of a module among all processes, in place.

    A block gathers its parameters when it is computed, and lets go of them until the gradients need them, unless Accelerate's
    configuration says otherwise. What belongs to no block is gathered with the module.

    Args:
        module: What is called in training, with the same weights in all processes.
        blocks: Within it.
        device: Where it computes.
    """
    for parameter in module.parameters():
        parameter.data = parameter.data.contiguous()  # others, such as channels_last, cannot be divided
    mesh = init_device_mesh(device.type, (distributed.get_world_size(),))
    reshard = os.environ.get("FSDP_RESHARD_AFTER_FORWARD", "true").lower() != "false"
    for block in blocks:
        fully_shard(block, mesh=mesh, reshard_after_forward=reshard)
    fully_shard(module, mesh=mesh)


def whole(value: Tensor) -> Tensor:
    """Gather a divided tensor; all processes must ask. One that is not divided is returned as it is."""
    return value.full_tensor() if isinstance(value, DTensor) else value


def own_part(value: Tensor) -> Tensor:
    """Return what this process holds of a tensor; they share their memory."""
    return value.to_local() if isinstance(value, DTensor) else value


def divided_like(value: Tensor, like: Tensor) -> Tensor:
    """Divide a tensor, whole in every process, as another of its shape is; nothing is sent."""
    if not isinstance(like, DTensor) or value.shape != like.shape:
        return value
    copies = DTensor.from_local(value.to(like.device), like.device_mesh, [Replicate()])
    return copies.redistribute(placements=like.placements)


def take_first_buffers(network: nn.Module) -> None:
    """Give all processes the first one's statistics of batch norm, as data parallelism does."""
    for buffer in network.buffers():
        distributed.broadcast(buffer, 0)
