from fractions import Fraction
from threading import Event

import av
import numpy as np
import pytest
from films import frames_of, packets_of, panning, write_clip
from numpy.testing import assert_array_equal

import restora
from restora.video.clip import examine, layout_of
from restora.video.decoding import planes_of

UNCHANGED = {"task": "denoise", "strength": 0.0, "threads": 1}


def psnr(frame, clean):
    image = layout_of("yuv420p", {"color_range": 1, "colorspace": 1}, 64).to_rgb(planes_of(frame, "yuv420p"))
    return -10 * np.log10(np.mean((image - clean) ** 2))


def test_a_film_is_restored_with_its_sound_and_turn(tmp_path):
    source, target = tmp_path / "in.mp4", tmp_path / "out.mp4"
    write_clip(source, panning(12, noise=0.1), sound=True, rotation=90, options={"crf": "10"})
    seen = []
    result = restora.restore_video(
        source, target, task="denoise", threads=1, segment=5, crf=10, progress=lambda *now: seen.append(now)
    )
    assert (result.frames, result.resumed, result.codec) == (12, 0, "h264")
    # Gaussian weights hardly see noise whose chroma is coarse
    assert result.weights == ("denoise-real-chair-tiny",)
    assert "not independent" in result.notes[0]
    assert seen == [(number, 12) for number in range(1, 13)]
    before, after, clean = frames_of(source), frames_of(target), list(panning(12))
    assert [frame.time for frame in after] == [frame.time for frame in before]
    assert {frame.rotation for frame in after} == {90}
    for number in (0, 4, 5, 11):
        assert psnr(after[number], clean[number]) > psnr(before[number], clean[number]) + 5
    assert packets_of(target, "audio") == packets_of(source, "audio")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize(
    ("name", "tags"),
    [
        ("yuv420p", {"color_range": 1, "colorspace": 1}),
        ("yuv420p", {"color_range": 2, "colorspace": 6, "color_primaries": 6, "color_trc": 6}),
        ("yuv422p10le", {"color_range": 1, "colorspace": 9, "color_primaries": 9, "color_trc": 14}),
        ("yuv444p12le", {"color_range": 2, "colorspace": 1}),
        ("gbrp10le", {"color_range": 2, "colorspace": 0}),
        ("gray", {"color_range": 2, "colorspace": 2}),
    ],
)
def test_without_restoration_a_lossless_film_comes_back_bit_for_bit(tmp_path, name, tags):
    source, target = tmp_path / "in.mkv", tmp_path / "out.mkv"
    written = write_clip(source, panning(5, noise=0.2), codec="ffv1", format=name, tags=tags)
    restora.restore_video(source, target, **UNCHANGED, segment=3)
    before, after = frames_of(source), frames_of(target)
    for planes, one, other in zip(written, before, after, strict=True):
        assert other.format.name == name
        for facts in ("color_range", "color_primaries", "color_trc", "colorspace", "time"):
            assert getattr(one, facts) == getattr(other, facts), facts
        for wanted, there in zip(planes, planes_of(other, name), strict=True):
            assert_array_equal(wanted, there)


def test_ten_bits_stay_ten_and_say_what_they_are(tmp_path):
    display = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)"
    options = {"x265-params": f"log-level=none:master-display={display}:max-cll=1000,400"}
    tags = {"color_range": 1, "color_primaries": 9, "color_trc": 16, "colorspace": 9}
    source = tmp_path / "in.mkv"
    write_clip(source, panning(4), codec="libx265", format="yuv420p10le", tags=tags, options=options)
    for codec, ending in (("hevc", "mp4"), ("h264", "mkv"), ("av1", "webm")):
        target = tmp_path / f"{codec}.{ending}"
        result = restora.restore_video(source, target, **UNCHANGED, codec=codec)
        assert any("PQ" in note for note in result.notes)
        frame, clip = frames_of(target)[0], examine(target)
        assert frame.format.name == "yuv420p10le"
        assert {name: getattr(frame, name) for name in tags} == tags
        assert clip.light == (1000, 400)
        measured = [float(value) for value in clip.mastering]
        assert [measured[0], measured[6], measured[9]] == pytest.approx([0.68, 0.3127, 1000], rel=1e-3)
        assert measured[8] == pytest.approx(0.005, rel=0.05)


def test_every_frame_is_shown_when_it_was(tmp_path):
    times = [0, 1001, 2002, 5000, 5500, 6000, 12000, 12001, 15000, 20000]
    source, target = tmp_path / "in.mp4", tmp_path / "out.mp4"
    write_clip(source, panning(10), times=times, time_base=Fraction(1, 12000), rate=Fraction(24))
    restora.restore_video(source, target, **UNCHANGED, segment=4)
    wanted, found = ([frame.time for frame in frames_of(path)] for path in (source, target))
    assert found == wanted
    assert np.diff(found).tolist() == pytest.approx((np.diff(times) / 12000).tolist())


def test_a_part_with_its_sound(tmp_path):
    source, target = tmp_path / "in.mp4", tmp_path / "out.mp4"
    write_clip(source, panning(50), sound=True)
    result = restora.restore_video(source, target, **UNCHANGED, start="0:01", preview="0.4s")
    assert result.frames == 10
    frames = frames_of(target)
    assert [round(frame.time * 25) for frame in frames] == list(range(10))
    with av.open(str(target)) as container:
        assert container.duration / 1e6 == pytest.approx(0.4, abs=0.03)
        sound = [packet.pts for packet in container.demux(audio=0) if packet.size]
        assert 0 <= sound[0] < 1024
        assert len(sound) in (18, 19)


@pytest.mark.parametrize("ending", ["ts", "avi", "mkv"])
def test_a_part_of_a_film_in_which_seeking_is_hard(tmp_path, ending):
    source, target = tmp_path / f"in.{ending}", tmp_path / "out.mkv"
    written = write_clip(source, panning(30, (64, 48)), codec="mpeg4", options={"qscale": "2"})
    result = restora.restore_video(source, target, **UNCHANGED, start=0.4, codec="ffv1")
    assert result.frames == 20
    first = planes_of(frames_of(target)[0], "yuv420p")[0].astype(float)
    errors = [np.abs(planes[0] - first).mean() for planes in written]
    assert int(np.argmin(errors)) == 10


def test_what_was_cancelled_goes_on_to_the_same_bytes(tmp_path):
    source, whole, again, parts = (tmp_path / f"{name}.mp4" for name in ("in", "whole", "again", "parts"))
    write_clip(source, panning(20, noise=0.1), sound=True)
    restora.restore_video(source, whole, task="denoise", threads=1, segment=6)
    restora.restore_video(source, again, task="denoise", threads=1, segment=6)
    assert again.read_bytes() == whole.read_bytes()
    stop = Event()

    def cancel_at_15(done, frames):
        if done == 15:
            stop.set()

    with pytest.raises(restora.Cancelled):
        restora.restore_video(
            source, parts, task="denoise", threads=1, segment=6, progress=cancel_at_15, cancel=stop
        )
    assert not parts.exists()
    result = restora.restore_video(source, parts, task="denoise", threads=1, segment=6)
    assert result.resumed == 12
    assert parts.read_bytes() == whole.read_bytes()
    assert not list(tmp_path.glob(".restora-*"))


def test_other_options_begin_anew(tmp_path):
    source, target = tmp_path / "in.mp4", tmp_path / "out.mp4"
    write_clip(source, panning(8))
    stop = Event()
    with pytest.raises(restora.Cancelled):
        restora.restore_video(
            source,
            target,
            **UNCHANGED,
            segment=3,
            progress=lambda done, _: done == 5 and stop.set(),
            cancel=stop,
        )
    result = restora.restore_video(source, target, **UNCHANGED, segment=3, crf=30)
    assert result.resumed == 0
    assert result.frames == 8


def test_without_a_task_a_film_is_looked_at_once(tmp_path):
    source, target = tmp_path / "in.mp4", tmp_path / "out.mp4"
    write_clip(source, panning(6, (256, 256), noise=0.1), options={"crf": "4"})
    said = []
    result = restora.restore_video(source, target, notify=said.append, threads=1)
    assert result.weights == ("denoise-real-chair-tiny",)
    assert "of 5 frames: noise" in said[0]
    assert result.weights[0] in said[0]
