"""Short runs that differ in their learning rate alone."""

import math
from functools import partial
from pathlib import Path

import pytest
from recipes import miniature
from typer.testing import CliRunner

from restora.commands.app import app
from restora.errors import RestoraError
from restora.training import rate_finding
from restora.training.rate_finding import Attempt, best_attempt, find_rate


def test_a_sound_rate_beats_one_that_moves_nothing_and_one_that_breaks_everything(
    photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_finding, "FACTORS", (1e-4, 1.0, 3e4))
    recipe = miniature(photos, optimizer={"learning_rate": 1e-2, "warmup": 500, "clip": None}, ema=0)
    seen: list[Attempt] = []
    attempts = find_rate(recipe, steps=16, report=seen.append)
    assert seen == attempts
    assert [attempt.learning_rate for attempt in attempts] == pytest.approx([1e-6, 1e-2, 3e2])
    assert best_attempt(attempts).learning_rate == pytest.approx(1e-2)
    assert find_rate(recipe, steps=16)[:2] == attempts[:2]  # the same crops, the same start


def test_impossible_wishes_are_refused(photos: Path) -> None:
    with pytest.raises(RestoraError, match="16 steps or more, got 3"):
        find_rate(miniature(photos), steps=3)
    with pytest.raises(RestoraError, match="all runs diverged"):
        best_attempt([Attempt(1.0, math.inf)])


def test_the_command_names_the_setting(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_finding, "FACTORS", (0.5, 1.0))
    monkeypatch.setattr("restora.commands.train.find_rate", partial(find_rate, steps=16))
    recipe = tmp_path / "recipe.json"
    recipe.write_text(miniature(photos).model_dump_json())
    result = CliRunner().invoke(app, ["train", str(recipe), "--find-rate", "--run", str(tmp_path / "run")])
    assert result.exit_code == 0, result.output
    rates = [line for line in result.stdout.splitlines() if line.startswith("learning rate ")]
    assert [line.split(":")[0] for line in rates] == ["learning rate 1.50e-03", "learning rate 3.00e-03"]
    assert "--set optimizer.learning_rate=" in result.stdout
    assert not (tmp_path / "run").exists()
