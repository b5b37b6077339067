import pytest
import torch
from torch import nn

import restora
from restora.layers import GlobalMean, LocalMean
from restora.networks import list_models


def pools(network: nn.Module) -> list[LocalMean]:
    return [module for module in network.modules() if isinstance(module, LocalMean)]


@pytest.mark.parametrize("name", [name for name in list_models() if name.endswith("/tiny")])
def test_every_network_with_global_means_gets_local_ones(name: str) -> None:
    torch.manual_seed(0)
    network = restora.create_model(*name.split("/")).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    before = [type(module) for module in network.modules()]
    local = restora.with_local_statistics(network, train_size=64)
    assert [type(module) for module in network.modules()] == before
    assert not local.training
    assert len(pools(local)) == before.count(GlobalMean)
    assert {name: id(p) for name, p in local.named_parameters()} == {
        name: id(p) for name, p in network.named_parameters()
    }
    in_channels = network.requirements.in_channels
    with torch.inference_mode():
        small, large = torch.rand(1, in_channels, 96, 96), torch.rand(1, in_channels, 96, 160)
        torch.testing.assert_close(local(small), network(small))
        if pools(local):
            assert (local(large) - network(large)).abs().max() > 1e-5


class Pooled(nn.Module):
    """As other projects write it: no `requirements`, and torch's own pooling, once at half size."""

    def __init__(self) -> None:
        super().__init__()
        self.pool, self.reduced = nn.AdaptiveAvgPool2d(1), nn.AdaptiveAvgPool2d((1, 1))
        self.grid = nn.AdaptiveAvgPool2d(2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.reduced(x[:, :, ::2, ::2]), self.grid(x)
        return x * self.pool(x)


def test_networks_of_others() -> None:
    local = restora.with_local_statistics(Pooled().train(), train_size=10)
    assert [pool.window for pool in pools(local)] == [(15, 15), (7, 7)]
    assert isinstance(local.grid, nn.AdaptiveAvgPool2d)
    assert local.training
    x = torch.rand(1, 3, 20, 24)
    expected = x[..., 8, 9] * x[..., 1:16, 2:17].mean(
        (2, 3)
    )  # the window of 15 pixels around row 8, column 9
    torch.testing.assert_close(local(x)[..., 8, 9], expected)


def test_a_network_without_global_means_stays_what_it_is() -> None:
    network = nn.Conv2d(3, 3, 3, padding=1)
    x = torch.rand(1, 3, 8, 8)
    assert torch.equal(restora.with_local_statistics(network)(x), network(x))
