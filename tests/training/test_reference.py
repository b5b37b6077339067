from pathlib import Path

import pytest

from restora.degradations import DEGRADATIONS, all_presets
from restora.training.losses import LOSSES
from restora.training.recipe import sections
from restora.training.reference import recipe_reference
from restora.training.sections import AnyData, Section

PAGE = Path(__file__).parents[2] / "docs/recipe-reference.md"


@pytest.fixture(scope="module")
def page() -> str:
    return recipe_reference()


def test_the_committed_page_is_current(page: str) -> None:
    assert PAGE.read_text(encoding="utf-8") == page, "restora recipes reference > docs/recipe-reference.md"


def test_nothing_is_left_out(page: str) -> None:
    parts = {part for base in (Section, AnyData) for part in base.__subclasses__()} - {AnyData}
    assert set(sections().values()) == parts
    assert all(f"| `{name}` |" in page for section in parts for name in section.model_fields)
    assert all(f"### kind: {kind}\n" in page for kind in DEGRADATIONS)
    assert all(f"| `{kind}` | `{made.__name__}` |" in page for kind, made in DEGRADATIONS.items())
    assert all(f"| `{name}` |" in page for name in LOSSES)
    assert all(f"| `{name}` |" in page for name in all_presets())


@pytest.mark.parametrize(
    "row",
    [
        "| `ema` | number | `0.999` | at least 0, below 1 | decay of the moving average of the weights; 0 for none |",
        "| `clip` | number or none | `1.0` | above 0 | largest 2-norm of the gradient, or none |",
        "| `steps` | whole number | must be given | above 0 | optimiser steps |",
        "| `sigma` | [number, number] | `[0.0, 50.0]` | at least 0 | Lowest and highest standard deviation in grey levels of 255. |",
        "| `kind` | `adamw` or `adam` or `muon` | `adamw` |  | AdamW, Adam without weight decay, or Muon for matrices and AdamW for the rest |",
    ],
)
def test_a_row_has_type_default_range_and_description(page: str, row: str) -> None:
    assert row in page.splitlines()


def test_every_key_and_every_field_is_described(page: str) -> None:
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert [row for row in rows if row.endswith("|  |")] == []
