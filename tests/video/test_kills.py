"""A film of a thousand frames whose restoration is killed three times, and what memory that takes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from films import frames_of, packets_of, panning, write_clip

RUN = """
import resource, sys
from restora import restore_video
result = restore_video(sys.argv[1], sys.argv[2], task="denoise", threads=1, temporal=True, segment=50,
                       progress=lambda done, frames: print(done, flush=True))
print("resumed", result.resumed, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def begun(source: Path, target: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", RUN, str(source), str(target)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ,
    )


@pytest.mark.slow
def test_a_film_that_is_killed_three_times_has_the_same_bytes(tmp_path):
    source, whole, killed = tmp_path / "in.mp4", tmp_path / "whole.mp4", tmp_path / "killed.mp4"
    write_clip(source, panning(1000, (64, 48), step=1, noise=0.1), sound=True)
    undisturbed = begun(source, whole)
    assert undisturbed.communicate()[0].split()[-2] == "0"
    for last in (130, 420, 777):
        run = begun(source, killed)
        assert run.stdout is not None
        for line in run.stdout:
            if int(line) >= last:
                break
        time.sleep(0.01)
        run.send_signal(signal.SIGKILL)
        assert run.wait() == -signal.SIGKILL
        assert not killed.exists()
    end = begun(source, killed)
    words = end.communicate()[0].split()
    assert 700 <= int(words[-2]) <= 800
    assert killed.read_bytes() == whole.read_bytes()
    assert len(frames_of(killed)) == 1000
    assert packets_of(killed, "audio") == packets_of(source, "audio")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.mp4", "killed.mp4", "whole.mp4"]


@pytest.mark.slow
def test_memory_does_not_grow_with_the_film(tmp_path):
    peaks = []
    for frames in (30, 240):
        source = tmp_path / f"{frames}.mp4"
        write_clip(source, panning(frames, (256, 192), step=1))
        words = begun(source, tmp_path / f"out-{frames}.mp4").communicate()[0].split()
        peaks.append(int(words[-1]))
    # 240 frames of 256 x 192 in float32 are 142 MB
    assert peaks[1] < peaks[0] + 50_000
