"""Test-time local statistics (TLC): pooling over a window as large as in training, instead of over all."""

import copy

import torch
from torch import Tensor, nn
from torch.func import functional_call

from restora.layers import GlobalMean, LocalMean
from restora.networks.contract import as_network


def with_local_statistics(
    network: nn.Module, train_size: int = 256, pool: type[LocalMean] = LocalMean
) -> nn.Module:
    """Return a network that pools over windows of 1.5 times the training size, not over the whole image.

    A network learns what global means look like on its training crops. On a photograph, a mean over
    everything is something else, and the result is worse; published scores of several networks (DiNAT-IR's
    among them) were measured with local means. Images up to 1.5 times the training size come out as before.

    Every `GlobalMean` and every ``nn.AdaptiveAvgPool2d(1)`` is replaced. How large a training image is where
    they stand is found by running the network without data, which takes a second or two and no memory.
    Instance norm stays as it is.

    Source: Chu et al., "Improving Image Restoration by Revisiting Global Information Aggregation" (ECCV 2022),
    the test-time local converter (TLC).

    Args:
        network: Any network whose layers after the pooling broadcast, as all of restora's do. It is not
            changed.
        train_size: Side in pixels of the crops it was trained on.
        pool: The kind of local mean.

    Returns:
        A copy in the same mode, which shares the parameters and buffers of ``network``.

    Example:
        >>> import restora
        >>> network = restora.create_model("dinat_ir", "tiny").eval()
        >>> local = with_local_statistics(network, train_size=128)
        >>> local.encoder_half[0].near.gate.mean
        LocalMean(window=(96, 96))
    """
    tensors = [*network.parameters(), *network.buffers()]
    local = copy.deepcopy(network, {id(tensor): tensor for tensor in tensors})
    sizes = _pooled_sizes(local, train_size)
    for name, module in list(local.named_modules(remove_duplicate=False)):
        if module in sizes:
            parent, _, child = name.rpartition(".")
            replacement = pool.for_training(sizes[module], (train_size, train_size)).train(module.training)
            setattr(local.get_submodule(parent), child, replacement)
    return local


def _pooled_sizes(network: nn.Module, train_size: int) -> dict[nn.Module, tuple[int, int]]:
    """Return height and width of what each global pooling sees of a training image."""
    sizes: dict[nn.Module, tuple[int, int]] = {}

    def note(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        sizes.setdefault(module, (inputs[0].shape[2], inputs[0].shape[3]))

    in_channels = as_network(network).requirements.in_channels
    image = torch.empty(1, in_channels, train_size, train_size, device="meta")
    tensors = [*network.named_parameters(), *network.named_buffers()]
    shapes = {name: torch.empty_like(tensor, device="meta") for name, tensor in tensors}
    hooks = [m.register_forward_pre_hook(note) for m in network.modules() if _pools_globally(m)]
    training = network.training
    try:
        with torch.no_grad():
            functional_call(network.eval(), shapes, (image,))
    finally:
        network.train(training)
        for hook in hooks:
            hook.remove()
    return sizes


def _pools_globally(module: nn.Module) -> bool:
    return isinstance(module, GlobalMean) or (
        isinstance(module, nn.AdaptiveAvgPool2d) and module.output_size in (1, (1, 1))
    )
