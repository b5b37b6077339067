import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from restora.checkpoints import load_model, to_official_state_dict
from restora.networks import ARCHITECTURES, KiT, KiTConfig

configs = st.builds(
    KiTConfig,
    width=st.integers(1, 5),
    blocks=st.tuples(*[st.integers(1, 2)] * 4),
    shared_projection=st.booleans(),
    resampling=st.sampled_from(["bilinear", "convolution"]),
)


@settings(max_examples=8, deadline=None)
@given(config=configs)
def test_round_trip_of_any_configuration(config: KiTConfig, tmp_path_factory: pytest.TempPathFactory) -> None:
    model = KiT(config).eval()
    path = tmp_path_factory.mktemp("kit") / "kit.pth"
    torch.save({"params": to_official_state_dict(model)}, path)
    loaded = load_model(path)
    assert loaded.config == config
    x = torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        assert torch.equal(loaded(x), model(x))


def test_what_shapes_cannot_tell_can_be_overridden(tmp_path) -> None:
    model = KiT(KiTConfig(width=4, blocks=(1, 1, 1, 1), chunk_size=8, rounds=2)).eval()
    torch.save(model.state_dict(), tmp_path / "kit.pth")
    assert load_model(tmp_path / "kit.pth").config.rounds == 4
    loaded = load_model(tmp_path / "kit.pth", chunk_size=8, rounds=2)
    x = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        assert torch.equal(loaded(x), model(x))


@pytest.mark.parametrize("variant", ARCHITECTURES["kit"].variants)
def test_every_variant_is_detected(variant: str) -> None:
    config = ARCHITECTURES["kit"].variants[variant]
    with torch.device("meta"):
        assert ARCHITECTURES["kit"].recognise(KiT(config).state_dict()) == config


def test_other_networks_are_not_detected() -> None:
    assert ARCHITECTURES["kit"].recognise({}) is None
    assert ARCHITECTURES["kit"].recognise({"stem.0.weight": torch.zeros(4, 3, 3, 3)}) is None
