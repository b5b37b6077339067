"""KiT: its block against golden vectors, and what must hold for the network."""

from typing import Any

import numpy as np
import pytest
import torch
from golden import load, tensor
from torch.utils.checkpoint import checkpoint
from torch.utils.flop_counter import FlopCounterMode

from restora import Restorer, create_model
from restora.layers import KNNLocalAttention
from restora.networks import KiT, KiTConfig
from restora.networks.kit import KNNTransformerBlock

SMALLEST = KiTConfig(width=4, blocks=(1, 1, 1, 1))
BLOCK_KEYS = {
    "ln1_g": "attention_norm.weight",
    "ln1_b": "attention_norm.bias",
    "ln2_g": "feed_forward_norm.weight",
    "ln2_b": "feed_forward_norm.bias",
    "Wq": "attention.query.weight",
    "bq": "attention.query.bias",
    "Wk": "attention.key.weight",
    "bk": "attention.key.bias",
    "Wv": "attention.value.weight",
    "bv": "attention.value.bias",
    "W1": "feed_forward.0.weight",
    "b1": "feed_forward.0.bias",
    "Wd": "feed_forward.2.weight",
    "bd": "feed_forward.2.bias",
    "W2": "feed_forward.4.weight",
    "b2": "feed_forward.4.bias",
}


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.float64, 2e-7)])
@pytest.mark.parametrize("file", ["ktb_k1_h4", "ktb_k4_h4"])
def test_block(file: str, dtype: torch.dtype, tolerance: float) -> None:
    vectors = load(f"kit/{file}.npz")
    r, k, h, _ = (int(n) for n in vectors["cfg"])
    channels = vectors["x"].shape[1]
    block = KNNTransformerBlock(KNNLocalAttention(channels, r, k, h), channels)
    shapes = {name: value.shape for name, value in block.state_dict().items()}
    block.load_state_dict(
        {ours: tensor(vectors[theirs]).view(shapes[ours]) for theirs, ours in BLOCK_KEYS.items()}
    )
    block.attention.rotations.fixed = tensor(vectors["R"])
    block.eval().to(dtype)
    seen: list[torch.Tensor] = []
    block.attention.register_forward_hook(lambda module, inputs, output: seen.extend([inputs[0], output]))
    x = tensor(vectors["x"]).to(dtype)
    with torch.no_grad():
        y = block(x)
        normed, kla = seen
        assert torch.equal(block.attention.group(normed).order, tensor(vectors["order"]).long())
    for found, name in ((kla, "kla"), (x + kla, "xhat"), (y, "y")):
        expected = vectors[name]
        np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * np.abs(expected).max())


@pytest.mark.parametrize(
    ("variant", "parameters"),
    [("base", 10_367_427), ("large", 16_151_603), ("small", 2_629_859), ("tiny", 669_171)],
)
def test_parameters(variant: str, parameters: int) -> None:
    with torch.device("meta"):
        model = create_model("kit", variant)
    assert sum(p.numel() for p in model.parameters()) == parameters


def test_multiply_adds_are_those_of_the_equations() -> None:
    with torch.device("meta"):  # shapes suffice
        model, x = KiT(KiTConfig(width=8)).eval(), torch.empty(1, 3, 256, 256)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model(x)
    pixels = 256 * 256
    expected = 3 * 9 * 2 * (8 * pixels) + 4 * 9 * 64 * pixels  # stem and tail
    for scale, stages in ((0, 2), (1, 2), (2, 2), (3, 1)):
        c, size, k = 8 * 2**scale, pixels // 4**scale, 4 if scale < 3 else 1
        attention = (
            4 * 4 * k * 16 * size * c + 2 * 4 * k * size * c
        )  # scores and values; dot products of patches
        hashing = 4 * size * c * min(128, size // 16 // k) // 2
        feed_forward = (8 * c + 36) * size * c
        expected += 2 * stages * (attention + hashing + 3 * size * c * c + feed_forward)
        if scale < 3:
            expected += 2 * size // 4 * 2 * c * c + 2 * size * c * c  # down and up; merge
    assert counter.get_total_flops() // 2 == expected


def test_shared_projection_saves_one_of_three() -> None:
    full, shared = (
        sum(p.numel() for p in KiT(KiTConfig(width=4, blocks=(1, 1, 1, 1), shared_projection=s)).parameters())
        for s in (False, True)
    )
    assert full - shared == sum(n * (c * c + c) for c, n in ((4, 2), (8, 2), (16, 2), (32, 1)))


def test_new_network_changes_little_and_one_without_tail_nothing() -> None:
    torch.manual_seed(0)
    model = KiT(SMALLEST).eval()
    image = np.random.default_rng(0).random((33, 47, 3)).astype(np.float32)
    change = np.abs(Restorer(model)(image) - image).max()
    assert 0 < change < 1
    with torch.no_grad():
        model.tail[-1].weight.zero_()
    assert np.array_equal(Restorer(model)(image), image)


def test_k_and_h_change_on_a_loaded_network() -> None:
    torch.manual_seed(0)
    model = KiT(SMALLEST).eval()
    before = model.state_dict()
    x = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        first = model(x)
        model.regroup(chunk_size=2, rounds=6)
        assert model.config == KiTConfig(width=4, blocks=(1, 1, 1, 1), chunk_size=2, rounds=6)
        made = KiT(model.config).eval()
        made.load_state_dict(before)
        assert [[(a.chunk_size, a.rounds) for a in stage] for stage in model.attentions] == [
            [(2 if i != 3 else 1, 6)] for i in range(7)
        ]
        assert torch.equal(model(x), made(x))
        assert not torch.equal(model(x), first)
        model.regroup(chunk_size=4, rounds=4)
        assert torch.equal(model(x), first)
    assert model.state_dict().keys() == before.keys()
    with pytest.raises(ValueError, match="chunk_size must be at least 1, got 0"):
        model.regroup(chunk_size=0)


def test_every_layer_has_rotations_of_its_own() -> None:
    model = KiT(KiTConfig(width=4, blocks=(2, 1, 1, 1)))
    full = [attention.rotations.fixed for i in (0, 6) for attention in model.attentions[i]]
    assert len(full) == 4
    assert len({float(rotations.sum()) for rotations in full}) == 4
    other = KiT(KiTConfig(width=4, blocks=(2, 1, 1, 1), seed=1))
    assert not torch.equal(other.attentions[0][0].rotations.fixed, full[0])


def test_skips_meet_their_own_scale() -> None:
    model = KiT(SMALLEST).eval()
    sizes: list[tuple[int, ...]] = []
    for stage in [*model.encoder, model.bottleneck, *model.decoder]:
        stage.register_forward_hook(lambda module, inputs, output: sizes.append(tuple(output.shape[1:])))
    with torch.no_grad():
        model(torch.rand(1, 3, 32, 64))
    assert sizes == [(4, 32, 64), (8, 16, 32), (16, 8, 16), (32, 4, 8), (16, 8, 16), (8, 16, 32), (4, 32, 64)]


@pytest.mark.parametrize(
    "change",
    [
        {"resampling": "convolution"},
        {"patch_weights": "ratio", "round_weights": "mean"},
        {"centered_hash": True},
        {"patch_size": 2, "chunk_size": 3},
        {"shared_projection": True},
    ],
)
def test_options_learn(change: dict[str, Any]) -> None:
    torch.manual_seed(0)
    model = create_model("kit", "tiny", width=4, blocks=(1, 1, 1, 1), **change)
    side = model.requirements.multiple
    x = torch.rand(1, 3, side, 2 * side)
    model(x).square().mean().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"width": 0}, "width must be at least 1, got 0"),
        ({"rounds": -1}, "rounds must be at least 1, got -1"),
        ({"blocks": (2, 2, 2)}, "blocks must be four numbers of at least 1"),
        ({"patch_weights": "mean"}, "patch_weights must be softmax or ratio, got 'mean'"),
        ({"seed": -1}, "seed must be at least 0, got -1"),
    ],
)
def test_impossible_configurations(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        KiTConfig(**change)  # type: ignore[arg-type]


def gradients(model: KiT, x: torch.Tensor, checkpointed: bool = False) -> list[torch.Tensor]:
    """Gradients of one training step with the rotations of seed 1."""
    torch.manual_seed(1)
    model.zero_grad()
    out = checkpoint(model, x, use_reentrant=False) if checkpointed else model(x)
    (out - x).square().mean().backward()
    return [parameter.grad.clone() for parameter in model.parameters() if parameter.grad is not None]


def test_activation_checkpointing_sees_the_same_rotations() -> None:
    torch.manual_seed(0)
    model, x = KiT(SMALLEST).train(), torch.rand(1, 3, 64, 64)
    plain, checkpointed = gradients(model, x), gradients(model, x, checkpointed=True)
    assert len(plain) == len(checkpointed) == len(list(model.parameters()))
    for a, b in zip(plain, checkpointed, strict=True):
        torch.testing.assert_close(a, b)


def test_training_in_bfloat16_has_nearly_the_same_gradients() -> None:
    torch.manual_seed(0)
    model, x = KiT(SMALLEST).eval(), torch.rand(1, 3, 64, 64)
    full = gradients(model, x)
    with torch.autocast("cpu", torch.bfloat16):
        half = gradients(model, x)
    a, b = (torch.cat([g.flatten() for g in grads]) for grads in (full, half))
    assert torch.cosine_similarity(a, b, dim=0) > 0.99
