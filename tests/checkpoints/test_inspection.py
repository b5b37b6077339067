import pytest
import torch
from models import MODELS

from restora.checkpoints import inspect_state_dict, list_weights, read_tensors, to_official_state_dict
from restora.checkpoints.shipped import shipped_file
from restora.errors import RestoraError
from restora.networks import architecture, create_model


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.usefixtures("toy_network")
def test_every_variant_is_recognised_by_its_keys_and_shapes(name):
    architecture, variant = name.split("/")
    with torch.device("meta"):
        model = create_model(architecture, variant)
    for keys, state in (("restora", model.state_dict()), ("official", to_official_state_dict(model))):
        found = inspect_state_dict(state)
        assert (found.architecture, found.variant, found.config) == (architecture, variant, model.config)
        assert found.parameters == sum(parameter.numel() for parameter in model.parameters())
        assert found.precision == "float32"
        assert found.fits
        if keys not in str(found):  # an architecture whose authors' names are ours
            assert to_official_state_dict(model).keys() == model.state_dict().keys()


def test_keys_that_do_not_fit_are_listed():
    state = to_official_state_dict(create_model("chair", "tiny"))
    state["SCM3.weight"] = state.pop("SCM1.main.4.weight").half()
    found = inspect_state_dict(state)
    assert not found.fits
    assert found.missing == ("SCM1.main.4.weight",)
    assert found.left_over == ("SCM3.weight",)
    assert found.precision == "float16, float32"


def test_configuration_without_a_name_is_said_to_have_none():
    found = inspect_state_dict(create_model("chair", "tiny", width=8).state_dict())
    assert found.variant is None
    assert "ChaIR of a configuration without a name" in str(found)


def test_unknown_network_is_told_what_comes_closest():
    state = to_official_state_dict(create_model("chair", "tiny"))
    state = {key.replace("feat_extract", "stem"): value for key, value in state.items()}
    with pytest.raises(RestoraError, match=r"ChaIR comes closest with 94% of the names, but .*feat_extract"):
        inspect_state_dict(state)
    with pytest.raises(
        RestoraError, match=r"none of the known architectures \(.*ChaIR.*begin with a\.weight"
    ):
        inspect_state_dict({"a.weight": torch.zeros(1)})


@pytest.mark.parametrize("card", list_weights(), ids=lambda card: card.name)
def test_weights_of_the_package_have_the_configuration_of_their_card_without_it(card):
    arch, state = architecture(card.architecture), read_tensors(shipped_file(card.name))
    for keys in (state, arch.to_official(state)):
        found = inspect_state_dict(keys)
        assert (found.variant, found.config) == (card.variant, arch.configure(card.config))
