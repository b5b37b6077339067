"""Completion in real shells; PowerShell, which machines rarely have, is told and answered what its script says."""

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
    """An empty home, with restora on the path."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/restora").write_text(PROGRAM.format(sys.executable))
    (tmp_path / "bin/restora").chmod(0o755)
    for name, value in {"HOME": tmp_path, "ZDOTDIR": tmp_path, "TERM": "dumb", "PS1": "> "}.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def told(shell, words):
    """Return what a shell prints. It does not hand over to the program: Typer asks which shell has started it."""
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is missing")
    done = subprocess.run([shell, "-c", f"{words}\ntrue"], check=True, capture_output=True, text=True)
    return done.stdout


@pytest.mark.parametrize(
    ("shell", "place", "asking"),
    [
        (
            "bash",
            ".bash_completions/restora.sh",
            "source ~/.bashrc; COMP_WORDS=(restora expl) COMP_CWORD=1; _restora_completion restora; echo $COMPREPLY",
        ),
        ("zsh", ".zfunc/_restora", ""),  # below
        ("fish", ".config/fish/completions/restora.fish", "complete -C 'restora expl' | cut -f 1"),
    ],
)
def test_a_module_that_is_run_installs_the_completion_of_the_program(home, shell, place, asking):
    said = told(shell, f"'{sys.executable}' -m restora --install-completion")
    assert f"{shell} completion installed in {home / place}" in said
    assert not asking or told(shell, asking) == "explain\n"


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("restora restore --compa", ["--compare"]),
        ("restora restore --task der", ["derain"]),
        ("restora restore --weights denoise-chair-", ["denoise-chair-small", "denoise-chair-tiny"]),
        ("restora restore --weights dinat-ir/deblur-g", ["dinat-ir/deblur-gopro"]),
        ("restora restore --weights denoised.pth", []),  # files are left to the shell
        ("restora evaluate --engine openv", ["openvino"]),
        ("restora recipes show photos/derain-l", ["photos/derain-laptop"]),
        ("restora benchmarks check rain100", ["rain100h", "rain100l"]),
        ("restora submit d", ["dnd"]),
    ],
)
def test_options_choices_and_names_are_completed(restora_command, monkeypatch, typed, words):
    monkeypatch.setenv("_RESTORA_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", typed)
    monkeypatch.setenv("COMP_CWORD", str(typed.count(" ")))
    assert restora_command().stdout.split() == words


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("restora expl", "restora explain "),
        ("restora benchmarks ", r"show\s+-- Show the card of a benchmark"),
    ],
)
def test_the_first_tab_of_a_session_completes_in_zsh(home, typed, shown):
    told("zsh", "restora --install-completion")
    assert re.search(shown, _typed(f"{typed}\t", shown))


def test_powershell_is_answered_what_its_script_asks(home, monkeypatch):
    monkeypatch.setenv("_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION", "1")  # the shell is named instead
    module = [sys.executable, "-m", "restora"]
    script = subprocess.run([*module, "--show-completion", "pwsh"], capture_output=True, text=True).stdout
    assert "Register-ArgumentCompleter -Native -CommandName restora -ScriptBlock" in script
    assert '$Env:_RESTORA_COMPLETE = "complete_powershell"' in script
    monkeypatch.setenv("_RESTORA_COMPLETE", "complete_powershell")
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", "restora expl")
    monkeypatch.setenv("_TYPER_COMPLETE_WORD_TO_COMPLETE", "expl")
    assert subprocess.run(["restora"], capture_output=True, text=True).stdout.startswith(
        "explain:::Draw what a network looks at"
    )


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
