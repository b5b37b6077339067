"""Plug-ins: a tiny package that another one might be adds a network, a degradation, a benchmark and weights."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TOYS = Path(__file__).parent / "toys"
BENCHMARKS = """
from dataclasses import replace
from restora.datasets import BENCHMARKS
MINE = replace(BENCHMARKS["folders"], name="mine", title="Mine")
TWICE = replace(BENCHMARKS["folders"], title="The name that there is already")
"""
ENTRY_POINTS = """
[restora.networks]
two_scale = toy_restora.two_scale:ARCHITECTURE
wrong = toy_restora.two_scale:TwoScale
[restora.degradations]
vignetting = toy_restora.vignetting
missing = toy_restora.not_there
[restora.benchmarks]
mine = toy_restora.benchmarks:MINE
twice = toy_restora.benchmarks:TWICE
[restora.weights]
mine = toy_restora
"""
SEEN = """
import json, logging, torch
said = []
logging.getLogger("restora").addHandler(type("List", (logging.Handler,), {"emit": lambda self, r: said.append(r.getMessage())})())
import restora
from restora.checkpoints import save_weights, WeightsCard
from restora.checkpoints.tasks import weights_for_task
from restora.datasets import BENCHMARKS
from restora.degradations import find_preset
import toy_restora
network = restora.create_model("two_scale", "tiny")
card = WeightsCard(name="mine", task="dirt", architecture="two_scale", variant="tiny", config={"width": 4, "depth": 1},
                   parameters=sum(p.numel() for p in network.parameters()), precision="float32", licence="MIT",
                   description="For a test.", sha256="0" * 64)
save_weights(toy_restora.__path__[0], network.state_dict(), card)
print(json.dumps({
    "models": restora.list_models(), "kind": type(find_preset("vignetting/strong")).__name__,
    "benchmark": BENCHMARKS["mine"].title, "folders": BENCHMARKS["folders"].title,
    "weights": [card.name for card in restora.list_weights()],
    "loaded": type(restora.load_model("mine")).__name__, "task": weights_for_task("dirt"), "said": said,
}))
"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """What a process sees that has the package installed."""
    site = tmp_path_factory.mktemp("site")
    package, metadata = site / "toy_restora", site / "toy_restora-1.0.dist-info"
    package.mkdir()
    metadata.mkdir()
    (package / "__init__.py").touch()
    for name in ("two_scale.py", "vignetting.py"):
        shutil.copy(TOYS / name, package)
    (package / "benchmarks.py").write_text(BENCHMARKS)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-restora\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(ENTRY_POINTS)
    import restora

    path = os.pathsep.join([str(site), str(Path(restora.__file__).parent.parent)])
    done = subprocess.run(
        [sys.executable, "-c", SEEN], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path}
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_each_registry_knows_what_the_package_brings(seen):
    assert {"two_scale/base", "two_scale/tiny", "chair/tiny"} <= set(seen["models"])
    assert seen["kind"] == "Vignetting"
    assert seen["benchmark"] == "Mine"
    assert {"mine", "denoise-chair-tiny"} <= set(seen["weights"])
    assert seen["loaded"] == "TwoScale"
    assert seen["task"] == "mine"


def test_what_cannot_be_added_is_named_and_left_out(seen):
    assert seen["folders"] == "your own pairs"
    said = " ".join(seen["said"])
    assert len(seen["said"]) == 3
    for point, why in (
        ("restora.networks toy_restora.two_scale:TwoScale is left out", "AttributeError"),
        ("restora.degradations toy_restora.not_there is left out", "No module named 'toy_restora.not_there'"),
        (
            "restora.benchmarks toy_restora.benchmarks:TWICE is left out",
            "there is a benchmark 'folders' already",
        ),
    ):
        assert point in said
        assert why in said
