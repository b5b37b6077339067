import sys
from dataclasses import dataclass

import pytest

from restora.commands.app import main


@dataclass
class Run:
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def restora_command(tmp_path, monkeypatch, capsys):
    """Run the command line in an empty folder, its output not being a terminal."""

    def run(*arguments):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("COLUMNS", "200")
        monkeypatch.setattr(sys, "argv", ["restora", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as exit_:
            main()
        return Run(int(exit_.value.code or 0), *capsys.readouterr())

    return run
