"""What recipes may say of degradations."""

import re
from pathlib import Path

import pytest
import torch
import yaml

from restora.degradations import (
    DEGRADATIONS,
    Compose,
    GaussianNoise,
    Identity,
    JpegCompression,
    OneOf,
    Rain,
    all_presets,
)
from restora.training.described_degradation import describe


@pytest.mark.parametrize("name", all_presets())
def test_every_preset(name: str) -> None:
    assert describe(name) == all_presets()[name]


@pytest.mark.parametrize("kind", sorted(DEGRADATIONS.keys() - {"haze", "compose", "one_of", "part"}))
def test_every_kind_with_its_defaults(kind: str) -> None:
    assert describe({"kind": kind}) == DEGRADATIONS[kind]()


def test_fields_become_what_the_class_holds() -> None:
    rain = describe({"kind": "rain", "density": [1, 3], "blend": "screen", "scales": [1.0]})
    assert rain == Rain(density=(1.0, 3.0), blend="screen", scales=(1.0,))
    haze = describe({"kind": "haze", "beta": [0.5, 1], "airlight": [0.7, 1], "near": [0.5, 1], "far": [2, 4]})
    assert haze.sample(torch.rand(2, 3, 16, 16), torch.Generator()).degraded.shape == (2, 3, 16, 16)


def test_degradations_nest() -> None:
    found = describe(
        {
            "kind": "one_of",
            "parts": [
                {"kind": "compose", "steps": ["noise/25", {"kind": "jpeg", "quality": [30, 60]}]},
                {"kind": "identity"},
            ],
            "weights": [3, 1],
        }
    )
    saved = Compose((GaussianNoise((25, 25)), JpegCompression((30, 60))))
    assert found == OneOf((saved, Identity()), (3, 1))


def test_the_words_of_older_recipes_still_load() -> None:
    older = {
        "kind": "mixture",
        "parts": [{"kind": "chain", "steps": ["noise/25", "jpeg/30"]}, {"kind": "unchanged"}],
        "weights": [3, 1],
    }
    saved = Compose((GaussianNoise((25, 25)), JpegCompression((30, 30))))
    assert describe(older) == OneOf((saved, Identity()), (3, 1))


@pytest.mark.parametrize(
    ("description", "words"),
    [
        ("rain", "unknown preset rain"),
        ("rian/heavy", "did you mean rain/heavy?"),
        ({"kind": "jpg"}, "unknown kind jpg, did you mean jpeg?"),
        ({"sigma": 3}, 'a mapping with a key "kind"'),
        ({"kind": "jpeg", "quality": "much"}, "jpeg.quality: Input should be a valid tuple"),
        ({"kind": "jpeg", "quality": [0, 300]}, "jpeg: quality must be two whole numbers with 1 <= low"),
        ({"kind": "haze", "beta": [1, 2], "near": [0, 1]}, "haze needs airlight, far"),
        ({"kind": "snow", "layers": [{"radius": [0, 1], "coverage": [0, 1]}]}, "snow.layers.0: "),
        ({"kind": "compose"}, "compose needs steps"),
        ({"kind": "compose", "steps": 3}, "compose.steps must be a list of degradations, got 3"),
        ({"kind": "compose", "parts": []}, "unknown key of compose parts"),
        ({"kind": "one_of", "parts": ["noise/25"], "weight": [1]}, "did you mean weights?"),
    ],
)
def test_mistakes_are_explained(description: object, words: str) -> None:
    with pytest.raises(ValueError, match=r".") as error:
        describe(description)
    assert words in str(error.value)


def test_the_presets_that_the_manual_names_are_there_and_its_examples_are_recipes() -> None:
    page = (Path(__file__).parents[2] / "docs/degradations.md").read_text(encoding="utf-8")
    families = "|".join({made.family for made in DEGRADATIONS.values()} - {""})
    names = set(re.findall(rf"`((?:{families})/[a-z0-9.]+)`", page))
    assert {"rain/light", "motion/heavy", "noise/blind"} <= names
    for name in names:
        describe(name)
    examples = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert len(examples) >= 4
    for example in examples:
        describe(yaml.safe_load(example)["degradation"])
