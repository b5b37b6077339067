"""What a film carries beside its picture, and films whose frames are woven from two fields."""

import io
from fractions import Fraction

import av
import numpy as np
import pytest
from films import frames_of, packets_of, panning, write_clip
from PIL import Image

from restora import RestoraError, restore_video
from restora.video.clip import layout_of
from restora.video.decoding import planes_of

UNCHANGED = {"task": "denoise", "strength": 0.0, "threads": 1}
SUBTITLES = (b"first", b"second", b"third")
CHAPTERS = [("Begin", 0, 1000), ("End", 1000, 2000)]


def remuxed(source, target):
    """Add subtitles, chapters, a title, a font and a language."""
    with av.open(str(source)) as film, av.open(str(target), "w") as output:
        copies = {
            stream.index: output.add_stream_from_template(stream, opaque=True) for stream in film.streams
        }
        copies[1].metadata["language"] = "deu"
        words = output.add_mux_stream("subrip" if target.suffix == ".mkv" else "mov_text")
        words.time_base, words.metadata["language"] = Fraction(1, 1000), "fra"
        if target.suffix == ".mkv":
            output.add_attachment("letters.ttf", "application/x-truetype-font", b"letters")
        output.metadata["title"] = "A walk"
        output.set_chapters(
            [
                {
                    "id": n,
                    "start": begin,
                    "end": end,
                    "time_base": Fraction(1, 1000),
                    "metadata": {"title": title},
                }
                for n, (title, begin, end) in enumerate(CHAPTERS)
            ]
        )
        output.start_encoding()
        for packet in film.demux():
            if packet.size:
                packet.stream = copies[packet.stream_index]
                output.mux(packet)
        for number, text in enumerate(SUBTITLES):
            text = text if target.suffix == ".mkv" else len(text).to_bytes(2, "big") + text
            packet = av.Packet(text)
            packet.stream, packet.time_base = words, Fraction(1, 1000)
            packet.pts = packet.dts = 200 + 700 * number
            packet.duration = 500
            output.mux(packet)


def subtitles(path):
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(subtitles=0) if packet.size > 2]
        return [(float(packet.pts * packet.time_base), bytes(packet)[-6:]) for packet in packets]


def chapters(path):
    with av.open(str(path)) as container:
        return [
            (c["metadata"]["title"], float(c["start"] * c["time_base"]), float(c["end"] * c["time_base"]))
            for c in container.chapters()
        ]


@pytest.mark.parametrize("ending", ["mkv", "mp4"])
def test_all_that_a_film_carries_is_kept(tmp_path, ending):
    plain, source, target = tmp_path / "plain.mp4", tmp_path / f"in.{ending}", tmp_path / f"out.{ending}"
    write_clip(plain, panning(50, (64, 48)), sound=True)
    remuxed(plain, source)
    result = restore_video(source, target, **UNCHANGED)
    assert result.notes[1:] == ()
    assert len(subtitles(source)) == 3
    assert subtitles(target) == subtitles(source)
    assert chapters(target) == chapters(source) == [(title, a / 1000, b / 1000) for title, a, b in CHAPTERS]
    assert packets_of(target, "audio") == packets_of(source, "audio")
    with av.open(str(target)) as container:
        assert container.metadata["title"] == "A walk"
        kinds = [stream.type for stream in container.streams if stream.type != "data"]
        assert kinds == ["video", "audio", "subtitle", *(["attachment"] if ending == "mkv" else [])]
        assert [stream.language for stream in container.streams][1:3] == ["deu", "fra"]
        if ending == "mkv":
            (font,) = container.streams.attachments
            assert font.data == b"letters"
    part = tmp_path / f"part.{ending}"
    restore_video(source, part, **UNCHANGED, start=0.5, end=1.5)
    assert [words[1] for words in subtitles(part)] == [words[1] for words in subtitles(source)[1:2]]
    assert subtitles(part)[0][0] == pytest.approx(0.4, abs=0.03)
    times = [time for _, *both in chapters(part) for time in both]
    assert times == pytest.approx(
        [0, 0.5, 0.5, 1.0], abs=0.03
    )  # Matroska's picture begins 21 ms after its sound


def test_what_the_container_does_not_take_is_named(tmp_path):
    plain, source = tmp_path / "plain.mp4", tmp_path / "in.mkv"
    write_clip(plain, panning(50, (64, 48)), sound=True)
    remuxed(plain, source)
    said = []
    restore_video(source, tmp_path / "out.webm", **UNCHANGED, notify=said.append)
    assert any("h264 becomes av1" in words for words in said)
    assert [words for words in said if "is not kept" in words] == [
        "audio stream 1 (aac) is not kept: webm does not hold it",
        "subtitle stream 2 (subrip) is not kept: webm does not hold it",
        "attachment stream 3 (unknown) is not kept: webm does not hold it",
    ]


def test_the_cover_is_no_film(tmp_path):
    film, song, target = tmp_path / "film.mp4", tmp_path / "song.mp4", tmp_path / "out.mp4"
    cover = io.BytesIO()
    Image.new("RGB", (32, 32), "red").save(cover, "PNG")
    write_clip(film, panning(5, (64, 48)))
    with av.open(str(film)) as source, av.open(str(song), "w") as output:
        copy = output.add_stream_from_template(source.streams.video[0], opaque=True)
        picture = output.add_stream("png", rate=1)
        picture.width = picture.height = 32
        picture.pix_fmt = "rgb24"
        picture.disposition = av.stream.Disposition.attached_pic
        output.start_encoding()
        packet = av.Packet(cover.getvalue())
        packet.stream, packet.pts, packet.dts = picture, 0, 0
        output.mux(packet)
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = copy
                output.mux(packet)
    restore_video(song, target, **UNCHANGED)
    with av.open(str(target)) as container:
        covers = [s for s in container.streams.video if s.disposition & av.stream.Disposition.attached_pic]
        assert [bytes(p) for p in container.demux(covers[0]) if p.size] == [cover.getvalue()]


def interlaced(path, frames=10):
    """Write a film of two fields a frame, each of another time."""
    fields = list(panning(2 * frames, (96, 64), step=4))
    woven = []
    for early, late in zip(fields[::2], fields[1::2], strict=True):
        frame = late.copy()
        frame[1::2] = early[1::2]  # the lower field comes first
        woven.append(frame)
    options = {"x264-params": "bff=1", "crf": "5"}
    write_clip(path, iter(woven), options=options, format="yuv422p")
    return fields[::2]


def test_interlaced_films_are_refused_or_taken_apart(tmp_path):
    source, target = tmp_path / "in.mkv", tmp_path / "out.mkv"
    early = interlaced(source)
    with pytest.raises(RestoraError, match=r"in.mkv: is interlaced, .* --deinterlace takes them apart"):
        restore_video(source, target, **UNCHANGED)
    result = restore_video(source, target, **UNCHANGED, deinterlace=True, segment=4, crf=5)
    before, after = frames_of(source), frames_of(target)
    assert (result.frames, [frame.time for frame in after]) == (10, [frame.time for frame in before])
    assert not any(frame.interlaced_frame for frame in after)
    layout = layout_of("yuv422p", {"color_range": 1, "colorspace": 1}, 64)
    for number in (2, 5, 8):
        images = [layout.to_rgb(planes_of(frames[number], "yuv422p")) for frames in (before, after)]
        combed, whole = (np.sqrt(np.mean((image - early[number]) ** 2)) for image in images)
        assert whole < 0.6 * combed
