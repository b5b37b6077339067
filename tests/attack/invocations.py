"""Invocations of restora in children of a warm process, and what each of them must not do."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

MIB = 2**20
ENVIRONMENT = {
    "COLUMNS": "200",
    "HF_HUB_OFFLINE": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PYTHONFAULTHANDLER": "",
    "PYTHONUTF8": "1",
    "NO_COLOR": "1",
}
_DEFECT = re.compile(
    r"Traceback \(most recent|Exception ignored|Fatal Python error|Segmentation fault|failed unexpectedly"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\x80-\x9f]")


@dataclass(frozen=True)
class Request:
    """What is to be run.

    Attributes:
        arguments: Behind ``restora``, or of `call`.
        folder: Working directory.
        call: ``module:function`` to call instead of the command line.
        memory: Bytes that may be taken beyond what the warm process holds; ``None`` for no limit.
        seconds: Seconds of processor time after which it is ended.
        wall: Seconds after which it is ended, whatever it does; long, because the machine may be busy.
        stdout: File that becomes the standard output.
        errors: What is done about characters that the output cannot encode.
    """

    arguments: Sequence[str]
    folder: str
    call: str | None = None
    memory: int | None = None
    seconds: float = 10
    wall: float = 60
    stdout: str = ""
    stderr: str = ""
    errors: str = "strict"


@dataclass(frozen=True)
class Outcome:
    """What became of it.

    Attributes:
        code: Exit code, negative for a signal.
        late: Whether it was ended for its time.
        seconds: Processor time.
        wall: Time by the clock.
        memory: Largest resident set in bytes.
        out: What it printed.
        err: What it printed on the standard error.
    """

    code: int
    late: bool
    seconds: float
    wall: float
    memory: int
    out: str
    err: str


class WarmProgram:
    """The command line, ready to be called; a context.

    Args:
        folder: Where standard output and error of the calls go.

    Attributes:
        own_memory: Bytes that the program takes before it does anything.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("warm_server.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | ENVIRONMENT | {"RESTORA_CACHE": str(folder / "cache")},
        )
        assert self._answer() == "ready\n"
        self.own_memory = self.run(["--version"], folder).memory

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()

    def run(self, arguments: Sequence[str], folder: Path, **settings: object) -> Outcome:
        """Run the command line, or what ``call`` names, in a folder; settings are those of `Request`."""
        streams = {name: str(self.folder / name) for name in ("stdout", "stderr")}
        request = Request(list(map(str, arguments)), str(folder), **(streams | settings))  # type: ignore[arg-type]
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(asdict(request)) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self._answer())
        out, err = (
            Path(path).read_text(encoding="utf-8", errors="surrogateescape") if Path(path).is_file() else ""
            for path in (request.stdout, request.stderr)
        )
        return Outcome(**answer, out=out, err=err)

    def _answer(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the warm process died"
        return line


def faults(
    outcome: Outcome,
    *,
    codes: Sequence[int] = (0, 1, 2),
    seconds: float = 5,
    memory: int = 1024 * MIB,
) -> list[str]:
    """Judge an invocation.

    Args:
        outcome: What became of it.
        codes: Exit codes that are right.
        seconds: Most processor time.
        memory: Most memory, in bytes, the program itself with it.

    Returns:
        What is wrong, in words; nothing if all is well.
    """
    found = []
    text = outcome.out + outcome.err
    if defect := _DEFECT.search(text):
        found.append(f"{defect.group()}: {_last_line(text)}")
    if outcome.late or outcome.code in (-9, -24):
        found.append("ended for its time")
    elif outcome.code not in codes:
        found.append(f"exit code {outcome.code}")
    if outcome.seconds > seconds:
        found.append(f"{outcome.seconds:.0f} s")
    if outcome.memory > memory:
        found.append(f"{outcome.memory / MIB:.0f} MiB")
    if control := _CONTROL.search(text):
        found.append(f"prints the control character {control.group()!r}")
    found += re.findall(r"^attack: (.*)$", outcome.err, re.MULTILINE)
    return found


def message_faults(outcome: Outcome, *, beside_others: bool = False) -> list[str]:
    """Judge whether what an invocation was refused with is one helpful line; Typer frames that of wrong usage.

    Args:
        outcome: What became of it.
        beside_others: Whether the work went well before, so that there may be more lines.
    """
    if outcome.code == 0:
        return ["accepted"]
    lines = [line for line in outcome.err.splitlines() if line.strip()]
    if inside := [line for line in lines if line.startswith("│")]:
        return [] if 1 <= len(inside) <= 3 else [f"{len(inside)} lines in the frame"]
    told = [line for line in lines if line.startswith("restora: ")]
    if len(told) != 1 or (len(lines) > 2 and not beside_others):
        return [f"{len(lines)} lines, {len(told)} of them by restora"]
    return [] if len(told[0]) <= 2000 else [f"a line of {len(told[0])} characters"]


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1][:160] if lines else ""
