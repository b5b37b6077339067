"""What the bar says."""

import io

import pytest
from rich.console import Console

from restora.commands.progress import FilesProgress
from restora.restoration import Job, Result


def files(folder, *sizes):
    for i, size in enumerate(sizes):
        (folder / f"{i}.png").write_bytes(bytes(size))
    return [Job(folder / f"{i}.png", folder / f"{i}-restored.png") for i in range(len(sizes))]


class Watched(FilesProgress):
    """With a clock of its own."""

    def __init__(self, jobs, width=80):
        super().__init__(jobs, Console(file=io.StringIO(), force_terminal=True, width=width))
        self.now = 0.0
        self._meter._clock = lambda: self.now

    @property
    def facts(self):
        return self._bar.tasks[0].fields["facts"]


def test_a_picture_tells_speed_and_time_left_from_its_second_tile_on(tmp_path):
    (job,) = files(tmp_path, 1000)
    progress = Watched([job])
    assert (progress.facts, progress._bar.tasks[0].total) == ("preparing the network", None)
    progress.now = 60  # an engine was compiled
    progress.report(job, 1, 12)
    assert progress.facts == ""
    assert progress._bar.tasks[0].percentage == pytest.approx(100 / 12)
    progress.now = 62
    progress.report(job, 2, 12)
    assert progress.facts == "0.50 MP/s, 20 s left"


def test_a_file_that_is_begun_before_the_last_is_written_does_not_turn_the_bar_back(tmp_path):
    first, second, there = files(tmp_path, 1000, 1000, 5000)
    progress = Watched([first, second, there])
    progress.finish(Result(there.source, "skipped", there.target))
    for now, job, done in ((0, first, 1), (2, first, 2), (4, second, 1), (6, second, 2)):
        progress.now = now
        progress.report(job, done, 2)
        assert progress._bar.tasks[0].percentage == pytest.approx(25 * (1 + now / 2))
    assert progress.facts == "1/3 files, 0.50 MP/s, 0.0 s left"
    progress.finish(Result(first.source, "restored", first.target, megapixels=2))
    assert progress._bar.tasks[0].percentage == 100
