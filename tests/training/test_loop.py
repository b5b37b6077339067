"""The loop on miniature photographs: it learns, resumes exactly, stops cleanly."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from PIL import Image
from recipes import miniature

from restora.checkpoints import load_model
from restora.errors import RestoraError
from restora.training import Report, Trainer
from restora.training.checkpoint import load_checkpoint
from restora.training.export import crops_seen, export_weights
from restora.training.validation import open_validation


def weights(folder: Path) -> dict[str, torch.Tensor]:
    checkpoint = load_checkpoint(folder / "last.pt")
    averages = {f"ema.{name}": value for name, value in checkpoint.ema.items()}
    return {**checkpoint.network, **averages}


def test_learns_and_exports_weights_that_load(photos: Path, tmp_path: Path) -> None:
    reports: list[Report] = []
    plan = miniature(
        photos,
        stages=[{"steps": 120, "patch": 16, "batch": 8}],
        optimizer={"learning_rate": 1e-2, "warmup": 5},
        validation={"photos": str(photos), "degradation": "noise/50", "every": 60, "side": 48, "samples": 2},
        ema=0.9,
    )
    trainer = Trainer(plan, tmp_path, report=reports.append, report_every=40)
    validation = open_validation(plan)
    before = validation.score(trainer.averaged_network())
    assert trainer.run()
    assert [report.step for report in reports][-1] == 120
    assert reports[-1].score is not None
    assert reports[-1].score > before + 1
    assert reports[-1].error < reports[0].error
    assert sorted(path.name for path in (tmp_path / "samples").iterdir()) == ["0.png", "1.png"]
    assert Image.open(tmp_path / "samples/0.png").size == (3 * 48, 48)
    best = load_checkpoint(tmp_path / "best.pt")
    assert best.best == max(report.score for report in reports if report.score is not None)
    model = load_model(export_weights(trainer))
    assert model.card.images_seen == 960
    assert model.card.steps == 120
    assert validation.score(model) == pytest.approx(reports[-1].score, abs=0.05)


def test_a_resumed_run_ends_with_the_same_weights(photos: Path, tmp_path: Path) -> None:
    whole = Trainer(miniature(photos), tmp_path / "whole")
    assert whole.run()
    piece = Trainer(miniature(photos), tmp_path / "pieces", report_every=1)
    piece.report = lambda report: os.kill(os.getpid(), signal.SIGINT) if report.step == 13 else None
    assert not piece.run()
    assert piece.step == 13
    rest = Trainer(miniature(photos), tmp_path / "pieces")
    rest.resume()
    assert rest.run()
    expected, got = weights(tmp_path / "whole"), weights(tmp_path / "pieces")
    assert expected.keys() == got.keys()
    assert all(torch.equal(expected[name], got[name]) for name in expected)


def test_a_killed_run_resumes_to_the_same_weights(photos: Path, tmp_path: Path) -> None:
    plan = miniature(photos, stages=[{"steps": 200, "patch": 16, "batch": 2}], save_every=20)
    (tmp_path / "plan.json").write_text(plan.model_dump_json())
    program = """
import sys, torch
from pathlib import Path
from restora.training import Recipe, Trainer
torch.set_num_threads(1)
folder = Path(sys.argv[1])
trainer = Trainer(Recipe.model_validate_json((folder / "plan.json").read_text()), folder / sys.argv[2])
if (folder / sys.argv[2] / "last.pt").exists():
    trainer.resume()
trainer.run()
"""
    command = [sys.executable, "-c", program, str(tmp_path)]
    victim = subprocess.Popen([*command, "killed"])
    deadline = time.monotonic() + 120
    while not (tmp_path / "killed/last.pt").exists():
        assert time.monotonic() < deadline
        assert victim.poll() is None
        time.sleep(0.02)
    victim.kill()
    victim.wait()
    assert load_checkpoint(tmp_path / "killed/last.pt").step < 200
    subprocess.run([*command, "killed"], check=True)
    subprocess.run([*command, "whole"], check=True)
    expected, got = weights(tmp_path / "whole"), weights(tmp_path / "killed")
    assert load_checkpoint(tmp_path / "killed/last.pt").step == 200
    assert all(torch.equal(expected[name], got[name]) for name in expected)


def test_a_loss_that_explodes_stops_and_keeps_the_last_good_checkpoint(photos: Path, tmp_path: Path) -> None:
    trainer = Trainer(miniature(photos), tmp_path, report_every=5)

    def poison(report: Report) -> None:
        if report.step == 15:
            with torch.no_grad():
                next(trainer.network.parameters()).fill_(float("nan"))

    trainer.report = poison
    with pytest.raises(RestoraError, match=r"the loss is nan in step 16; the last good checkpoint is kept"):
        trainer.run()
    assert load_checkpoint(tmp_path / "last.pt").step == 10


def test_other_networks_and_missing_runs_are_refused(photos: Path, tmp_path: Path) -> None:
    with pytest.raises(RestoraError, match="no checkpoint to resume from"):
        Trainer(miniature(photos), tmp_path).resume()
    first = Trainer(miniature(photos), tmp_path)
    first.save()
    other = miniature(photos, model={"architecture": "chair", "variant": "tiny"})
    with pytest.raises(RestoraError, match="the run there trains another network"):
        Trainer(other, tmp_path).resume()
    (tmp_path / "last.pt").write_bytes(b"no checkpoint")
    with pytest.raises(RestoraError, match="not a training checkpoint"):
        first.resume()
    with pytest.raises(RestoraError, match="names no photographs"):
        Trainer(miniature(photos, data={}), tmp_path).run()


def test_the_log_has_a_line_for_each_report(photos: Path, tmp_path: Path) -> None:
    trainer = Trainer(miniature(photos), tmp_path, report_every=8)
    trainer.run()
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    # every 8 steps and at every checkpoint
    assert [line["step"] for line in lines] == [8, 10, 16, 20, 24, 30]
    assert all(line["loss"] < 0 and line["seconds_per_step"] > 0 for line in lines)
    assert crops_seen(trainer.recipe, 27) == 24 * 4 + 3 * 2
