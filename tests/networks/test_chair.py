"""ChaIR against vectors of the official network, through the conversion of official keys."""

import json
from math import prod

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from golden import DATA, filled, load, tensor

from restora.checkpoints import convert_state_dict, to_official_state_dict
from restora.networks import ARCHITECTURES, ChaIR, ChaIRConfig, create_model
from restora.training.losses import fft_loss, l1_loss, multi_scale_loss, reduced_targets
from restora.training.schedules import learning_rate
from restora.training.sections import OptimizerSection, StageSection


def rule(name: str, shape: tuple[int, ...]) -> tuple[float, float] | None:
    fan = prod(shape[1:]) if len(shape) > 1 else 1
    if name.endswith("num_batches_tracked"):
        return None
    if name.endswith("running_mean"):
        return 0, 0.2
    if name.endswith("running_var"):
        return 0.6, 0.4
    if name.endswith(".gamma"):
        return 0, 0.5
    if name.endswith(".beta"):
        return 1, 0.2
    if "filter_bn.weight" in name or (name.startswith("SCM") and ".main.4.weight" in name):
        return 1, 0.3
    if len(shape) == 1:
        return 0, 0.1
    if name.endswith(".sfconv.out.weight"):
        return 0, 40 / fan**0.5
    if ".sfconv.fc" in name or name.endswith(".dyna_ch.conv.weight"):
        return 0, 6 / fan**0.5
    return 0, 1.2 / fan**0.5


def official_state(blocks: int) -> dict[str, torch.Tensor]:
    with torch.device("meta"):
        network = ChaIR(ChaIRConfig(blocks=(blocks, blocks, blocks)))
    return {
        name: filled(name, tuple(value.shape), rule)
        for name, value in to_official_state_dict(network).items()
    }


def network(blocks: int) -> ChaIR:
    model = ChaIR(ChaIRConfig(blocks=(blocks, blocks, blocks)))
    model.load_state_dict(convert_state_dict("chair", official_state(blocks)))
    return model.eval()


@pytest.fixture(scope="module")
def state4() -> dict[str, torch.Tensor]:
    return convert_state_dict("chair", official_state(4))


@pytest.fixture
def chair4(state4: dict[str, torch.Tensor]) -> ChaIR:
    model = ChaIR(ChaIRConfig(blocks=(4, 4, 4)))
    model.load_state_dict(state4)
    return model.eval()


@pytest.mark.parametrize(
    ("blocks", "entries", "parameters"), [(16, 794, 15_017_001), (8, 506, 8_780_841), (4, 362, 5_662_761)]
)
def test_sizes_of_the_published_network(blocks: int, entries: int, parameters: int) -> None:
    with torch.device("meta"):
        model = ChaIR(ChaIRConfig(blocks=(blocks, blocks, blocks)))
    assert len(model.state_dict()) == entries
    assert sum(p.numel() for p in model.parameters()) == parameters


def test_the_filling_rule() -> None:
    for name, expected in json.loads((DATA / "chair/fill_check.json").read_text()).items():
        value = filled(name, tuple(expected["shape"]), rule).flatten().double()
        np.testing.assert_allclose(value[:3], expected["first"], atol=1e-7)
        np.testing.assert_allclose(value[-1], expected["last"], atol=1e-7)
        np.testing.assert_allclose(value.sum(), expected["sum"], atol=1e-4)
        np.testing.assert_allclose(value.square().sum(), expected["sum_sq"], rtol=1e-6)


@pytest.mark.parametrize(("file", "blocks"), [("full_nr16_eval_1x3x64x64", 16), ("nr4_eval_2x3x96x64", 4)])
def test_evaluation_outputs(file: str, blocks: int) -> None:
    vectors = load(f"chair/{file}.npz")
    with torch.inference_mode():
        outputs = network(blocks).forward_scales(tensor(vectors["x"]))
    for i, tolerance in enumerate((3e-5, 2e-5, 5e-6)):
        np.testing.assert_allclose(outputs[i], vectors[f"out{i}"], rtol=0, atol=tolerance)


# The official names of submodules as the vectors print them, and ours.
TAPS = {
    "feat_extract.0": "head",
    "feat_extract.1": "down_half",
    "feat_extract.2": "down_quarter",
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
    "Convs.0": "skip_half",
    "Convs.1": "skip_full",
    "ConvsOut.0": "tail_quarter",
    "ConvsOut.1": "tail_half",
}


@pytest.mark.parametrize("file", ["nr4_eval_2x3x96x64", "nr4_train_2x3x96x64"])
def test_every_module_on_the_way(chair4: ChaIR, file: str) -> None:
    vectors = load(f"chair/{file}.npz")
    seen: dict[str, torch.Tensor] = {}
    for official, ours in TAPS.items():
        chair4.get_submodule(ours).register_forward_hook(
            lambda module, args, output, name=official: seen.__setitem__(name, output.detach())
        )
    chair4.train(file.startswith("nr4_train"))
    with torch.no_grad():
        chair4(tensor(vectors["x"]))
    compared = [key.removeprefix("tap_mean/") for key in vectors.files if key.startswith("tap_mean/")]
    assert len(compared) == 20
    for name in compared:
        np.testing.assert_allclose(seen[name].mean((0, 2, 3)), vectors[f"tap_mean/{name}"], rtol=0, atol=5e-5)
        deviation = seen[name].std((0, 2, 3), correction=0)
        np.testing.assert_allclose(deviation, vectors[f"tap_std/{name}"], rtol=0, atol=5e-5)


def test_training_outputs_and_batch_statistics(chair4: ChaIR) -> None:
    vectors = load("chair/nr4_train_2x3x96x64.npz")
    chair4.train()
    with torch.no_grad():
        outputs = chair4.forward_scales(tensor(vectors["x"]))
    for i, tolerance in enumerate((1e-4, 3e-5, 1e-5)):
        np.testing.assert_allclose(outputs[i], vectors[f"out{i}"], rtol=0, atol=tolerance)
    after = to_official_state_dict(chair4)
    buffers = [key for key in vectors.files if key.startswith("after/")]
    assert len(buffers) == 9
    for key in buffers:
        np.testing.assert_allclose(after[key.removeprefix("after/")], vectors[key], rtol=0, atol=2e-5)


def test_training_step(chair4: ChaIR) -> None:
    vectors = load("chair/train_step_nr4.npz")
    x, y = tensor(vectors["x"]), tensor(vectors["y"])
    chair4.train()
    outputs = chair4.forward_scales(x)
    ones = (1.0, 1.0, 1.0)
    content = multi_scale_loss(outputs, y, [(l1_loss, 1.0)], ones)
    fft = multi_scale_loss(outputs, y, [(fft_loss, 1.0)], ones)
    total = multi_scale_loss(outputs, y, [(l1_loss, 1.0), (fft_loss, 0.1)], ones)
    for name, value in (("content", content), ("fft", fft), ("total", total)):
        np.testing.assert_allclose(value.detach(), vectors[name], rtol=1e-5)
    total.backward()
    gradients = {
        ARCHITECTURES["chair"].official_name(name): parameter.grad
        for name, parameter in chair4.named_parameters()
    }
    names = [key for key in vectors.files if key.startswith("grad/")]
    assert len(names) == 7
    for key in names:
        expected = vectors[key]
        gradient = gradients[key.removeprefix("grad/")]
        np.testing.assert_allclose(gradient, expected, rtol=0, atol=1e-3 * np.abs(expected).max())
    norm = torch.stack([g.norm() for g in gradients.values()]).norm()
    np.testing.assert_allclose(norm, vectors["grad_norm_total"], rtol=1e-3)


def test_padded_evaluation(chair4: ChaIR) -> None:
    vectors = load("chair/nr4_padded_eval_1x3x61x75.npz")
    x = tensor(vectors["x"])
    padded = F.pad(x, (0, 1, 0, 3), mode="reflect")
    assert torch.equal(padded, tensor(vectors["x_padded"]))
    with torch.inference_mode():
        restored = chair4(padded)[..., :61, :75].clamp(0, 1)
    np.testing.assert_allclose(restored, vectors["restored"], rtol=0, atol=5e-6)


MODULES = {
    "channel_attention_eval": ("encoder_half.3.attention.0", 2e-5),
    "channel_attention_train": ("encoder_half.3.attention.0", 2e-5),
    "channel_attention_train_b4": ("encoder_full.3.attention.0", 2e-5),
    "sfconv": ("encoder_half.3.attention.1", 2e-5),
    "sfconv_128": ("decoder_quarter.3.attention.1", 2e-5),
    "resblock_plain": ("encoder_full.0", 2e-5),
    "resblock_filter_eval": ("encoder_full.3", 2e-5),
    "scm": ("shallow_half", 7e-5),
    "scm1": ("shallow_quarter", 7e-5),
    "fam": ("fuse_half", 2e-5),
    "upconv": ("up_half", 2e-5),
    "downconv": ("down_half", 2e-5),
}


@pytest.mark.parametrize("tag", MODULES)
def test_modules(chair4: ChaIR, tag: str) -> None:
    vectors = load("chair/modules_nr4.npz")
    name, tolerance = MODULES[tag]
    module = chair4.get_submodule(name).train("train" in tag)
    inputs = [tensor(vectors[key]) for key in sorted(vectors.files) if key.startswith(f"{tag}/in")]
    with torch.no_grad():
        output = module(torch.cat(inputs, dim=1))
    np.testing.assert_allclose(output, vectors[f"{tag}/out"], rtol=0, atol=tolerance)
    for key in vectors.files:
        if key.startswith(f"{tag}/after/filter_bn."):
            buffer = module.norm.get_buffer(key.rsplit(".", 1)[1])  # type: ignore[union-attr]
            np.testing.assert_allclose(buffer, vectors[key], rtol=0, atol=tolerance)


@pytest.mark.parametrize("case", ["even", "four"])
def test_losses(case: str) -> None:
    vectors = load("chair/losses.npz")
    target = tensor(vectors[f"{case}/target"])
    quarter, half, full = reduced_targets(target, 3)
    np.testing.assert_allclose(half, vectors[f"{case}/target_half"], rtol=0, atol=1e-6)
    np.testing.assert_allclose(quarter, vectors[f"{case}/target_quarter"], rtol=0, atol=1e-6)
    assert full is target
    for name, loss in (("l1", l1_loss), ("fft_l1", fft_loss)):
        prediction = tensor(vectors[f"{case}/pred"]).requires_grad_()
        value = loss(prediction, target)
        np.testing.assert_allclose(value.detach(), vectors[f"{case}/{name}"], rtol=1e-5)
        value.backward()
        np.testing.assert_allclose(prediction.grad, vectors[f"{case}/{name}_grad"], rtol=0, atol=1e-6)


@pytest.mark.parametrize("schedule", ["chair_its_300_3", "chair_ots_30_1"])
def test_learning_rates_of_the_official_schedule(schedule: str) -> None:
    expected = json.loads((DATA / "chair/lr_schedule.json").read_text())[schedule]
    optimizer = OptimizerSection(
        learning_rate=expected["base"], warmup=expected["warmup"], final_learning_rate=expected["eta_min"]
    )
    stages = [StageSection(steps=expected["epochs"], patch=8, batch=1)]
    rates = [learning_rate(epoch, optimizer, stages) for epoch in range(expected["epochs"])]
    np.testing.assert_allclose(rates, expected["lr"], rtol=1e-9)


def test_of_two_views_the_mean_is_changed_and_equal_views_are_one_view() -> None:
    torch.manual_seed(0)
    one = create_model("chair", "tiny").eval()
    two = create_model("chair", "tiny_dual_pixel").eval()
    weights = {name: w.clone() for name, w in one.state_dict().items()}
    for name in ("head.0.weight", "shallow_half.layers.0.0.weight", "shallow_quarter.layers.0.0.weight"):
        weights[name] = torch.cat([weights[name], weights[name]], 1) / 2
    two.load_state_dict(weights)
    x = torch.rand(1, 3, 16, 24)
    assert torch.allclose(two(torch.cat([x, x], 1)), one(x), atol=1e-6)
    torch.nn.init.zeros_(two.tail_full.weight)
    torch.nn.init.zeros_(two.tail_full.bias)
    y = torch.rand(1, 3, 16, 24)
    assert torch.allclose(two(torch.cat([x, y], 1)), (x + y) / 2)


def test_two_views_survive_the_published_names() -> None:
    two = create_model("chair", "tiny_dual_pixel")
    official = to_official_state_dict(two)
    assert ARCHITECTURES["chair"].recognise(official) == two.config
    assert convert_state_dict("chair", official).keys() == two.state_dict().keys()
