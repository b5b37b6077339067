"""The loop on miniature photographs: it learns, resumes exactly, stops cleanly."""

import json
import logging
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from recipes import miniature

from restora.checkpoints import load_model
from restora.errors import RestoraError
from restora.networks import create_model
from restora.training import Report, Trainer
from restora.training.checkpoint import load_checkpoint
from restora.training.divergence import DivergenceWatch
from restora.training.export import crops_seen, export_weights
from restora.training.validation import open_validation


def weights(folder: Path) -> dict[str, torch.Tensor]:
    checkpoint = load_checkpoint(folder / "last.pt")
    averages = {f"ema.{name}": value for name, value in checkpoint.ema.items()}
    return {**checkpoint.network, **averages}


def assert_same_weights(first: Path, second: Path) -> None:
    expected, got = weights(first), weights(second)
    assert expected.keys() == got.keys()
    assert all(torch.equal(value, got[name]) for name, value in expected.items())


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
    before = np.mean(validation.scores(trainer.averaged_network()))
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
    assert np.mean(validation.scores(model)) == pytest.approx(reports[-1].score, abs=0.05)


KIT = {"architecture": "kit", "variant": "tiny", "overrides": {"width": 4, "blocks": [1, 1, 1, 1]}}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"optimizer": {"kind": "muon", "learning_rate": 5e-3, "adamw_learning_rate": 1e-3}},
        # draws rotations in training; a second stage with an optimiser of its own
        {
            "model": KIT,
            "scale_weights": [1],
            "stages": [
                {"steps": 12, "patch": 32, "batch": 2},
                {"steps": 4, "patch": 32, "batch": 2, "learning_rate": 1e-3},
            ],
        },
    ],
    ids=["chair", "muon", "kit"],
)
def test_a_resumed_run_ends_with_the_same_weights(
    photos: Path, tmp_path: Path, changes: dict[str, object]
) -> None:
    plan = miniature(photos, **changes)
    whole = Trainer(plan, tmp_path / "whole")
    assert whole.run()
    piece = Trainer(plan, tmp_path / "pieces", report_every=1)
    piece.report = lambda report: os.kill(os.getpid(), signal.SIGINT) if report.step == 10 else None
    assert not piece.run()
    assert piece.step == 11
    rest = Trainer(plan, tmp_path / "pieces")
    rest.resume()
    assert rest.run()
    assert_same_weights(tmp_path / "whole", tmp_path / "pieces")
    states = [(tmp_path / folder / "last.pt").read_bytes() for folder in ("whole", "pieces")]
    assert states[0] == states[1]


def test_the_scale_of_gradients_is_resumed(photos: Path, tmp_path: Path) -> None:
    def trainer(folder: str, scale: float) -> Trainer:
        made = Trainer(miniature(photos), tmp_path / folder, report_every=1)
        made.accelerator.scaler = torch.amp.GradScaler(
            "cpu", init_scale=scale, growth_interval=4
        )  # as float16 has it
        return made

    assert trainer("whole", 2.0**8).run()
    piece = trainer("pieces", 2.0**8)
    piece.report = lambda report: os.kill(os.getpid(), signal.SIGINT) if report.step == 9 else None
    assert not piece.run()
    half = load_checkpoint(tmp_path / "pieces/last.pt").scaler
    assert (half["scale"], half["_growth_tracker"]) == (2.0**10, 2)
    rest = trainer("pieces", 1.0)
    rest.resume()
    assert rest.run()
    ends = [load_checkpoint(tmp_path / folder / "last.pt").scaler for folder in ("whole", "pieces")]
    assert ends[0] == ends[1]
    assert ends[0]["scale"] == 2.0**15
    assert_same_weights(tmp_path / "whole", tmp_path / "pieces")


@pytest.mark.parametrize("steps", [24, pytest.param(200, marks=pytest.mark.slow)])
def test_a_killed_run_resumes_to_the_same_weights(photos: Path, tmp_path: Path, steps: int) -> None:
    plan = miniature(photos, stages=[{"steps": steps, "patch": 16, "batch": 2}], save_every=7)
    (tmp_path / "plan.json").write_text(plan.model_dump_json())
    program = """
import sys, torch
from pathlib import Path
from restora.training import Recipe, Trainer
torch.set_num_threads(1)
folder = Path(sys.argv[1])
plan = Recipe.model_validate_json((folder / "plan.json").read_text())
Trainer(plan, folder / "killed", report=lambda report: print(report.step, flush=True), report_every=1).run()
"""
    victim = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert victim.stdout is not None
    while int(victim.stdout.readline()) < steps // 2 + 3:
        pass
    victim.kill()
    assert victim.wait() == -signal.SIGKILL
    assert load_checkpoint(tmp_path / "killed/last.pt").step < steps
    rest = Trainer(plan, tmp_path / "killed")
    rest.resume()
    assert rest.run()
    assert Trainer(plan, tmp_path / "whole").run()
    assert load_checkpoint(tmp_path / "killed/last.pt").step == steps
    assert_same_weights(tmp_path / "whole", tmp_path / "killed")


@pytest.mark.parametrize("report_every", [5, 50])
def test_what_a_diverged_step_leaves_is_never_saved(photos: Path, tmp_path: Path, report_every: int) -> None:
    plan = miniature(photos, stages=[{"steps": 23, "patch": 16, "batch": 2}])
    trainer = Trainer(plan, tmp_path, report_every=report_every)
    taking = trainer._pairs

    def poisoned(*arguments: object) -> tuple[torch.Tensor, torch.Tensor]:
        degraded, clean = taking(*arguments)
        return degraded, clean * float("nan") if trainer.step == 21 else clean

    trainer._pairs = poisoned
    with pytest.raises(RestoraError, match="the loss is nan in step 22"):
        trainer.run()
    assert load_checkpoint(tmp_path / "last.pt").step == 20


def test_what_a_network_makes_of_a_diverged_step_is_explained(photos: Path, tmp_path: Path) -> None:
    trainer = Trainer(miniature(photos), tmp_path)
    taking = trainer._pairs

    def choking(*arguments: object) -> tuple[torch.Tensor, torch.Tensor]:
        if trainer.step == 3:
            raise IndexError("no number is no index")
        degraded, clean = taking(*arguments)
        return degraded, clean * float("nan") if trainer.step == 2 else clean

    trainer._pairs = choking
    with pytest.raises(RestoraError, match="the loss is nan in step 3"):
        trainer.run()


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


def test_weights_that_are_no_numbers_are_not_scored(photos: Path, tmp_path: Path) -> None:
    plan = miniature(photos, validation={"photos": str(photos), "side": 16})
    trainer, validation = Trainer(plan, tmp_path), open_validation(plan)
    trainer.watch = DivergenceWatch(plan.explosion, tmp_path)
    next(iter(trainer.ema.averages.values())).fill_(float("nan"))
    with pytest.raises(
        RestoraError, match="the weights are not finite after step 0; the last good checkpoint is kept"
    ):
        trainer._validate(validation)
    assert not (tmp_path / "best.pt").exists()


def test_other_networks_and_missing_runs_are_refused(photos: Path, tmp_path: Path) -> None:
    with pytest.raises(RestoraError, match="no checkpoint to resume from"):
        Trainer(miniature(photos), tmp_path).resume()
    first = Trainer(miniature(photos), tmp_path)
    first.save()
    other = miniature(photos, model={"architecture": "chair", "variant": "tiny"})
    with pytest.raises(RestoraError, match="the run there trains another network"):
        Trainer(other, tmp_path).resume()
    (tmp_path / "last.pt").write_bytes(b"no checkpoint")
    with pytest.raises(RestoraError, match=r"last\.pt: holds no weights"):
        first.resume()
    with pytest.raises(RestoraError, match="names no photographs"):
        Trainer(miniature(photos, data={}), tmp_path).run()


def test_a_damaged_bit_of_a_checkpoint_is_noticed(photos: Path, tmp_path: Path) -> None:
    Trainer(miniature(photos), tmp_path).save()
    path = tmp_path / "last.pt"
    content, unchanged = path.read_bytes(), repr(load_checkpoint(path))
    for bit in np.random.default_rng(0).choice(8 * len(content), 60, replace=False):
        damaged = bytearray(content)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        try:
            assert repr(load_checkpoint(path)) == unchanged  # between two parts of the archive
        except RestoraError:
            continue


def test_the_log_has_a_line_for_each_report(
    photos: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    trainer = Trainer(miniature(photos), tmp_path, report_every=8)
    with caplog.at_level(logging.INFO, "restora.training"):
        trainer.run()
    told = [record.getMessage() for record in caplog.records if record.name == "restora.training.loop"]
    assert [words.partition(":")[0] for words in told] == [f"step {n}/30" for n in (8, 10, 16, 20, 24, 30)]
    assert re.fullmatch(r"step 8/30: loss -\d+\.\d{4}, \d+\.\d images/s", told[0])
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    # every 8 steps and at every checkpoint
    assert [line["step"] for line in lines] == [8, 10, 16, 20, 24, 30]
    assert all(line["loss"] < 0 and line["seconds_per_step"] > 0 for line in lines)
    assert crops_seen(trainer.recipe, 27) == 24 * 4 + 3 * 2


def test_a_log_that_a_kill_has_cut_is_mended_and_exported_from(photos: Path, tmp_path: Path) -> None:
    plan = miniature(photos, stages=[{"steps": 4, "patch": 16, "batch": 2}])
    assert Trainer(plan, tmp_path, report_every=2).run()
    log = tmp_path / "log.jsonl"
    whole = log.read_bytes()
    log.write_bytes(whole[:-20])
    again = Trainer(plan, tmp_path)
    again.resume()
    assert again.run()
    assert load_model(export_weights(again)).card.steps == 4
    again._log(Report(5, 0.0, 0.0, 0.0, 0.0, 0.0))
    assert [json.loads(line)["step"] for line in log.read_text().splitlines()] == [2, 5]


def test_two_trainings_do_not_share_a_folder(photos: Path, tmp_path: Path) -> None:
    first, second = (Trainer(miniature(photos), tmp_path, report_every=1) for _ in range(2))

    def meet(report: Report) -> None:
        if report.step == 2:
            with pytest.raises(RestoraError, match=r"last\.pt: another run is at work on it"):
                second.run()
            os.kill(os.getpid(), signal.SIGINT)

    first.report = meet
    assert not first.run()
    steps = [json.loads(line)["step"] for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert steps == [1, 2, 3]


def test_curves_go_to_tensorboard(photos: Path, tmp_path: Path) -> None:
    events = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    plan = miniature(photos, track=["tensorboard"], stages=[{"steps": 4, "patch": 16, "batch": 2}])
    assert Trainer(plan, tmp_path, report_every=2).run()
    (folder,) = tmp_path.glob("miniature")  # the recipe's name; the recipe itself is in a folder below
    read = events.EventAccumulator(str(folder)).Reload()
    assert [event.step for event in read.Scalars("loss")] == [2, 4]
    logged = [json.loads(line)["error"] for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [event.value for event in read.Scalars("error")] == pytest.approx(logged)


def test_weights_for_one_view_start_a_network_for_two(photos: Path, tmp_path: Path) -> None:
    small = {"width": 4, "blocks": [1, 1, 1]}
    chosen = {"architecture": "chair", "overrides": small}
    one = Trainer(miniature(photos, model={**chosen, "variant": "tiny"}), tmp_path / "one").network.eval()
    plan = miniature(photos, model={**chosen, "variant": "tiny_dual_pixel"}, degradation="defocus/dual")
    two = Trainer(plan, tmp_path / "two")
    two.initialise(one.state_dict())
    x = torch.rand(1, 3, 16, 16)
    with torch.no_grad():
        assert torch.allclose(two.network.eval()(torch.cat([x, x], 1)), one(x), atol=1e-6)


def test_another_network_starts_none_for_two_views(photos: Path, tmp_path: Path) -> None:
    chosen = {"architecture": "dinat_ir", "variant": "tiny_dual_pixel", "overrides": {"width": 2}}
    plan = miniature(photos, model=chosen, degradation="defocus/dual", scale_weights=[1.0])
    two = Trainer(plan, tmp_path / "two")
    with pytest.raises(RestoraError, match="not those of a dinat_ir/tiny_dual_pixel"):
        two.initialise(create_model("chair", "tiny").state_dict())
