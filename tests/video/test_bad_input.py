import os
import re
from dataclasses import replace

import av
import pytest
from films import panning, sine, write_clip
from PIL import Image

from restora import RestoraError, restore_video
from restora.video.clip import examine
from restora.video.codecs import choose_encoding
from restora.video.timing import seconds_of


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    write_clip(path, panning(50, (64, 48)), options={"movflags": "faststart"})
    return path


def refused(words, *arguments, **options):
    with pytest.raises(RestoraError, match=words) as caught:
        restore_video(*arguments, **options)
    assert "\n" not in str(caught.value)


def test_what_is_no_film(tmp_path):
    refused("no-such.mp4.*check the spelling", tmp_path / "no-such.mp4")
    os.mkfifo(tmp_path / "pipe.mp4")
    for name in ("pipe.mp4", "."):
        refused("is a folder or a device", tmp_path / name)
    (tmp_path / "text.mp4").write_text("not a film at all\n" * 100)
    refused("text.mp4: is no film", tmp_path / "text.mp4")
    (tmp_path / "empty.mkv").write_bytes(b"")
    refused("empty.mkv: is no film", tmp_path / "empty.mkv")
    for ending in ("png", "jpg", "gif", "webp"):
        Image.new("RGB", (64, 48)).save(tmp_path / f"a.{ending}")
        refused(f"a.{ending}: is a picture, not a film; restora restore", tmp_path / f"a.{ending}")


def test_sound_alone(tmp_path):
    with av.open(str(tmp_path / "song.m4a"), "w", format="mp4") as output:
        voice = output.add_stream("aac", rate=48000)
        for frame in sine(1):
            output.mux(voice.encode(frame))
        output.mux(voice.encode(None))
    refused("song.m4a: holds no picture stream, only audio", tmp_path / "song.m4a")


@pytest.mark.parametrize("ending", ["mp4", "mkv"])
def test_cut_short(tmp_path, ending):
    whole, cut = tmp_path / f"whole.{ending}", tmp_path / f"cut.{ending}"
    options = {"crf": "1"}
    write_clip(
        whole,
        panning(75, (64, 48), noise=0.1),
        options=options,
        container_options={"movflags": "faststart"} if ending == "mp4" else {},
    )
    content = whole.read_bytes()
    cut.write_bytes(content[: len(content) // 2])
    with pytest.raises(
        RestoraError, match=r"cut.*: is cut short, 1\.\d+ s of 3\.00 s are there; --end"
    ) as caught:
        restore_video(cut)
    end = re.search(r"--end (\S+)", str(caught.value))[1]
    result = restore_video(cut, task="denoise", strength=0.0, end=end, threads=1)
    assert 25 < result.frames < 50


def test_without_its_index(tmp_path, film):
    (tmp_path / "cut.mov").write_bytes(film.read_bytes()[:600])
    refused("cut.mov: is no film that can be read, or it is damaged or cut short", tmp_path / "cut.mov")


def test_wrong_times(film):
    refused("start 9 s lies outside of it; it lasts 2.00 s", film, start=9)
    refused("must lie before end", film, start=1, end="0:01")
    refused("'soon' is no time", film, start="soon")
    refused("end 99 s lies outside", film, end="99")
    with pytest.raises(RestoraError):
        seconds_of("nan")


def test_wrong_targets(tmp_path, film):
    refused("written as .mp4, .m4v, .mov, .mkv, .webm", film, tmp_path / "out.avi")
    refused("name is too long", film, tmp_path / f"{'x' * 300}.mp4")
    refused("is the film itself", film, film, overwrite=True)
    refused("is a folder", film, tmp_path)
    (tmp_path / "there.mp4").write_bytes(b"")
    refused("--overwrite replaces it", film, tmp_path / "there.mp4")


def test_codecs_that_do_not_go_together(tmp_path, film):
    refused("unknown codec 'h265', did you mean h264", film, tmp_path / "a.mp4", codec="h265")
    refused(
        "h264.*cannot be written into .webm; choose another ending or --codec",
        film,
        tmp_path / "a.webm",
        codec="h264",
    )
    refused("prores has no --crf", film, tmp_path / "a.mov", codec="prores", crf=3)
    refused("--crf of h264 goes from 0", film, tmp_path / "a.mp4", crf=99)
    deep = replace(examine(film), format="yuv420p10le", layout=replace(examine(film).layout, depth=10))
    with pytest.raises(RestoraError, match="libvpx-vp9 here does not hold yuv420p10le"):
        choose_encoding(deep, tmp_path / "a.webm", "vp9")
    assert choose_encoding(deep, tmp_path / "a.webm").name == "av1"
    assert "h264 becomes av1" in choose_encoding(examine(film), tmp_path / "a.webm").notes[0]
