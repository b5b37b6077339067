"""The site, built once for all tests, whichever workers they run in."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "website"), str(ROOT / "benchmarks")]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site strictly: no warning, no dead link."""
    pytest.importorskip("mkdocs", reason="restora[docs]")
    base = tmp_path_factory.getbasetemp()
    folder = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    place, said = folder / "site", folder / "site.txt"
    with FileLock(folder / "site.lock"):
        if not said.exists():
            done = subprocess.run(
                [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", place],
                cwd=ROOT,
                env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
                capture_output=True,
                text=True,
                check=False,
            )
            said.write_text(done.stderr if done.returncode else "")
    assert said.read_text() == ""
    return place
