"""Ctrl-C, wherever it arrives."""

import os
import signal
import threading
from pathlib import Path

import pytest
from recipes import miniature
from torch.utils.data import DataLoader

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
