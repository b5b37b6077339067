"""Less memory in training: the blocks of a network are computed again when their gradients are."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import Any

from torch import nn
from torch.utils.checkpoint import checkpoint


def checkpoint_activations(network: nn.Module) -> int:
    """Make every block of a network keep its input only, and compute the rest again for the gradients.

    Blocks are the modules whose classes stand in the network's own file (a residual block, a transformer
    block); the outermost ones. Gradients are the same, random numbers included; running statistics are
    updated once.

    Args:
        network: Changed in place. Its weights, their names and its output stay the same.

    Returns:
        How many blocks there are.

    Example:
        >>> from restora.networks import create_model
        >>> checkpoint_activations(create_model("kit", "tiny")) > 4
        True
    """
    found = blocks(network)
    for block in found:
        block.forward = partial(_checkpointed, block, block.forward)
    return len(found)


def blocks(network: nn.Module) -> list[nn.Module]:
    """Return the blocks of a network; see `checkpoint_activations`."""
    return list(_blocks(network, type(network).__module__))


def _blocks(parent: nn.Module, home: str) -> Iterator[nn.Module]:
    for child in parent.children():
        if type(child).__module__ == home:
            yield child
        else:
            yield from _blocks(child, home)


def _checkpointed(block: nn.Module, forward: Any, *inputs: Any) -> Any:
    if not block.training:
        return forward(*inputs)

    def contexts() -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
        return nullcontext(), _still_statistics(block)

    return checkpoint(forward, *inputs, use_reentrant=False, context_fn=contexts)


@contextmanager
def _still_statistics(block: nn.Module) -> Iterator[None]:
    """Keep batch norms from counting the same batch twice."""
    norms = [
        module
        for module in block.modules()
        if isinstance(module, nn.BatchNorm2d) and module.track_running_stats
    ]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 0.0
    try:
        yield
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
            if norm.num_batches_tracked is not None:
                norm.num_batches_tracked.sub_(1)
