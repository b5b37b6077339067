"""What is released: built, checked and run as a user would who never sees the sources."""

import importlib.util
import json
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

import restora

ROOT = Path(__file__).parent.parent


def script(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / f"release/{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """The folder that release.py fills; it exits with an error where a build or a check fails."""
    folder = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        [sys.executable, ROOT / "release/release.py", folder, "--quick"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_the_wheel_holds_what_belongs_to_it(released):
    with zipfile.ZipFile(next(released.glob("*.whl"))) as wheel:
        names = wheel.namelist()
    inside = [name for name in names if name.startswith("restora/")]
    for card in restora.list_weights():
        assert f"restora/weights/{card.name}.safetensors" in inside
    assert "restora/py.typed" in inside
    assert {Path(name).name for name in names if "/licenses/" in name} == {"LICENSE", "THIRD_PARTY.md"}
    assert any(name.endswith("share/man/man1/restora.1") for name in names)
    assert all(name.startswith("restora") for name in names)  # neither tests nor documentation


def test_the_source_archive_is_enough_to_test(released):
    with tarfile.open(next(released.glob("*.tar.gz"))) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {
        "pyproject.toml",
        "constraints.txt",
        "tests/conftest.py",
        "tests/test_release.py",
        "README.md",
    } <= names


def test_the_zip_application_runs(released, tmp_path):
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, released / "restora.pyz", "weights"],
        capture_output=True,
        text=True,
        env={**environment, "SHIV_ROOT": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    assert "denoise-chair-tiny" in done.stdout
    assert list(tmp_path.rglob("denoise-chair-tiny.safetensors"))  # it ran what it holds


def test_the_bill_is_of_the_wheel_and_its_weights():
    own = {"type": "library", "bom-ref": "restora==1", "name": "restora", "version": "1+g0"}
    own["externalReferences"] = [{"type": "distribution", "url": "file:///folder/restora.whl"}]
    numpy = {"type": "library", "bom-ref": "numpy==2", "name": "numpy", "version": "2"}
    numpy["externalReferences"] = [{"type": "website", "url": "https://numpy.org"}]
    bill: dict[str, Any] = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
    }
    bill |= {"specVersion": "1.6", "version": 1, "metadata": {}, "components": [own, numpy]}
    release = script("release")
    cards = [card.model_dump(mode="json") for card in restora.list_weights()]
    made = release.about_the_wheel(bill, cards)
    assert release.JsonStrictValidator(release.SchemaVersion.V1_6).validate_str(json.dumps(made)) is None
    assert [one["name"] for one in made["components"]] == ["numpy"]
    subject = made["metadata"]["component"]
    assert subject["purl"] == "pkg:pypi/restora@1%2Bg0"
    assert {one["name"] for one in subject["components"]} == {card["name"] for card in cards}
    assert all(one["licenses"] and one["hashes"] for one in subject["components"])
    assert "file:" not in json.dumps(made)
    assert numpy["externalReferences"]


def test_what_is_written_for_a_release_is_of_this_version():
    assert (ROOT / "release/restora.1").read_text() == script("man_page").manual(), (
        "python release/man_page.py"
    )
    page, fresh = (ROOT / "THIRD_PARTY.md").read_text(), script("third_party").page()
    # Packages may be installed in other versions, or not at all: their licences are not compared.
    kept, now = (
        [
            line.rpartition("|")[0].rpartition("|")[0] if "| restora" in line else line
            for line in text.splitlines()
        ]
        for text in (page, fresh)
    )
    assert kept == now, "python release/third_party.py"
