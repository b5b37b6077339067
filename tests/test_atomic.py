import os
import stat
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from restora.atomic import claimed, mode_of, output_file, sweep, write_file
from restora.errors import RestoraError


def test_text_and_bytes_are_written_with_their_folder(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "c.txt"
    assert write_file(path, "Grüße\n") == path
    assert path.read_bytes() == "Grüße\n".encode()
    write_file(path, b"\0\1")
    assert path.read_bytes() == b"\0\1"
    assert list(path.parent.iterdir()) == [path]


def test_an_error_of_the_writer_leaves_the_old_file_and_is_its_own(tmp_path: Path) -> None:
    path = write_file(tmp_path / "a.txt", "old")
    with pytest.raises(ZeroDivisionError), output_file(path) as stream:
        stream.write(b"new"[: 1 // 0])
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_in_the_way_is_explained(tmp_path: Path) -> None:
    write_file(tmp_path / "file", "")
    with pytest.raises(RestoraError, match=r"a\.txt: a part of the path is a file, not a folder"):
        write_file(tmp_path / "file" / "a.txt", "")
    with pytest.raises(RestoraError, match="there is a folder of this name; choose another name"):
        write_file(tmp_path, "")


KILLED = """
import os, signal, sys
from pathlib import Path
from restora.atomic import replacement
with replacement(Path(sys.argv[1]) / "picture.png") as stream:
    stream.write(b"half")
    stream.flush()
    print("written", flush=True)
    signal.pause()
"""


@contextmanager
def writer(folder):
    """A process that has written half of a file."""
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(folder)], stdout=subprocess.PIPE)
    try:
        assert process.stdout.readline() == b"written\n"
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_what_a_killed_process_left_is_removed_and_what_another_one_writes_is_not(tmp_path):
    with writer(tmp_path) as killed, writer(tmp_path):
        left = set(tmp_path.iterdir())
        assert len(left) == 2
        killed.kill()
        killed.wait()
        sweep.cache_clear()
        write_file(tmp_path / "other.txt", "whole")
        assert {path.name for path in set(tmp_path.iterdir()) - left} == {"other.txt"}
        assert len(left & set(tmp_path.iterdir())) == 1


def test_files_that_are_called_alike_are_left_alone(tmp_path):
    names = [".restora-notes.tmp", ".restora-0123456789ab.txt", "a.restora-0123456789ab.tmp"]
    for name in names:
        (tmp_path / name).write_text("mine")
    (tmp_path / ".restora-0123456789ab.tmp").mkdir()
    os.mkfifo(tmp_path / ".restora-ba9876543210.tmp")  # would be waited for
    sweep.cache_clear()
    sweep(tmp_path)
    assert len(list(tmp_path.iterdir())) == 5


def test_a_target_is_claimed_by_one_process(tmp_path):
    target = tmp_path / "new" / "a.png"
    with claimed(target):
        with (
            pytest.raises(RestoraError, match=r"a\.png: another run is at work on it; wait until it is done"),
            claimed(target),
        ):
            raise AssertionError("two have it")
        with claimed(target.with_name("b.png")):
            pass
        sweep.cache_clear()
        sweep(target.parent)  # an older claim would go
        assert len(list(target.parent.iterdir())) == 1
    assert list(target.parent.iterdir()) == []
    with claimed(target):
        pass


def test_the_claim_of_a_killed_process_ends_with_it(tmp_path):
    program = "import sys, time\nfrom pathlib import Path\nfrom restora.atomic import claimed\nwith claimed(Path(sys.argv[1])): print(flush=True); time.sleep(60)"
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "a.png")], stdout=subprocess.PIPE
    )
    with process.stdout:
        process.stdout.readline()
        with pytest.raises(RestoraError, match="another run"), claimed(tmp_path / "a.png"):
            pass
        process.kill()
        process.wait()
    with claimed(tmp_path / "a.png"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_claim_that_cannot_be_made_says_why(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(RestoraError, match=r"b\.png: a part of the path is a file"),
        claimed(tmp_path / "file" / "b.png"),
    ):
        pass


def test_what_may_not_be_looked_at_is_not_taken_for_nothing(tmp_path):
    file, loop = tmp_path / "file", tmp_path / "loop"
    file.touch()
    loop.symlink_to(loop)
    assert stat.S_ISDIR(mode_of(tmp_path))
    assert stat.S_ISREG(mode_of(file))
    assert [mode_of(path) for path in (tmp_path / "nowhere", file / "below", loop, Path("a\0b"))] == [0] * 4
    with pytest.raises(OSError, match="name too long"):
        mode_of(tmp_path / ("x" * 300))
