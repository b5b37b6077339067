"""The parts of the attack: what each does, its goal, and what is wrong with number so-and-so of a seed."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from random import Random

import checkpoint_mutations
import image_attack
import memory_limits
import wrong_invocations
from arena import Arena
from image_mutations import mutation
from invocations import MIB, WarmProgram, faults
from kills import SITUATIONS, Killings
from metadata_matrix import TARGETS, Verdict, verdicts
from metadata_samples import samples


@dataclass(frozen=True)
class Found:
    """What came of one attack.

    Attributes:
        label: What was done.
        faults: What is wrong, in words; nothing if all is well.
        seconds: Processor time.
        mebibytes: Most memory.
    """

    label: str
    faults: list[str]
    seconds: float = 0.0
    mebibytes: float = 0.0


@dataclass
class Field:
    """Where the attack takes place; everything in it is made when it is first needed.

    Args:
        folder: For files.
    """

    folder: Path
    _programs: list[WarmProgram] = field(default_factory=list)

    @cached_property
    def program(self) -> WarmProgram:
        """The command line, warm."""
        self._programs.append(WarmProgram(self.folder / "streams"))
        return self._programs[-1]

    @cached_property
    def arena(self) -> Arena:
        """Files for the commands."""
        return Arena(self.folder / "arena")

    @cached_property
    def killings(self) -> Killings:
        """Files for the kills."""
        shutil.rmtree(self.folder / "kills", ignore_errors=True)
        return Killings(self.folder / "kills")

    @cached_property
    def verdicts(self) -> list[Verdict]:
        """What became of metadata; the judges are asked once for all."""
        (self.folder / "metadata").mkdir(parents=True, exist_ok=True)
        return list(verdicts(self.folder / "metadata"))

    @cached_property
    def mixed_invocations(self) -> dict[int, list[wrong_invocations.WrongInvocation]]:
        """Seed -> the wrong invocations in its order."""
        return {}

    def close(self) -> None:
        """End the processes."""
        for program in self._programs:
            program.__exit__()


@dataclass(frozen=True)
class Part:
    """A part of the attack.

    Attributes:
        title: What is attacked with what.
        planned: How many times.
        goal: What to reach.
        attack: (field, seed, number) -> what came of it.
    """

    title: str
    planned: int
    goal: str
    attack: Callable[[Field, int, int], Found]


def _image(where: Field, seed: int, number: int) -> Found:
    attacked = mutation(seed, number)
    where.arena.ready()
    path = where.arena.folder / f"out/attacked{attacked.suffix}"
    path.write_bytes(attacked.data)
    if number % 2:
        words = image_attack.words(attacked, number)
        outcome = where.program.run(words, where.arena.folder, memory=1024 * MIB)
        label = f"{words[0]} {attacked.file_name}"
    else:
        call = "image_attack:read_and_write"
        outcome = where.program.run([f"out/{path.name}"], where.arena.folder, call=call, memory=1024 * MIB)
        label = f"read {attacked.file_name}"
    found = faults(outcome)
    if path.read_bytes() != attacked.data:
        found.append("changes its input")
    return Found(label, found + where.arena.changes(), outcome.seconds, outcome.memory / MIB)


def _checkpoint(where: Field, seed: int, number: int) -> Found:
    hostile = checkpoint_mutations.hostile_checkpoint(seed, number)
    where.arena.ready()
    for name, content in hostile.files.items():
        path = where.arena.folder / "out" / name
        if name.endswith("/"):
            path.mkdir()
        else:
            path.write_bytes(content)
    main = f"out/{hostile.main}"
    words = {
        0: ("inspect", main),
        1: ("convert", main, "out/target"),
        2: ("restore", "photo.png", "--weights", main, "-o", "out/restored.png"),
        3: ("doctor", main),
    }[number // 3 % 4]
    outcome = where.program.run(words, where.arena.folder)
    size = sum(map(len, hostile.files.values()))
    found = faults(outcome, memory=where.program.own_memory + 2 * size + 500 * MIB)
    if len(outcome.err.splitlines()) > 3:
        found.append(f"{len(outcome.err.splitlines())} lines")
    expected = {Path(name.rstrip("/")).name for name in hostile.files} | {"target", "restored.png"}
    found += [f"writes {p.name}" for p in (where.arena.folder / "out").iterdir() if p.name not in expected]
    label = f"{words[0]} {hostile.label}"
    return Found(label, found + where.arena.changes(), outcome.seconds, outcome.memory / MIB)


def _kill(where: Field, seed: int, number: int) -> Found:
    name = list(SITUATIONS)[number % len(SITUATIONS)]
    kill = where.killings.kill(name, Random(f"{seed}/{number}"))
    return Found(f"{kill.situation} {kill.moment}", list(kill.faults))


def _wrong(where: Field, seed: int, number: int) -> Found:
    mixed = where.mixed_invocations.setdefault(seed, wrong_invocations.order(seed))
    wrong = mixed[number % len(mixed)]
    outcome, found = wrong_invocations.attack(wrong, where.program, where.arena)
    return Found(wrong.label, found, outcome.seconds, outcome.memory / MIB)


def _memory(where: Field, seed: int, number: int) -> Found:
    case = memory_limits.CASES[number % len(memory_limits.CASES)]
    outcome, found = memory_limits.attack(case, where.program, where.arena)
    return Found(case.label, found, outcome.seconds, outcome.memory / MIB)


def _metadata(where: Field, seed: int, number: int) -> Found:
    verdict = where.verdicts[number]
    label = f"{verdict.sample.suffix} {verdict.sample.kind} -> {verdict.target}"
    return Found(label, [f"loses {tag}" for tag in verdict.lost])


PARTS = {
    "images": Part(
        "mutated images of all formats, half of them by the command line",
        24_000,
        "no traceback, none over 5 s, none over 1 GiB",
        _image,
    ),
    "checkpoints": Part(
        "crafted and mutated checkpoints and cards",
        3_000,
        "no code, no traceback, none over 5 s or over twice its size and 500 MiB, nothing outside of the target",
        _checkpoint,
    ),
    "kills": Part(
        "kills of restore, train, evaluate, pack, convert and export",
        300,
        "the bytes of an undisturbed run, nothing left behind after the next run",
        _kill,
    ),
    "invocations": Part("wrong invocations", 500, "one helpful line, exit code 1 or 2", _wrong),
    "memory": Part(
        "memory limits of 1, 2 and 3 GiB with pictures of 12, 48, 100 and 484 megapixels",
        len(memory_limits.CASES),
        "finishes, or says before decoding what it needs",
        _memory,
    ),
    "metadata": Part(
        "formats and their metadata, judged by exiftool and identify",
        len(samples()) * len(TARGETS),
        "every difference kept or named",
        _metadata,
    ),
}
"""Name -> part."""
