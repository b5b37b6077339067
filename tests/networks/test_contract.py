import pytest
import torch
from torch import Tensor, nn

from restora.networks import Requirements, RestorationNetwork, as_network, create_model
from restora.restoration import SelfEnsemble, WindowedNetwork, with_local_statistics


class Foreign(nn.Module):
    """As other projects write it, with the one thing that restora looks at."""

    requirements = Requirements(multiple=4, min_size=8)

    def forward(self, x: Tensor) -> Tensor:
        return x / 2


def test_a_network_must_say_what_it_needs() -> None:
    class Silent(RestorationNetwork):
        def forward(self, x: Tensor) -> Tensor:
            return x

    with pytest.raises(TypeError, match="requirements"):
        Silent()  # type: ignore[abstract]


def test_any_module_is_adapted_and_a_network_left_alone() -> None:
    network = create_model("kit", "tiny")
    assert as_network(network) is network
    assert as_network(nn.Identity()).requirements == Requirements()
    adapted = as_network(Foreign())
    assert adapted.requirements is Foreign.requirements
    x = torch.rand(1, 3, 8, 12)
    assert torch.equal(adapted(x), x / 2)
    assert torch.equal(adapted.forward_scales(x)[-1], x / 2)


def test_what_wraps_a_network_is_one() -> None:
    network = create_model("derestormer", "tiny")
    for wrapped in (SelfEnsemble(network), WindowedNetwork(network, 16), with_local_statistics(network)):
        assert isinstance(wrapped, RestorationNetwork)
        assert wrapped.config == network.config
        assert wrapped.requirements.global_context
        assert wrapped.fold() is not wrapped
    assert SelfEnsemble(network).fold().network.config.folded


def test_folding_leaves_the_network_as_it_is() -> None:
    network = create_model("chair", "tiny")
    folded = network.fold()
    assert folded is not network
    with torch.no_grad():
        folded.head[0].weight.zero_()
    assert network.head[0].weight.any()
