"""Scores without a clean picture, with a stand-in for deepinv: the real one fetches its models."""

import re
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from restora.errors import RestoraError
from restora.metrics import NO_REFERENCE, PROTOCOLS, brisque, niqe, no_reference_metric

BRIGHT = np.full((96, 192, 3), 0.75, np.float32)


@pytest.fixture
def package(monkeypatch):
    """Notes how metrics are built and called; a score is the largest value."""
    calls = []

    def built(name):
        def build(**options):
            calls.append((name, options))

            def measure(x):
                calls.append((tuple(x.shape), x.dtype))
                return x.amax(dim=(1, 2, 3))

            return measure

        return build

    metric, loss, package = (
        ModuleType("deepinv.loss.metric"),
        ModuleType("deepinv.loss"),
        ModuleType("deepinv"),
    )
    metric.__dict__.update(NIQE=built("NIQE"), BRISQUE=built("BRISQUE"))
    loss.__dict__["metric"] = metric
    for module in (metric, loss, package):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    models().cache_clear()
    yield calls
    models().cache_clear()


def models():
    return sys.modules["restora.metrics.no_reference"]._model


def test_each_gets_the_range_that_its_model_knows(package):
    assert niqe(BRIGHT) == 0.75 * 255
    assert brisque(BRIGHT) == 0.75
    assert niqe(BRIGHT / 3) == 0.25 * 255
    shape = ((1, 3, 96, 192), torch.float64)
    precise = {"dtype": torch.float64}
    assert package == [("NIQE", precise), shape, ("BRISQUE", precise), shape, shape]


@pytest.mark.parametrize(
    ("metric", "shape", "message"),
    [
        (niqe, (191, 191, 3), r"NIQE needs two patches of 96 x 96 pixels, got 191 x 191"),
        (niqe, (95, 999, 3), r"NIQE needs two patches of 96 x 96 pixels, got 999 x 95"),
        (brisque, (31, 99, 3), r"BRISQUE needs 32 pixels a side, got 99 x 31"),
    ],
)
def test_what_is_too_small_is_refused(package, metric, shape, message):
    with pytest.raises(RestoraError, match=message):
        metric(np.zeros(shape))
    assert package == []


@pytest.mark.parametrize("metric", [niqe, brisque])
def test_a_missing_package_and_a_missing_model_are_named(monkeypatch, package, metric):
    def unreachable(**_):
        raise OSError("no route")

    for name in ("NIQE", "BRISQUE"):
        setattr(sys.modules["deepinv.loss.metric"], name, unreachable)
    with pytest.raises(RestoraError, match=r"the model cannot be fetched \(no route\); connect once"):
        metric(BRIGHT)
    monkeypatch.setitem(sys.modules, "deepinv.loss", None)
    with pytest.raises(RestoraError, match=r"pip install 'restora\[scores\]'"):
        metric(BRIGHT)


def test_unknown_scores_are_refused():
    with pytest.raises(RestoraError, match="unknown score 'psnr'; there are: niqe, brisque"):
        no_reference_metric("psnr")


def test_the_documented_metrics_of_ones_own_are_registered(monkeypatch):
    page = (Path(__file__).parents[2] / "docs/evaluation.md").read_text(encoding="utf-8")
    (code,) = [
        block for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "NO_REFERENCE[" in block
    ]
    monkeypatch.setattr(sys.modules["restora.metrics"], "NO_REFERENCE", dict(NO_REFERENCE))
    monkeypatch.setattr(sys.modules["restora.metrics"], "PROTOCOLS", dict(PROTOCOLS))
    names: dict[str, object] = {}
    exec(code, names)  # what the page shows
    registered = sys.modules["restora.metrics"]
    assert registered.NO_REFERENCE["flatness"](BRIGHT) == 0
    scores = registered.PROTOCOLS["worst-pixel"].scores(BRIGHT + 0.1, BRIGHT)
    assert scores["worst"] == pytest.approx(0.1, abs=1e-6)
