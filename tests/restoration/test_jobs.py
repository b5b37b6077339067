import errno
import os

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from torch import nn

import restora
from restora.atomic import claimed, sweep
from restora.errors import RestoraError
from restora.images import Metadata, Photograph, find_images, read, write
from restora.networks.contract import Requirements
from restora.restoration import Restorer, comparison, file_restoration, gather, pipeline, plan_jobs, run_jobs
from restora.restoration.planning import Job


class Brighter(nn.Module):
    """Adds 10 of 255."""

    requirements = Requirements()

    def forward(self, x):
        return x + 10 / 255


@pytest.fixture
def restorer():
    return Restorer(Brighter())


@pytest.fixture
def photograph():
    return Photograph(np.arange(12 * 16 * 3, dtype=np.uint8).reshape(12, 16, 3))


def test_missing_inputs_do_not_hide_the_others(tmp_path, photograph):
    write(tmp_path / "a.png", photograph)
    found, failed = gather([tmp_path / "none.png", tmp_path / "a.png", tmp_path])
    assert [image.path.name for image in found] == ["a.png"]
    assert [result.error for result in failed] == [
        f"{tmp_path}/none.png: does not exist; check the spelling and the folder"
    ]


def test_restored_file_carries_on_what_its_photograph_carried(tmp_path, restorer):
    pixels = np.full((12, 16), 20_000, np.uint16)
    alpha = np.arange(12 * 16, dtype=np.uint16).reshape(12, 16)
    original = Photograph(pixels, alpha, Metadata(dpi=(300.0, 300.0), orientation=6))
    job = Job(write(tmp_path / "a.png", original), tmp_path / "b.png")
    seen = []
    (result,) = run_jobs([job], restorer, progress=lambda job, done, size: seen.append((done, size)))
    assert (result.status, result.megapixels, result.error) == ("restored", 12 * 16 / 1e6, None)
    assert result.seconds > 0
    assert seen[-1] == (192e-6, 192e-6)
    back = read(tmp_path / "b.png")
    assert_array_equal(back.pixels, pixels + 2570)
    assert_array_equal(back.alpha, alpha)
    assert back.metadata.orientation == 6
    assert back.metadata.dpi == pytest.approx((300, 300), abs=0.02)


def test_finished_targets_are_skipped_and_overwritten_when_asked(tmp_path, restorer, photograph):
    job = Job(write(tmp_path / "a.png", photograph), tmp_path / "b.png")
    (first,) = run_jobs([job], restorer)
    written = job.target.stat().st_mtime_ns
    (second,) = run_jobs([job], restorer)
    assert (first.status, second.status, second.target) == ("restored", "skipped", job.target)
    assert job.target.stat().st_mtime_ns == written
    write(job.source, Photograph(photograph.pixels // 2), overwrite=True)
    (third,) = run_jobs([job], restorer, overwrite=True)
    assert third.status == "restored"
    assert_array_equal(read(job.target).pixels, photograph.pixels // 2 + 10)


def test_photograph_is_replaced_only_when_asked(tmp_path, restorer, photograph):
    photograph = Photograph(photograph.pixels // 2)
    source = write(tmp_path / "a.png", photograph)
    before = source.read_bytes()
    (result,) = run_jobs([Job(source, source)], restorer)
    assert result.status == "failed"
    assert result.error == (
        f"{source}: would be replaced by its own restoration; choose another output, or add --overwrite"
    )
    assert source.read_bytes() == before
    (result,) = run_jobs([Job(source, source)], restorer, overwrite=True)
    assert result.status == "restored"
    assert_array_equal(read(source).pixels, photograph.pixels + 10)


def test_link_to_the_photograph_is_the_photograph(tmp_path, restorer, photograph):
    source = write(tmp_path / "a.png", photograph)
    link = tmp_path / "b.png"
    link.symlink_to(source)
    (result,) = run_jobs([Job(source, link)], restorer)
    assert "would be replaced" in result.error


def test_broken_files_do_not_stop_the_rest(tmp_path, restorer, photograph):
    names = ["1.png", "2.png", "3.png", "4.png"]
    for name in names:
        write(tmp_path / name, photograph)
    (tmp_path / "2.png").write_bytes((tmp_path / "2.png").read_bytes()[:60])
    (tmp_path / "3.png").write_bytes(b"")
    results = list(run_jobs(plan_jobs(find_images([tmp_path]), tmp_path / "out"), restorer))
    assert [result.status for result in results] == ["restored", "failed", "failed", "restored"]
    assert results[1].error.startswith(f"{tmp_path}/2.png: ")
    assert results[2].error == f"{tmp_path}/3.png: is empty; get a complete copy from its source"
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["1.png", "4.png"]


class Failing(Brighter):
    """Fails on photographs that are white."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    def forward(self, x):
        if (x == 1).all():
            raise self.error
        return super().forward(x)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (MemoryError(), "memory ran out even with tiles of 64 pixels"),
        (
            ZeroDivisionError("float division"),
            "failed unexpectedly (ZeroDivisionError: float division), reference",
        ),
    ],
)
def test_whatever_the_network_raises_the_others_are_restored(tmp_path, photograph, monkeypatch, error, words):
    monkeypatch.setenv("RESTORA_CACHE", str(tmp_path / "cache"))
    for name, pixels in (("1", np.full((64, 64), 255, np.uint8)), ("2", photograph.pixels)):
        write(tmp_path / "in" / f"{name}.png", Photograph(pixels))
    jobs = plan_jobs(find_images([tmp_path / "in"]), tmp_path / "out")
    first, second = run_jobs(jobs, Restorer(Failing(error)))
    assert (first.status, second.status) == ("failed", "restored")
    assert first.error.startswith(f"{tmp_path}/in/1.png: {words}")


@pytest.mark.parametrize("call", ["read", "write", "write_comparison", "mean_change"])
def test_memory_that_runs_out_beside_the_network_fails_one_file(
    tmp_path, restorer, photograph, monkeypatch, call
):
    module = comparison if call == "write_comparison" else file_restoration
    real, calls = getattr(module, call), []

    def scarce(*arguments, **options):
        calls.append(call)
        if len(calls) == 1:
            raise MemoryError("Unable to allocate 4.00 GiB")
        return real(*arguments, **options)

    monkeypatch.setattr(module, call, scarce)
    monkeypatch.setattr(pipeline, "WRITERS", 1)  # for the first call to be the first file's
    jobs = [Job(write(tmp_path / f"{i}.png", photograph), tmp_path / "out" / f"{i}.png") for i in (1, 2)]
    first, second = run_jobs(jobs, restorer, compare=True)
    assert (first.status, second.status) == ("failed", "restored")
    assert first.error == (
        f"{tmp_path}/1.png: memory does not suffice; close other programs, or scale the picture down"
    )


def test_longest_name_fails_one_file(tmp_path, restorer, photograph):
    for name in ("a" * 251, "b"):
        write(tmp_path / f"{name}.png", photograph)
    first, second = run_jobs(plan_jobs(find_images([tmp_path])), restorer)
    assert (first.status, second.status) == ("failed", "restored")
    assert (
        first.error
        == f"{first.source.with_stem('a' * 251 + '-restored')}: the name is too long; choose a shorter one"
    )


def test_photographs_with_one_target_do_not_stop_the_rest(tmp_path, restorer, photograph):
    (tmp_path / "a.nef").touch()
    for name in ("a.tif", "b.png"):
        write(tmp_path / name, photograph)
    results = list(run_jobs(plan_jobs(find_images([tmp_path]), tmp_path / "out"), restorer))
    assert [(result.source.name, result.status) for result in results] == [
        ("a.nef", "failed"),
        ("a.tif", "restored"),
        ("b.png", "restored"),
    ]
    assert_array_equal(
        read(tmp_path / "out" / "a.tif").pixels[..., 0], np.minimum(photograph.pixels[..., 0] + 10.0, 255)
    )


def test_too_large_photographs_are_refused(tmp_path, restorer, photograph):
    job = Job(write(tmp_path / "a.png", photograph), tmp_path / "b.png")
    (result,) = run_jobs([job], restorer, max_pixels=191)
    assert result.status == "failed"
    assert "16 x 12 are more than 191 pixels" in result.error
    (result,) = run_jobs([job], restorer, max_pixels=192)
    assert result.status == "restored"


def test_impossible_target_is_known_before_the_work(tmp_path, photograph):
    class Unused(Brighter):
        def forward(self, x):
            raise AssertionError("the network ran")

    source = write(tmp_path / "a.png", photograph)
    (tmp_path / "file").write_text("")
    long = write(tmp_path / "long.png", Photograph(np.zeros((1, 16_400), np.uint8)))
    jobs = [Job(source, tmp_path / "file" / "b.png"), Job(long, tmp_path / "long.webp")]
    results = list(run_jobs(jobs, Restorer(Unused())))
    assert "a part of the path is a file" in results[0].error
    assert "holds at most 16383 pixels" in results[1].error


def test_full_disk_fails_the_file_and_keeps_the_old_one(tmp_path, restorer, photograph, monkeypatch):
    job = Job(write(tmp_path / "a.png", photograph), write(tmp_path / "b.png", photograph))
    before = job.target.read_bytes()

    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    (result,) = run_jobs([job], restorer, overwrite=True)
    assert (
        result.error
        == f"{job.target}: there is no space left on the disk; free some, or write to another one"
    )
    assert job.target.read_bytes() == before


def test_what_a_format_cannot_hold_is_said(tmp_path, restorer):
    source = write(tmp_path / "a.png", Photograph(np.zeros((8, 8, 3), np.uint16)))
    (result,) = run_jobs([Job(source, tmp_path / "a.jpg")], restorer)
    assert result.notes == ("16-bit reduced to 8-bit, the most that JPEG holds",)


def test_comparison_is_written_now_or_later(tmp_path, restorer, photograph):
    job = Job(write(tmp_path / "a.png", photograph), tmp_path / "b.png")
    (first,) = run_jobs([job], restorer)
    assert first.comparison is None
    assert not job.comparison.exists()
    (second,) = run_jobs([job], restorer, compare=True)
    assert (second.status, second.comparison) == ("skipped", tmp_path / "b-compare.png")
    assert read(job.comparison).width > 1000


@pytest.mark.parametrize("name", ["b.jpg", "b.png"])
def test_comparison_is_the_same_now_and_later(tmp_path, restorer, name):
    pixels = np.random.default_rng(0).integers(0, 256, (40, 56, 3), np.uint8)
    job = Job(write(tmp_path / "a.png", Photograph(pixels)), tmp_path / name)
    list(run_jobs([job], restorer, compare=True, quality=50))
    now = job.comparison.read_bytes()
    job.comparison.unlink()
    (result,) = run_jobs([job], restorer, compare=True, quality=50)
    assert result.status == "skipped"
    assert job.comparison.read_bytes() == now


def test_a_target_that_another_run_is_at_fails_at_once(tmp_path, restorer, photograph):
    jobs = [Job(write(tmp_path / f"{n}.png", photograph), tmp_path / f"out/{n}.png") for n in "ab"]
    with claimed(jobs[0].target):
        results = list(run_jobs(jobs, restorer))
    assert [result.status for result in results] == ["failed", "restored"]
    assert results[0].error.startswith(f"{jobs[0].target}: another run is at work on it")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["b.png"]


def test_what_a_killed_run_left_goes_though_nothing_is_left_to_do(tmp_path, restorer, photograph):
    job = Job(write(tmp_path / "a.png", photograph), tmp_path / "out/a.png")
    list(run_jobs([job], restorer))
    (job.target.parent / ".restora-0123456789ab.tmp").write_bytes(b"half")
    sweep.cache_clear()  # as in another process
    list(run_jobs([job], restorer))
    assert list(job.target.parent.iterdir()) == [job.target]


def test_restore_works_from_file_to_file(tmp_path, photograph):
    source = write(tmp_path / "a.jpg", photograph)
    (result,) = restora.restore(source, tmp_path / "b.jpg", task="denoise", tile=64)
    assert result.target == tmp_path / "b.jpg"
    assert read(result.target).pixels.shape == (12, 16, 3)


def test_restore_raises_when_the_rest_is_done(tmp_path, photograph):
    write(tmp_path / "b.png", photograph)
    (tmp_path / "a.png").write_text("no image")
    with pytest.raises(
        RestoraError, match=r"a\.png: is not an image .*\(1 of 2 failed, this was the first\)"
    ):
        restora.restore(tmp_path, tmp_path / "out")
    assert (tmp_path / "out/b.png").exists()
