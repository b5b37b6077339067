"""A new degradation and a new loss: one file each and one line, its import; everything else follows."""

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch
from contracts import check_degradation, check_loss, examples
from recipes import miniature

from restora.commands.degrade import degrade
from restora.degradations import DEGRADATIONS, gallery
from restora.errors import RestoraError
from restora.images import Photograph, read, write
from restora.training import Trainer, load_recipe
from restora.training.losses import LOSSES
from restora.training.reference import recipe_reference


@pytest.fixture
def vignetting() -> Iterator[None]:
    import_module("toys.vignetting")
    yield
    del DEGRADATIONS["vignetting"], sys.modules["toys.vignetting"]


@pytest.fixture
def gradient_loss() -> Iterator[None]:
    import_module("toys.gradient_loss")
    yield
    del LOSSES["gradient"], sys.modules["toys.gradient_loss"]


def test_without_its_line_a_degradation_is_unknown(photos: Path) -> None:
    with pytest.raises(RestoraError, match="unknown kind vignetting"):
        load_recipe("photos/denoise-laptop", ["degradation={kind: vignetting}"])
    with pytest.raises(RestoraError, match="unknown preset vignetting/strong"):
        degrade(photos / "0.png", apply=["vignetting/strong"])
    assert "vignetting" not in recipe_reference()


@pytest.mark.usefixtures("vignetting")
def test_recipes_know_a_new_degradation(photos: Path, tmp_path: Path) -> None:
    recipe = load_recipe("photos/denoise-laptop", ["degradation={kind: vignetting, strength: [0.1, 0.2]}"])
    assert recipe.degrade == DEGRADATIONS["vignetting"](strength=(0.1, 0.2))
    for description, words in (
        ("{kind: vignetting, strength: [0, 2]}", "vignetting: strength must be two numbers with 0 <= low"),
        ("{kind: vignetting, strenght: 1}", "did you mean strength?"),
        ("vignetting/weak", "give one of vignetting/strong"),
    ):
        with pytest.raises(RestoraError) as error:
            load_recipe("photos/denoise-laptop", [f"degradation={description}"])
        assert words in str(error.value)
    stages = [{"steps": 1, "patch": 16, "batch": 2}]
    assert Trainer(miniature(photos, degradation="vignetting/strong", stages=stages), tmp_path).run()


@pytest.mark.usefixtures("vignetting")
def test_the_command_line_applies_a_new_degradation(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo = write(tmp_path / "photo.png", Photograph(np.full((20, 30, 3), 200, np.uint8)))
    degrade(photo, apply=["vignetting/strong", "jpeg/90"], output=tmp_path / "dark.png")
    assert "vignetting/strong: strength 0." in capsys.readouterr().err
    pixels = read(tmp_path / "dark.png").pixels
    assert pixels[0, 0].mean() < 100 < 180 < pixels[10, 15].mean()


@pytest.mark.usefixtures("vignetting")
def test_the_gallery_shows_a_new_degradation(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = []
    monkeypatch.setattr(gallery, "TILE", (24, 32))
    monkeypatch.setattr(gallery, "_lettered", lambda caption: shown.append(caption) or torch.ones(3, 26, 32))
    gallery.gallery(torch.rand(3, 24, 32))
    assert shown.count("vignetting strong") == 1


@pytest.mark.usefixtures("vignetting")
def test_the_reference_describes_a_new_degradation() -> None:
    page = recipe_reference().splitlines()
    for line in (
        "### kind: vignetting",
        "| `vignetting` | `Vignetting` | `vignetting/strong` |",
        "| `strength` | [number, number] | `[0.1, 0.5]` | at least 0, at most 1 | Share of the light that the corners lose. |",
        "| `vignetting/strong` | `{kind: vignetting, strength: [0.6, 0.8]}` |",
    ):
        assert line in page


@pytest.mark.usefixtures("vignetting")
def test_the_contract_covers_a_new_degradation(monkeypatch: pytest.MonkeyPatch) -> None:
    (strong,) = examples("vignetting")
    check_degradation(strong)
    monkeypatch.setattr(type(strong), "keeps_gray", False)
    with pytest.raises(AssertionError):
        check_degradation(strong)


@pytest.mark.usefixtures("gradient_loss")
def test_a_new_loss_is_trained_documented_and_checked(photos: Path, tmp_path: Path) -> None:
    stages = [{"steps": 1, "patch": 16, "batch": 2}]
    recipe = miniature(photos, losses=[{"kind": "gradient", "weight": 2}], stages=stages)
    assert Trainer(recipe, tmp_path).run()
    page = recipe_reference()
    assert (
        "| `gradient` | Mean absolute error of the images and of their differences between neighbours. |"
        in page
    )
    assert "or `gradient` | must be given" in page
    check_loss("gradient")


def test_without_its_line_a_loss_is_unknown_and_a_name_is_taken_once() -> None:
    with pytest.raises(RestoraError, match=r"losses.0.kind: unknown loss gradient; there are: l1, "):
        load_recipe("photos/denoise-laptop", ["losses=[{kind: gradient}]"])
    with pytest.raises(RestoraError, match=r"unknown loss l, did you mean l1\?"):
        load_recipe("photos/denoise-laptop", ["losses=[{kind: l}]"])
    with pytest.raises(RestoraError, match=r"targets: unknown targets pyramids, did you mean pyramid\?"):
        load_recipe("photos/denoise-laptop", ["targets=pyramids"])


@pytest.mark.usefixtures("gradient_loss")
def test_a_name_belongs_to_one_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "toys.gradient_loss")
    with pytest.raises(ValueError, match="gradient is gradient_loss already"):
        import_module("toys.gradient_loss")
