"""Work that is stopped: where it stops, what it leaves, and that the next work is done as if nothing had been."""

import threading

import numpy as np
import pytest
import torch
from torch import nn

import restora
from restora.cancellation import cancellable, check
from restora.errors import RestoraError
from restora.images import Photograph, write
from restora.restoration import AutoRestorer, Restorer, Run, gather, measuring, plan_jobs, run_jobs
from restora.restoration.serving import ServedNetwork


class Counting(nn.Module):
    """Adds a little in many steps, counts them, and does something before one of them."""

    def __init__(self, at=None, what=None):
        super().__init__()
        self.steps, self.at, self.what = [], at, what

    def forward(self, x):
        for _ in range(10):
            self.steps.append(1)
            if len(self.steps) == self.at:
                self.what()
            x = x + 0.001
        return x

    def __deepcopy__(self, memo):
        return self


@pytest.fixture
def stop():
    return threading.Event()


@pytest.fixture
def image():
    return np.random.default_rng(0).integers(0, 200, (64, 96, 3)).astype(np.uint8)


def test_a_restorer_stops_at_the_next_tile(image, stop):
    network, told = Counting(), []

    def progress(fraction):
        told.append(fraction)
        if len(told) == 2:
            stop.set()

    restorer = Restorer(network, tile=32, overlap=0, device="cpu")
    with pytest.raises(restora.Cancelled, match="cancelled before it was done"):
        restorer(image, progress=progress, cancel=stop)
    assert (len(told), len(network.steps)) == (2, 20)
    stop.clear()
    np.testing.assert_array_equal(
        restorer(image, cancel=stop), Restorer(Counting(), tile=32, overlap=0, device="cpu")(image)
    )


@pytest.mark.parametrize("options", [{}, {"ensemble": True}, {"strength": 0.5}], ids=str)
def test_a_restorer_stops_within_a_tile(image, stop, options):
    network = Counting(at=3, what=stop.set)
    with pytest.raises(restora.Cancelled):
        Restorer(network, tile=None, device="cpu", **options)(image, cancel=stop)
    assert len(network.steps) == 3


def test_another_thread_stops_a_real_network_and_the_next_run_is_as_ever(image, stop):
    restorer = Restorer("denoise-chair-tiny", tile=None, device="cpu", engine="torch")
    expected = restorer(image)
    operations, into = [], threading.Event()

    class Noted(threading.Event):
        def is_set(self):
            operations.append(1)
            if len(operations) == 20:
                into.set()
                assert stop.wait(10)
            return stop.is_set()

    def stopping():
        assert into.wait(10)
        stop.set()

    other = threading.Thread(target=stopping)
    other.start()
    with pytest.raises(restora.Cancelled):
        restorer(image, cancel=Noted())
    other.join()
    assert len(operations) == 20
    np.testing.assert_array_equal(restorer(image, cancel=threading.Event()), expected)


def test_what_is_cancelled_already_does_nothing(image, stop):
    stop.set()
    network = Counting()
    for work in (Restorer(network, device="cpu"), AutoRestorer(device="cpu")):
        with pytest.raises(restora.Cancelled):
            work(image, cancel=stop)
    assert not network.steps


def test_one_cancelled_thread_leaves_the_others_alone(image, stop):
    stop.set()
    with cancellable(stop):
        thread_saw = []
        thread = threading.Thread(target=lambda: thread_saw.append(check()))
        thread.start()
        thread.join()
        with pytest.raises(restora.Cancelled):
            check()
    check()
    assert thread_saw == [None]


def test_served_networks_are_not_watched_for_compilers_would_see_it(monkeypatch, image):
    seen = []

    def served(self, x):
        seen.append(torch.overrides._get_current_function_mode_stack())
        return x

    monkeypatch.setattr(ServedNetwork, "forward", served)
    network = ServedNetwork(restora.create_model("chair", "tiny"), "compile", "float32", 96)
    Restorer(network, tile=None, device="cpu")(image, cancel=threading.Event())
    assert seen == [[]]


def test_a_cancelled_measurement_is_not_kept_as_a_fault(monkeypatch, tmp_path, stop):
    monkeypatch.setenv("RESTORA_CACHE", str(tmp_path))
    network = restora.create_model("chair", "tiny")
    whole = measuring.engine_for

    def built(network, engine, precision, side):
        made = whole(network, "torch", "float32", side)
        if precision == "bfloat16":
            stop.set()
        return made

    monkeypatch.setattr(measuring, "engine_for", built)
    monkeypatch.setattr(measuring, "precisions_of", lambda engine: ("float32", "bfloat16"))
    with cancellable(stop), pytest.raises(restora.Cancelled):
        measuring.measure(network, 64, engines=["torch"])
    assert not measuring.measured(network, 64, ["torch"])


def folder(tmp_path, image, count=5):
    for number in range(count):
        write(tmp_path / "in" / f"{number}.png", Photograph(image))
    images, _ = gather([tmp_path / "in"])
    return plan_jobs(images, tmp_path / "out")


def test_a_cancelled_folder_keeps_what_is_finished_and_goes_on_later(tmp_path, image, stop):
    jobs = folder(tmp_path, image)
    restorer, results = Restorer(Counting(at=23, what=stop.set), tile=None, device="cpu"), []
    with pytest.raises(restora.Cancelled, match="run it again to continue"):
        results.extend(run_jobs(jobs, restorer, cancel=stop))  # keeps what came before the error
    assert [(result.source.name, result.status) for result in results] == [
        ("0.png", "restored"),
        ("1.png", "restored"),
    ]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["0.png", "1.png"]
    again = [result.status for result in run_jobs(jobs, restorer, cancel=threading.Event())]
    assert again == ["skipped"] * 2 + ["restored"] * 3


def test_a_folder_that_is_done_is_not_cancelled(tmp_path, image, stop):
    jobs = folder(tmp_path, image, count=2)
    network = Counting(at=20, what=lambda: None)
    results = []
    for result in run_jobs(jobs, Restorer(network, device="cpu"), cancel=stop):
        results.append(result.status)
        if len(results) == 2:
            stop.set()
    assert results == ["restored"] * 2


def test_restore_of_files_is_cancelled_and_tells_its_progress(tmp_path, image, stop):
    folder(tmp_path, image, count=2)
    told = []

    def progress(job, done, size):
        told.append((job.source.name, done == size))
        stop.set()

    with pytest.raises(restora.Cancelled):
        restora.restore(
            tmp_path / "in", tmp_path / "out", task="denoise", progress=progress, cancel=stop, device="cpu"
        )
    assert told == [("0.png", True)]


def test_a_run_tells_its_progress_and_gives_the_result(image):
    restorer = Restorer(Counting(), tile=32, overlap=0, device="cpu")
    with Run(restorer, image) as run:
        paces = list(run)
        restored = run.result()
    assert [round(pace.fraction * 6, 6) for pace in paces] == [1, 2, 3, 4, 5, 6]
    assert paces[0].rate is None
    assert paces[-1].rate > 0
    assert paces[-1].seconds_left == 0
    np.testing.assert_array_equal(restored, restorer(image))


def test_a_run_that_is_left_is_cancelled(image):
    network = Counting()
    restorer = Restorer(network, tile=32, overlap=0, device="cpu")
    inside, go = threading.Event(), threading.Event()

    def wait():
        inside.set()
        assert go.wait(10)

    network.at, network.what = 15, wait
    with Run(restorer, image) as run:
        next(iter(run))
        assert inside.wait(10)
        run.cancel()
        go.set()
    with pytest.raises(restora.Cancelled):
        run.result()
    assert len(network.steps) == 15


def test_a_run_raises_what_the_restorer_raised_in_the_thread_that_asks(tmp_path, image):
    with Run(Restorer(Counting(), device="cpu"), np.zeros((4, 4, 3), np.int64)) as run:
        assert list(run) == []
        with pytest.raises(RestoraError, match="images of type int64"):
            run.result()
    with pytest.raises(RestoraError, match="does not exist"):
        Run(Restorer(Counting(), device="cpu"), tmp_path / "none.png")
