import torch
from torch import nn

from restora.layers import OverParameterizedConv2d, fold
from restora.networks import DeRestormer, DeRestormerConfig, create_model
from restora.restoration import Restorer, SelfEnsemble


def test_parts_are_folded_at_any_depth_and_the_original_stays() -> None:
    network = nn.Sequential(nn.Sequential(nn.ReLU(), OverParameterizedConv2d(3, 3, 3))).eval()
    folded = fold(network)
    x = torch.rand(1, 3, 5, 5)
    assert isinstance(folded[0][1], nn.Conv2d)
    assert isinstance(network[0][1], OverParameterizedConv2d)
    assert torch.equal(folded(x), network(x))
    assert not folded[0][1].training


def test_a_network_with_nothing_to_fold_is_copied() -> None:
    network = create_model("chair", "tiny")
    folded = fold(network)
    assert folded is not network
    assert folded.state_dict().keys() == network.state_dict().keys()


def test_the_restorer_runs_networks_folded() -> None:
    network = DeRestormer(DeRestormerConfig(width=4, blocks=(1, 1, 1), kernels=(3, 3, 3)))
    for wrapped in (network, SelfEnsemble(network)):
        running = Restorer(wrapped, device="cpu").engine.network
        assert not any(isinstance(module, OverParameterizedConv2d) for module in running.modules())
    assert network.config.folded is False
