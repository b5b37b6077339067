from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from restora.checkpoints import convert_state_dict, load_model, to_official_state_dict
from restora.errors import RestoraError
from restora.networks import ChaIR, ChaIRConfig

configs = st.builds(
    ChaIRConfig,
    width=st.sampled_from([4, 6, 8]),
    blocks=st.tuples(*[st.integers(1, 3)] * 3),
    attention=st.tuples(*[st.booleans()] * 3),
)


def randomised(model: torch.nn.Module) -> torch.nn.Module:
    with torch.no_grad():
        for name, value in model.state_dict().items():
            if value.is_floating_point():
                value.uniform_(0.5, 1.5) if name.endswith("running_var") else value.normal_(std=0.1)
    return model.eval()


@settings(max_examples=10, deadline=None)
@given(config=configs)
def test_round_trip_of_any_configuration(
    config: ChaIRConfig, tmp_path_factory: pytest.TempPathFactory
) -> None:
    model = randomised(ChaIR(config))
    path = tmp_path_factory.mktemp("official") / "Best.pkl"
    torch.save({"model": to_official_state_dict(model), "epoch": 3}, path)
    loaded = load_model(path)
    assert loaded.config == config
    assert loaded.card is None
    assert not loaded.training
    x = torch.rand(1, 3, 8, 12)
    with torch.no_grad():
        assert model(x).isfinite().all()
        assert torch.equal(loaded(x), model(x))


@pytest.mark.parametrize("nesting", ["params_ema", "params", "state_dict", "model"])
@pytest.mark.parametrize("prefix", ["", "module.", "_orig_mod.module."])
def test_nesting_and_prefixes(tmp_path: Path, nesting: str, prefix: str) -> None:
    model = randomised(ChaIR(ChaIRConfig(width=4, blocks=(1, 1, 1))))
    state = {prefix + key: value for key, value in to_official_state_dict(model).items()}
    torch.save({nesting: state}, tmp_path / "a.pth")
    assert load_model(tmp_path / "a.pth").config == model.config


def test_missing_and_left_over_keys_are_named() -> None:
    state = to_official_state_dict(ChaIR(ChaIRConfig(width=4, blocks=(1, 1, 1))))
    value = state.pop("SCM1.main.4.weight")
    state["SCM3.weight"] = value
    with pytest.raises(
        RestoraError, match=r"looks like ChaIR but 1 keys \(SCM1.main.4.weight\) .* \(SCM3.weight\)"
    ):
        convert_state_dict("chair", state)


def test_other_networks_are_refused(tmp_path: Path) -> None:
    torch.save({"conv.weight": torch.zeros(1)}, tmp_path / "other.pth")
    with pytest.raises(RestoraError, match=r"other.pth: none of the known architectures \(.*conv.weight"):
        load_model(tmp_path / "other.pth")


def test_convert_names_the_architecture_it_expected() -> None:
    with pytest.raises(RestoraError, match="not one of ChaIR's"):
        convert_state_dict("chair", {"x": torch.zeros(1)})
    with pytest.raises(RestoraError, match="unknown architecture 'unet'"):
        convert_state_dict("unet", {})
    with pytest.raises(RestoraError, match="Linear is none of: chair"):
        to_official_state_dict(torch.nn.Linear(1, 1))
