"""Ctrl-C, wherever it arrives."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import torch
from recipes import miniature
from torch import nn
from torch.utils.data import DataLoader

from restora.training import Trainer
from restora.training.interruption import interruptions, leave_to_the_trainer
from restora.training.sources import open_crops


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_are_answers_until_the_end(number: int) -> None:
    before = signal.getsignal(number)
    with interruptions() as stop:
        assert not stop()
        os.kill(os.getpid(), number)
        assert stop()
        assert stop()
    assert signal.getsignal(number) is before
    with interruptions() as stop:
        assert not stop()


def test_handlers_are_put_back_after_an_error() -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(ValueError, match="divergence"), interruptions():
        raise ValueError("divergence")
    assert signal.getsignal(signal.SIGINT) is before


def signal_and_wait() -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(60)


def test_what_is_said_at_once_and_what_ends_at_once() -> None:
    said: list[str] = []
    with interruptions(said.append) as stop:
        with pytest.raises(KeyboardInterrupt), stop.at_once():
            signal_and_wait()
        with pytest.raises(KeyboardInterrupt), stop.at_once():
            raise AssertionError("is not begun")
        os.kill(os.getpid(), signal.SIGINT)
        assert stop()
    assert said == ["stopping now", "stopping after this step"]
    with interruptions(said.append) as stop, pytest.raises(OSError, match="g"), stop.at_once():
        raise OSError("g++ is missing")


@pytest.mark.parametrize("compiler_ends_first", [False, True])
def test_a_signal_while_the_network_is_compiled_ends_it_with_everything_saved(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compiler_ends_first: bool
) -> None:
    def compiled(module: nn.Module) -> nn.Module:
        def forward(x: torch.Tensor) -> list[torch.Tensor]:
            if compiler_ends_first:  # the signal reaches the whole group of processes
                with contextlib.suppress(KeyboardInterrupt):
                    signal_and_wait()
                raise RuntimeError("C++ compile error" + 1000 * "\nof many lines")
            signal_and_wait()
            raise AssertionError("goes on")

        module.forward = forward
        return module

    said: list[tuple[int, str]] = []
    monkeypatch.setattr(torch, "compile", compiled)
    recipe = miniature(photos, compile=True)
    trainer = Trainer(recipe, tmp_path / "run", progress=lambda step, words: said.append((step, words)))
    before = {name: values.clone() for name, values in trainer.network.state_dict().items()}
    assert trainer.run() is False
    assert said == [(0, "compiling, a minute or more"), (0, "stopping now")]
    monkeypatch.undo()
    resumed = Trainer(recipe, tmp_path / "run")
    resumed.resume()
    assert resumed.step == 0
    assert all(torch.equal(values, before[name]) for name, values in resumed.network.state_dict().items())


def test_every_step_is_told_and_ctrl_c_ends_after_the_present_one(photos: Path, tmp_path: Path) -> None:
    said: list[tuple[int, str]] = []

    def progress(step: int, words: str) -> None:
        said.append((step, words))
        if step == 2 and not words:
            os.kill(os.getpid(), signal.SIGINT)

    trainer = Trainer(miniature(photos), tmp_path / "run", progress=progress)
    assert trainer.run() is False
    assert said == [(1, ""), (2, ""), (2, "stopping after this step")]
    assert trainer.step == 2


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_all_processes_ends_a_real_compilation(
    photos: Path, tmp_path: Path, number: signal.Signals
) -> None:
    (tmp_path / "mini.yaml").write_text(miniature(photos, compile=True).model_dump_json(exclude_none=True))
    process = subprocess.Popen(
        [sys.executable, "-m", "restora", "train", "mini.yaml"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "TORCHINDUCTOR_CACHE_DIR": str(tmp_path / "inductor")},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert process.stderr is not None
    assert process.stderr.readline() == "compiling, a minute or more\n"
    while not list((tmp_path / "inductor").rglob("*.cpp")):  # a compiler is at work
        assert process.poll() is None
        time.sleep(0.05)
    os.killpg(process.pid, number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert err.splitlines() == [
        "stopping now",
        "stopped and saved after 0 of 30 steps; the same command with --resume goes on",
    ]
    assert out == "runs/miniature/miniature.safetensors\n"


def test_other_threads_train_without_handlers() -> None:
    answers = []

    def train() -> None:
        with interruptions() as stop:
            answers.append(stop())

    thread = threading.Thread(target=train)
    thread.start()
    thread.join()
    assert answers == [False]


def test_the_processes_that_cut_crops_survive_an_interrupt(photos: Path) -> None:
    # Started anew, as on macOS and Windows, so that they do not have the handler of the Trainer.
    batches = DataLoader(
        open_crops(miniature(photos)),
        batch_sampler=[[number] for number in range(40)],
        num_workers=1,
        multiprocessing_context="spawn",
        worker_init_fn=leave_to_the_trainer,
    )
    iterator = iter(batches)
    next(iterator)
    (worker,) = iterator._workers  # type: ignore[attr-defined]
    os.kill(worker.pid, signal.SIGINT)
    assert sum(1 for _ in iterator) == 39
