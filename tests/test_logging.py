"""What the library says, it says under the name restora, and to nobody who did not ask."""

import ast
import logging
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import restora

PACKAGE = Path(restora.__file__).parent


def calls(tree):
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


@pytest.mark.parametrize(
    "path",
    [path for path in PACKAGE.rglob("*.py") if path.relative_to(PACKAGE).parts[0] != "commands"],
    ids=lambda path: path.relative_to(PACKAGE).as_posix(),
)
def test_library_code_prints_nothing(path):
    printed = [
        call.lineno
        for call in calls(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call.func, ast.Name) and call.func.id == "print"
    ]
    assert printed == []


def test_nobody_who_did_not_ask_hears_it():
    code = "import logging, restora; logging.getLogger('restora.datasets.corrupt').warning('heard')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_who_asks_hears_it():
    code = "import logging, restora; logging.basicConfig(); logging.getLogger('restora.x').warning('heard')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "WARNING:restora.x:heard\n"


def test_smaller_tiles_are_a_warning(caplog):
    restorer = restora.Restorer("denoise-chair-tiny", device="cpu", tile=128)
    whole, failed = type(restorer.engine).residual, []

    def residual(self, x):
        if x.shape[-1] > 64:
            failed.append(x.shape)
            raise MemoryError
        return whole(self, x)

    with pytest.MonkeyPatch.context() as patch, caplog.at_level(logging.WARNING, "restora"):
        patch.setattr(type(restorer.engine), "residual", residual)
        restorer(np.zeros((150, 150, 3), np.uint8))
    assert failed
    assert [record.getMessage() for record in caplog.records] == [
        "memory ran out; going on with tiles of 64 pixels"
    ]
    assert restorer.used["tile"] == 64
