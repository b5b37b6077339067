import pytest
import torch

from restora.degradations import Defocus, DepthDefocus


def test_the_plane_of_focus_is_sharp_and_the_rest_is_not(generator):
    clean = torch.rand(8, 3, 64, 64)
    sample = DepthDefocus(radius=(8, 8)).sample(clean, generator(0))
    circle = sample.parameters["circle"].abs().expand(-1, 3, -1, -1)
    torch.testing.assert_close(circle.amax((1, 2, 3)), torch.full((8,), 8.0))
    error = (sample.degraded - clean).abs()
    near, far = error[circle < 0.25].mean(), error[circle > 3].mean()
    assert near < 0.05
    assert far > 0.15


def test_where_the_circle_is_constant_it_is_defocus(generator, monkeypatch):
    clean = torch.rand(2, 3, 32, 32)
    monkeypatch.setattr(
        "restora.degradations.depth_defocus.circles_of_confusion",
        lambda clean, radius, generator: -radius.view(-1, 1, 1, 1).expand(-1, 1, *clean.shape[-2:]),
    )
    varying = DepthDefocus(radius=(5, 5), shape="disc")(clean, generator(0))
    torch.testing.assert_close(varying, Defocus(radius=(5, 5))(clean, generator(1)), atol=1e-5, rtol=0)


def test_constants_and_gray_stay(generator):
    constant = torch.full((1, 3, 20, 20), 0.4)
    torch.testing.assert_close(DepthDefocus()(constant, generator(0)), constant, atol=1e-5, rtol=0)
    gray = torch.rand(1, 1, 20, 20).expand(-1, 3, -1, -1)
    assert torch.equal(*DepthDefocus()(gray, generator(0))[:, :2].unbind(1))


def test_impossible_lenses_are_refused():
    with pytest.raises(ValueError, match="radius"):
        DepthDefocus(radius=(3, 1))
