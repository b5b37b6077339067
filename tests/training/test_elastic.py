"""Processes that die, and two machines."""

import json
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest
import torch
from launching import TORCHRUN, distance, environment, two_machines
from recipes import miniature

from restora.checkpoints import load_model
from restora.training import Recipe, Trainer
from restora.training.checkpoint import load_checkpoint

SAVED_EVERY = 5


def write_plan(folder: Path, photos: Path, steps: int, **changes: object) -> Path:
    stages = [{"steps": steps, "patch": 32, "batch": 8}]
    plan = miniature(photos, stages=stages, save_every=SAVED_EVERY, seed=3, **changes)
    file = folder / "plan.json"
    file.write_text(plan.model_dump_json())
    return file


def train(plan: Path, run: Path, *options: str, prefix: tuple[str, ...] = ()) -> list[str]:
    """Return the command that trains in two processes."""
    launch = (*prefix, *TORCHRUN, *options, "-m", "--", "restora", "train", str(plan), "--run", str(run))
    return list(launch)


@contextmanager
def started(command: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Start a command, and see to it that nothing of it stays."""
    with log.open("ab") as stream:
        process = subprocess.Popen(
            command, env=environment(), stdout=stream, stderr=stream, start_new_session=True
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(60)


def wait_for(what: Callable[[], bool], process: subprocess.Popen[bytes], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not what() and process.poll() is None:
        assert time.monotonic() < end
        time.sleep(0.02)


def workers(launcher: int) -> list[int]:
    """Return the processes that a launcher has started to train."""
    found = []
    for child in Path(f"/proc/{launcher}/task/{launcher}/children").read_text().split():
        with suppress(OSError):  # it has just ended
            if b"restora" in Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0"):
                found.append(int(child))
    return found


def goes_on(run: Path, launcher: int, done: int, processes: int = 2) -> bool:
    return len(steps_in(run)) > done and len(workers(launcher)) == processes


def is_gone(launcher: int, worker: int) -> bool:
    return worker not in workers(launcher)


def steps_in(run: Path) -> list[int]:
    log = run / "log.jsonl"
    return [json.loads(line)["step"] for line in log.read_text().splitlines()] if log.exists() else []


@pytest.mark.slow
@pytest.mark.parametrize(("kills", "fsdp"), [(1, False), (1, True), (10, False)])
def test_killed_processes_cost_the_steps_since_the_last_save_and_change_nothing(
    tmp_path: Path, photos: Path, kills: int, fsdp: bool
) -> None:
    plan = write_plan(tmp_path, photos, steps=40 * kills, fsdp=fsdp)
    options = ("--standalone", "--nproc_per_node=2")
    chance = random.Random(kills)
    run, log = tmp_path / "run", tmp_path / "log.txt"
    with started(train(plan, run, *options, f"--max-restarts={kills}"), log) as process:
        for _ in range(kills):
            done = len(steps_in(run))
            wait_for(partial(goes_on, run, process.pid, done), process)
            time.sleep(chance.uniform(0, 1))
            assert process.poll() is None, "the training was over before all were killed"
            victim = chance.choice(workers(process.pid))
            os.kill(victim, signal.SIGKILL)
            wait_for(partial(is_gone, process.pid, victim), process)
        assert process.wait(400) == 0, log.read_text()[-3000:]
    steps = steps_in(run)
    assert steps[-1] == 40 * kills
    # A step that was reported, but not yet saved, is reported again.
    assert all(after - before in (0, SAVED_EVERY) for before, after in zip([0, *steps], steps, strict=False))

    undisturbed = tmp_path / "undisturbed"
    with started(train(plan, undisturbed, *options), log) as process:
        assert process.wait(400) == 0, log.read_text()[-3000:]
    one, other = (load_model(folder / "miniature.safetensors").state_dict() for folder in (run, undisturbed))
    assert all(torch.equal(value, other[name]) for name, value in one.items())
    one, other = (load_checkpoint(folder / "last.pt").ema for folder in (run, undisturbed))
    assert all(torch.equal(value, other[name]) for name, value in one.items())


def test_a_restarted_process_goes_on_without_being_told(
    tmp_path, photos, restora_command, monkeypatch
) -> None:
    plan = write_plan(tmp_path, photos, steps=1)
    assert restora_command("train", plan, "--run", "runs/one").returncode == 0
    again = restora_command("train", plan, "--run", "runs/one")
    assert "a run is there already; add --resume to go on" in again.stderr
    monkeypatch.setenv("TORCHELASTIC_MAX_RESTARTS", "3")
    monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", "0")  # the first start
    assert restora_command("train", plan, "--run", "runs/one").returncode == 2
    monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", "1")
    assert restora_command("train", plan, "--run", "runs/one").returncode == 0
    assert steps_in(tmp_path / "runs/one") == [1]  # nothing was left to do
    # Killed before anything was saved: there is nothing to go on from, --resume or not.
    assert restora_command("train", plan, "--run", "runs/two", "--resume").returncode == 0
    monkeypatch.delenv("TORCHELASTIC_MAX_RESTARTS")
    run = restora_command("train", plan, "--run", "runs/three", "--resume")
    assert "there is no checkpoint to resume from; start without --resume" in run.stderr


@pytest.mark.slow
@pytest.mark.skipif(
    os.getuid() != 0 or not shutil.which("ip"), reason="network namespaces need root and iproute2"
)
@pytest.mark.parametrize(("fsdp", "kill"), [(False, False), (True, False), (False, True)])
def test_two_machines_train_as_one(tmp_path: Path, photos: Path, fsdp: bool, kill: bool) -> None:
    folders = {"degraded": str(photos), "clean": str(photos)}
    plan = write_plan(
        tmp_path,
        photos,
        steps=10 if kill else 6,
        fsdp=fsdp,
        data={"kind": "pairs", **folders},
        degradation=None,
        model={"architecture": "derestormer", "variant": "tiny"},
        optimizer={"warmup": 0},
    )
    run, log = tmp_path / "run", tmp_path / "log.txt"
    meeting = ("--rdzv_backend=c10d", "--rdzv_endpoint=10.77.0.1:29500", "--rdzv_id=test", "--max-restarts=2")
    variables = ("env", "GLOO_SOCKET_IFNAME=eth0", "TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1")
    with two_machines() as machines:
        commands = [
            [
                *train(
                    *(
                        plan,
                        run,
                        "--nnodes=2",
                        "--nproc_per_node=1",
                        f"--local_addr=10.77.0.{number}",
                        f"--rdzv_conf=is_host={number == 1}",
                        *meeting,
                    ),
                    prefix=(*machine, *variables),
                ),
                "--resume",
            ]
            for number, machine in enumerate(machines, start=1)
        ]
        with started(commands[0], log) as first, started(commands[1], log) as second:
            if kill:
                wait_for(partial(goes_on, run, second.pid, 0, 1), second, 200)
                os.kill(workers(second.pid)[0], signal.SIGKILL)
            assert first.wait(400) == second.wait(400) == 0, log.read_text()[-3000:]
    single = Trainer(Recipe.model_validate_json(plan.read_text()), tmp_path / "single")
    fresh = {name: value.clone() for name, value in single.network.state_dict().items()}
    assert single.run()
    two = load_checkpoint(run / "last.pt").ema
    assert distance(two, single.ema.averages) < 0.05 * distance(two, fresh)
