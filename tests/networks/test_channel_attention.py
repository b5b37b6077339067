import torch

from restora.networks.chair import ChannelFilterAttention


def test_agrees_with_the_unfolded_form_of_the_paper() -> None:
    torch.manual_seed(0)
    layer = ChannelFilterAttention(6).eval()
    with torch.no_grad():
        layer.gamma.normal_()
        layer.beta.normal_()
        layer.norm.running_mean.normal_()
        layer.norm.running_var.uniform_(0.5, 2)
    t = torch.randn(2, 6, 4, 5)
    with torch.no_grad():
        f = torch.tanh(layer.norm(layer.taps_from_mean(t.mean((2, 3), keepdim=True)))).view(2, 3, 6, 1, 1)
        expected = torch.empty_like(t)
        for c in range(6):
            before = 1 if c == 0 else c - 1  # the axis reflects without repeating its edge
            after = 4 if c == 5 else c + 1
            r = f[:, 0, c] * t[:, before] + f[:, 1, c] * t[:, c] + f[:, 2, c] * t[:, after]
            expected[:, c] = layer.gamma[c] * r + layer.beta[c] * t[:, c]
        torch.testing.assert_close(layer(t), expected)
