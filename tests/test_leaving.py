"""The process ends when its work is done: nothing is lost, and nothing is taken apart."""

import subprocess
import sys

import pytest

PROGRAM = """
import atexit, ctypes, gc, sys, threading
begin = gc.get_freeze_count()  # Python 3.12 begins with some
class Kept:
    def __del__(self):
        print("taken apart")
kept = Kept()
def finish():
    print("finished", gc.isenabled(), gc.get_freeze_count() > begin)
    if sys.platform == "linux":
        ctypes.CDLL(None).printf(b"from C\\n")
atexit.register(finish)
if "{thread}":
    threading.Thread(target=lambda: (threading.main_thread().join(), print("thread"))).start()
sys.argv = ["restora", *{words}]
from restora.__main__ import main
main()
"""


def ended(*words, thread=""):
    """Return the exit code of the program, and the last lines that it prints."""
    program = PROGRAM.format(words=words, thread=thread)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    return done.returncode, {*done.stdout.splitlines()[-4:]}


@pytest.mark.parametrize(
    ("words", "code", "collects"), [(("recipes",), 0, "True"), (("no-such",), 2, "False")]
)
def test_what_was_registered_runs_and_what_was_printed_is_there(words, code, collects):
    found, lines = ended(*words)
    assert found == code
    assert f"finished {collects} {collects}" in lines
    assert sys.platform != "linux" or "from C" in lines
    assert "taken apart" not in lines


def test_threads_are_awaited():
    code, lines = ended("--version", thread="yes")
    assert code == 0
    assert {"thread", "taken apart", "finished False False"} <= lines
