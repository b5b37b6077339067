from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from restora.checkpoints import convert_state_dict, load_model, to_official_state_dict
from restora.errors import RestoraError
from restora.networks import ARCHITECTURES, DeRestormer, DeRestormerConfig

configs = st.builds(
    DeRestormerConfig,
    width=st.sampled_from([4, 8]),
    blocks=st.tuples(*[st.integers(1, 2)] * 3),
    kernels=st.tuples(*[st.sampled_from([1, 3, 5])] * 3),
    folded=st.booleans(),
)
TINY = DeRestormerConfig(width=4, blocks=(1, 1, 1), kernels=(3, 3, 3))


def randomised(config: DeRestormerConfig) -> DeRestormer:
    torch.manual_seed(0)
    model = DeRestormer(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.1)
    return model


@settings(max_examples=8, deadline=None)
@given(config=configs)
def test_round_trip_of_any_configuration(
    config: DeRestormerConfig, tmp_path_factory: pytest.TempPathFactory
) -> None:
    model = randomised(config)
    path = tmp_path_factory.mktemp("official") / "model_best.pth"
    state = {f"module.{key}": value for key, value in to_official_state_dict(model).items()}
    torch.save({"state_dict": state, "epoch": 3}, path)
    loaded = load_model(path)
    assert loaded.config == config
    x = torch.rand(1, 3, 8, 12)
    with torch.inference_mode():
        assert model(x).isfinite().all()
        assert torch.equal(loaded(x), model(x))


def test_constants_are_written_demanded_and_checked() -> None:
    state = to_official_state_dict(randomised(TINY))
    identities = [key for key in state if key.endswith(".D_diag")]
    factors = [key for key in state if key.endswith(".D")]
    assert len(identities) == len(factors) > 0
    assert torch.equal(state[identities[0]], torch.eye(9).expand_as(state[identities[0]]))

    with pytest.raises(RestoraError, match=rf"1 keys \({identities[0]}\) are missing and 0 keys left over"):
        convert_state_dict("derestormer", {k: v for k, v in state.items() if k != identities[0]})
    with pytest.raises(RestoraError, match=rf"same constants, but 1 keys \({identities[0]}\) have other"):
        convert_state_dict("derestormer", state | {identities[0]: 2 * state[identities[0]]})


def test_folded_weights_have_the_official_names_of_the_evaluation_classes() -> None:
    model = randomised(TINY)
    whole, folded = to_official_state_dict(model), to_official_state_dict(model.fold())
    assert folded.keys() == {key for key in whole if not key.endswith((".D", ".D_diag"))}
    assert folded["feat_extract.0.main.0.W"].shape == (4, 3, 3, 3)
    assert folded["Convs.0.main.0.W"].shape == (8, 16, 1, 1)
    assert ARCHITECTURES["derestormer"].recognise(folded) == model.fold().config


def test_the_published_network_is_recognised() -> None:
    with torch.device("meta"):
        assert (
            ARCHITECTURES["derestormer"].recognise(to_official_state_dict(DeRestormer()))
            == DeRestormerConfig()
        )


def test_other_networks_are_not_recognised(tmp_path: Path) -> None:
    assert ARCHITECTURES["derestormer"].recognise({}) is None
    assert ARCHITECTURES["derestormer"].recognise({"feat_extract.0.main.0.W": torch.zeros(32, 3, 9)}) is None
