"""The pipeline: what overlaps, in which order things come out, how much is held, what an interrupt leaves."""

import threading
import time

import pytest

from restora.restoration import pipeline
from restora.restoration.pipeline import pipelined

PATIENCE = 10.0  # seconds after which a thread that was to come is taken not to


class Item:
    """Holds `size` bytes when it is read, and twice as many until it is written; tells a journal of each stage."""

    def __init__(self, number, journal, size=1):
        self.number, self.journal, self.size, self.nbytes = number, journal, size, 0
        self.before_work = self.before_write = lambda: None

    def tell(self, word):
        self.journal.append((word, self.number))

    def read(self):
        self.nbytes = self.size
        self.tell("read")

    def work(self):
        self.tell("begin")
        self.before_work()
        self.nbytes = 2 * self.size
        self.tell("work")

    def write(self):
        self.before_write()
        self.nbytes = 0
        self.tell("write")


@pytest.fixture
def journal():
    return []


def wait_for(journal, entry):
    end = time.perf_counter() + PATIENCE
    while entry not in journal:
        assert time.perf_counter() < end, f"{entry} did not come beside the rest"
        time.sleep(0.001)


def test_everything_goes_through_all_stages_in_order(journal):
    done = []
    for item in pipelined(Item(i, journal) for i in range(20)):
        assert journal.count(("write", item.number)) == 1
        done.append(item.number)
    assert done == list(range(20))
    for stage in ("read", "work"):
        assert [number for word, number in journal if word == stage] == list(range(20))


def test_nothing_is_nothing():
    assert list(pipelined([])) == []


def test_the_next_is_read_and_the_last_written_during_the_work(journal):
    first, second, third = (Item(i, journal) for i in range(3))
    first.before_work = lambda: wait_for(journal, ("read", 1))
    first.before_write = lambda: wait_for(journal, ("begin", 1))
    second.before_work = lambda: wait_for(journal, ("write", 0))
    assert [item.number for item in pipelined([first, second, third])] == [0, 1, 2]


def test_what_is_slow_to_write_does_not_keep_up_the_work_and_keeps_the_order(journal, monkeypatch):
    monkeypatch.setattr(pipeline, "available_cores", lambda: 8)
    items = [Item(i, journal) for i in range(4)]
    items[0].before_write = lambda: wait_for(journal, ("work", 3))
    assert [item.number for item in pipelined(items)] == [0, 1, 2, 3]
    assert journal.index(("write", 0)) > journal.index(("write", 1))


def test_one_that_is_quick_to_write_is_told_before_the_next_long_work(journal):
    items = [Item(i, journal, size) for i, size in enumerate((1, 1000, 1))]
    items[0].before_work = lambda: time.sleep(0.05)  # so the next is taken to need 50 s
    items[0].before_write = lambda: time.sleep(0.02)
    running = pipelined(items)
    assert next(running).number == 0
    assert ("begin", 1) not in journal
    assert [item.number for item in running] == [1, 2]


@pytest.mark.parametrize("sizes", [[600] * 6, [10, 900, 10, 900, 10], [2000, 2000, 10, 2000]])
def test_what_is_held_is_bounded(journal, monkeypatch, sizes):
    monkeypatch.setattr(pipeline, "HELD", 1000)
    items = [Item(i, journal, size) for i, size in enumerate(sizes)]
    held = []
    for item in items:
        item.before_work = lambda: held.append(sum(item.nbytes for item in items))
        item.before_write = lambda: time.sleep(0.005)
    assert len(list(pipelined(items))) == len(sizes)
    # One beside the one at hand, and what may be left over: never more than the largest needs by itself, and HELD.
    assert max(held) <= 1000 + 2 * max(sizes)


def test_large_ones_have_the_memory_to_themselves(journal, monkeypatch):
    monkeypatch.setattr(pipeline, "HELD", 1000)
    items = [Item(i, journal, 2000) for i in range(3)]
    for item in items:
        item.before_write = lambda: time.sleep(0.005)
    assert len(list(pipelined(items))) == 3
    assert journal == [(word, i) for i in range(3) for word in ("read", "begin", "work", "write")]


@pytest.mark.parametrize("how", ["interrupt", "close"])
def test_what_was_worked_on_is_written_when_a_run_ends_early(journal, how):
    others = set(threading.enumerate())  # of other tests
    items = [Item(i, journal) for i in range(9)]
    for item in items:
        item.before_write = lambda: time.sleep(0.02)

    def interrupt():
        raise KeyboardInterrupt

    items[3].before_work = interrupt if how == "interrupt" else lambda: None
    running = pipelined(items)
    if how == "interrupt":
        with pytest.raises(KeyboardInterrupt):
            list(running)
    else:
        next(running)
        running.close()
    assert {n for word, n in journal if word == "work"} == {n for word, n in journal if word == "write"}
    left = set(threading.enumerate()) - others
    assert not any(thread.name.startswith("ThreadPool") for thread in left)
