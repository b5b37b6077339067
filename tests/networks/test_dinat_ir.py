"""DiNAT-IR against vectors of the official network, through the conversion of official keys."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from golden import load
from golden_dinat_ir import REDUCED, filled, image, network, published_shapes
from torch.utils.flop_counter import FlopCounterMode

from restora.checkpoints import to_official_state_dict
from restora.layers import SubsampledLocalMean
from restora.networks import ARCHITECTURES, DiNATIR, DiNATIRConfig, create_model
from restora.restoration import with_local_statistics
from restora.training.losses import l1_loss, psnr_loss_80db
from restora.training.schedules import learning_rate
from restora.training.sections import OptimizerSection, StageSection

OPTIONS = {
    "width": 24,
    "blocks": (2, 1, 1, 2),
    "heads": (2, 2, 4, 6),
    "dilations": (5, 4, 3, 1),
    "expansion": 2.0,
    "bias": True,
    "centered_norm": False,
}
CASES = {
    "pub_64x96": {},
    "pub_dual_64x72": {"dual_pixel": True},
    "red_256x264": REDUCED,
    "red_batch2_40x56": REDUCED,
    "red_dual_64x56": REDUCED | {"dual_pixel": True},
    "red_nochan_64x64": REDUCED | {"channel_gate": False},
    "red_local_only_64x64": REDUCED | {"mode": "local_only"},
    "red_globl_only_64x64": REDUCED | {"mode": "global_only"},
    "red_opts_64x64": OPTIONS,
    "tlc_cold_160x128": REDUCED,  # without a training size, local statistics are global ones
}


def agree(name: str, model: torch.nn.Module, x: torch.Tensor | None = None) -> None:
    vectors = load(f"dinat_ir/{name}.npz")
    if x is None:
        batch, _, height, width = (int(n) for n in vectors["shape"])
        x = image(batch, model.requirements.in_channels, height, width).float()
        if len(x[0]) == 6:  # B, G, R of both views in the vectors, R, G, B here
            x = x[:, [2, 1, 0, 5, 4, 3]]
    with torch.inference_mode():
        out = model(x)
    assert out.shape == (*vectors["shape"][:2], *x.shape[2:])
    height, width = vectors["shape"][2:]
    error = np.abs(
        out[:, :, :height, :width].flatten()[:: int(vectors["stride"])].numpy() - vectors["out"].flatten()
    )
    assert error.max() < 5e-5
    assert error.mean() < 5e-6


@pytest.mark.parametrize("name", CASES)
def test_outputs(name: str) -> None:
    agree(name, network(**CASES[name]))


def test_padded_evaluation() -> None:
    x = image(1, 3, 61, 75).float()
    agree("pad8_61x75", network(**REDUCED), F.pad(x, (0, 5, 0, 3), mode="reflect"))


@pytest.mark.parametrize(
    ("name", "train_size"), [("warm_160x128", 64), ("warm_72x160", 64), ("default_400x392", 256)]
)
def test_local_statistics(name: str, train_size: int) -> None:
    agree(f"tlc_{name}", with_local_statistics(network(**REDUCED), train_size))


def test_subsampled_local_statistics() -> None:
    agree("tlc_fast_160x128", with_local_statistics(network(**REDUCED), 64, SubsampledLocalMean))


STAGES = {
    "patch_embed": "head",
    "encoder_level1": "encoder_full",
    "down1_2": "down_half",
    "encoder_level2": "encoder_half",
    "down2_3": "down_quarter",
    "encoder_level3": "encoder_quarter",
    "down3_4": "down_eighth",
    "latent": "latent",
    "up4_3": "up_quarter",
    "reduce_chan_level3": "merge_quarter",
    "decoder_level3": "decoder_quarter",
    "up3_2": "up_half",
    "reduce_chan_level2": "merge_half",
    "decoder_level2": "decoder_half",
    "up2_1": "up_full",
    "decoder_level1": "decoder_full",
    "refinement": "refinement",
    "output": "tail",
}


def test_every_stage_of_the_published_network() -> None:
    vectors = load("dinat_ir/pub_64x64.npz")
    model = network()
    official = to_official_state_dict(model)
    sums = [official[key].double().abs().sum() for key in sorted(official)]
    np.testing.assert_allclose(sums, vectors["param_abs_sum"], rtol=1e-6)
    seen: dict[str, torch.Tensor] = {}
    for theirs, ours in STAGES.items():
        model.get_submodule(ours).register_forward_hook(
            lambda module, args, output, name=theirs: seen.__setitem__(name, output)
        )
    agree("pub_64x64", model)
    for name, output in seen.items():
        assert tuple(output.shape) == tuple(vectors[f"stage_{name}_shape"])
        np.testing.assert_allclose(output.flatten()[::997], vectors[f"stage_{name}_s997"], rtol=0, atol=5e-5)
    assert len(seen) == 18


@pytest.mark.parametrize(("variant", "parameters"), [("base", 25_979_592), ("dual_pixel", 25_985_496)])
def test_keys_and_shapes_of_the_published_networks(variant: str, parameters: int) -> None:
    with torch.device("meta"):
        model = create_model("dinat_ir", variant)
    official = to_official_state_dict(model)
    assert {key: list(value.shape) for key, value in official.items()} == published_shapes(variant)
    assert sum(p.numel() for p in model.parameters()) == parameters


def test_multiply_adds_of_the_published_network() -> None:
    with torch.device("meta"), torch.no_grad(), FlopCounterMode(display=False) as counter:
        create_model("dinat_ir")(torch.empty(1, 3, 256, 256))
    counts = {str(operator): flops / 2e9 for operator, flops in counter.get_flop_counts()["Global"].items()}
    np.testing.assert_allclose(counts["aten.convolution"], 97.37, atol=0.005)
    np.testing.assert_allclose(counts["aten.addmm"], 41.07, atol=0.005)
    np.testing.assert_allclose(counts["restora.neighborhood_attention"], 9.25, atol=0.005)


def test_the_filling_rule() -> None:
    values = filled("encoder_level1.0.globl.na2d.rpb", (1, 13, 13)).flatten()
    np.testing.assert_allclose(values[:2], [-0.119924724, -0.337857246], atol=1e-8)
    np.testing.assert_allclose(image(1, 3, 64, 64).sum(), 6074.483288)


def test_training_step() -> None:
    """In float64: the first step of AdamW has the size of the learning rate and the sign of the gradient."""
    vectors = load("dinat_ir/train_step.npz")
    model = network(**REDUCED).double().train()
    x, clean = image(1, 3, 64, 72).float().double(), image(1, 3, 64, 72, key="gt").float().double()
    loss = psnr_loss_80db(model(x), clean)
    np.testing.assert_allclose(loss.detach(), vectors["loss"], rtol=1e-9)
    loss.backward()

    parameters = {
        ARCHITECTURES["dinat_ir"].official_name(name): parameter
        for name, parameter in model.named_parameters()
    }
    in_order = [parameters[key] for key in vectors["keys"]]
    gradients = [parameter.grad for parameter in in_order]
    np.testing.assert_allclose([g.norm() for g in gradients], vectors["grad_l2"], rtol=1e-9)
    for gradient, head in zip(gradients, vectors["grad_head"], strict=True):
        first = gradient.flatten()[torch.arange(4) % gradient.numel()]
        np.testing.assert_allclose(first, head, rtol=0, atol=1e-9 * gradient.norm())
    for name, key in (
        ("rpb", "latent.0.globl.na2d.rpb"),
        ("qkvw", "encoder_level1.0.globl.na2d.qkv.weight"),
        ("chanconv", "decoder_level1.0.local.conv.weight"),
    ):
        expected = vectors[f"grad_full_{name}"]
        np.testing.assert_allclose(parameters[key].grad, expected, rtol=0, atol=1e-6 * np.abs(expected).max())

    before = [parameter.detach().clone() for parameter in in_order]
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 0.01)
    np.testing.assert_allclose(norm, vectors["total_grad_norm"], rtol=1e-9)
    torch.optim.AdamW(model.parameters(), lr=3e-4, weight_decay=1e-4, betas=(0.9, 0.999)).step()
    sums = [parameter.detach().abs().sum() for parameter in in_order]
    np.testing.assert_allclose(sums, vectors["param_abs_sum_after"], rtol=1e-9)
    steps = [(p.detach() - old).abs().max() for p, old in zip(in_order, before, strict=True)]
    np.testing.assert_allclose(steps, vectors["step_abs_max"], rtol=1e-6)
    with torch.no_grad():
        np.testing.assert_allclose(psnr_loss_80db(model(x), clean), vectors["loss_after"], rtol=1e-9)


def test_losses_and_learning_rates() -> None:
    vectors = load("dinat_ir/losses_metrics.npz")
    restored, clean = image(2, 3, 16, 20, key="loss/p"), image(2, 3, 16, 20, key="loss/t")
    np.testing.assert_allclose(psnr_loss_80db(restored, clean), vectors["loss_psnr"], rtol=1e-5)
    np.testing.assert_allclose(l1_loss(restored, clean), vectors["loss_l1"], rtol=1e-5)
    optimizer = OptimizerSection(learning_rate=3e-4, warmup=0, final_learning_rate=1e-6)
    stages = [StageSection(steps=2000, patch=8, batch=1)]
    rates = [learning_rate(int(i) - 1, optimizer, stages) for i in vectors["lr_T2000_iters"]]
    np.testing.assert_allclose(rates, vectors["lr_T2000_values"], rtol=1e-5)


def test_two_views_are_given_as_the_published_weights_expect() -> None:
    model = network(**REDUCED, dual_pixel=True)
    seen: list[torch.Tensor] = []
    model.head.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    x = torch.rand(1, 6, 8, 8)
    with torch.no_grad():
        model(x)
    assert torch.equal(
        seen[0], x[:, [2, 1, 0, 5, 4, 3]]
    )  # blue of the left view first, red of the right one last


@pytest.mark.parametrize("bias", [False, True])
def test_weights_for_one_view_start_those_for_two_as_nearly_the_same_function(bias: bool) -> None:
    torch.manual_seed(0)
    form = {
        "width": 12,
        "blocks": (1, 1, 1, 1),
        "refinement_blocks": 1,
        "dilations": (1, 1, 1, 1),
        "bias": bias,
    }
    one, two = DiNATIR(DiNATIRConfig(**form)), DiNATIR(DiNATIRConfig(**form, dual_pixel=True))
    two.load_state_dict(two.from_one_view(one.state_dict()))
    smooth = F.interpolate(torch.rand(1, 3, 8, 8), (64, 64), mode="bicubic")
    left, right = smooth + 0.05, smooth - 0.05
    with torch.no_grad():
        change = (two(torch.cat([left, right], 1)) - one(smooth))[..., 8:-8, 8:-8]
    assert change.square().mean().sqrt() < 0.01
    assert two.state_dict()["skip.weight"].abs().max() < 50
    again = two.from_one_view(two.state_dict())
    assert all(torch.equal(again[name], weight) for name, weight in two.state_dict().items())


@pytest.mark.parametrize("mode", ["hybrid", "local_only", "global_only"])
def test_output_depends_on_nothing_beyond_the_declared_reach(mode: str) -> None:
    torch.manual_seed(0)
    # With one pair in each stage only the dilations make the reach, so a strip of 16 pixels' height is enough.
    model = DiNATIR(
        DiNATIRConfig(
            width=2,
            blocks=(1, 1, 1, 1),
            refinement_blocks=1,
            heads=(1, 1, 1, 1),
            dilations=(2, 1, 1, 1),
            channel_gate=False,
            mode=mode,  # type: ignore[arg-type]
        )
    ).double()
    needs = model.requirements
    assert needs.receptive_field is not None
    assert not needs.global_context
    width = needs.receptive_field + 17
    x = torch.rand(1, 3, 8, width + -width % 8, dtype=torch.float64, requires_grad=True)
    model(x)[..., 0].sum().backward()
    reached = x.grad.abs().sum((0, 1, 2)).nonzero().max()  # type: ignore[union-attr]
    assert needs.receptive_field / 4 < reached <= needs.receptive_field


def test_values_out_of_range() -> None:
    for changes, message in (
        ({"width": 5}, "width must be an even number of at least 2, got 5"),
        ({"heads": (5, 2, 4, 8)}, r"heads must divide the 48 channels, got \(5, 2, 4, 8\)"),
        ({"dilations": (0, 1, 1, 1)}, "dilations must be four numbers of at least 1"),
        ({"blocks": (1, 1, 1)}, "blocks must be four numbers"),
        ({"refinement_blocks": 0}, "refinement_blocks must be at least 1"),
        ({"expansion": 0.0}, "expansion must leave hidden channels"),
        ({"mode": "local"}, "mode must be one of hybrid, local_only, global_only, got 'local'"),
    ):
        with pytest.raises(ValueError, match=message):
            DiNATIRConfig(**changes)  # type: ignore[arg-type]
