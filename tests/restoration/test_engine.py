from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import restora
from restora.errors import RestoraError
from restora.networks import Requirements, RestorationNetwork
from restora.restoration import engine as engine_module
from restora.restoration.engine import best_device, build_engine
from restora.restoration.tiled_restoration import restore_pixels

MakeNetwork = Callable[..., nn.Module]


class Wide(RestorationNetwork):
    """Two convolutions with so many channels in between."""

    requirements = Requirements()

    def __init__(self, width: int = 8, **requirements: object) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, width, 3, padding=1),
            nn.BatchNorm2d(width),
            nn.Dropout(0.5),
            nn.Conv2d(width, 3, 3, padding=1),
        )
        self.requirements = Requirements(**requirements)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x)


class Broken(nn.Module):
    """Answers with something that is not finite at one pixel."""

    def __init__(self, value: float) -> None:
        super().__init__()
        self.value = value

    def forward(self, x: Tensor) -> Tensor:
        answer = x.clone()
        answer[0, 1, 2, 3] = self.value
        return answer


class Overflowing(nn.Module):
    """Exceeds what float16 holds, and nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 1)
        nn.init.constant_(self.conv.weight, 3e4)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_the_network_of_the_caller_stays_as_it_is(training: bool, precision: str) -> None:
    network = Wide().train(training)
    network.layers[0].weight.requires_grad_(False)
    network.layers[3].double()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    engine = build_engine(network, precision=precision, device="cpu")
    engine.bytes_per_pixel()
    assert engine.network is not network
    assert [module.training for module in network.modules()] == [training] * 6
    assert [p.requires_grad for p in network.parameters()] == [False] + [True] * 5
    assert network.layers[0].weight.is_contiguous()
    for name, value in network.state_dict().items():
        assert value.dtype == before[name].dtype
        assert value.device.type == "cpu"
        assert torch.equal(value, before[name])
    assert all(not module._forward_hooks for module in engine.network.modules())


def test_the_copy_evaluates_without_gradients_and_keeps_its_weights() -> None:
    network = Wide()
    engine = build_engine(network, precision="float32", device="cpu")
    with torch.no_grad():
        network.layers[0].weight.zero_()
    assert not any(module.training for module in engine.network.modules())
    assert not any(p.requires_grad for p in engine.network.parameters())
    assert engine.network.layers[0].weight.any()
    x = torch.rand(1, 3, 9, 7)
    assert torch.equal(engine.residual(x), engine.residual(x))  # no dropout


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_weights_of_any_precision_compute_in_the_one_that_is_asked_for(dtype: torch.dtype) -> None:
    network = Wide().to(dtype)
    x = torch.rand(1, 3, 9, 7)
    residual = build_engine(network, precision="float32", device="cpu").residual(x)
    with torch.no_grad():
        expected = network.float().eval()(x) - x
    torch.testing.assert_close(residual, expected, rtol=0, atol=1e-6)


def test_the_residual_is_the_answer_less_the_image(brighter: MakeNetwork) -> None:
    x = torch.rand(1, 3, 5, 6)
    residual = build_engine(brighter((0.5, 0.0, -0.25)), precision="float32", device="cpu").residual(x)
    assert residual.dtype == torch.float32
    torch.testing.assert_close(residual[0].mean((1, 2)), torch.tensor([0.5, 0, -0.25]))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize(
    ("precision", "remedy"), [("float32", "try other weights"), ("bfloat16", "try precision float32")]
)
def test_an_answer_that_is_not_finite_is_refused(value: float, precision: str, remedy: str) -> None:
    engine = build_engine(Broken(value), precision=precision, device="cpu")
    with pytest.raises(RestoraError, match=f"answer in {precision} is not finite; {remedy}"):
        restore_pixels(engine, np.zeros((8, 8, 3), np.uint8), tile=None, overlap=None)


def test_an_overflow_of_float16_is_noticed_and_its_remedy_helps() -> None:
    x = torch.ones(1, 3, 4, 4)
    with pytest.raises(RestoraError, match="try precision float32"):
        build_engine(Overflowing(), precision="float16", device="cpu").residual(x)
    build_engine(Overflowing(), precision="float32", device="cpu").residual(x)


@pytest.mark.parametrize("device", ["cuda:99", "nonsense", "meta", "", None, 3.5])
def test_a_device_that_is_not_there_is_refused(device: object) -> None:
    with pytest.raises(RestoraError, match="is not there on this machine; try cpu, or auto"):
        build_engine(Wide(), device=device)


def test_an_unknown_precision_is_refused_with_the_known_ones() -> None:
    for precision in ("float64", "half", "", None):
        with pytest.raises(RestoraError, match="there are: auto, float32, bfloat16, float16"):
            build_engine(Wide(), precision=precision, device="cpu")


def test_a_network_for_other_channels_is_refused(identity: MakeNetwork) -> None:
    with pytest.raises(RestoraError, match="takes 4 channels; a photograph has 3, two views of one have 6"):
        build_engine(identity(in_channels=4), device="cpu")


def test_a_network_without_requirements_is_taken_to_accept_anything() -> None:
    engine = build_engine(nn.Identity(), device="cpu")
    assert engine.requirements == Requirements()
    assert engine.dtype == torch.float32


@pytest.mark.parametrize("device", ["cpu", torch.device("cpu")])
@pytest.mark.parametrize(
    ("precision", "dtype"),
    [("float32", torch.float32), ("bfloat16", torch.bfloat16), ("float16", torch.float16)],
)
def test_a_precision_that_is_asked_for_is_used_though_the_network_was_not_measured_in_it(
    device: str | torch.device, precision: str, dtype: torch.dtype
) -> None:
    engine = build_engine(Wide(), precision=precision, device=device)
    assert engine.dtype == dtype
    assert engine.device == torch.device("cpu")
    seen: list[torch.dtype] = []
    engine.network.layers[0].register_forward_hook(lambda module, inputs, output: seen.append(output.dtype))
    assert engine.residual(torch.rand(1, 3, 4, 4)).dtype == torch.float32
    assert seen == [dtype]


@pytest.mark.parametrize(
    ("fast", "measured", "dtype"),
    [
        (True, ("float32", "bfloat16"), torch.bfloat16),
        (True, ("float32", "float16"), torch.float32),
        (True, ("float32",), torch.float32),
        (False, ("float32", "bfloat16", "float16"), torch.float32),
    ],
)
def test_auto_takes_bfloat16_where_the_processor_and_the_network_allow_it(
    monkeypatch: pytest.MonkeyPatch, fast: bool, measured: tuple[str, ...], dtype: torch.dtype
) -> None:
    monkeypatch.setattr(engine_module, "computes_in_bfloat16", lambda device: fast)
    assert build_engine(Wide(precisions=measured), device="cpu").dtype == dtype


@pytest.mark.parametrize(
    ("bfloat16", "measured", "dtype"),
    [
        (True, ("float32", "float16", "bfloat16"), torch.bfloat16),
        (False, ("float32", "float16", "bfloat16"), torch.float16),
        (True, ("float32", "float16"), torch.float16),
        (False, ("float32", "bfloat16"), torch.float32),
    ],
)
def test_auto_takes_float16_on_graphics_cards_only(
    monkeypatch: pytest.MonkeyPatch, bfloat16: bool, measured: tuple[str, ...], dtype: torch.dtype
) -> None:
    monkeypatch.setattr(engine_module, "computes_in_bfloat16", lambda device: bfloat16)
    requirements = Requirements(precisions=measured)
    assert engine_module._dtype("auto", torch.device("cuda"), requirements) == dtype


@pytest.mark.parametrize(
    ("cuda", "mps", "device"),
    [(True, True, "cuda"), (True, False, "cuda"), (False, True, "mps"), (False, False, "cpu")],
)
def test_the_fastest_device_is_chosen(
    monkeypatch: pytest.MonkeyPatch, cuda: bool, mps: bool, device: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert best_device() == torch.device(device)


def test_memory_of_a_pixel_grows_with_the_width_of_the_network(identity: MakeNetwork) -> None:
    def bytes_per_pixel(network: nn.Module, precision: str = "float32") -> int:
        return build_engine(network, precision=precision, device="cpu").bytes_per_pixel()

    assert bytes_per_pixel(identity()) >= 12  # the image itself
    assert bytes_per_pixel(nn.Identity()) >= 12
    assert bytes_per_pixel(Wide(32)) == 2 * bytes_per_pixel(Wide(16)) >= 32 * 4
    assert bytes_per_pixel(Wide(32, multiple=24, min_size=100)) == bytes_per_pixel(Wide(32))
    assert bytes_per_pixel(Wide(32), "bfloat16") == bytes_per_pixel(Wide(32)) // 2
    assert bytes_per_pixel(identity(multiple=24, min_size=100)) > 0


def test_bfloat16_is_close_to_float32() -> None:
    torch.manual_seed(0)
    network = restora.create_model("chair", "tiny")
    image = np.random.default_rng(0).random((40, 56, 3), np.float32)
    exact, rounded = (
        restore_pixels(
            build_engine(network, precision=precision, device="cpu"), image, tile=None, overlap=None
        )
        for precision in ("float32", "bfloat16")
    )
    change = np.abs(exact - image).mean()
    assert change > 0
    assert 0 < np.abs(exact - rounded).mean() < 0.02 * change + 1e-6
    assert np.abs(exact - rounded).max() < 0.01
