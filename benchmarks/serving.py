"""The server under load: 500 requests of mixed sizes, 20 at once, among them broken files and clients that leave.

    pip install locust
    python benchmarks/serving.py [--requests 500] [--users 20] [--side 512]

`restora serve` is started on the loopback with the weights for Gaussian noise, one worker, one thread, torch. Pictures of four sizes and
formats are sent by locust, as bodies and as forms; 5 % are broken in five ways, and 5 % of the clients leave before their answer.
Every whole picture must come back byte for byte as it is restored without a server, every broken one with its code; after that no
place may be taken, and memory must be what it was after the first quarter. Writes benchmarks/results/serving.md.
"""

import hashlib
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from harness import MIB, ROOT, command_line, machine, table, write_results

from restora.images import Photograph, encode
from restora.restoration import Restorer
from restora.restoration.content import restore_content

TASK = "denoise"
FORMATS = ("png", "jpg", "webp", "tif")
SHARES = (0.25, 0.5, 0.75, 1.0)
"""Sides of the pictures, as shares of the largest."""
MOST_PIXELS = 4_000_000
MEMORY = "process_resident_memory_bytes"
WAYS = 5
"""In which files are broken."""


def noisy(width: int, height: int, seed: int) -> Photograph:
    """Return a noisy picture."""
    rows, columns = np.mgrid[:height, :width] / max(width, height)
    smooth = 128 + 60 * np.sin(9 * rows + seed)[..., None] * np.cos(7 * columns)[..., None] * np.ones(3)
    noise = np.random.default_rng(seed).normal(0, 20, smooth.shape)
    return Photograph((smooth + noise).clip(0, 255).astype(np.uint8))


def broken(way: int, whole: bytes) -> tuple[str, bytes, str, int]:
    """Return what is wrong, the file, the query and the code that must come back."""
    return (
        ("cut short", whole[: len(whole) // 2], "", 422),
        ("no picture", b"hello, world" * 100, "", 415),
        ("empty", b"", "", 400),
        ("too many pixels", encode(Photograph(np.zeros((2001, 2000), np.uint8))), "", 413),
        ("no such option", whole, "?strength=2", 422),
    )[way]


def planned(folder: Path, count: int, side: int) -> list[dict[str, Any]]:
    """Make the pictures, restore them without a server, and plan who sends which."""
    restorer = Restorer("denoise-chair-tiny", device="cpu", engine="torch", threads=1)
    whole = []
    for number, (share, suffix) in enumerate((s, f) for s in SHARES for f in FORMATS):
        width = round(side * share)
        content = encode(noisy(width, width * 3 // 4, number), suffix)
        file = folder / f"{width}.{suffix}"
        file.write_bytes(content)
        digest = hashlib.sha256(restore_content(content, restorer).content).hexdigest()
        kind = f"{width} x {width * 3 // 4}"
        whole.append(
            {"kind": kind, "name": file.name, "file": str(file), "digest": digest, "code": 200, "query": ""}
        )
    faulty = []
    for way in range(WAYS):
        words, content, query, code = broken(way, (folder / f"{side}.png").read_bytes())
        file = folder / f"broken-{way}.png"
        file.write_bytes(content)
        faulty.append(
            {"kind": words, "name": file.name, "file": str(file), "digest": "", "code": code, "query": query}
        )
    mixed = random.Random(0)
    plan: list[dict[str, Any]] = []
    for number in range(count):
        one: dict[str, Any] = {**whole[number % len(whole)], "leaves": 0.0, "form": mixed.random() < 0.3}
        if number % 20 == 7:  # 5 %
            one |= faulty[number // 20 % WAYS]
        elif number % 20 == 13:
            one |= {"leaves": mixed.uniform(0.05, 1.0), "kind": "leaves"}
        if one["kind"] == "empty":
            one["form"] = False  # a form of an empty file is no empty request
        plan.append(one)
    mixed.shuffle(plan)
    return plan


@contextmanager
def serving(*options: str) -> Iterator[tuple[str, int]]:
    """Start a server; yields its address and the number of its process."""
    command = [sys.executable, "-m", "restora", "serve", "--port", "0", *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as server:
        assert server.stderr is not None
        line = server.stderr.readline()
        found = re.search(r"http://\S+:\d+", line)
        assert found, line
        threading.Thread(target=server.stderr.read, daemon=True).start()
        try:
            while not ready(found[0]):
                assert server.poll() is None
                time.sleep(0.1)
            yield found[0], server.pid
        finally:
            server.terminate()


def ready(address: str) -> bool:
    """Tell whether the weights are loaded."""
    try:
        return bool(urllib.request.urlopen(f"{address}/ready").status == 200)
    except OSError:
        return False


def metric(address: str, name: str) -> float:
    """Return a number that the server tells of itself."""
    page = urllib.request.urlopen(f"{address}/metrics").read().decode()
    return float(next(line for line in page.splitlines() if line.startswith(f"{name} ")).split()[1])


def watched(address: str, notes: Path, process: subprocess.Popen[str], count: int) -> list[tuple[int, float]]:
    """Return (requests answered, MiB of the server) from time to time until the load ends."""
    seen = [(0, metric(address, MEMORY) / MIB)]
    while process.poll() is None:
        done = len(notes.read_text(encoding="utf-8").splitlines()) if notes.exists() else 0
        if done >= seen[-1][0] + count // 20:
            seen.append((done, metric(address, MEMORY) / MIB))
        time.sleep(0.2)
    return seen


def loaded(
    address: str, plan: list[dict[str, Any]], folder: Path, users: int
) -> tuple[list[dict[str, Any]], list[tuple[int, float]], float]:
    """Send what is planned; return what became of each request, the memory meanwhile and the seconds."""
    paths = {"SERVING_PLAN": folder / "plan.json", "SERVING_NOTES": folder / "notes.jsonl"}
    paths["SERVING_PLAN"].write_text(json.dumps(plan), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "locust",
        "-f",
        str(ROOT / "benchmarks/serving_users.py"),
        "--headless",
        "--only-summary",
    ]
    command += ["--host", address, "--users", str(users), "--spawn-rate", str(users), "--stop-timeout", "60"]
    begin = time.perf_counter()
    environment = {**os.environ, **{name: str(path) for name, path in paths.items()}}
    with subprocess.Popen(command, env=environment, text=True) as process:
        memory = watched(address, paths["SERVING_NOTES"], process, len(plan))
    lines = paths["SERVING_NOTES"].read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines], memory, time.perf_counter() - begin


def rows(notes: list[dict[str, Any]]) -> Iterator[tuple[object, ...]]:
    """Yield the lines of the table: whole pictures by size, then broken ones, then who left."""
    kinds = {note["kind"]: note["expected"] for note in notes}
    order = sorted(kinds, key=lambda kind: (kind == "leaves", kinds[kind], len(kind), kind))
    for kind in order:
        of_kind = [note for note in notes if note["kind"] == kind]
        codes = Counter("left" if note["left"] else str(note["code"]) for note in of_kind)
        times = sorted(note["seconds"] for note in of_kind)
        told = ", ".join(f"{code} ({count})" for code, count in sorted(codes.items()))
        late = times[min(len(times) - 1, round(0.95 * len(times)))]
        yield kind, len(times), told, f"{statistics.median(times):.2f}", f"{late:.2f}", f"{times[-1]:.2f}"


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--requests", type=int, default=500)
    parser.add_argument("--users", type=int, default=20)
    parser.add_argument("--side", type=int, default=512)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        plan = planned(Path(name), arguments.requests, arguments.side)
        options = (
            "--task",
            TASK,
            "--threads",
            "1",
            "--engine",
            "torch",
            "--device",
            "cpu",
            "--max-pixels",
            str(MOST_PIXELS),
        )
        with serving(*options) as (address, _):
            notes, memory, seconds = loaded(address, plan, Path(name), arguments.users)
            time.sleep(2)
            held, working = (metric(address, f"restora_{what}") for what in ("held", "working"))
    wrong = [note for note in notes if not (note["right"] or (note["left"] and note["kind"] == "leaves"))]
    quarter = [mib for done, mib in memory if done >= arguments.requests / 4]
    lines = [
        f"{len(notes)} of {arguments.requests} requests answered in {seconds:.0f} s, {arguments.users} at once, one worker with one"
        f" thread; {machine()}. Written by `benchmarks/serving.py`, which says how.",
        "",
        f"- Not answered as they should be: {len(wrong)}. Whole pictures came back byte for byte as they are restored without a server.",
        f"- Afterwards {held:.0f} places were taken and {working:.0f} pictures worked on.",
        f"- Memory of the server: {memory[0][1]:.0f} MiB before, {quarter[0]:.0f} MiB after a quarter of the requests, {quarter[-1]:.0f}"
        f" MiB at the end, {max(quarter):.0f} MiB at most.",
        "- Seconds are those of the client: with 20 at once and one worker nearly all of them are waiting.",
        "",
        *table(
            ("what was sent", "requests", "answers", "median s", "95 % s", "longest s"),
            rows(notes),
            rule="---:",
        ),
    ]
    write_results("serving.md", lines)
    for note in wrong:
        print(note, file=sys.stderr)
    if wrong or held or working or len(notes) < arguments.requests:
        sys.exit(1)


if __name__ == "__main__":
    main()
