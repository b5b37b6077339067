"""The folder for a Hugging Face Space: its program can be imported, and its front matter fits the versions that are pinned."""

import importlib.util
import os
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
SPACE = ROOT / "integrations/space"


def test_the_program_builds_the_page(monkeypatch, tmp_path):
    gradio = pytest.importorskip("gradio")
    monkeypatch.setitem(os.environ, "GRADIO_TEMP_DIR", str(tmp_path))
    spec = importlib.util.spec_from_file_location("space", SPACE / "app.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert isinstance(module.demo, gradio.Blocks)
    assert module.demo.analytics_enabled is False


def test_the_front_matter_names_the_program_and_the_version_that_is_pinned():
    front = yaml.safe_load((SPACE / "README.md").read_text().split("---")[1])
    assert (front["sdk"], front["app_file"]) == ("gradio", "app.py")
    assert f"gradio=={front['sdk_version']}" in (ROOT / "constraints.txt").read_text().splitlines()
    assert (SPACE / front["app_file"]).exists()
    assert len(front["short_description"]) <= 60
