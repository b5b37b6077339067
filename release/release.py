"""Build what is released, and check it: wheel, source archive, zip application, bill of materials.

    git tag v0.2.0
    python release/release.py dist

In the folder, afterwards: the wheel and the source archive, each built twice to the same bytes, with metadata that an index takes
(twine) and nothing in the wheel that does not belong there (check-wheel-contents); restora.pyz, the wheel as one file that runs beside
the packages it needs (shiv); restora.cdx.json, which names every package of a fresh environment with the wheel, with version and
licence (CycloneDX). --quick leaves out the environment, which takes minutes and a gigabyte.

The version comes from git's tags (hatch-vcs); without one it is a development version.
"""

import argparse
import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("output", type=Path, help="folder; must be empty or new")
    parser.add_argument("--quick", action="store_true", help="no bill of materials")
    arguments = parser.parse_args()
    output: Path = arguments.output.resolve()
    if output.exists() and any(output.iterdir()):
        parser.error(f"{output} is not empty; choose another folder")
    with tempfile.TemporaryDirectory() as other:
        for folder in (output, Path(other)):
            _run("build", "--no-isolation", "--outdir", str(folder), str(ROOT))
        first, second = (_checksums(folder) for folder in (output, Path(other)))
    if first != second:
        raise SystemExit(f"two builds differ: {first} and {second}")
    wheel = next(output.glob("*.whl"))
    _run("twine", "check", "--strict", *map(str, sorted(output.iterdir())))
    _run("check_wheel_contents", str(wheel))
    _run("shiv.cli", "--no-deps", "-q", "-c", "restora", "-o", str(output / "restora.pyz"), str(wheel))
    if not arguments.quick:
        bill_of_materials(wheel, output / "restora.cdx.json")
    for name, checksum in _checksums(output).items():
        print(checksum, name)


def bill_of_materials(wheel: Path, path: Path) -> None:
    """Install the wheel into a fresh environment, with the versions that are tested, and list what is there."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        python = Path(folder, "bin/python")
        constraints = str(ROOT / "constraints.txt")
        subprocess.run([python, "-m", "pip", "install", "-q", "-c", constraints, wheel], check=True)
        _run("cyclonedx_py", "environment", "--output-reproducible", "-o", str(path), str(python))


def _run(module: str, *arguments: str) -> None:
    print(module, *arguments, flush=True)
    subprocess.run([sys.executable, "-m", module, *arguments], check=True)


def _checksums(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


if __name__ == "__main__":
    if shutil.which("git") is None:
        raise SystemExit("git is missing, which tells the version")
    main()
