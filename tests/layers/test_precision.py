import torch

from restora.layers import full_precision


def test_autocast_is_suspended_where_it_is_on() -> None:
    a = torch.rand(2, 2)
    with torch.autocast("cpu", torch.bfloat16):
        assert (a @ a).dtype == torch.bfloat16
        with full_precision(a):
            assert (a @ a).dtype == torch.float32
        assert (a @ a).dtype == torch.bfloat16


def test_devices_without_autocast() -> None:
    a = torch.rand(2, 2, device="meta")
    with full_precision(a):
        assert (a @ a).dtype == torch.float32
