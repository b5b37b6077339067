"""Pages and frames restored one by one."""

from fractions import Fraction
from threading import Event

import numpy as np
import pytest
import tifffile
from torch import nn

import restora
from restora.errors import RestoraError
from restora.images import Metadata, Photograph, read, read_all, write_all
from restora.images.metadata import Series
from restora.networks.contract import Requirements
from restora.restoration import AutoRestorer, Restorer, run_jobs, series_restoration
from restora.restoration.choosing import Choice
from restora.restoration.planning import Job


class Brighter(nn.Module):
    """Adds 10 of 255."""

    requirements = Requirements()

    def forward(self, x):
        return x + 10 / 255


class Chooser(AutoRestorer):
    """Restores what is bright, and keeps account of what it was asked."""

    def __init__(self):
        self.asked = []
        self.restorer = Restorer(Brighter())

    def choose(self, image):
        mean = int(image.pixels.mean())
        self.asked.append(mean)
        return Choice((self.restorer,), ("denoise",)) if mean >= 100 else Choice(())


@pytest.fixture
def restorer():
    return Restorer(Brighter())


def animated(path, levels=(0, 60, 120), size=(12, 16)):
    """Write an animation of plain frames."""
    count = len(levels)
    series = Series(count, count * size[0] * size[1], 3, Fraction(1, 20))
    frames = [
        Photograph(np.full((*size, 3), level, np.uint8), metadata=Metadata(series=series)) for level in levels
    ]
    return write_all(path, frames)


def document(path, levels=(0, 60, 120)):
    with tifffile.TiffWriter(path) as tiff:
        for number, level in enumerate(levels):
            pixels = np.full((12 + number, 16), level, (np.uint8, np.uint16)[number % 2])
            tiff.write(pixels, photometric="minisblack", metadata=None)
    return path


@pytest.mark.parametrize("suffix", [".gif", ".png", ".apng", ".webp"])
def test_every_frame_is_restored(tmp_path, restorer, suffix):
    job = Job(animated(tmp_path / f"a{suffix}"), tmp_path / f"b{suffix}")
    seen = []
    (result,) = run_jobs([job], restorer, progress=lambda job, done, size: seen.append((done, size)))
    assert (result.status, result.error, result.notes) == ("restored", None, ())
    assert result.change == pytest.approx(10, abs=1e-6)
    assert result.megapixels == pytest.approx(3 * 12 * 16 / 1e6)
    assert result.used[0]["engine"] == "torch"
    assert seen == sorted(seen)
    assert seen[-1] == (result.megapixels, result.megapixels)
    frames = list(read_all(job.target))
    assert [int(frame.pixels.min()) for frame in frames] == [10, 70, 130]
    assert frames[0].metadata.series == Series(3, 3 * 12 * 16, 3, Fraction(1, 20))
    (again,) = run_jobs([job], restorer)
    assert again.status == "skipped"


def test_every_page_is_restored_in_its_own_depth(tmp_path, restorer):
    source = document(tmp_path / "a.tif")
    (result,) = run_jobs([Job(source, tmp_path / "b.tif")], restorer, compare=True)
    assert (result.status, result.notes) == ("restored", ())
    assert result.megapixels == pytest.approx(16 * (12 + 13 + 14) / 1e6)
    with tifffile.TiffFile(tmp_path / "b.tif") as tiff:
        arrays = [page.asarray() for page in tiff.pages]
    assert [(a.shape, str(a.dtype), int(a.max())) for a in arrays] == [
        ((12, 16), "uint8", 10),
        ((13, 16), "uint16", 60 + 2570),
        ((14, 16), "uint8", 130),
    ]
    assert read(result.comparison).width == 1288


def test_another_format_of_animations_keeps_all_frames_and_one_of_pictures_the_first(tmp_path, restorer):
    source = animated(tmp_path / "a.gif")
    (result,) = run_jobs([Job(source, tmp_path / "b.webp")], restorer)
    assert result.notes == ("gray stored as equal red, green and blue, because WebP has no gray",)
    assert [frame.pixels.max() for frame in read_all(result.target)] == [10, 70, 130]
    (result,) = run_jobs([Job(source, tmp_path / "b.jpg")], restorer)
    assert result.notes == ("frame 1 of 3 used",)
    (result,) = run_jobs([Job(document(tmp_path / "a.tif"), tmp_path / "b.png")], restorer)
    assert result.notes == ("page 1 of 3 used",)
    assert read(result.target).height == 12


def test_cancelled_between_frames_leaves_nothing(tmp_path, restorer):
    stop, job = Event(), Job(animated(tmp_path / "a.png"), tmp_path / "b.png")
    done = []

    def progress(job, finished, size):
        done.append(finished / size)
        if finished > size / 2:
            stop.set()

    with pytest.raises(restora.Cancelled):
        list(run_jobs([job], restorer, progress=progress, cancel=stop))
    assert 0.5 < done[-1] < 1
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_replaced_by_its_restoration_when_asked(tmp_path, restorer):
    source = animated(tmp_path / "a.webp")
    (result,) = run_jobs([Job(source, source)], restorer, overwrite=True)
    assert result.status == "restored"
    assert [frame.pixels.max() for frame in read_all(source)] == [10, 70, 130]


def test_each_page_is_diagnosed_by_itself(tmp_path):
    chooser = Chooser()
    (result,) = run_jobs([Job(document(tmp_path / "a.tif", (120, 0, 130)), tmp_path / "b.tif")], chooser)
    assert chooser.asked == [120, 0, 130]
    assert result.status == "restored"
    assert [int(page.pixels.max()) for page in read_all(result.target)] == [130, 0, 140]


def test_what_most_frames_need_is_done_to_all(tmp_path, monkeypatch):
    monkeypatch.setattr(series_restoration, "LOOKED_AT", 3)
    chooser = Chooser()
    (result,) = run_jobs(
        [Job(animated(tmp_path / "a.png", (120, 0, 0, 50, 130)), tmp_path / "b.png")], chooser
    )
    assert chooser.asked == [120, 0, 130]
    assert [int(frame.pixels.max()) for frame in read_all(result.target)] == [130, 10, 10, 60, 140]


@pytest.mark.parametrize("make", [animated, document])
def test_where_nothing_is_found_the_file_is_copied(tmp_path, make):
    suffix = ".gif" if make is animated else ".tif"
    source = make(tmp_path / f"a{suffix}", (0, 10, 20))
    (result,) = run_jobs([Job(source, tmp_path / f"b{suffix}")], Chooser())
    assert result.status == "copied"
    assert result.target.read_bytes() == source.read_bytes()


def test_what_is_true_of_some_pages_is_said_of_them(tmp_path, restorer):
    with tifffile.TiffWriter(tmp_path / "a.tif") as tiff:
        for dtype in (np.float64, np.uint8, np.float64):
            tiff.write(np.zeros((5, 6), dtype), photometric="minisblack", metadata=None)
    (result,) = run_jobs([Job(tmp_path / "a.tif", tmp_path / "b.tif")], restorer)
    assert result.notes == ("pages 1, 3: 64-bit floats rounded to 32 bits",)


def test_page_that_fails_is_named_and_nothing_is_written(tmp_path, restorer):
    with tifffile.TiffWriter(tmp_path / "a.tif") as tiff:
        tiff.write(np.zeros((5, 6), np.uint8), photometric="minisblack")
        tiff.write(np.zeros((5, 6), np.int16), photometric="minisblack")
    (result,) = run_jobs([Job(tmp_path / "a.tif", tmp_path / "b.tif")], restorer)
    assert result.status == "failed"
    assert "a.tif: page 2 of 2: a TIFF of int16 samples is not supported" in result.error
    assert not (tmp_path / "b.tif").exists()


def test_library_restores_animations(tmp_path):
    source = animated(tmp_path / "a.gif", (40, 90))
    (result,) = restora.restore(source, tmp_path / "b.gif", weights="denoise-chair-tiny", engine="torch")
    assert [frame.pixels.shape[:2] for frame in read_all(result.target)] == [(12, 16)] * 2
    with pytest.raises(RestoraError, match="names one file"):
        restora.restore([source, source.with_name("b.gif")], tmp_path / "c.gif")
