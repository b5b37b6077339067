"""Kills: commands that are ended by SIGKILL at random moments, and what the next run makes of what they left.

Half of the kills come by the clock, half just before a file in the target is opened, renamed or removed, which is where a
clock seldom hits. After the next run of the same command the target must hold the same bytes as without a kill, and nothing
else.
"""

import json
import multiprocessing
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

import torch
from PIL import Image
from recipes import miniature, write_photos

from restora.checkpoints.conversion import convert_checkpoint
from restora.commands.app import main
from restora.datasets.originals import original_photographs
from restora.datasets.packing import write_pack
from restora.images import find_images
from restora.networks import create_model

_EVENTS = ("open", "os.rename", "os.remove", "os.mkdir")
_IMPORTED = (
    "restora.training",
    "restora.checkpoints.conversion",
    "restora.datasets.packing",
    "restora.commands.app",
)
_TRAINING = ("restora.commands.train", "accelerate", "torch._dynamo")


@dataclass(frozen=True)
class Situation:
    """A command to be killed; its working directory is filled by `Killings`, its target is ``out``.

    Attributes:
        call: Runs it; called again to go on.
        after: Name of the situation whose result is in ``out`` when it begins.
        whole: Whether every file but journals must be that of an undisturbed run at any time.
        modules: What it imports, so that this is done once for all kills.
    """

    call: Callable[[], object]
    modules: tuple[str, ...]
    after: str | None = None
    whole: bool = True


@dataclass(frozen=True)
class Kill:
    """A kill and what came of it.

    Attributes:
        situation: Name in `SITUATIONS`.
        moment: When it came.
        faults: What is wrong, in words; nothing if all is well.
    """

    situation: str
    moment: str
    faults: tuple[str, ...]


def _command(*arguments: str) -> None:
    sys.argv = ["restora", *arguments]
    main()


def _restore(*options: str) -> None:
    _command("restore", "photos", "-o", "out", "--weights", "weights/tiny.safetensors", "--compare", *options)


def _restore_again() -> None:
    _restore("--overwrite")


def _train() -> None:
    _command("train", "recipe.json", "--run", "out", *(["--resume"] if Path("out/last.pt").exists() else []))


def _evaluate() -> None:
    benchmark = ("--benchmark", "rain100l", "--root", "bench", "-o", "out")
    _command("evaluate", "--weights", "weights/tiny.safetensors", *benchmark)


def _pack() -> None:
    photographs = original_photographs(find_images(["photos"]))
    write_pack(photographs, "out/photos.pack", kind="photographs", title="photos", shard_bytes=10_000)


def _convert() -> None:
    _command("convert", "raw.pth", "out", "--name", "tiny")


SITUATIONS = {
    "restore": Situation(_restore, ("restora.commands.restore",)),
    "restore --overwrite": Situation(_restore_again, ("restora.commands.restore",), after="restore"),
    "train": Situation(_train, _TRAINING, whole=False),
    "export": Situation(_train, _TRAINING, after="train", whole=False),
    "evaluate": Situation(_evaluate, ("restora.commands.evaluate",)),
    "pack": Situation(_pack, ()),
    "convert": Situation(_convert, ("restora.commands.convert",)),
}
"""Name -> what is killed. Export is the end of a training: its weights and their card."""


class Killings:
    """A folder in which commands are killed.

    Args:
        folder: Made, and filled with photographs, weights, a recipe and a benchmark in miniature.
        names: Of the situations that will be asked for.
    """

    def __init__(self, folder: Path, names: Sequence[str] = tuple(SITUATIONS)) -> None:
        self.folder = folder
        self._undisturbed: dict[str, tuple[Path, float, int]] = {}
        write_photos(folder / "photos", 3)
        with Image.open(folder / "photos/0.png") as picture:
            picture.save(folder / "photos/3.jpg", quality=90)
        for name in ("input", "target"):
            write_photos(folder / f"bench/Rain100L/test/{name}", 3)
        torch.manual_seed(0)
        network = create_model("chair", "tiny", width=4, blocks=(1, 1, 1), attention=(False, False, True))
        torch.save(network.state_dict(), folder / "raw.pth")
        convert_checkpoint(folder / "raw.pth", folder / "weights", name="tiny", task="denoise")
        plan = miniature(
            folder / "photos",
            stages=[{"steps": 8, "patch": 16, "batch": 2}],
            save_every=2,
            validation={"photos": str(folder / "photos"), "every": 4, "side": 16, "samples": 2},
        )
        (folder / "recipe.json").write_text(plan.model_dump_json())
        os.environ.update(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")
        self._processes = multiprocessing.get_context("forkserver")
        self._processes.set_forkserver_preload(
            [*_IMPORTED, *(module for name in names for module in SITUATIONS[name].modules)]
        )

    def kill(self, name: str, random: Random) -> Kill:
        """Kill a command once, run it again, and look at what is there.

        Args:
            name: In `SITUATIONS`.
            random: Chooses the moment.
        """
        finished, seconds, events = self._finished(name)
        while True:
            self._prepare(name)
            by_clock = random.random() < 0.5
            event = random.randint(1, events)
            delay = random.uniform(0, seconds)
            code = self._run(name, delay=delay) if by_clock else self._run(name, event=event)
            if code == -signal.SIGKILL:  # else the command was faster
                break
        moment = f"after {delay:.2f} s" if by_clock else f"at event {event} of {events}"
        faults = []
        if SITUATIONS[name].whole:
            faults += _differences(finished, self.folder / "out", among_finished_files=True)
        if code := self._run(name):
            faults.append(f"the next run ends with {code}: {self._words()}")
        faults += _differences(finished, self.folder / "out")
        return Kill(name, moment, tuple(faults))

    def _finished(self, name: str) -> tuple[Path, float, int]:
        """Return what an undisturbed run leaves, its seconds, and the number of moments of its files."""
        if name not in self._undisturbed:
            self._prepare(name)
            begin = time.monotonic()
            code = self._run(name)
            seconds = time.monotonic() - begin
            assert code == 0, f"{name}: {self._words()}"
            kept = self.folder / "finished" / name
            shutil.copytree(self.folder / "out", kept)
            self._undisturbed[name] = kept, seconds, int((self.folder / "events").read_text())
        return self._undisturbed[name]

    def _prepare(self, name: str) -> None:
        after = SITUATIONS[name].after
        before = None if after is None else self._finished(after)[0]
        shutil.rmtree(self.folder / "out", ignore_errors=True)
        if before is not None:
            shutil.copytree(before, self.folder / "out")

    def _run(self, name: str, *, delay: float | None = None, event: int = 0) -> int:
        """Run a command in a process of its own, and kill it after seconds or at an event; return its exit code."""
        here, there = self._processes.Pipe(duplex=False)
        process = self._processes.Process(target=_work, args=(self.folder, name, event, there))
        process.start()
        there.close()
        with suppress(EOFError):
            here.recv()
        process.join(delay)
        if process.is_alive():
            process.kill()
        process.join()
        here.close()
        assert process.exitcode is not None
        return process.exitcode

    def _words(self) -> str:
        lines = (self.folder / "words").read_text().splitlines()
        return lines[-1] if lines else "no word"


def run_kills(folder: Path, count: int, seed: int = 0) -> Iterator[Kill]:
    """Kill commands, each situation equally often.

    Args:
        folder: Where; made if missing.
        count: How many kills.
        seed: Of the moments.
    """
    killings, random, names = Killings(folder), Random(seed), list(SITUATIONS)
    for number in range(count):
        yield killings.kill(names[number % len(names)], random)


def _work(folder: Path, name: str, event: int, started: "multiprocessing.connection.Connection") -> None:
    """Run a command, and end as by SIGKILL just before the numbered moment at which a file of the target changes."""
    os.chdir(folder)
    words = os.open("words", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(words, 1)
    os.dup2(words, 2)
    torch.set_num_threads(1)
    seen = 0

    def watch(what: str, arguments: tuple[object, ...]) -> None:
        nonlocal seen
        if (
            what in _EVENTS
            and isinstance(arguments[0], str | os.PathLike)
            and "out" in Path(arguments[0]).parts
        ):
            seen += 1
            if seen == event:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    started.send(None)
    try:
        SITUATIONS[name].call()
    except SystemExit as end:
        if end.code:
            raise
    Path("events").write_text(str(seen))


def _differences(expected: Path, found: Path, *, among_finished_files: bool = False) -> list[str]:
    """Say in which files two folders differ; of the finished ones, journals and what is missing do not count."""
    wanted, there = _contents(expected), _contents(found)
    names = wanted.keys() | there.keys()
    if among_finished_files:
        names = {n for n in there if not Path(n).name.startswith(".restora-") and not n.endswith(".jsonl")}
    faults = []
    for name in sorted(names):
        if name not in wanted:
            faults.append(f"{name} is left behind")
        elif name not in there:
            faults.append(f"{name} is missing")
        elif wanted[name] != there[name]:
            faults.append(f"{name} differs")
    return faults


def _contents(folder: Path) -> dict[str, object]:
    """Read all files of a folder; without what says when something happened and how long it took."""
    return {
        path.relative_to(folder).as_posix(): _content(path) for path in folder.rglob("*") if path.is_file()
    }


def _content(path: Path) -> object:
    content = path.read_bytes()
    if path.suffix == ".jsonl":  # in the order in which images were done, steps again after a kill
        lines = [json.loads(line) for line in content.splitlines()]
        return {json.dumps(_timeless(line), sort_keys=True) for line in lines}
    if path.suffix == ".json":
        return json.dumps(_timeless(json.loads(content)))
    return content


def _timeless(content: dict[str, object]) -> dict[str, object]:
    times = ("seconds", "seconds_per_step", "images_per_second", "date")
    return {key: value for key, value in content.items() if key not in times}
