import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from restora.errors import RestoraError
from restora.networks import Requirements
from restora.restoration import Restorer, WindowedNetwork
from restora.restoration.windowed_network import join_windows, split_windows


class MinusMean(nn.Module):
    """Subtract the mean of what the network sees."""

    requirements = Requirements(multiple=4, min_size=8, global_context=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        assert x.shape[2:] == (8, 8)
        return x - x.mean((1, 2, 3), keepdim=True)


@settings(max_examples=25, deadline=None)
@given(
    batch=st.integers(1, 3), side=st.integers(1, 5), more=st.tuples(st.integers(0, 12), st.integers(0, 12))
)
def test_joining_undoes_splitting(batch: int, side: int, more: tuple[int, int]) -> None:
    x = torch.rand(batch, 2, side + more[0], side + more[1])
    windows = split_windows(x, side)
    assert windows.shape == (
        batch * -(-x.shape[2] // side) * -(-x.shape[3] // side),
        2,
        side,
        side,
    )
    assert torch.equal(join_windows(windows, *x.shape[2:]), x)


def test_each_window_is_restored_by_itself() -> None:
    x = torch.rand(2, 3, 8, 20)
    restored = WindowedNetwork(MinusMean(), 8)(x)
    torch.testing.assert_close(restored[:, :, :, :8], MinusMean()(x[:, :, :, :8]))
    torch.testing.assert_close(restored[:, :, :, 16:], MinusMean()(x[:, :, :, 12:])[:, :, :, 4:])


def test_the_restorer_takes_it() -> None:
    restorer = Restorer(WindowedNetwork(MinusMean(), 8), tile=None, precision="float32", device="cpu")
    assert restorer(torch.rand(3, 13, 10)).shape == (3, 13, 10)
    assert restorer(torch.rand(3, 5, 5)).shape == (3, 5, 5)  # padded to a window


def test_impossible_windows_are_refused() -> None:
    with pytest.raises(RestoraError, match="multiple of 4 and at least 8 for this network, got 10"):
        WindowedNetwork(MinusMean(), 10)
    with pytest.raises(RestoraError, match="windows of 8 pixels do not fit into an image of 20x7"):
        split_windows(torch.rand(1, 3, 7, 20), 8)
