"""DeRestormer against vectors of the official network, through the conversion of official keys."""

import json
from math import prod

import numpy as np
import pytest
import torch
from golden import DATA, filled, load, tensor

from restora.checkpoints import convert_state_dict, to_official_state_dict
from restora.layers import OverParameterizedConv2d, bilinear_sample
from restora.networks import ARCHITECTURES, DeRestormer, DeRestormerConfig
from restora.restoration import Restorer
from restora.restoration.windowed_network import join_windows, split_windows
from restora.training.losses import (
    charbonnier_loss,
    edge_loss,
    fft_modulus_loss,
    multi_scale_loss,
    pyramid_targets,
)
from restora.training.schedules import learning_rate
from restora.training.sections import OptimizerSection, StageSection

TERMS = [(charbonnier_loss, 1.0), (edge_loss, 0.05), (fft_modulus_loss, 0.01)]


def rule(name: str, shape: tuple[int, ...]) -> tuple[float, float]:
    fan = prod(shape[1:])
    if name.endswith(".D"):
        return 0, 0.1
    if name.endswith(".temperature"):
        return 6, 3
    if ".attn.offset_conv." in name:
        return (0, 40) if name.endswith("bias") else (0, 40 / fan**0.5)
    if ".norm1." in name or ".norm2." in name:
        return (1, 0.3) if name.endswith("weight") else (0, 0.2)
    if name.endswith(".bias"):
        return 0, 0.5
    if name.startswith("DGFMs.") and (name.endswith(".W") or ".regular_conv." in name):
        return 0, 2.2 / fan**0.5
    return 0, 1 / fan**0.5


def published(blocks: int) -> DeRestormer:
    return DeRestormer(DeRestormerConfig(blocks=(blocks, blocks, blocks)))


def official_state(blocks: int) -> dict[str, torch.Tensor]:
    return {
        name: value if name.endswith(".D_diag") else filled(name, tuple(value.shape), rule)
        for name, value in to_official_state_dict(published(blocks)).items()
    }


def network(blocks: int) -> DeRestormer:
    model = published(blocks)
    model.load_state_dict(convert_state_dict("derestormer", official_state(blocks)))
    return model.eval()


@pytest.fixture(scope="module")
def derestormer2() -> DeRestormer:
    return network(2)


@pytest.fixture(scope="module")
def derestormer8() -> DeRestormer:
    return network(8)


@pytest.mark.parametrize(("blocks", "entries", "parameters"), [(8, 1386, 34_914_340), (2, 414, 10_551_568)])
def test_sizes_of_the_published_network(blocks: int, entries: int, parameters: int) -> None:
    with torch.device("meta"):
        state = to_official_state_dict(published(blocks))
    assert len(state) == entries == 90 + 162 * blocks
    assert sum(value.numel() for value in state.values()) == parameters


def test_the_filling_rule() -> None:
    with torch.device("meta"):
        state = to_official_state_dict(published(8))
    for name, expected in json.loads((DATA / "derestormer/fill_check.json").read_text()).items():
        assert list(state[name].shape) == expected["shape"]
        value = filled(name, tuple(state[name].shape), rule).double()
        assert value.flatten()[:3].tolist() == pytest.approx(expected["first"], abs=1e-7)
        assert value.flatten()[-1].item() == pytest.approx(expected["last"], abs=1e-7)
        assert value.sum().item() == pytest.approx(expected["sum"], abs=1e-4)
        assert value.square().sum().item() == pytest.approx(expected["sum_sq"], rel=1e-6)


TAPS = {
    **{f"feat_extract.{i}": name for i, name in enumerate(("head", "down_half", "down_quarter"))},
    "feat_extract.3": "up_half",
    "feat_extract.4": "up_full",
    "feat_extract.5": "tail_full",
    "Encoder.0": "encoder_full",
    "Encoder.1": "encoder_half",
    "Encoder.2": "encoder_quarter",
    "Decoder.0": "decoder_quarter",
    "Decoder.1": "decoder_half",
    "Decoder.2": "decoder_full",
    "SCM1": "shallow_quarter",
    "SCM2": "shallow_half",
    "FAM1": "fuse_quarter",
    "FAM2": "fuse_half",
    "DGFMs.0": "join_full",
    "DGFMs.1": "join_half",
    "up_1": "half_to_full",
    "up_2": "quarter_to_half",
    "up_3": "quarter_to_full",
    "down_1": "full_to_half",
    "Convs.0": "skip_half",
    "Convs.1": "skip_full",
    "ConvsOut.0": "tail_quarter",
    "ConvsOut.1": "tail_half",
}


def compare_with_taps(model: DeRestormer, file: str, tolerance: float, tap_tolerance: float) -> None:
    vectors = load(f"derestormer/{file}.npz")
    seen: dict[str, torch.Tensor] = {}
    hooks = [
        model.get_submodule(ours).register_forward_hook(
            lambda module, args, output, name=official: seen.__setitem__(name, output)
        )
        for official, ours in TAPS.items()
    ]
    with torch.inference_mode():
        outputs = model.forward_scales(tensor(vectors["x"]))
    for hook in hooks:
        hook.remove()
    taps = [key.removeprefix("tap_mean/") for key in vectors.files if key.startswith("tap_mean/")]
    assert len(taps) in (0, 26)
    for name in taps:
        mean, deviation = seen[name].mean((0, 2, 3)), seen[name].std((0, 2, 3), correction=0)
        np.testing.assert_allclose(mean, vectors[f"tap_mean/{name}"], rtol=0, atol=tap_tolerance)
        np.testing.assert_allclose(deviation, vectors[f"tap_std/{name}"], rtol=0, atol=tap_tolerance)
    for i in range(3):  # theirs are largest first
        np.testing.assert_allclose(outputs[2 - i], vectors[f"out{i}"], rtol=0, atol=tolerance)


@pytest.mark.parametrize("file", ["nr2_2x3x64x96", "nr2_1x3x96x64"])
def test_outputs_and_every_module_on_the_way(derestormer2: DeRestormer, file: str) -> None:
    compare_with_taps(derestormer2, file, 3e-5, 5e-5)


def test_the_published_size(derestormer8: DeRestormer) -> None:
    compare_with_taps(derestormer8, "full_nr8_1x3x64x64", 3e-4, 3e-4)


def test_folding_changes_nothing_but_the_size(derestormer2: DeRestormer) -> None:
    folded = derestormer2.fold()
    assert not any(isinstance(module, OverParameterizedConv2d) for module in folded.modules())
    assert folded.config == DeRestormerConfig(blocks=(2, 2, 2), folded=True)
    assert not folded.training
    x = tensor(load("derestormer/nr2_1x3x96x64.npz")["x"])[:, :, :32]
    with torch.inference_mode():
        torch.testing.assert_close(folded(x), derestormer2(x), rtol=0, atol=1e-6)
    before, after = (sum(p.numel() for p in model.parameters()) for model in (derestormer2, folded))
    assert (before, after) == (9_970_879, 9_390_190)
    assert derestormer2.config.folded is False


def test_a_folded_network_loads_what_a_folded_one_saves(derestormer2: DeRestormer) -> None:
    folded = derestormer2.fold()
    again = DeRestormer(folded.config).eval()
    again.load_state_dict(folded.state_dict())
    x = torch.rand(1, 3, 16, 16)
    with torch.inference_mode():
        assert torch.equal(again(x), folded(x))


MODULES = {
    "layernorm": ("encoder_half.1.attention_norm", 2e-5),
    "attention_square": ("encoder_half.1.attention", 2e-5),
    "attention_wide": ("encoder_half.1.attention", 2e-5),
    "attention_tall": ("encoder_quarter.3.attention", 2e-5),
    "feedforward": ("encoder_half.1.feed_forward", 2e-5),
    "transformer_block": ("decoder_quarter.1", 2e-5),
    "doconv3x3": ("encoder_half.0.spatial.0", 2e-5),
    "doconv3x3_stride2": ("down_half.0", 2e-5),
    "doconv3x3_depthwise": ("encoder_full.1.feed_forward.depthwise", 2e-5),
    "doconv1x1": ("shallow_half.layers.1.0", 2e-5),
    "resblock_fft_even": ("encoder_full.0", 2e-5),
    "resblock_fft_odd": ("encoder_full.0", 2e-5),
    "deformconv7": ("join_full.largest.2", 5e-5),
    "deformconv5": ("join_full.middle.2", 5e-5),
    "deformconv3": ("join_half.smallest.2", 5e-5),
    "dgfm": ("join_half", 5e-5),
    "scm": ("shallow_half", 2e-5),
    "fam": ("fuse_half", 2e-5),
    "upsample": ("half_to_full", 2e-5),
    "downsample": ("full_to_half", 2e-5),
}


def test_modules(derestormer2: DeRestormer) -> None:
    compared = set()
    for file in ("modules_nr2_attention", "modules_nr2_conv"):
        vectors = load(f"derestormer/{file}.npz")
        for tag in {key.split("/")[0] for key in vectors.files}:
            name, tolerance = MODULES[tag]
            inputs = [tensor(vectors[key]) for key in sorted(vectors.files) if key.startswith(f"{tag}/in")]
            with torch.inference_mode():
                output = derestormer2.get_submodule(name)(*inputs)
            np.testing.assert_allclose(output, vectors[f"{tag}/out"], rtol=0, atol=tolerance, err_msg=tag)
            compared.add(tag)
    assert compared == set(MODULES)


def test_keys_are_sampled_where_the_vectors_say() -> None:
    vectors = load("derestormer/modules_nr2_attention.npz")
    # (heads, ...) as one image with groups of channels: (1, H, W, heads, 32), positions (1, H * W, heads)
    features = tensor(vectors["attention_wide/k_before"]).permute(2, 3, 0, 1)[None]
    rows, columns = (
        tensor(vectors[f"attention_wide/sample_{axis}"]).flatten(1).T[None] for axis in ("row", "col")
    )
    sampled = bilinear_sample(features, rows, columns)[0].permute(1, 2, 0)  # (heads, 32, H * W)
    expected = tensor(vectors["attention_wide/k_sampled"]).flatten(2)
    np.testing.assert_allclose(sampled, expected, rtol=0, atol=2e-5)


def test_folded_kernels(derestormer8: DeRestormer) -> None:
    kernels = load("derestormer/doconv_folded.npz")
    folded = to_official_state_dict(derestormer8.fold())
    assert len(kernels.files) == 4
    for name in kernels.files:
        np.testing.assert_allclose(folded[name], kernels[name], rtol=0, atol=1e-6)


@pytest.mark.parametrize("case", ["even", "odd"])
def test_losses(case: str) -> None:
    vectors = load("derestormer/losses.npz")
    clean = tensor(vectors[f"{case}/y"])
    for name, loss in (("charbonnier", charbonnier_loss), ("edge", edge_loss), ("fft", fft_modulus_loss)):
        restored = tensor(vectors[f"{case}/x"]).requires_grad_()
        value = loss(restored, clean)
        np.testing.assert_allclose(value.detach(), vectors[f"{case}/{name}"], rtol=1e-5)
        value.backward()
        np.testing.assert_allclose(restored.grad, vectors[f"{case}/{name}_grad"], rtol=0, atol=1e-6)
    x, laplacian = tensor(vectors[f"{case}/x"]), tensor(vectors[f"{case}/laplacian_of_x"])
    nothing = torch.zeros_like(x)
    torch.testing.assert_close(edge_loss(x, nothing), charbonnier_loss(laplacian, nothing), rtol=1e-5, atol=0)


def test_loss_over_all_scales() -> None:
    vectors = load("derestormer/losses.npz")
    clean = tensor(vectors["multi/target0"])
    restored = [tensor(vectors[f"multi/pred{i}"]) for i in (2, 1, 0)]
    for target, i in zip(pyramid_targets(clean, 3), (2, 1, 0), strict=True):
        np.testing.assert_allclose(target, vectors[f"multi/target{i}"], rtol=0, atol=1e-6)
    for name, terms in (
        ("char", TERMS[:1]),
        ("edge", [(edge_loss, 1.0)]),
        ("fft", [(fft_modulus_loss, 1.0)]),
        ("total", TERMS),
    ):
        value = multi_scale_loss(restored, clean, terms, (1.0, 1.0, 1.0), pyramid_targets)
        np.testing.assert_allclose(value, vectors[f"multi/{name}"], rtol=1e-5)


def test_pyramid_of_an_odd_image() -> None:
    vectors = load("derestormer/losses.npz")
    levels = pyramid_targets(tensor(vectors["pyramid_odd/x"]), 3)
    for level, i in zip(levels, (2, 1, 0), strict=True):
        np.testing.assert_allclose(level, vectors[f"pyramid_odd/level{i}"], rtol=0, atol=1e-6)


def test_learning_rates_are_ours_one_step_late() -> None:
    (expected,) = json.loads((DATA / "derestormer/lr_schedule.json").read_text()).values()
    optimizer = OptimizerSection(
        learning_rate=expected["base"], warmup=expected["warmup"], final_learning_rate=expected["eta_min"]
    )
    stages = [StageSection(steps=expected["epochs"], patch=8, batch=1)]
    rates = [learning_rate(epoch - 1, optimizer, stages) for epoch in range(expected["epochs"])]
    np.testing.assert_allclose(rates, expected["lr"], rtol=1e-9)


@pytest.mark.parametrize("case", ["both", "right", "bottom", "exact"])
def test_windows(case: str) -> None:
    vectors = load("derestormer/windows.npz")
    x, side = tensor(vectors[f"{case}/x"]), int(vectors[f"{case}/win"])
    windows = split_windows(x, side)
    assert torch.equal(windows, tensor(vectors[f"{case}/windows"]))
    assert torch.equal(join_windows(windows, *x.shape[2:]), x)
    labelled = windows + torch.arange(len(windows)).view(-1, 1, 1, 1)
    expected = tensor(vectors[f"{case}/reverse_of_labelled"])
    assert torch.equal(join_windows(labelled, *x.shape[2:]), expected)


def test_official_names_are_all_different() -> None:
    with torch.device("meta"):
        names = list(published(8).state_dict())
    assert len({ARCHITECTURES["derestormer"].official_name(name) for name in names}) == len(names)


def test_the_restorer_shows_it_squares() -> None:
    torch.manual_seed(0)
    restorer = Restorer(
        DeRestormer(DeRestormerConfig(width=8, blocks=(1, 1, 1))), tile=None, precision="float32"
    )
    image = np.random.default_rng(0).random((64, 96, 3), dtype=np.float32)
    own = slice(0, 32)  # columns of the left square that the right one, which begins there, does not have
    np.testing.assert_allclose(restorer(image)[:, own], restorer(image[:, :64])[:, own], atol=1e-6)
    np.testing.assert_allclose(restorer(image)[:, 64:], restorer(image[:, 32:])[:, 32:], atol=1e-6)
