import json
import sys

from films import frames_of, panning, write_clip


def test_video(restora_command, tmp_path):
    write_clip(tmp_path / "in.mp4", panning(6, (64, 48), noise=0.1), sound=True)
    done = restora_command("video", "in.mp4", "--task", "denoise-real", "--end", "0.16", "--threads", "1")
    assert (done.returncode, done.stdout) == (0, "in-restored.mp4\n")
    assert len(frames_of(tmp_path / "in-restored.mp4")) == 4
    again = restora_command("video", "in.mp4", "--task", "denoise-real")
    assert again.returncode == 2
    assert "in-restored.mp4: is there already; --overwrite replaces it" in again.stderr
    told = restora_command("video", "in.mp4", "-o", "b.mkv", "--task", "denoise", "--threads", "1", "--json")
    assert "in.mp4: its colours are stored smaller" in told.stderr
    assert json.loads(told.stdout)["weights"] == ["denoise-real-chair-tiny"]


def test_ctrl_c_says_how_to_go_on(restora_command, tmp_path, monkeypatch):
    write_clip(tmp_path / "in.mp4", panning(6, (64, 48)))

    def pressed(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("restora.video.restoration.SegmentWriter.add", pressed)
    done = restora_command("video", "in.mp4", "--task", "denoise-real", "--threads", "1")
    assert done.returncode == 130
    assert (
        "in.mp4: stopped; finished segments are kept, the same command goes on with the rest" in done.stderr
    )


def test_without_the_extra(restora_command, monkeypatch):
    for name in [
        name for name in sys.modules if name == "restora.video" or name.startswith("restora.video.")
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "av", None)
    done = restora_command("video", "in.mp4")
    assert done.returncode == 2
    assert done.stderr == "restora: video needs PyAV; pip install 'restora[video]'\n"
