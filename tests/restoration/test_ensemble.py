from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

from restora.networks.contract import Requirements
from restora.restoration import SelfEnsemble
from restora.restoration.engine import build_engine
from restora.restoration.tiled_restoration import restore_pixels

MakeNetwork = Callable[..., nn.Module]


class Isotropic(nn.Module):
    """Mixes channels and blurs alike in all directions: turning or mirroring the input turns the answer."""

    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Conv2d(3, 3, 1)
        kernel = torch.tensor([[0.05, 0.1, 0.05], [0.1, 0.4, 0.1], [0.05, 0.1, 0.05]])
        self.register_buffer("kernel", kernel.expand(3, 1, 3, 3).clone())
        self.requirements = Requirements()

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(self.mix(x).tanh(), self.kernel, padding=1, groups=3)


class Directed(nn.Module):
    """A convolution that prefers a direction, for heights and widths that are multiples of four; counts its runs."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.conv = nn.Conv2d(3, 3, 3, padding=1)
        self.requirements = Requirements(multiple=4, min_size=8, receptive_field=1, precisions=("bfloat16",))
        self.shapes: list[tuple[int, ...]] = []

    def forward(self, x: Tensor) -> Tensor:
        assert all(side % 4 == 0 and side >= 8 for side in x.shape[2:])
        self.shapes.append(tuple(x.shape))
        return x + self.conv(x).relu()


def eight_views(network: nn.Module, x: Tensor) -> Tensor:
    """The mean, in double precision, by axes instead of turns: swap or not, mirror rows or not, columns or not."""
    answers = []
    for swap in (False, True):
        for mirrored in ([], [2], [3], [2, 3]):
            view = x.flip(mirrored)
            answer = network(view.transpose(2, 3)).transpose(2, 3) if swap else network(view)
            answers.append(answer.flip(mirrored).double())
    return torch.stack(answers).mean(0)


@pytest.mark.parametrize("shape", [(2, 3, 12, 12), (1, 3, 8, 20), (1, 3, 20, 8)])
@torch.no_grad()
def test_of_a_network_that_knows_no_direction_is_the_network(shape: tuple[int, ...]) -> None:
    network, x = Isotropic(), torch.rand(shape)
    torch.testing.assert_close(SelfEnsemble(network)(x), network(x), rtol=0, atol=1e-6)


@pytest.mark.parametrize("shape", [(2, 3, 12, 12), (1, 3, 8, 20), (1, 3, 20, 8)])
@torch.no_grad()
def test_is_the_mean_over_the_eight_views(shape: tuple[int, ...]) -> None:
    network, x = Directed(), torch.rand(shape)
    answer = SelfEnsemble(network)(x)
    assert answer.shape == x.shape
    assert len(network.shapes) == 8
    torch.testing.assert_close(answer.double(), eight_views(network, x), rtol=0, atol=1e-6)
    assert (answer - network(x)).abs().max() > 1e-2  # the comparison above can fail


@torch.no_grad()
def test_turns_with_its_input_whatever_the_network() -> None:
    ensemble, x = SelfEnsemble(Directed()), torch.rand(1, 3, 8, 16)
    for turned in (lambda t: t.flip(3), lambda t: t.flip(2), lambda t: t.transpose(2, 3)):
        torch.testing.assert_close(ensemble(turned(x)), turned(ensemble(x)), rtol=0, atol=1e-6)


def test_requires_what_the_network_requires_in_both_orientations() -> None:
    network = Directed()
    assert SelfEnsemble(network).requirements is network.requirements
    engine = build_engine(SelfEnsemble(network), precision="float32", device="cpu")
    image = np.random.default_rng(0).random((13, 6, 3)) * 0.4
    restored = restore_pixels(engine, image, tile=None, overlap=None)  # Directed refuses what it cannot take
    padded = np.pad(image, ((0, 3), (0, 2), (0, 0)), "reflect")
    x = torch.from_numpy(padded.transpose(2, 0, 1))[None].float()
    with torch.no_grad():
        expected = eight_views(network, x)[0, :, :13, :6].permute(1, 2, 0)
    np.testing.assert_allclose(restored, expected.clamp(0, 1), atol=1e-6)


def test_of_a_network_without_requirements_requires_nothing() -> None:
    assert build_engine(SelfEnsemble(nn.Identity()), device="cpu").requirements == Requirements()


@settings(max_examples=30, deadline=None)
@given(
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
    st.sampled_from(["uint8", "uint16", "float32"]),
    st.sampled_from(["float32", "bfloat16"]),
    st.sampled_from([None, 16]),
)
def test_what_the_network_leaves_alone_stays_exactly(
    identity: MakeNetwork, shape: tuple[int, int], dtype: str, precision: str, tile: int | None
) -> None:
    random = np.random.default_rng(0)
    image = random.random((*shape, 3), np.float32)
    image = image if dtype == "float32" else (image * np.iinfo(dtype).max).astype(dtype)
    engine = build_engine(SelfEnsemble(identity(multiple=4)), precision=precision, device="cpu")
    assert restore_pixels(engine, image, tile=tile, overlap=None).tobytes() == image.tobytes()
