import pytest
import torch

from restora.degradations import DepthDefocus, DualPixelDefocus


def test_views_mean_the_single_view_and_differ_where_it_is_blurred(generator):
    clean = torch.rand(3, 3, 48, 48)
    single = DepthDefocus()(clean, generator(4)) ** 2.2
    views = DualPixelDefocus()(clean, generator(4)) ** 2.2
    torch.testing.assert_close((views[:, :3] + views[:, 3:]) / 2, single, atol=1e-5, rtol=0)
    assert (views[:, :3] - views[:, 3:]).abs().mean() > 0.005


def test_the_views_of_a_lamp_are_shifted_apart_across_and_not_down(generator, monkeypatch):
    clean = torch.zeros(1, 3, 41, 41)
    clean[..., 20, 20] = 1

    def centres(sign):
        monkeypatch.setattr(
            "restora.degradations.depth_defocus.circles_of_confusion",
            lambda clean, radius, generator: sign * radius.view(-1, 1, 1, 1).expand(-1, 1, *clean.shape[-2:]),
        )
        light = DualPixelDefocus(radius=(8, 8), shape="disc")(clean, generator(0)) ** 2.2
        steps = torch.arange(-20.0, 21)
        return [
            (float((view * steps).sum()), float((view * steps.view(-1, 1)).sum()))
            for view in (light[0, 0], light[0, 3])
        ]

    (left, left_down), (right, right_down) = centres(1)
    assert left == pytest.approx(-right, abs=0.05)
    assert right - left > 2
    assert max(abs(left_down), abs(right_down)) < 0.05
    assert centres(-1)[0][0] == pytest.approx(right, abs=0.05)


def test_impossible_lenses_are_refused():
    with pytest.raises(ValueError, match="radius"):
        DualPixelDefocus(radius=(3, 1))
