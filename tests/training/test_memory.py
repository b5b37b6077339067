"""Ways to train in less memory that change nothing else."""

import copy
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from restora.networks import create_model, list_models
from restora.training.activation_checkpointing import checkpoint_activations

TINY = [name for name in list_models() if name.endswith("/tiny")]


def gradients(network: nn.Module, x: Tensor) -> dict[str, Tensor]:
    torch.manual_seed(1)  # KiT draws its rotations
    network(x).square().mean().backward()
    return {name: p.grad for name, p in network.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("name", TINY)
def test_checkpointed_activations_give_the_same_gradients_and_statistics(name: str) -> None:
    torch.manual_seed(0)
    plain = create_model(*name.split("/")).train()
    with torch.no_grad():  # so that no branch is switched off
        for parameter in plain.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.05)
    saving = copy.deepcopy(plain)
    blocks = checkpoint_activations(saving)
    assert blocks == sum("forward" in vars(module) for module in saving.modules()) > 0
    x = torch.rand(2, plain.requirements.in_channels, 32, 32)
    expected, got = gradients(plain, x), gradients(saving, x)
    assert expected.keys() == got.keys()
    for key, value in expected.items():
        torch.testing.assert_close(got[key], value, rtol=1e-4, atol=1e-6)
    for (key, before), after in zip(plain.named_buffers(), saving.buffers(), strict=True):
        torch.testing.assert_close(after, before, msg=key)
    assert saving.state_dict().keys() == plain.state_dict().keys()


def test_checkpointed_activations_keep_less_for_the_gradient() -> None:
    def kept(network: nn.Module) -> int:
        sizes: list[int] = []

        def pack(value: Tensor) -> Tensor:
            sizes.append(value.numel())
            return value

        with torch.autograd.graph.saved_tensors_hooks(pack, lambda value: value):
            network(torch.rand(1, 3, 64, 64))
        return sum(sizes)

    plain = create_model("dinat_ir", "tiny").train()
    saving = copy.deepcopy(plain)
    checkpoint_activations(saving)
    assert kept(saving) < 0.5 * kept(plain)


def test_a_batch_in_parts_takes_the_same_step(tmp_path: Path, photos: Path) -> None:
    from recipes import miniature

    from restora.training import Trainer

    model = {
        "architecture": "derestormer",
        "variant": "tiny",
    }  # no batch norm, whose statistics are a batch's
    steps = {"stages": [{"steps": 2, "patch": 16, "batch": 4}], "model": model, "scale_weights": [1, 1, 1]}
    whole = Trainer(miniature(photos, **steps), tmp_path / "whole")
    parts = Trainer(miniature(photos, accumulate=2, **steps), tmp_path / "parts")
    assert whole.run()
    assert parts.run()
    for key, value in whole.network.state_dict().items():
        torch.testing.assert_close(parts.network.state_dict()[key], value, rtol=1e-3, atol=2e-5)
