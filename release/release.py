"""Build what is released, and check it: wheel, source archive, zip application, bill of materials.

    git tag v0.2.0
    python release/release.py dist

In the folder, afterwards: the wheel and the source archive, each built twice to the same bytes, with metadata that an index takes
(twine) and nothing in the wheel that does not belong there (check-wheel-contents); restora.pyz, the wheel as one file that runs beside
the packages it needs (shiv); restora.cdx.json, which names the wheel, the weights in it and every package that it brings into a fresh
environment, with version and licence (CycloneDX, validated). --quick leaves out the environment, which takes minutes and a gigabyte.

The version comes from git's tags (hatch-vcs); without one it is a development version.
"""

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

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
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
        python = str(Path(folder, "bin/python"))
        constraints = str(ROOT / "constraints.txt")
        _run("pip", "--python", python, "install", "-q", "-c", constraints, str(wheel))
        _run("cyclonedx_py", "environment", "--output-reproducible", "-o", str(path), python)
    bill = json.loads(path.read_text(encoding="utf-8"))
    with zipfile.ZipFile(wheel) as opened:
        names = [
            name
            for name in opened.namelist()
            if re.fullmatch(r"restora/(?:diagnosis/)?weights/[^/]+\.json", name)
        ]
        cards = [json.loads(opened.read(name)) for name in names]
    path.write_text(json.dumps(about_the_wheel(bill, cards), indent=2), encoding="utf-8")
    problem = JsonStrictValidator(SchemaVersion.V1_6).validate_str(path.read_text(encoding="utf-8"))
    if problem:
        raise SystemExit(f"{path.name} is no CycloneDX 1.6: {problem}")


def about_the_wheel(bill: dict[str, Any], cards: list[dict[str, Any]]) -> dict[str, Any]:
    """Make an environment's bill one of the wheel: it is what the bill is of, its weights are named, folders are not.

    Args:
        bill: CycloneDX, of an environment with restora.
        cards: Of the weights in the wheel.
    """
    for one in bill["components"]:
        found = one.pop("externalReferences", [])
        if elsewhere := [reference for reference in found if not reference["url"].startswith("file:")]:
            one["externalReferences"] = elsewhere
    own = next(one for one in bill["components"] if one["name"] == "restora")
    weights = [
        {
            "type": "machine-learning-model",
            "bom-ref": f"weights/{card['name']}",
            "name": card["name"],
            "version": own["version"],
            "description": card["description"],
            "licenses": [{"license": {"id": card["licence"]}}],
            "hashes": [{"alg": "SHA-256", "content": card["sha256"]}],
        }
        for card in cards
    ]
    packages = [one for one in bill["components"] if one is not own]
    purl = f"pkg:pypi/restora@{quote(own['version'])}"
    bill["metadata"]["component"] = {**own, "purl": purl, "components": weights}
    return {**bill, "components": packages}


def _run(module: str, *arguments: str) -> None:
    print(module, *arguments, flush=True)
    subprocess.run([sys.executable, "-m", module, *arguments], check=True)


def _checksums(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


if __name__ == "__main__":
    if shutil.which("git") is None:
        raise SystemExit("git is missing, which tells the version")
    main()
