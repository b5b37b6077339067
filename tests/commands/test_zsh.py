"""Completion in a real zsh, at a pseudo terminal."""

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time

import pytest

PROGRAM = "#!{}\nimport sys\nfrom restora.__main__ import main\nsys.argv[0] = 'restora'\nsys.exit(main())\n"


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home where completion was installed, with restora on the path."""
    zsh = shutil.which("zsh")
    if zsh is None:
        pytest.skip("zsh is missing")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/restora").write_text(PROGRAM.format(sys.executable))
    (tmp_path / "bin/restora").chmod(0o755)
    for name, value in {"HOME": tmp_path, "ZDOTDIR": tmp_path, "TERM": "dumb", "PS1": "> "}.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    install = [zsh, "-c", "restora --install-completion; true"]  # Typer asks which shell has started it
    subprocess.run(install, check=True, capture_output=True)
    assert (tmp_path / ".zfunc/_restora").is_file()
    return tmp_path


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("restora expl", "restora explain "),
        ("restora benchmarks ", r"show\s+-- Show the card of a benchmark"),
    ],
)
def test_the_first_tab_of_a_session_completes(home, typed, shown):
    assert re.search(shown, _typed(f"{typed}\t", shown))


def _typed(keys, wanted, seconds=30.0):
    """Type into a new zsh until something is shown, and return all that was."""
    process, terminal = pty.fork()
    if process == 0:
        os.execvp("zsh", ["zsh", "-i"])
    shown, end, sent = "", time.monotonic() + seconds, False
    while time.monotonic() < end and not re.search(wanted, shown):
        if select.select([terminal], [], [], 0.1)[0]:
            shown += os.read(terminal, 65536).decode(errors="replace")
        if not sent and "> " in shown:
            os.write(terminal, keys.encode())
            sent = True
    os.close(terminal)
    os.waitpid(process, 0)
    return shown
