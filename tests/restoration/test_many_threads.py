"""One restorer used by many threads: the same bytes as one after another, whatever they ask for at once."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from torch import nn

from restora.layers.compiled import compiles, without_compiled_loops
from restora.restoration import AutoRestorer, Restorer
from restora.restoration.runtimes import runtime_class
from restora.threads import chosen_threads, computing_threads

IMAGES = [
    np.random.default_rng(seed).normal(128, 25, shape).clip(0, 255).astype(np.uint8)
    for seed, shape in enumerate([(40, 56, 3), (64, 64, 3), (33, 70), (96, 48, 3), (40, 56, 3), (20, 21, 3)])
]


def at_once(work, items, threads=6):
    """Call ``work`` for each item in threads that begin together."""
    together = threading.Barrier(threads)
    with ThreadPoolExecutor(threads, initializer=together.wait) as pool:
        return list(pool.map(work, items))


@pytest.mark.parametrize(
    "options",
    [{}, {"threads": 1}, {"reproducible": True}, {"engine": "openvino"}, {"engine": "onnxruntime"}],
    ids=str,
)
def test_many_threads_get_the_bytes_that_each_would_get_alone(options):
    if "engine" in options:
        if not runtime_class(options["engine"]).installed():  # importing OpenVINO would tell its makers
            pytest.skip("not installed")
        options = {**options, "tile": 64}
    alone = Restorer("denoise-chair-tiny", device="cpu", **options)
    expected = [alone(image) for image in IMAGES]
    shared = Restorer("denoise-chair-tiny", device="cpu", **options)
    for restored, want in zip(at_once(shared, IMAGES * 2), expected * 2, strict=True):
        np.testing.assert_array_equal(restored, want)


def test_a_diagnosing_restorer_is_built_once_for_many_threads():
    shared = AutoRestorer(device="cpu", tile=64)
    expected = [AutoRestorer(device="cpu", tile=64)(image) for image in IMAGES[:2]]
    for restored, want in zip(at_once(shared, IMAGES[:2] * 3), expected * 3, strict=True):
        np.testing.assert_array_equal(restored, want)


class Seen(nn.Module):
    """Tells how many threads it may use, while as many others as can be are there."""

    def __init__(self, beside=1):
        super().__init__()
        self.numbers, self.together = [], threading.Barrier(beside)

    def forward(self, x):
        self.together.wait(10)
        self.numbers.append(torch.get_num_threads())
        return x

    def __deepcopy__(self, memo):
        return self


def test_those_with_the_same_number_of_threads_compute_side_by_side():
    network = Seen(beside=3)  # breaks if the others never come
    before = torch.get_num_threads()
    at_once(Restorer(network, tile=None, threads=before + 1, device="cpu"), IMAGES[:3], threads=3)
    assert network.numbers == [before + 1] * 3
    assert torch.get_num_threads() == before


def test_different_numbers_of_threads_take_turns_and_all_leave_what_was():
    before, at_work, seen = torch.get_num_threads(), [], []
    torch.set_num_threads(before)  # another test may have told new threads another

    class Alone(nn.Module):
        def forward(self, x):
            number = torch.get_num_threads()
            at_work.append(number)
            time.sleep(0.002)
            seen.append((number, set(at_work)))
            at_work.remove(number)
            return x

    restorers = [
        Restorer(Alone(), tile=16, overlap=0, threads=before + 1 + number % 3, device="cpu")
        for number in range(4)
    ]
    at_once(lambda number: restorers[number](IMAGES[0]), range(4), threads=4)
    assert {number for number, _ in seen} == {before + 1, before + 2, before + 3}
    assert all(others == {number} for number, others in seen)
    assert torch.get_num_threads() == before
    left = []
    new = threading.Thread(target=lambda: left.append(torch.get_num_threads()))  # asks for what was told last
    new.start()
    new.join()
    assert left == [before]


def test_what_is_usual_is_not_what_another_thread_computes_with():
    before = torch.get_num_threads()
    torch.set_num_threads(before)
    inside, go, seen = threading.Event(), threading.Event(), []

    def other():
        with computing_threads(before + 3):
            inside.set()
            assert go.wait(10)

    def asking():
        seen.append(chosen_threads(None))

    threads = [threading.Thread(target=other), threading.Thread(target=asking)]
    threads[0].start()
    assert inside.wait(10)
    threads[1].start()
    threads[1].join()
    go.set()
    threads[0].join()
    assert seen == [before]


def test_an_interrupted_wait_leaves_its_place_in_the_queue(monkeypatch):
    from restora import threads as module

    before, turns = torch.get_num_threads(), module._turns

    def interrupted(ready):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(turns._changed, "wait_for", interrupted, raising=False)
        with pytest.raises(KeyboardInterrupt), computing_threads(before + 1):
            pass
    with computing_threads(before + 1):
        assert torch.get_num_threads() == before + 1
    assert torch.get_num_threads() == before


def test_what_was_used_is_told_to_the_thread_that_used_it():
    shared = Restorer("denoise-chair-tiny", device="cpu", tile=64)
    together = threading.Barrier(2)

    def used(precision):
        shared(IMAGES[0])
        together.wait(10)
        shared.used["precision"] = precision
        together.wait(10)
        return shared.used["precision"]

    assert at_once(used, ["a", "b"], threads=2) == ["a", "b"]
    assert shared.used["tile"] == 64  # of any, where this thread has restored none


def test_loops_stay_left_out_until_the_last_that_wants_it_is_done():
    x = torch.zeros(1)
    usually = compiles(x)
    first, second = without_compiled_loops(), without_compiled_loops()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert not compiles(x)
    second.__exit__(None, None, None)
    assert compiles(x) == usually
