"""A process that has imported restora and runs each request in a child of its own: `python warm_server.py`.

It reads a request a line (JSON, the fields of `invocations.Request`) and answers a line (JSON, those of
`invocations.Outcome` that a process can tell). A child costs some milliseconds where a fresh interpreter costs seconds,
and nothing that it breaks reaches the next one.
"""

import json
import os
import resource
import signal
import sys
import time
import traceback
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from restora.commands.app import COMMANDS, main

ALLOWED_PROGRAMS = ("git", "uname", sys.executable)
"""What cards and `restora doctor` ask for the commit and the machine, and what `restora export` tries its file in."""

PRELOADED = (
    "huggingface_hub",
    "accelerate",
    "onnxruntime",
    "matplotlib.pyplot",
    "rich.progress",
    "image_attack",
)


def watch(event: str, arguments: tuple[Any, ...]) -> None:
    """Tell on the standard error what a program must not do unless it was asked to."""
    if event in ("socket.connect", "socket.getaddrinfo"):
        caller = traceback.extract_stack(limit=12)[0]
        os.write(2, f"attack: goes to the network ({event} {arguments[0]!r}, {caller.name})\n".encode())
    elif event in ("os.system", "os.exec", "os.posix_spawn", "subprocess.Popen"):
        if arguments[0] in ALLOWED_PROGRAMS:
            return
        os.write(2, f"attack: starts a program ({event} {arguments[0]!r})\n".encode())


def child(request: dict[str, Any]) -> NoReturn:
    """Become the program: folder, streams, limits, arguments; end as the interpreter would."""
    os.setsid()
    os.chdir(request["folder"])
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    for number, path in ((1, request["stdout"]), (2, request["stderr"])):
        os.dup2(os.open(path, flags), number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    if request["memory"] is not None:
        most = address_space() + request["memory"]
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    seconds = int(request["seconds"]) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.stdout = open(1, "w", encoding="utf-8", errors=request["errors"], closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
    sys.argv = ["restora", *request["arguments"]]
    sys.addaudithook(watch)
    code = 0
    try:
        if request["call"] is None:
            main()
        else:
            module, _, name = request["call"].partition(":")
            getattr(import_module(module), name)(*request["arguments"])
        sys.stdout.flush()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except KeyboardInterrupt:
        code = 130
    except BaseException:
        code = 1
        traceback.print_exc()
    try:
        sys.stdout.flush()
    except OSError:
        code = 120  # as the interpreter does for what it could not write
    with suppress(OSError):
        sys.stderr.flush()
    os._exit(code)


def address_space() -> int:
    """Return the bytes of addresses that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def finish(pid: int, wall: float) -> tuple[int, Any, bool]:
    """Wait for a child, and kill it with all that it started when its time is up."""
    end = time.monotonic() + wall
    pause = 0.002
    while True:
        done, status, usage = os.wait4(pid, os.WNOHANG)
        if done:
            break
        if late := time.monotonic() > end:
            os.killpg(pid, signal.SIGKILL)
            _, status, usage = os.wait4(pid, 0)
            return status, usage, late
        time.sleep(pause)
        pause = min(0.05, 1.5 * pause)
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)  # what it may have left behind
    return status, usage, False


def serve() -> None:
    """Answer requests until the input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for name in COMMANDS:
        import_module(f"restora.commands.{name.replace('-', '_')}")
    for name in PRELOADED:
        with suppress(ImportError):
            import_module(name)
    answers.write("ready\n")
    answers.flush()
    for line in sys.stdin:
        request = json.loads(line)
        begin = time.monotonic()
        pid = os.fork()
        if not pid:
            try:
                child(request)
            finally:
                os._exit(99)
        status, usage, late = finish(pid, request["wall"])
        answer = {
            "code": os.waitstatus_to_exitcode(status),
            "late": late,
            "seconds": usage.ru_utime + usage.ru_stime,
            "wall": time.monotonic() - begin,
            "memory": usage.ru_maxrss * 1024,
        }
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    serve()
