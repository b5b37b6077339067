"""Exported models, run where restora is not."""

import hashlib
import importlib.util
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from restora import RestoraError, create_model
from restora.networks import DeRestormer, DeRestormerConfig, RestorationNetwork
from restora.networks.chair import ChaIR, ChaIRConfig
from restora.restoration import deployment, exported_run, onnx_graph
from restora.restoration.deployment import export_model
from restora.restoration.runtimes import runtime_class

needs_onnx, needs_openvino = (
    pytest.mark.skipif(
        not runtime_class(engine).installed(),
        reason=f"the extra {runtime_class(engine).extra} is not installed",
    )
    for engine in ("onnxruntime", "openvino")
)
FORMATS = [pytest.param("onnx", marks=needs_onnx), pytest.param("openvino", marks=needs_openvino)]


@pytest.fixture
def network() -> RestorationNetwork:
    torch.manual_seed(0)
    return ChaIR(ChaIRConfig(width=8, blocks=(1, 1, 1))).eval()


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_model_is_written_with_a_card_and_gives_the_same_numbers(
    file_format: str, network: RestorationNetwork, tmp_path: Path
) -> None:
    card, model, *_ = export_model(network, "mine", tmp_path, file_format=file_format, side=32)
    facts = json.loads(card.read_text())
    assert facts["largest_difference"] <= 1e-4
    assert facts["input"]["shape"] == [1, 3, 32, 32]
    assert facts["sha256"] == hashlib.sha256(model.read_bytes()).hexdigest()
    names = (
        ["mine.onnx", "mine.onnx.json"]
        if file_format == "onnx"
        else ["mine.bin", "mine.xml", "mine.xml.json"]
    )
    assert b".py" not in model.read_bytes()  # nothing of this machine
    assert sorted(file.name for file in tmp_path.iterdir()) == names


@needs_onnx
def test_a_model_that_differs_is_not_written(
    network: RestorationNetwork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = onnx_graph.traced

    def of_other_weights(other: RestorationNetwork, *arguments: int, **options: bool) -> bytes:
        with torch.no_grad():
            for parameter in other.parameters():
                parameter.add_(0.01)
        graph = real(other, *arguments, **options)
        with torch.no_grad():
            for parameter in other.parameters():
                parameter.sub_(0.01)
        return graph

    monkeypatch.setattr(deployment, "traced", of_other_weights)
    with pytest.raises(RestoraError, match=r"mine.onnx: differs from torch by .* nothing is written"):
        export_model(network, "mine", tmp_path, file_format="onnx", side=32)
    assert not list(tmp_path.iterdir())


@needs_onnx
@pytest.mark.parametrize("differing", [3, 4])
def test_a_network_that_matches_content_must_agree_on_one_picture_of_four(
    differing: int, network: RestorationNetwork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    matching = replace(network.requirements, matches_content=True)
    monkeypatch.setattr(type(network), "requirements", matching)
    run = subprocess.run

    def with_moved_patches(command: list[str], **options: Any) -> Any:
        done = run(command, **options)
        with np.load(command[-1]) as answers:
            arrays = {name: answers[name] + 1e-3 * (i < differing) for i, name in enumerate(answers)}
        np.savez(command[-1], **arrays)
        return done

    monkeypatch.setattr(subprocess, "run", with_moved_patches)
    if differing == 4:
        with pytest.raises(RestoraError, match=r"differs from torch by 1.0e-03"):
            export_model(network, "mine", tmp_path, file_format="onnx", side=32)
    else:
        card, _ = export_model(network, "mine", tmp_path, file_format="onnx", side=32)
        assert json.loads(card.read_text())["largest_difference"] <= 1e-4


@pytest.mark.slow
@pytest.mark.parametrize("file_format", FORMATS)
def test_derestormer_is_one_graph_for_all_sizes(file_format: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = DeRestormer(DeRestormerConfig(width=8, blocks=(1, 1, 1), kernels=(3, 3, 3))).eval()
    card, *_ = export_model(network, "any", tmp_path, file_format=file_format, side=32, dynamic=True)
    assert json.loads(card.read_text())["input"]["shape"] == [1, 3, "multiple of 4", "multiple of 4"]


@needs_onnx
@pytest.mark.slow
def test_float16_halves_the_file_and_any_size_is_one_graph(
    network: RestorationNetwork, tmp_path: Path
) -> None:
    _, full = export_model(network, "full", tmp_path, file_format="onnx", side=32, dynamic=True)
    card, half = export_model(network, "half", tmp_path, file_format="onnx", side=32, precision="float16")
    assert half.stat().st_size < 0.75 * full.stat().st_size
    assert json.loads(card.read_text())["precision"] == "float16"


@needs_onnx
@pytest.mark.slow
def test_a_graph_that_depends_on_the_size_is_not_exported_for_all(tmp_path: Path) -> None:
    with pytest.raises(RestoraError, match="another one for each size; export it without --dynamic"):
        export_model(create_model("kit", "tiny"), "kit", tmp_path, file_format="onnx", side=64, dynamic=True)


@needs_openvino
@pytest.mark.slow
def test_integers_of_8_bits_are_calibrated(network: RestorationNetwork, tmp_path: Path) -> None:
    if not importlib.util.find_spec("nncf"):  # imported by itself it would tell its makers
        pytest.skip("needs nncf")
    crops = [np.random.default_rng(i).random((1, 3, 32, 32), np.float32) for i in range(2)]
    card, *_ = export_model(
        network, "mine", tmp_path, file_format="openvino", precision="int8", side=32, calibration=crops
    )
    assert json.loads(card.read_text())["loss_db"] <= 0.1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"file_format": "tflite"}, "unknown format 'tflite'; there are: onnx, openvino"),
        ({"file_format": "onnx", "precision": "int8"}, "float32, float16, and int8 for openvino"),
        ({"file_format": "openvino", "precision": "int8"}, "name a folder of them with --calibration"),
        ({"file_format": "onnx", "side": 30}, "multiple of 4, got 30; try 28 or 32"),
    ],
)
def test_what_cannot_be_exported_is_refused(
    network: RestorationNetwork, tmp_path: Path, options: dict[str, object], message: str
) -> None:
    with pytest.raises(RestoraError, match=message):
        export_model(network, "mine", tmp_path, **options)


@needs_openvino
def test_openvino_tells_nobody_of_its_use(network: RestorationNetwork, tmp_path: Path) -> None:
    _, model, *_ = export_model(network, "mine", tmp_path, file_format="openvino", side=32)
    np.savez(tmp_path / "inputs.npz", picture=np.zeros((1, 3, 32, 32), np.float32))
    files = [str(model), str(tmp_path / "inputs.npz"), str(tmp_path / "outputs.npz")]
    listen = "import sys, time; sys.addaudithook(lambda e, a: e == 'socket.getaddrinfo' and print(e, a[0]))\n"
    for use in (
        "from restora.restoration.runtimes.openvino import import_openvino\nimport_openvino()",
        f"import runpy\nrunpy.run_path({exported_run.__file__!r})['main'](*{files})",
    ):
        done = subprocess.run(
            [sys.executable, "-c", f"{listen}{use}\ntime.sleep(1)"],
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout == ""


CAPTURING = """
import io, logging.config, sys
from restora.restoration.runtimes.openvino import import_openvino
sys.stderr = captured = io.StringIO()
import_openvino()
sys.stderr = sys.__stderr__
logging.config.dictConfig({"version": 1})  # closes all handlers
assert "absl.logging" in sys.modules
captured.write("still open")
"""


@needs_openvino
@pytest.mark.skipif(not importlib.util.find_spec("absl"), reason="absl is not installed")
def test_openvino_leaves_a_captured_stream_open_when_logging_is_set_up() -> None:
    done = subprocess.run([sys.executable, "-c", CAPTURING], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
