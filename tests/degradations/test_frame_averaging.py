import math
from dataclasses import replace

import pytest
import torch

from restora.degradations import FrameAveraging
from restora.degradations.frame_averaging import warped

STILL = FrameAveraging(shift=(0, 0), bend=(0, 0), rotation=(0, 0), zoom=(0, 0), saturation=(0, 0))


def test_a_camera_that_stands_still_changes_nothing(generator):
    clean = torch.rand(2, 3, 20, 31)
    # Near black the response is so steep that the rounding of coordinates shows: half a grey level at most.
    torch.testing.assert_close(STILL(clean, generator(0)), clean, atol=2e-3, rtol=0)


def test_an_edge_becomes_a_ramp_as_long_as_the_way(generator):
    blur = replace(STILL, shift=(12, 12))
    clean = torch.zeros(6, 3, 64, 64)
    clean[..., 32:] = 0.5
    sample = blur.sample(clean, generator(0))
    light = sample.degraded[:, 0, 32] ** 2.2 / 0.5**2.2
    wide = ((light > 0.02) & (light < 0.98)).sum(1)
    torch.testing.assert_close(wide.float(), sample.parameters["shift"][:, 1].abs(), atol=1.5, rtol=0)
    assert sample.parameters["shift"].norm(dim=1).tolist() == pytest.approx([12] * 6)
    # The way is centred: the middle frame is the clean image.
    torch.testing.assert_close(light[:, 31:33].mean(1), torch.full((6,), 0.5), atol=0.1, rtol=0)


def test_turning_blurs_the_corners_and_not_the_centre(generator):
    clean = torch.rand(1, 3, 65, 65)
    error = (replace(STILL, rotation=(8, 8))(clean, generator(0)) - clean).abs()
    assert error[..., 31:34, 31:34].mean() < 0.3 * error[..., :12, :12].mean()


def test_saturated_light_draws_bright_lines(generator):
    clean = torch.zeros(1, 3, 33, 33)
    clean[..., 16, 16] = 1
    dim = replace(STILL, shift=(10, 10))(clean, generator(0))
    bright = replace(STILL, shift=(10, 10), saturation=(1.5, 1.5))(clean, generator(0))
    torch.testing.assert_close(bright**2.2, 2.5 * dim**2.2, atol=1e-4, rtol=0)
    below = replace(STILL, saturation=(1.5, 1.5))(clean * 0.9, generator(0))
    torch.testing.assert_close(below, clean * 0.9, atol=1e-5, rtol=0)


def test_gray_stays_gray(generator):
    gray = torch.rand(1, 1, 24, 24).expand(-1, 3, -1, -1)
    blurred = FrameAveraging()(gray, generator(0))
    assert torch.equal(blurred[:, 0], blurred[:, 1])


def test_warping_moves_down_and_right_and_turns():
    image = torch.zeros(1, 1, 9, 9)
    image[..., 4, 6] = 1
    none, one = torch.zeros(1), torch.ones(1)
    moved = warped(image, torch.tensor([[2.0, -3.0]]), none, one)
    assert moved[0, 0].argmax().item() == 6 * 9 + 3
    turned = warped(image, torch.zeros(1, 2), torch.tensor([math.pi / 2]), one)
    torch.testing.assert_close(turned.amax(), torch.tensor(1.0))
    assert turned[0, 0].argmax().item() in (2 * 9 + 4, 6 * 9 + 4)


def test_frames_are_odd_and_enough():
    assert STILL.frames(64, 64) == 1
    assert replace(STILL, shift=(0, 9.5)).frames(64, 64) == 11
    assert FrameAveraging().frames(64, 64) % 2 == 1


@pytest.mark.parametrize(
    "changes", [{"shift": (-1, 3)}, {"rotation": (0, 200)}, {"zoom": (0, 2)}, {"gamma": 0}]
)
def test_impossible_ranges_are_refused(changes):
    with pytest.raises(ValueError, match=next(iter(changes))):
        FrameAveraging(**changes)
