"""What a network looks at: known networks give known pictures."""

import numpy as np
import pytest
import torch
from torch import nn

from restora.errors import RestoraError
from restora.explanation import (
    channel_weights,
    draw_channel_weights,
    draw_positions,
    draw_receptive_field,
    receptive_field,
    sampled_positions,
)
from restora.networks import as_network, create_model

IMAGE = np.random.default_rng(0).integers(0, 256, (37, 50, 3), np.uint8)  # no multiple of anything


def test_the_field_of_a_convolution_is_its_kernel():
    layer = nn.Conv2d(3, 3, 5, padding=2, bias=False)
    field = receptive_field(as_network(layer), IMAGE, (20, 11))
    expected = layer.weight.detach().sum(0).abs().sum(0).flip(0, 1).flip(0, 1).numpy()
    assert field.shape == IMAGE.shape[:2]
    assert np.allclose(field[9:14, 18:23], expected, atol=1e-6)
    field[9:14, 18:23] = 0
    assert not field.any()


def test_dilation_widens_the_field():
    distances = {}
    y, x = np.mgrid[:148, :200]
    for mode in ("local_only", "hybrid", "global_only"):
        torch.manual_seed(0)
        network = create_model(
            "dinat_ir", "tiny", width=4, blocks=(1, 1, 1, 1), heads=(1, 1, 1, 1), mode=mode
        )
        field = receptive_field(network, np.tile(IMAGE, (4, 4, 1)), (100, 74))
        field[74, 100] = 0  # what the global residual carries over
        distances[mode] = (field * np.hypot(y - 74, x - 100)).sum() / field.sum()
    assert distances["local_only"] < distances["hybrid"] < distances["global_only"]


def test_a_field_is_drawn_beside_its_picture():
    strength = np.zeros(IMAGE.shape[:2], np.float32)
    strength[5, 6] = 1
    drawn = draw_receptive_field(IMAGE, strength, (30, 20))
    assert drawn.shape == (37, 108, 3)
    assert drawn[5, 58 + 6].sum() > 500
    assert drawn[6, 58 + 6].sum() < 20
    assert np.array_equal(drawn[:5, :5], IMAGE[:5, :5])


@pytest.mark.parametrize("pixel", [(50, 0), (0, 37), (-1, 3)])
def test_a_pixel_outside(pixel):
    with pytest.raises(RestoraError, match="pixel must lie within 50 x 37"):
        receptive_field(create_model("chair", "tiny", width=4), IMAGE, pixel)


def test_displaced_taps_are_found_where_they_are():
    network = create_model("derestormer", "tiny")
    before = sampled_positions(network, IMAGE, [(20, 12), (0, 0)])
    grid = [(x, y) for y in (11, 12, 13) for x in (19, 20, 21)]
    assert np.allclose(before[0].positions[0], grid)
    assert np.allclose(before[0].strengths, 1)
    layer = network.get_submodule(before[0].layer)
    with torch.no_grad():
        layer.offset.bias[0::2] = 2.0  # rows
        layer.offset.bias[1::2] = -1.5  # columns
        layer.strength.bias[:] = 10.0
    after = sampled_positions(network, IMAGE, [(20, 12), (0, 0)])
    assert np.allclose(after[0].positions - before[0].positions, (-1.5, 2.0), atol=1e-5)
    assert np.allclose(after[0].strengths, 2, atol=1e-3)
    assert {one.scale for one in after} == {1, 2}
    assert draw_positions(IMAGE, [(20, 12), (0, 0)], after).shape == (2 * 392, 392 * len(after), 3)


def test_a_new_filter_passes_channels_on_as_they_are():
    network = create_model("chair", "tiny")
    (first, last) = channel_weights(network, IMAGE)
    assert first.block == "encoder_quarter.0"
    assert last.block == "decoder_quarter.0"
    assert np.allclose(first.taps, np.array([0, 1, 0])[:, None])
    assert first.weights.sum() == pytest.approx(1, abs=1e-5)
    assert first.bands.shape == (4, 10, 13)
    with torch.no_grad():
        network.encoder_quarter[0].attention[0].gamma.fill_(1)
    assert not np.allclose(channel_weights(network, IMAGE)[0].taps, first.taps)


def test_channels_are_drawn_block_below_block():
    blocks = channel_weights(create_model("chair", "tiny"), IMAGE)
    assert draw_channel_weights(blocks).shape[0] > draw_channel_weights(blocks[:1]).shape[0]
    assert draw_channel_weights(blocks).shape[1] == 1024


def test_the_wrong_network_is_refused():
    with pytest.raises(RestoraError, match="no deformable convolutions"):
        sampled_positions(create_model("chair", "tiny"), IMAGE, [(1, 1)])
    with pytest.raises(RestoraError, match="no channel attentions"):
        channel_weights(create_model("kit", "tiny"), IMAGE)
    with pytest.raises(RestoraError, match="not those of two views"):
        receptive_field(create_model("dinat_ir", "dual_pixel", width=4, heads=(1, 1, 1, 1)), IMAGE, (1, 1))


def test_the_network_keeps_its_mode_and_hooks():
    network = create_model("chair", "tiny").train()
    network.encoder_quarter.eval()
    channel_weights(network, IMAGE)
    receptive_field(network, IMAGE, (3, 3))
    assert network.training
    assert not network.encoder_quarter.training
    assert not any(module._forward_pre_hooks for module in network.modules())
    assert all(parameter.grad is None for parameter in network.parameters())
