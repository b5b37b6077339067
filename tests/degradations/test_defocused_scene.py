import torch

from restora.degradations.defocus import Lens
from restora.degradations.depth_defocus import DefocusedScene, circles_of_confusion


def test_both_signs_of_focus_occur(generator):
    circle = circles_of_confusion(torch.zeros(32, 3, 16, 16), torch.full((32,), 5.0), generator(0))
    both = (circle.amin((1, 2, 3)) < -0.5) & (circle.amax((1, 2, 3)) > 0.5)
    assert both.float().mean() > 0.5


def test_layers_share_every_pixel_and_mean_its_circle(generator):
    clean = torch.zeros(3, 3, 16, 16)
    scene = DefocusedScene.draw((4, 7.5), "disc", clean, generator(0))
    layers = list(scene.layers())
    shares = torch.cat([share for share, _, _ in layers], 1)
    circles = torch.stack([circle for _, _, circle in layers], 1)
    torch.testing.assert_close(shares.sum(1), torch.ones(3, 16, 16))
    mean = (shares * circles[:, :, None, None]).sum(1, keepdim=True)
    torch.testing.assert_close(mean, scene.parameters()["circle"], atol=1e-5, rtol=0)
    assert circles.diff(dim=1).max() <= 1
    assert isinstance(scene.lens, Lens)
    assert all(kernels.shape[-1] == 2 * scene.size + 1 for _, kernels, _ in layers)
