import pytest
import torch
from models import KNOWN, TINY

from restora import RestoraError, create_model
from restora.networks import ARCHITECTURES


@pytest.mark.parametrize("name", [name for name in TINY if not name.startswith("two_scale")])
def test_maps_are_what_the_stages_put_out(name):
    network = create_model(name).eval()
    maps = create_model(name, features_only=True)
    maps.network.load_state_dict(network.state_dict())
    seen = []
    for stage in ARCHITECTURES[name.split("/")[0]].stages:
        network.get_submodule(stage).register_forward_hook(lambda module, x, y: seen.append(y))
    side = network.requirements.fitting_side(64)
    x = torch.rand(2, 3, side, side)
    assert maps.network.training  # fresh weights are there to be trained
    with torch.no_grad():
        network(x)
        found = maps.eval()(x)
    assert len(found) == len(seen) >= 3
    for ours, theirs, channels, reduction in zip(found, seen, maps.channels, maps.reductions, strict=True):
        torch.testing.assert_close(ours, theirs)
        assert ours.shape == (2, channels, side // reduction, side // reduction)


def test_the_decoder_does_not_run():
    maps = create_model("chair/tiny", features_only=True).eval()
    maps.network.decoder_quarter.register_forward_hook(lambda *_: pytest.fail("the decoder ran"))
    maps(torch.rand(1, 3, 16, 16))


def test_gradients_reach_the_encoder():
    maps = create_model("chair/tiny", features_only=True)
    sum(each.square().mean() for each in maps(torch.rand(2, 3, 16, 16))).backward()
    assert maps.network.encoder_full[0].expand[0].weight.grad.any()


@pytest.mark.usefixtures("toy_network")
def test_a_network_without_stages_says_so():
    assert not next(known for known in KNOWN if known.name == "two_scale").stages
    with pytest.raises(RestoraError, match="TwoScale names no stages"):
        create_model("two_scale", features_only=True)
