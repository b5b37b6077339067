from pathlib import Path

import pytest

from restora.degradations import GaussianNoise
from restora.errors import RestoraError
from restora.training.recipe import load_recipe


def test_settings_change_nested_values() -> None:
    recipe = load_recipe(
        "photos/denoise-laptop",
        [
            "stages.0.steps=7",
            "optimizer.learning_rate=5e-4",
            "data.photos=some/folder",
            "degradation.sigma=[5, 10]",
        ],
    )
    assert recipe.stages[0].steps == 7
    assert recipe.optimizer.learning_rate == 5e-4
    assert recipe.data.photos == Path("some/folder")
    assert recipe.degrade == GaussianNoise((5, 10))


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("optimizer.learnin_rate=1", "unknown key optimizer.learnin_rate, did you mean learning_rate?"),
        ("stages.0.steps=0", "stages.0.steps: Input should be greater than 0"),
        ("stages.9.steps=1", "--set stages.9.steps=1: stages.9.steps leads nowhere"),
        ("steps", "--set steps: write it as key=value"),
        ("degradation.kind=fog", "degradation: unknown kind fog; there are: haze, "),
        ("degradation.sigm=3", "degradation: unknown key of gaussian_noise sigm, did you mean sigma?"),
        ("degradation=null", "clean photographs need a degradation, such as noise/blind"),
        (
            "degradation=rain/hevy",
            "degradation: unknown preset rain/hevy; give one of rain/light, rain/heavy",
        ),
        ("data.workerz=2", "unknown key data.workerz, did you mean workers?"),
        (
            "data.degraded=folder",
            "data.degraded is for data of kind pairs, this recipe's are of kind photos; one's own pairs: restora train --pairs",
        ),
        ("data.root=folder", "data.root is for data of kind benchmark, this recipe's are of kind photos"),
        ("data.kind=picture", "data: Input tag 'picture'"),
        ("optimizer.schedule=cyclic", "optimizer: the cyclic schedule needs cycles"),
        ("validation.benchmark=rain100l", "validation: where does rain100l lie? give root"),
        ("seed=[", "is not a YAML value"),
    ],
)
def test_mistakes_are_explained(setting: str, words: str) -> None:
    with pytest.raises(RestoraError) as error:
        load_recipe("photos/denoise-laptop", [setting])
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_missing_and_malformed_files(tmp_path: Path) -> None:
    with pytest.raises(
        RestoraError, match=r"no such recipe; give a YAML file or one of: .*photos/denoise-laptop"
    ):
        load_recipe("nothing")
    (tmp_path / "a.yaml").write_text("a: [")
    with pytest.raises(RestoraError, match=r"a.yaml: cannot be read as YAML"):
        load_recipe(tmp_path / "a.yaml")
    (tmp_path / "b.yaml").write_text("- 1")
    with pytest.raises(RestoraError, match=r"b.yaml: a recipe is a mapping of keys to values, found list"):
        load_recipe(tmp_path / "b.yaml")
