"""One matrix over every registered network and variant: a network is tested by being registered."""

import dataclasses
import inspect
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from models import KNOWN, MODELS, SMALL, TINY, TOY
from torch import Tensor

from restora import RestoraError, create_model, list_models
from restora.networks import ARCHITECTURES, Architecture, RestorationNetwork, register
from restora.training.loop import AllScales

pytestmark = pytest.mark.usefixtures("toy_network")


def build(name: str) -> RestorationNetwork:
    torch.manual_seed(0)
    model = create_model(*name.split("/"))
    with torch.no_grad():  # layers that start as the identity would hide what is behind them
        for parameter in model.parameters():
            if not parameter.any():
                parameter.normal_(std=0.1)
    return model


def image(model: RestorationNetwork, batch: int = 1, height: int = 3, width: int = 4) -> torch.Tensor:
    """Noise of the smallest sizes that the network takes, times height and width."""
    needs = model.requirements
    unit = needs.multiple * -(-needs.min_size // needs.multiple)
    generator = torch.Generator().manual_seed(1)
    return torch.rand(batch, needs.in_channels, height * unit, width * unit, generator=generator)


@pytest.mark.parametrize("name", SMALL)
def test_shape_and_all_scales(name: str) -> None:
    model = build(name).eval()
    x = image(model)
    with torch.inference_mode():
        y = model(x)
        scales = model.forward_scales(x)
    assert y.shape == (1, 3, *x.shape[2:])
    assert torch.equal(scales[-1], y)
    assert [s.shape[2] * 2**i for i, s in enumerate(reversed(scales))] == [x.shape[2]] * len(scales)


@pytest.mark.parametrize("name", SMALL)
def test_smallest_size(name: str) -> None:
    model = build(name).eval()
    x = image(model, height=1, width=1)
    with torch.inference_mode():
        assert model(x).isfinite().all()


@pytest.mark.parametrize("name", SMALL)
def test_every_parameter_learns(name: str) -> None:
    model = build(name).train()
    sum(output.square().mean() for output in model.forward_scales(image(model, batch=2))).backward()
    idle = [
        key
        for key, parameter in model.named_parameters()
        if parameter.grad is None or not parameter.grad.any()
    ]
    assert idle == []


@pytest.mark.parametrize("name", SMALL)
def test_images_of_a_batch_do_not_mix(name: str) -> None:
    model = build(name).eval()
    x = image(model, batch=3)
    with torch.inference_mode():
        torch.testing.assert_close(model(x)[1:2], model(x[1:2]), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", SMALL)
def test_evaluation_is_deterministic(name: str) -> None:
    model = build(name).eval()
    x = image(model)
    with torch.inference_mode():
        assert torch.equal(model(x), model(x))


@pytest.mark.parametrize("name", SMALL)
def test_channels_last_and_bfloat16_agree_where_declared_safe(name: str) -> None:
    model = build(name).eval()
    x = image(model)
    with torch.inference_mode():
        expected = model(x)
        last = model.to(memory_format=torch.channels_last)(x.to(memory_format=torch.channels_last))  # type: ignore[call-overload]
        torch.testing.assert_close(last, expected, rtol=1e-4, atol=1e-5)
        if "bfloat16" in model.requirements.precisions:
            with torch.autocast("cpu", torch.bfloat16):
                half = model(x).float()
            assert (half - expected).abs().mean() < 0.02 * (expected - x[:, :3]).abs().mean() + 1e-3


@pytest.mark.parametrize("name", SMALL)
def test_odd_multiples_of_the_size_work(name: str) -> None:
    model = build(name).eval()
    x = image(model, height=5, width=3)
    with torch.inference_mode():
        assert model(x).shape == (1, 3, *x.shape[2:])


@pytest.mark.parametrize("name", SMALL)
def test_export_gives_the_same_numbers(name: str) -> None:
    model = build(name).eval()
    x = image(model)
    with torch.no_grad():
        exported = torch.export.export(model, (x,)).module()
        torch.testing.assert_close(exported(x), model(x), rtol=1e-4, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_compiled_network_gives_the_same_numbers(name: str) -> None:
    model = build(name).eval()
    x = image(model)
    with torch.inference_mode():
        torch.testing.assert_close(torch.compile(model)(x), model(x), rtol=1e-4, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("name", TINY)
def test_compiled_training_step_gives_the_same_gradients(name: str) -> None:
    model = build(name).train()
    x = image(model, batch=2)

    def gradients(module: Any) -> dict[str, Tensor]:
        model.zero_grad()
        torch.manual_seed(0)  # some draw in training
        sum(output.square().mean() for output in module(x)).backward()
        return {key: parameter.grad.clone() for key, parameter in model.named_parameters()}

    expected = gradients(AllScales(model))
    compiled = gradients(torch.compile(AllScales(model), options={"fallback_random": True}))  # draws the same
    # Against the largest of all: of a bias before an instance norm the gradient is nothing but rounding.
    largest = max(float(gradient.abs().max()) for gradient in expected.values())
    torch.testing.assert_close(compiled, expected, rtol=1e-3, atol=5e-5 * largest)


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_onnx_gives_the_same_numbers(name: str, tmp_path: Path) -> None:
    pytest.importorskip("onnxscript")
    runtime = pytest.importorskip("onnxruntime")
    model = build(name).eval()
    x = image(model)
    torch.onnx.export(model, (x,), tmp_path / "a.onnx", dynamo=True, opset_version=20, verbose=False)
    session = runtime.InferenceSession(tmp_path / "a.onnx", providers=["CPUExecutionProvider"])
    (output,) = session.run(None, {session.get_inputs()[0].name: x.numpy()})
    with torch.inference_mode():
        torch.testing.assert_close(torch.from_numpy(output), model(x), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", SMALL)
def test_state_dict_round_trip(name: str) -> None:
    model, other = build(name).eval(), create_model(*name.split("/")).eval()
    other.load_state_dict(model.state_dict())
    x = image(model)
    with torch.inference_mode():
        assert torch.equal(other(x), model(x))


@pytest.mark.parametrize("name", MODELS)
def test_config_round_trip(name: str) -> None:
    architecture, variant = name.split("/")
    config = ARCHITECTURES[architecture].variants[variant]
    values = dataclasses.asdict(config)
    with torch.device("meta"):
        assert create_model(architecture, **values).config == config


def test_sizes_of_our_variants() -> None:
    for name, limit in (("tiny", 800_000), ("small", 3_000_000)):
        for architecture in ARCHITECTURES:
            with torch.device("meta"):
                model = create_model(architecture, name)
            assert sum(p.numel() for p in model.parameters()) < limit


def test_errors_name_what_there_is() -> None:
    with pytest.raises(RestoraError, match=r"unknown architecture 'unet'; there are: chair"):
        create_model("unet")
    with pytest.raises(RestoraError, match=r"unknown variant 'huge' of chair; there are: base"):
        create_model("chair", "huge")
    with pytest.raises(RestoraError, match=r"ChaIR has no hyper-parameter depth; it has: width"):
        create_model("chair", depth=3)
    with pytest.raises(RestoraError, match=r"ChaIR: width must be an even number of at least 2, got 3"):
        create_model("chair", width=3)


def test_an_architecture_is_registered_once_under_its_name() -> None:
    assert ARCHITECTURES["two_scale"] is TOY
    register(TOY)  # once more does nothing
    with pytest.raises(RestoraError, match="there is an architecture 'two_scale' already"):
        register(dataclasses.replace(TOY))
    assert "two_scale/tiny" in list_models()


@pytest.mark.parametrize("architecture", KNOWN, ids=lambda architecture: architecture.name)
def test_every_network_has_a_page_that_names_paper_and_variants(architecture: Architecture) -> None:
    root = Path(__file__).parents[2]
    folder = root / "tests/toys" if architecture is TOY else root / "docs/networks"
    page = (folder / f"{architecture.name}.md").read_text(encoding="utf-8")
    assert page.startswith(f"# {architecture.title}\n")
    title, year = architecture.paper.split(", ")[0], architecture.paper[-4:]
    assert title in page
    assert re.search(rf"{re.escape(title)}\W[^|]*{year}", page)
    for name in architecture.variants:
        (row,) = re.findall(rf"^\| `{name}` \|.*", page, flags=re.MULTILINE)
        with torch.device("meta"):
            parameters = sum(p.numel() for p in create_model(architecture.name, name).parameters())
        counts = re.findall(r"\b\d{1,3}(?:,\d{3})+\b", row)
        assert not counts or counts[0] == f"{parameters:,}"
        if architecture is not TOY:
            costs = (root / "benchmarks/results/costs.md").read_text(encoding="utf-8")
            assert f"| {architecture.name} | {name} | {parameters:,} |" in costs


@pytest.mark.parametrize("architecture", KNOWN, ids=lambda architecture: architecture.name)
def test_every_hyper_parameter_is_described(architecture: Architecture) -> None:
    described = inspect.getdoc(type(architecture.published)) or ""  # __doc__ is indented, until Python 3.12
    for field in dataclasses.fields(architecture.published):
        assert f"\n    {field.name}: " in described


def test_building_a_network_does_not_import_the_compiler():
    code = (
        "import sys; from restora.networks import ARCHITECTURES as known;"
        "[architecture.build(architecture.variants['tiny']) for architecture in known.values()];"
        "sys.exit('torch._dynamo' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
