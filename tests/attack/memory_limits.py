"""Large pictures under limits of memory: each command finishes, or says before decoding what it needs."""

import re
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

from arena import Arena
from image_originals import SIGNATURE, chunk
from invocations import Outcome, WarmProgram, faults

GIB = 2**30
SIZES = {12: (4000, 3000), 48: (8000, 6000), 100: (10_000, 10_000), 484: (22_000, 22_000)}
"""Megapixels -> width and height."""

COMMANDS = (
    "diagnose {picture}",
    "restore {picture} -o out/a.png",
    "restore {picture} --weights weights -o out/a.png --strength 0.5",
    "compare {picture} {picture} -o out/a.png",
    "degrade {picture} -a jpeg/40 -o out/a.jpg",
)


@dataclass(frozen=True)
class Case:
    """A command with a picture under a limit.

    Attributes:
        limit: GiB of addresses that may be taken beyond those of the program itself.
        megapixels: Key of `SIZES`.
        command: One of `COMMANDS`.
    """

    limit: int
    megapixels: int
    command: str

    @property
    def label(self) -> str:
        """The case in words."""
        return f"{self.limit} GiB, {self.megapixels} MP, {' '.join(self.command.format(picture='P').split()[:4])}"


CASES = [Case(limit, size, command) for size in SIZES for limit in (1, 2, 3) for command in COMMANDS]


def picture(folder: Path, megapixels: int) -> Path:
    """Write a PNG of few bytes and many pixels, gray-blue with a wedge, if it is not there."""
    path = folder / f"{megapixels}.png"
    if not path.exists():
        width, height = SIZES[megapixels]
        packer = zlib.compressobj(1)
        row = b"\0" + bytes(min(255, 40 + x // 256) for x in range(width) for _ in range(3))
        data = b"".join([*(packer.compress(row) for _ in range(height)), packer.flush()])
        header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
        parts = (chunk(b"IHDR", header), chunk(b"IDAT", data), chunk(b"IEND", b""))
        path.write_bytes(SIGNATURE + b"".join(parts))
    return path


def attack(case: Case, program: WarmProgram, arena: Arena) -> tuple[Outcome, list[str]]:
    """Run one and judge it; by the clock it may take as long as restoring takes."""
    arena.ready()
    source = picture(program.folder, case.megapixels)
    words = case.command.format(picture=source).split()
    outcome = program.run(words, arena.folder, memory=case.limit * GIB, seconds=900, wall=1800)
    found = faults(outcome, seconds=900, memory=program.own_memory + case.limit * GIB)
    if outcome.code and not re.search(r"\d (MB|MiB|GB|GiB)", outcome.err):
        found.append(f"does not say what it needs: {outcome.err[-160:].strip()}")
    if outcome.code and outcome.seconds > 5:
        found.append(f"says so after {outcome.seconds:.0f} s")
    return outcome, found
