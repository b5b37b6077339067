"""Layers that DiNAT-IR is made of, each alone, against vectors of the original modules."""

import numpy as np
import pytest
import torch
from golden import load
from golden_dinat_ir import fill, tens
from torch import nn

from restora.layers import (
    BiasFreeLayerNorm,
    ChannelLayerNorm,
    GatedFeedForward,
    LocalMean,
    downsample_unshuffle,
    gated_feed_forward,
    upsample_shuffle,
)
from restora.networks import ARCHITECTURES
from restora.networks.dinat_ir import BlockPair, ChannelGate, DiNATIRConfig, TransformerBlock

X = tens((2, 24, 11, 14), "blk/x", 1.7) + 0.3
XE = tens((1, 24, 12, 16), "blk/xe", 1.7)
XD = tens((1, 24, 16, 18), "blk/xd", 1.7)


def agree(tag: str, module: nn.Module, place: str, official: str, prefix: str, x: torch.Tensor) -> None:
    """Fill the module with keys of the vectors and compare its output.

    In a network it has our name ``place`` and their name ``official``; alone, their name was ``prefix``.
    """
    names = {ours: ARCHITECTURES["dinat_ir"].official_name(f"{place}.{ours}") for ours in module.state_dict()}
    keys = {ours: prefix + theirs.removeprefix(official) for ours, theirs in names.items()}
    fill(module, keys)
    with torch.no_grad():
        out = module(x)
    np.testing.assert_allclose(out, load("dinat_ir/blocks.npz")[tag], rtol=0, atol=1e-5)


BLOCK = ("encoder_full.0.near", "encoder_level1.0.local.")
NORM = (f"{BLOCK[0]}.attention_norm", f"{BLOCK[1]}norm1.")
FEED_FORWARD = (f"{BLOCK[0]}.feed_forward", f"{BLOCK[1]}ffn.")


def test_layer_norms() -> None:
    agree("ln_withbias", ChannelLayerNorm(24), *NORM, "lnwb.norm1.", X)
    agree("ln_biasfree", BiasFreeLayerNorm(24), *NORM, "lnbf.norm1.", X)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_a_layer_norm_keeps_the_precision_of_its_input_and_computes_in_no_less_than_float32(
    dtype: torch.dtype,
) -> None:
    norm, x = ChannelLayerNorm(24), X.to(dtype).requires_grad_()
    out = norm(x)
    out.sum().backward()
    expected = ChannelLayerNorm(24)(x.detach().float())
    assert out.dtype == x.grad.dtype == dtype
    assert norm.weight.grad.dtype == torch.float32
    torch.testing.assert_close(out.detach(), expected.detach().to(dtype), rtol=0, atol=1e-6)


def test_feed_forward() -> None:
    agree("gdfn", GatedFeedForward(24, 2.66), *FEED_FORWARD, "gdfn.", X)
    agree("gdfn_bias", GatedFeedForward(24, 2.66, bias=True), *FEED_FORWARD, "gdfnb.", X)


def test_resampling() -> None:
    agree("down", downsample_unshuffle(24), "down_half", "down1_2.", "down.", XE)
    agree("up", upsample_shuffle(24), "up_full", "up2_1.", "up.", XE)


def config(heads: int, **changes: object) -> DiNATIRConfig:
    return DiNATIRConfig(width=24, heads=(heads,) * 4, dilations=(2, 2, 2, 2), **changes)  # type: ignore[arg-type]


def test_transformer_blocks() -> None:
    agree("trans_chan", TransformerBlock(config(3), 24, 3, 2), *BLOCK, "tb.", XE)
    agree("trans_nochan", TransformerBlock(config(3, channel_gate=False), 24, 3, 1), *BLOCK, "tbn.", XE)


@pytest.mark.parametrize(
    ("tag", "mode"),
    [
        ("hybrid", "hybrid"),
        ("local_only", "local_only"),
        ("globl_only", "global_only"),
        ("anything_else", "hybrid"),  # the authors' code takes any unknown mode for hybrid; ours refuses it
    ],
)
def test_pairs_of_blocks(tag: str, mode: str) -> None:
    pair = BlockPair(config(2, mode=mode), 24, scale=0)
    agree(f"dual_{tag}", pair, "encoder_full.0", "encoder_level1.0.", "dtb.", XD)


def test_gate() -> None:
    vectors = load("dinat_ir/blocks.npz")
    gate = ChannelGate()
    fill(gate, {"mix.weight": "tb.conv.weight"})
    with torch.no_grad():
        np.testing.assert_allclose(gate(X).expand_as(X), vectors["gate_global"], rtol=0, atol=1e-5)
        gate.mean = LocalMean((5, 6))  # type: ignore[assignment]
        np.testing.assert_allclose(gate(X), vectors["gate_local_k5x6"], rtol=0, atol=1e-5)


@pytest.mark.parametrize("bias", [False, True])
def test_feed_forward_in_strips_equals_the_whole(monkeypatch: pytest.MonkeyPatch, bias: bool) -> None:
    torch.manual_seed(0)
    layer = GatedFeedForward(6, 2.5, bias)
    x = torch.randn(2, 6, 23, 5)
    whole = layer(x)
    calls = []
    strip = layer._strip
    monkeypatch.setattr(gated_feed_forward, "CPU_STRIP_VALUES", 1)
    monkeypatch.setattr(layer, "_strip", lambda *args: calls.append(args) or strip(*args))
    with torch.no_grad():
        torch.testing.assert_close(layer(x), whole)
    assert len(calls) == 6


@pytest.mark.parametrize(("channels", "expansion"), [(12, 2.66), (16, 2.0)])
def test_the_gate_is_laid_out_for_gelu(
    monkeypatch: pytest.MonkeyPatch, channels: int, expansion: float
) -> None:
    seen: list[bool] = []

    def gelu(x: torch.Tensor) -> torch.Tensor:
        seen.append(x.is_contiguous(memory_format=torch.channels_last) or x.shape[1] % 16 == 0)
        return torch.nn.functional.gelu(x)

    monkeypatch.setattr("restora.layers.gated_feed_forward.F", type("F", (), {"gelu": staticmethod(gelu)}))
    layer = GatedFeedForward(channels, expansion)
    layer(torch.randn(2, channels, 16, 16).contiguous(memory_format=torch.channels_last))
    assert seen == [True]
