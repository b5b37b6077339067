"""Engines beside torch, each that is installed: the same picture comes back, or torch is used and it is said why."""

import json
import logging
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from restora import RestoraError, Restorer, create_model
from restora.networks import Requirements, RestorationNetwork
from restora.networks.chair import ChaIR, ChaIRConfig
from restora.restoration import engine_choice, measuring, serving
from restora.restoration.measuring import Measurement, fastest, measure, trial_picture
from restora.restoration.onnx_graph import traced
from restora.restoration.runtimes import ENGINES, RUNTIMES, runtime_class
from restora.restoration.runtimes.runtime import Runtime
from restora.restoration.serving import ServedNetwork, served_folder

SIDE = 32
CALLS: list[tuple[str, int]] = []


class Fake(Runtime):
    """Runs the network by torch, adds an error, and counts how often it is built."""

    packages = ("torch",)
    extra = "fake"
    precisions = ("float32", "bfloat16")
    error = 0.0

    def __init__(self, network: RestorationNetwork, side: int, *, precision: str, threads: int, folder: Path):
        CALLS.append((precision, threads))
        self.network = network
        (folder / "fake").touch()

    def __call__(self, x: Tensor) -> Tensor:
        answer = self.network(x)
        answer[..., 3, 5] += self.error
        return answer


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RESTORA_CACHE", str(tmp_path))
    CALLS.clear()
    return tmp_path


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that engines share, for the graph that they read takes longest."""
    return tmp_path_factory.mktemp("engines")


@pytest.fixture
def network() -> RestorationNetwork:
    torch.manual_seed(0)
    return ChaIR(ChaIRConfig(width=8, blocks=(1, 1, 1))).eval()


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> type[Fake]:
    """The engine ``openvino`` is the fake, and no other is installed."""
    monkeypatch.setattr(Fake, "error", 0.0)
    for module in (serving, measuring):
        monkeypatch.setattr(module, "runtime_class", lambda name: Fake)
    monkeypatch.setattr("restora.restoration.runtimes.runtime_class", lambda name: Fake)
    for module in (measuring, engine_choice):
        monkeypatch.setattr(module, "installed_runtimes", lambda: ["openvino"])
    monkeypatch.setattr(measuring, "computes_in_bfloat16", lambda device: False)
    return Fake


def image(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize(
    "engine", [pytest.param(name, marks=pytest.mark.slow if name == "compile" else ()) for name in RUNTIMES]
)
def test_an_engine_gives_what_torch_gives(
    engine: str, network: RestorationNetwork, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not runtime_class(engine).installed():
        pytest.skip(f"the extra {runtime_class(engine).extra} is not installed")
    monkeypatch.setenv("RESTORA_CACHE", str(shared))
    photo = image(40, 70)
    expected = Restorer(network, engine="torch", precision="float32", tile=SIDE)(photo)
    restorer = Restorer(network, engine=engine, precision="float32", tile=SIDE)
    assert np.abs(restorer(photo).astype(int) - expected).max() <= 1  # rounded
    served = restorer.choice(40, 70)
    assert served is not None
    x = torch.rand(2, 3, SIDE, SIDE)
    with torch.inference_mode():
        torch.testing.assert_close(served.network(x), network(x), rtol=0, atol=1e-4)
    if engine != "compile":
        assert [file.name for file in shared.glob("engines/*/model.onnx")] == ["model.onnx"]


def test_a_network_is_compiled_once_and_again_for_other_threads(
    fake: type[Fake], network: RestorationNetwork
) -> None:
    served = ServedNetwork(network, "openvino", "float32", SIDE)
    x = torch.rand(2, 3, SIDE, SIDE)
    torch.testing.assert_close(served(x), network(x))
    served(x)
    assert len(CALLS) == 1
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(before + 1)
        served(x)
    finally:
        torch.set_num_threads(before)
    assert [threads for _, threads in CALLS] == [before, before + 1]


def test_a_graph_that_half_precision_asks_for_first_is_in_float32(network: RestorationNetwork) -> None:
    onnx = pytest.importorskip("onnx", reason="pip install 'restora[onnx]'")
    pytest.importorskip("onnxscript", reason="pip install 'restora[onnx]'")
    with torch.autocast("cpu", torch.bfloat16):
        graph = onnx.load_from_string(traced(network, SIDE, SIDE)).graph
    types = {value.type.tensor_type.elem_type for value in graph.value_info}
    assert onnx.TensorProto.FLOAT in types
    assert onnx.TensorProto.BFLOAT16 not in types


def test_the_folder_changes_with_weights_configuration_and_size(network: RestorationNetwork) -> None:
    other = create_model("chair", width=8, blocks=(1, 1, 2))
    folders = {served_folder(network, SIDE), served_folder(network, 2 * SIDE), served_folder(other, SIDE)}
    with torch.no_grad():
        network.head[0].weight[0, 0, 0, 0] += 1e-3
    folders.add(served_folder(network, SIDE))
    assert len(folders) == 4


@pytest.mark.parametrize(("error", "used"), [(0.9e-4, True), (1.1e-4, False), (float("nan"), False)])
def test_an_engine_that_differs_is_not_used_and_that_is_said(
    fake: type[Fake],
    network: RestorationNetwork,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: float,
    used: bool,
) -> None:
    monkeypatch.setattr(Fake, "error", error)
    restorer = Restorer(network, engine="openvino", tile=SIDE)
    assert (restorer.choice(SIDE, SIDE) is not None) == used
    assert ("engine openvino is not used, but torch" in caplog.text) != used
    restorer(image(SIDE, SIDE))  # whoever computes it


def test_an_engine_that_fails_is_not_used(
    fake: type[Fake],
    network: RestorationNetwork,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(self: Fake, x: Tensor) -> Tensor:
        raise RuntimeError("no such kernel")

    monkeypatch.setattr(Fake, "__call__", broken)
    assert Restorer(network, engine="openvino", tile=SIDE).choice(SIDE, SIDE) is None
    assert "in float32 it fails: no such kernel" in caplog.text


def test_auto_measures_once_and_only_for_large_images(
    fake: type[Fake], network: RestorationNetwork, monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    monkeypatch.setattr(engine_choice, "MEASURED_FROM", 4 * SIDE**2)
    Restorer(network, tile=SIDE).choice(SIDE, SIDE)
    assert CALLS == []
    restorer = Restorer(network, tile=SIDE)
    restorer.choice(2 * SIDE, 2 * SIDE)
    count = len(CALLS)
    assert count >= 1
    (file,) = cache.glob("engines/*/measurements.json")
    rows = json.loads(file.read_text())
    for key, row in rows.items():  # the engine is twice as fast
        row["ratio"] = 2.0 if key.startswith("openvino") else 1.0
    file.write_text(json.dumps(rows))
    again = Restorer(network, tile=SIDE)
    served = again.choice(SIDE, SIDE)  # small, but nothing is to be measured
    assert served is not None
    assert len(CALLS) == count
    assert again.choice(SIDE // 2, SIDE // 2) is None  # most of a tile would be padding


def test_auto_compiles_nothing_where_memory_is_short(
    fake: type[Fake], network: RestorationNetwork, monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    monkeypatch.setattr(engine_choice, "MEASURED_FROM", 1)
    monkeypatch.setattr(engine_choice, "free_memory", lambda: engine_choice.ENGINE_MEMORY - 1)
    restorer = Restorer(network, tile=SIDE)
    assert restorer.choice(SIDE, SIDE) is None
    assert CALLS == []
    monkeypatch.setattr(engine_choice, "free_memory", lambda: engine_choice.ENGINE_MEMORY)
    restorer.choice(SIDE, SIDE)
    assert CALLS != []


def test_auto_does_not_compile_for_minutes_but_takes_what_is_compiled(
    fake: type[Fake], network: RestorationNetwork, monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    slow = Requirements(multiple=4, exports_quickly=False)
    monkeypatch.setattr(ChaIR, "requirements", property(lambda self: slow))
    monkeypatch.setattr(engine_choice, "MEASURED_FROM", 1)
    assert Restorer(network, tile=SIDE).choice(SIDE, SIDE) is None
    assert CALLS == []
    measure(network, SIDE)
    (file,) = cache.glob("engines/*/measurements.json")
    rows = json.loads(file.read_text())
    for key, row in rows.items():
        row["ratio"] = 2.0 if key.startswith("openvino") else 1.0
    file.write_text(json.dumps(rows))
    assert Restorer(network, tile=SIDE).choice(SIDE, SIDE) is not None


def test_without_engines_auto_is_torch_silently(
    network: RestorationNetwork,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    cache: Path,
) -> None:
    monkeypatch.setattr(engine_choice, "installed_runtimes", list)
    monkeypatch.setattr(measuring, "computes_in_bfloat16", lambda device: False)
    caplog.set_level(logging.DEBUG)
    assert Restorer(network, tile=SIDE).choice(4000, 4000) is None
    assert caplog.text == ""
    assert not list(cache.iterdir())


def edit(cache: Path, **ratios: float) -> None:
    """Say of what was measured how fast it is, and that it is within the bounds, or beyond where that is negative."""
    (file,) = cache.glob("engines/*/measurements.json")
    rows = json.loads(file.read_text())
    for row in rows.values():
        ratio = ratios[row["precision"]]
        row |= {"ratio": abs(ratio), "fault": "costs too much" if ratio < 0 else ""}
    file.write_text(json.dumps(rows))


@pytest.mark.parametrize("engine", ["auto", "torch"])
@pytest.mark.parametrize(("ratio", "chosen"), [(2.0, "bfloat16"), (0.5, "float32"), (-2.0, "float32")])
def test_auto_precision_is_what_is_faster_as_measured(
    network: RestorationNetwork,
    monkeypatch: pytest.MonkeyPatch,
    cache: Path,
    engine: str,
    ratio: float,
    chosen: str,
) -> None:
    monkeypatch.setattr(engine_choice, "installed_runtimes", list)
    monkeypatch.setattr(measuring, "computes_in_bfloat16", lambda device: True)
    monkeypatch.setattr(engine_choice, "MEASURED_FROM", 2 * SIDE * SIDE)
    options = {"tile": SIDE, "device": "cpu", "engine": engine}
    small = Restorer(network, **options)
    small(image(SIDE, SIDE))
    assert small.used["precision"] == "float32"  # the rule for ChaIR; nothing was measured
    assert not list(cache.iterdir())
    Restorer(network, **options)(image(2 * SIDE, SIDE))
    edit(cache, float32=1.0, bfloat16=ratio)
    for height in (SIDE, 2 * SIDE):  # now also for small images
        again = Restorer(network, **options)
        again(image(height, SIDE))
        assert again.used["precision"] == chosen
    asked = Restorer(network, precision="float32", **options)
    asked(image(2 * SIDE, SIDE))
    assert asked.used["precision"] == "float32"


def test_measurements_that_cannot_be_read_are_made_again(
    fake: type[Fake], network: RestorationNetwork, cache: Path
) -> None:
    first = measure(network, SIDE)
    (file,) = cache.glob("engines/*/measurements.json")
    file.write_text("{")
    assert [(m.engine, m.precision) for m in measure(network, SIDE)] == [
        (m.engine, m.precision) for m in first
    ]


def test_the_fastest_is_taken_of_what_passed_and_is_asked_for() -> None:
    def row(engine: str, precision: str, ratio: float, fault: str = "") -> Measurement:
        return Measurement(engine, precision, 1.0, ratio, 0.0, 0.0, fault)

    rows = [
        row("torch", "float32", 1.0),
        row("torch", "bfloat16", 1.5),
        row("openvino", "float32", 1.4),
        row("openvino", "bfloat16", 3.0, "differs"),
    ]
    assert fastest(rows) is rows[1]
    assert fastest(rows, precision="float32") is rows[2]
    assert fastest(rows, precision="bfloat16") is rows[1]
    assert fastest(rows, precision="float16") is None
    assert fastest(rows[3:]) is None


def test_what_engines_cannot_do_is_refused_with_a_remedy(
    fake: type[Fake], network: RestorationNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(RestoraError, match=f"unknown engine 'tpu'; there are: {', '.join(ENGINES)}"):
        Restorer(network, engine="tpu")
    with pytest.raises(RestoraError, match="tiles of one size; give tile 'auto'"):
        Restorer(network, engine="openvino", tile=None)
    with pytest.raises(RestoraError, match="not wrapped or foreign ones"):
        Restorer(nn.Identity(), engine="openvino")
    with pytest.raises(RestoraError, match="not in float16"):
        Restorer(network, engine="openvino", precision="float16")
    monkeypatch.setattr(Fake, "packages", ("no_such_package",))
    with pytest.raises(RestoraError, match=r"not installed; pip install 'restora\[fake\]'"):
        Restorer(network, engine="openvino")


@pytest.mark.parametrize("options", [{"ensemble": True}, {"strength": 0.5}])
def test_what_is_put_around_a_network_is_put_around_an_engine(
    fake: type[Fake], network: RestorationNetwork, options: dict[str, object]
) -> None:
    photo = image(SIDE, 50)
    expected = Restorer(network, engine="torch", precision="float32", tile=SIDE, **options)(photo)
    restorer = Restorer(network, engine="openvino", tile=SIDE, **options)
    assert np.abs(restorer(photo).astype(int) - expected).max() <= 1
    assert restorer.choice(SIDE, 50) is not None


def test_the_picture_is_noisy_and_the_same_every_time() -> None:
    noisy, clean = trial_picture(64, channels=6)
    assert noisy.shape == (1, 6, 64, 64)
    assert clean.shape == (1, 3, 64, 64)
    assert 0.09 < (noisy[:, 3:] - clean).std() < 0.11
    assert torch.equal(noisy, trial_picture(64, channels=6)[0])
