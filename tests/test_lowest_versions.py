"""The lowest versions that pyproject.toml allows: restora runs with them, and so does the part of the tests that leans on them."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
EXTRAS = ("train", "fast", "benchmarks", "figures", "formats")
TOOLS = ("pytest", "pytest-xdist", "hypothesis", "scikit-image")
ROOMS = ("layers", "images", "datasets", "restoration", "checkpoints", "commands")


def lowest_versions() -> list[str]:
    """Return what is declared as NAME>=VERSION, as NAME==VERSION."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    tools = [one for one in extras["dev"] if one.partition(">=")[0] in TOOLS]
    declared = [*project["dependencies"], *(one for name in EXTRAS for one in extras[name]), *tools]
    return [one.replace(">=", "==") for one in declared]


@pytest.mark.slow
def test_the_lowest_versions_that_are_declared_are_enough(tmp_path: Path) -> None:
    """Installs some 4 GB from the package index, then runs for a quarter of an hour."""
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    python = tmp_path / "venv/bin/python"
    wanted = lowest_versions()
    subprocess.run([python, "-m", "pip", "install", "-q", "--only-binary", ":all:", *wanted], check=True)
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}

    def run(*arguments: str | Path) -> str:
        done = subprocess.run(
            [python, "-m", *arguments], capture_output=True, text=True, check=False, cwd=ROOT, env=environment
        )
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
        return done.stdout

    report = run("restora", "doctor")
    assert f"torch {next(one for one in wanted if one.startswith('torch==')).partition('==')[2]}" in report
    run(
        "restora", "restore", ROOT / "examples/colosseum-noisy.png", "-o", tmp_path / "clean.png", "--compare"
    )
    assert (tmp_path / "clean.png").is_file()
    run("pytest", *(f"tests/{room}" for room in ROOMS))
