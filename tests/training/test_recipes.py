"""Every recipe that comes with restora: it loads, its network builds, and it trains on data of its layout."""

import json
import math
from functools import cache
from pathlib import Path

import pytest
import torch
from miniatures import MINIATURES, paint, save
from recipes import write_photos
from torch import nn

from restora.datasets import benchmark
from restora.networks import RestorationNetwork, create_model
from restora.training import Recipe, Report, Trainer, load_recipe
from restora.training.bundled import find_recipe, list_recipes
from restora.training.sections import BenchmarkData

RECIPES = list_recipes()

NARROW = {
    "chair": {"width": 4, "blocks": [1, 1, 1]},
    "dinat_ir": {"width": 4, "blocks": [1, 1, 1, 1], "refinement_blocks": 1, "heads": [1, 1, 2, 4]},
    "kit": {"width": 8, "blocks": [1, 1, 1, 1]},
    "derestormer": {"width": 4, "blocks": [1, 1, 1], "kernels": [3, 3, 3]},
}
"""The least of each network, with all of its parts."""


@pytest.mark.parametrize("name", RECIPES)
def test_its_network_builds_in_full_size(name: str) -> None:
    recipe = load_recipe(name)
    assert recipe.model.overrides.keys() <= {"rounds"}  # what changes a parameter is a variant
    model = in_full_size(recipe.model.architecture, recipe.model.variant, *recipe.model.overrides.items())
    assert all(parameter.is_meta for parameter in model.parameters())
    several = type(model).forward_scales is not RestorationNetwork.forward_scales  # type: ignore[attr-defined]
    assert len(recipe.scale_weights) == (3 if several else 1)
    assert all(stage.patch % model.requirements.multiple == 0 for stage in recipe.stages)
    assert all(stage.patch >= model.requirements.min_size for stage in recipe.stages)


@cache
def in_full_size(architecture: str, variant: str, *overrides: tuple[str, object]) -> nn.Module:
    with torch.device("meta"):
        return create_model(architecture, variant, **dict(overrides))


@pytest.mark.parametrize("name", RECIPES)
def test_it_trains_on_a_miniature_of_its_data(name: str, tmp_path: Path) -> None:
    recipe = small(name, tmp_path / "data")
    reports: list[Report] = []
    trainer = Trainer(recipe, tmp_path / "run", report=reports.append, report_every=1)
    before = {key: value.clone() for key, value in trainer.network.state_dict().items()}
    assert trainer.run()
    assert [report.step for report in reports] == list(range(1, recipe.steps + 1))
    assert all(math.isfinite(report.loss) for report in reports)
    assert any(not torch.equal(value, before[key]) for key, value in trainer.network.state_dict().items())
    assert (tmp_path / "run/last.pt").is_file()


def small(name: str, data: Path) -> Recipe:
    """Load a recipe with a narrow network, two steps a stage, small crops, and with data written into a folder."""
    recipe = load_recipe(name)
    stages = range(len(recipe.stages))
    return load_recipe(
        name,
        [
            f"model.overrides={json.dumps(NARROW[recipe.model.architecture])}",
            *(f"stages.{stage}.{key}" for stage in stages for key in ("steps=2", "patch=32", "batch=2")),
            "data.workers=0",
            "compile=false",
            "precision=float32",  # half precision is emulated on most CPUs, slowly
            *write_data(recipe, data),
        ],
    )


def write_data(recipe: Recipe, folder: Path) -> list[str]:
    """Write what the recipe trains on; return the settings that say where."""
    data = recipe.data
    if not isinstance(data, BenchmarkData):
        return [f"data.photos={write_photos(folder, 2)}"]
    if data.variant == "dual":
        for number in "12":
            for view, gray in (("l", 100), ("r", 110)):
                save(folder / f"DPDD/train_{view}/source/{number}.png", paint((12, 8), gray, 16))
            save(folder / f"DPDD/train_c/target/{number}.png", paint((12, 8), 90, 16))
    else:
        usual = (data.variant, None) if data.variant else (*benchmark(data.benchmark).variants[:1], None)
        next(
            mini
            for mini in MINIATURES
            if (mini.benchmark, mini.split) == (data.benchmark, data.split) and mini.variant in usual
        ).build(folder)
    return [f"data.root={folder}"]


def test_names_of_runs_tell_recipes_apart() -> None:
    names = [load_recipe(name).name for name in RECIPES]
    assert len(set(names)) == len(names)
    assert all(find_recipe(name) == find_recipe(recipe) for name, recipe in zip(names, RECIPES, strict=True))


@pytest.mark.parametrize("size", ["laptop", "gpu", "gpu-day"])
def test_our_own_recipes_keep_some_images_clean(size: str) -> None:
    for name in RECIPES:
        if not (name.startswith("photos/") and name.endswith(f"-{size}")):
            continue
        recipe = load_recipe(name)
        assert recipe.degrade is not None
        clean = torch.rand(48, 3, 32, 32, generator=torch.Generator().manual_seed(1))
        degraded = recipe.degrade(clean, torch.Generator().manual_seed(0))
        views = clean.repeat(1, degraded.shape[1] // 3, 1, 1)
        changes = (degraded - views).abs().mean((1, 2, 3)) * 255
        assert float(changes.min()) < 1.5, name  # noise of any strength from none
        assert float(changes.median()) > 3, name
