import torch
from torch.testing import assert_close

from restora.diagnosis.network import DiagnosisNetwork


def test_it_is_tiny_and_takes_any_number_and_size_of_windows():
    network = DiagnosisNetwork().eval()
    assert sum(p.numel() for p in network.parameters()) <= 300_000
    for count, side in ((1, 64), (12, 192), (3, 72)):
        answer = network(torch.rand(2, count, 3, side, side), torch.rand(2, 3, 128, 128))
        assert [tuple(part.shape) for part in answer] == [(2, 8), (2,), (2,)]


def test_the_order_of_windows_does_not_matter_and_pictures_do_not_mix():
    torch.manual_seed(0)
    network = DiagnosisNetwork().eval()
    windows, thumbnails = torch.rand(3, 4, 3, 64, 64), torch.rand(3, 3, 128, 128)
    whole = network(windows, thumbnails)
    turned = network(windows.flip(1), thumbnails)
    assert_close(whole.logits, turned.logits)
    for i in range(3):
        assert_close(network(windows[i : i + 1], thumbnails[i : i + 1]).logits[0], whole.logits[i])
    assert (network(windows, thumbnails.flip(0)).logits - whole.logits).abs().max() > 1e-4
