from pathlib import Path

import pytest
import torch
from golden_dinat_ir import published_shapes
from hypothesis import given, settings
from hypothesis import strategies as st

from restora.checkpoints import load_model, to_official_state_dict
from restora.networks import ARCHITECTURES, DiNATIR, DiNATIRConfig, create_model

four = st.tuples(*[st.integers(1, 2)] * 4)
configs = st.builds(
    DiNATIRConfig,
    width=st.sampled_from([4, 8, 12]),
    blocks=four,
    refinement_blocks=st.integers(1, 2),
    heads=st.sampled_from([(1, 2, 4, 8), (2, 2, 4, 4), (1, 1, 1, 1)]),
    expansion=st.sampled_from([1.0, 1.5, 2.0, 2.66, 4.0]),
    bias=st.booleans(),
    centered_norm=st.booleans(),
    channel_gate=st.booleans(),
    dual_pixel=st.booleans(),
)


@settings(max_examples=8, deadline=None)
@given(config=configs)
def test_round_trip_of_any_configuration(
    config: DiNATIRConfig, tmp_path_factory: pytest.TempPathFactory
) -> None:
    torch.manual_seed(0)
    model = DiNATIR(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.1)
    path = tmp_path_factory.mktemp("official") / "net_g_latest.pth"
    torch.save({"params": to_official_state_dict(model)}, path)
    loaded = load_model(path)
    assert loaded.config == config
    x = torch.rand(1, model.requirements.in_channels, 8, 16)
    with torch.inference_mode():
        assert torch.equal(loaded(x), model(x))


@pytest.mark.parametrize("variant", ["base", "dual_pixel"])
def test_published_files_are_recognised(variant: str) -> None:
    official = {key: torch.empty(shape, device="meta") for key, shape in published_shapes(variant).items()}
    with torch.device("meta"):
        assert ARCHITECTURES["dinat_ir"].recognise(official) == create_model("dinat_ir", variant).config


def test_what_keys_cannot_tell_can_be_overridden(tmp_path: Path) -> None:
    config = DiNATIRConfig(
        width=4, blocks=(1, 1, 1, 1), heads=(1, 1, 1, 1), dilations=(3, 2, 1, 1), mode="local_only"
    )
    path = tmp_path / "net.pth"
    torch.save(to_official_state_dict(DiNATIR(config)), path)
    assert load_model(path, dilations=(3, 2, 1, 1), mode="local_only").config == config
    assert load_model(path).config.dilations == (36, 18, 9, 4)


def test_other_networks_are_not_taken_for_it() -> None:
    with torch.device("meta"):
        assert (
            ARCHITECTURES["dinat_ir"].recognise(to_official_state_dict(create_model("chair", "tiny"))) is None
        )
