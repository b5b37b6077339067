"""spandrel itself where it can be imported, else a stand-in with the interface that its documentation describes."""

import importlib
import sys

import pytest
import torch
from models import TINY

from restora import create_model
from restora.checkpoints import load_model, read_tensors, to_official_state_dict
from restora.checkpoints.shipped import shipped_file
from restora.networks import ARCHITECTURES


@pytest.fixture(scope="module", autouse=True)
def spandrel():
    try:
        import spandrel
    except (ImportError, RuntimeError):
        from toys import spandrel_interface as spandrel
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "spandrel", spandrel)
        patch.delitem(
            sys.modules, "restora.bridges.spandrel", raising=False
        )  # one that could not be imported
        yield spandrel
    sys.modules.pop("restora.bridges.spandrel", None)


@pytest.fixture
def registry(spandrel):
    bridge = importlib.import_module("restora.bridges.spandrel")
    registry = spandrel.ArchRegistry()
    assert [support.architecture.name for support in bridge.install(registry)] == [
        ours.title for ours in ARCHITECTURES.values()
    ]
    assert bridge.install(registry) == []  # once is enough
    return registry


@pytest.mark.parametrize("name", [name for name in TINY if not name.startswith("two_scale")])
def test_files_of_authors_and_of_restora_are_loaded_by_what_they_hold(registry, name):
    network = create_model(name).eval()
    states = [network.state_dict()]
    if ARCHITECTURES[name.split("/")[0]].official_names:
        states.append(to_official_state_dict(network))
    x = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        expected = network(x).clamp(0, 1)
    for state in states:
        model = registry.load(dict(state))
        assert model.architecture.id == ARCHITECTURES[name.split("/")[0]].title
        assert model.purpose == "Restoration"
        assert (model.tags, model.scale, model.input_channels, model.output_channels) == (["tiny"], 1, 3, 3)
        assert model.size_requirements.multiple_of == network.requirements.multiple
        assert torch.equal(model(x), expected)


@pytest.mark.parametrize("name", ["denoise-kit-tiny", "denoise-chair-tiny"])
def test_weights_of_the_package_restore_as_in_restora(registry, name):
    network, x = load_model(name), torch.rand(1, 3, 64, 64)
    model = registry.load(read_tensors(shipped_file(name)))
    with torch.inference_mode():
        assert torch.equal(model(x), network(x).clamp(0, 1))


def test_state_dicts_of_others_are_left_to_them(registry):
    foreign = {"conv_first.weight": torch.zeros(64, 3, 3, 3), "conv_last.weight": torch.zeros(3, 64, 3, 3)}
    cut = create_model("chair/tiny").state_dict()
    cut.pop("head.0.weight")
    for state in (foreign, cut):
        assert [support for support in registry if support.detect(state)] == []
