"""The Dockerfile: what it names is there, and nobody works as root. Building it takes minutes and a network."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILE = ROOT / "integrations/docker/Dockerfile"


def test_its_extras_are_there():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (extras,) = re.findall(r"^ARG EXTRAS=(.+)$", FILE.read_text(), re.MULTILINE)
    assert set(extras.split(",")) <= set(project["optional-dependencies"])


@pytest.mark.slow
@pytest.mark.parametrize("version", ["", "9.8.7"])
def test_a_wheel_is_built_from_what_it_copies(tmp_path, version):
    for needed in ("build", "hatchling", "hatch_vcs"):
        pytest.importorskip(needed)
    taken = (FILE.parent / "Dockerfile.dockerignore").read_text()
    copied = " ".join(re.findall(r"^COPY (?!--)(.+) \S+$", FILE.read_text(), re.MULTILINE)).split()
    for source in copied:
        assert f"!{source}" in taken.splitlines()
        whole = shutil.copytree if (ROOT / source).is_dir() else shutil.copyfile
        whole(ROOT / source, tmp_path / source)
    environment = {**os.environ, "SETUPTOOLS_SCM_PRETEND_VERSION": version}
    command = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        tmp_path / "made",
        tmp_path,
    ]
    subprocess.run(command, check=True, env=environment, capture_output=True)
    (wheel,) = (tmp_path / "made").glob("restora-*.whl")
    assert wheel.name.startswith(f"restora-{version or '0.2.0.dev0'}-")


def test_nobody_is_root_and_weights_are_waited_for():
    text = FILE.read_text()
    assert re.findall(r"^USER (.+)$", text, re.MULTILINE) == ["10001"]
    assert text.index("USER") < text.index("ENTRYPOINT")
    assert "/ready" in text


@pytest.mark.slow
def test_a_linter_finds_nothing():
    if shutil.which("hadolint") is None:
        pytest.skip("needs hadolint")
    done = subprocess.run(["hadolint", FILE], capture_output=True, text=True, check=False)
    assert done.stdout == ""
