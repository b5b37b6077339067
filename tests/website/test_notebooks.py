"""Notebooks run from top to bottom, at the size of a toy."""

from pathlib import Path
from typing import Any

import pytest

jupytext = pytest.importorskip("jupytext", reason="restora[docs]")

ROOT = Path(__file__).parents[2]
TOYS: dict[str, dict[str, Any]] = {
    "restore_a_photograph": {},
    "train_on_your_pairs": {"STEPS": 2, "PATCH": 32, "BATCH": 2, "SIDE": 64},
    "papers_table": {"SIDE": 64},
    "compare_fairly": {"SIDE": 64},
    "what_networks_look_at": {"SIDE": 48, "POINT": (24, 24)},
}


def run(name: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """Run the cells of a notebook; parameters replace those of its cell that is marked so."""
    names: dict[str, Any] = {}
    marked = 0
    for number, cell in enumerate(jupytext.read(ROOT / f"examples/notebooks/{name}.py").cells):
        if cell.cell_type == "code":
            exec(compile(cell.source, f"{name}, cell {number}", "exec"), names)
            if "parameters" in cell.metadata.get("tags", ()):
                marked += 1
                assert set(parameters) <= set(names), "the notebook has no such parameter"
                names |= parameters
    assert marked == 1
    return names


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, with the example as small as a toy."""
    from restora.images import Photograph, read

    monkeypatch.chdir(tmp_path)
    (tmp_path / "examples").mkdir()
    pixels = read(ROOT / "examples/colosseum-noisy.png").pixels
    Photograph(pixels[:260, 200:510]).save(tmp_path / "examples/colosseum-noisy.png")
    return tmp_path


def test_every_notebook_is_run() -> None:
    assert {path.stem for path in (ROOT / "examples/notebooks").glob("*.py")} == set(TOYS)


def test_restore_a_photograph(example: Path) -> None:
    names = run("restore_a_photograph", TOYS["restore_a_photograph"])
    assert "noise" in names["diagnosis"].found
    assert abs(names["change"] - names["diagnosis"].noise_level) < 8
    assert (example / "colosseum-restored.png").is_file()


def test_train_on_your_pairs(example: Path) -> None:
    names = run("train_on_your_pairs", TOYS["train_on_your_pairs"])
    assert names["trainer"].step == 2
    assert names["weights"].with_suffix(".json").is_file()
    assert names["restored"].pixels.shape == names["wanted"].pixels.shape


def test_papers_table(example: Path) -> None:
    names = run("papers_table", TOYS["papers_table"])
    before, after = (one.means["psnr"] for one in names["evaluations"])
    assert after > before
    assert names["found"].architecture == "chair"


def test_compare_fairly(example: Path) -> None:
    names = run("compare_fairly", TOYS["compare_fairly"])
    assert names["found"]["blind"].means["psnr"] > names["found"]["as it is"].means["psnr"] + 3
    assert names["gain"].images == 6


def test_what_networks_look_at(example: Path) -> None:
    names = run("what_networks_look_at", TOYS["what_networks_look_at"])
    assert names["field"].shape == (48, 48)
    assert names["field"].argmax() == 24 * 48 + 24
