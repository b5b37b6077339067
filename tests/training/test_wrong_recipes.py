"""Recipes that must be refused in one line when they are read, before anything is built or trained."""

import re
from pathlib import Path

import pytest
from models import TINY
from pydantic import ValidationError
from recipes import CHAIR, miniature, write_photos

from restora.errors import RestoraError
from restora.networks import create_model
from restora.training import load_recipe

RECIPE = """
name: small
task: denoise
model: {architecture: chair, variant: tiny}
degradation: noise/blind
losses: [{kind: l1}]
scale_weights: [1, 1, 1]
stages: [{steps: 4, patch: 16, batch: 4}]
"""


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("seed=-1", "seed: Input should be greater than or equal to 0"),
        ("seed=99999999999999999999", "seed: Input should be less than"),
        ("stages.0.patch=7", "stages.0.patch: ChaIR takes multiples of 4 from 8 on, got 7"),
        ("stages.0.patch=4", "stages.0.patch: ChaIR takes multiples of 4 from 8 on, got 4"),
        ("stages.0.patch=1000000", "stages.0.patch: Input should be less than or equal to 4096"),
        (
            "stages.0.batch=1",
            "stages.0.batch: 1 cannot be computed in accumulate: 1 equal parts of at least 2",
        ),
        ("stages.0.batch=1000000000", "stages.0.batch: Input should be less than"),
        ("accumulate=3", "stages.0.batch: 4 cannot be computed in accumulate: 3 equal parts"),
        (
            "accumulate=4",
            "4 cannot be computed in accumulate: 4 equal parts of at least 2, which ChaIR needs",
        ),
        ("scale_weights=[1]", "scale_weights: ChaIR is supervised at 3 scales and needs a weight for each"),
        ("scale_weights=[0, 0, 0]", "scale_weights: ChaIR is supervised at 3 scales"),
        ("scale_weights=[-1, 1, 1]", "scale_weights.0: Input should be greater than or equal to 0"),
        ("optimizer.betas=[2, 2]", "optimizer.betas.0: Input should be less than 1"),
        ("optimizer.betas=[0.9, -1]", "optimizer.betas.1: Input should be greater than or equal to 0"),
        ("optimizer.learning_rate=.inf", "optimizer.learning_rate: Input should be a finite number"),
        ("optimizer.clip=.nan", "optimizer.clip: Input should be a finite number"),
        ("losses.0.weight=.inf", "losses.0.weight: Input should be a finite number"),
        ("explosion=.inf", "explosion: Input should be a finite number"),
        ("optimizer.milestones=[-1]", "optimizer.milestones.0: Input should be greater than 0"),
        ("data.workers=1000000", "data.workers: Input should be less than or equal to 256"),
        ("model.architecture=nosuch", "model: unknown architecture 'nosuch'"),
        ("model.variant=nosuch", "model: unknown variant 'nosuch'"),
        ("model.overrides={width: x}", "model: ChaIR: width Input should be a valid integer"),
        ("model.overrides={width: 100000000}", "is beyond what restora builds"),
        ("model.overrides={nosuch: 1}", "model: ChaIR has no hyper-parameter nosuch"),
        ('task="\\e[31m"', "task: String should match"),
        ("name=" + "x" * 300, "name: String should have at most 100 characters"),
        ("degradation=noise/inf", "degradation: unknown preset noise/inf"),
    ],
)
def test_settings_that_no_training_can_follow(tmp_path: Path, setting: str, words: str) -> None:
    (tmp_path / "small.yaml").write_text(RECIPE)
    load_recipe(tmp_path / "small.yaml")
    with pytest.raises(RestoraError) as refused:
        load_recipe(tmp_path / "small.yaml", [setting])
    assert re.search(words, str(refused.value))
    assert str(refused.value).startswith(str(tmp_path / "small.yaml"))
    assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("seed: 1\nseed: 2", "the key seed stands there twice .*line 10"),
        ("data: {photos: a, photos: b}", "the key photos stands there twice"),
        ("data: " + "[" * 50_000, "values are nested too deeply"),
        ("data: " + "[" * 100 + "]" * 100, "more than 20 within one another"),
        ("a: &a [1, 2]\ndata: " + "{b: " * 8 + "*a" + "}" * 8, "unknown key a"),
        ("data: &a [*a]", "more than 20 within one another"),
        ("".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" if i else "a0: &a0 [x]\n" for i in range(9)), "more than 10,000 values"),
        ("data: !!python/object:os.system {}", "could not determine a constructor"),
        ("seed: " + "9" * 5000, "cannot be read as YAML: Exceeds the limit"),
        ("# " + "x" * 200_000, "has 200,.* characters"),
        ("when: 2026-99-99", "cannot be read as YAML: month must be in"),
    ],
)  # fmt: skip
def test_yaml_that_says_one_thing_and_means_another(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "small.yaml").write_text(RECIPE + text)
    with pytest.raises(RestoraError, match=words):
        load_recipe(tmp_path / "small.yaml")


@pytest.mark.parametrize("value", ["[" * 50_000, "{a: 1, a: 2}", "9" * 5000, "&a [*a]"])
def test_settings_are_read_as_strictly(tmp_path: Path, value: str) -> None:
    (tmp_path / "small.yaml").write_text(RECIPE)
    with pytest.raises(RestoraError, match=r"--set seed=.* is not a YAML value \("):
        load_recipe(tmp_path / "small.yaml", [f"seed={value}"])


def test_anchors_are_followed(tmp_path: Path) -> None:
    text = RECIPE.replace("stages: [", "stages: [&first ").rstrip("\n]") + ", {<<: *first, patch: 32}]"
    (tmp_path / "small.yaml").write_text(text)
    stages = load_recipe(tmp_path / "small.yaml").stages
    assert [(stage.steps, stage.patch) for stage in stages] == [(4, 16), (4, 32)]


@pytest.mark.parametrize("name", TINY)
def test_networks_say_how_many_scales_and_images_they_train_with(toy_network: None, name: str) -> None:
    import torch

    network = create_model(*name.split("/")).train()
    needs = network.requirements
    x = torch.rand(needs.min_batch, needs.in_channels, needs.min_size, needs.min_size)
    assert len(network.forward_scales(x)) == needs.scales
    if needs.min_batch > 1:
        with pytest.raises(ValueError, match="more than 1 value per channel"):
            network.forward_scales(x[: needs.min_batch - 1])


def test_python_recipes_are_checked_as_well(tmp_path: Path) -> None:
    photos = write_photos(tmp_path / "photos")
    with pytest.raises(ValidationError, match="takes multiples of 4"):
        miniature(photos, stages=[{"steps": 1, "patch": 7, "batch": 4}])
    assert miniature(photos, model=CHAIR).model.overrides["width"] == 4
