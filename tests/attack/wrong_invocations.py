"""Wrong invocations: every command, every option, every wrong kind of value; and what contradicts itself.

The table names for each command an invocation that is right, and for each of its arguments and options what kind of value
it takes. A wrong invocation is the right one with one value of one of them replaced by a wrong one of its kind.
"""

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from arena import Arena
from invocations import Outcome, WarmProgram, faults, message_faults

MISSING = object()
"""Stands for an option at the end of the line, without its value."""

_NOT_TEXT = os.fsdecode(b"\xff\xfe\x80")
_ODD = ("\x1b[31mred", "two\nlines", "\u202ereversed", "ünï-写真", _NOT_TEXT)
_NO_NUMBERS = (MISSING, "", " ", "x", "nan", "--", "1,5", *_ODD)
_NO_FILES = (MISSING, "", "nosuch", "nosuch/below", "x" * 300, "photo.png/below", "/dev/null", *_ODD)

WRONG: dict[str, tuple[object, ...]] = {
    # numbers
    "count": (*_NO_NUMBERS, "0", "-1", "1.5", "inf", "9" * 40, "9" * 5000),
    "seed": (*_NO_NUMBERS, "-1", "1.5", "inf", "9" * 40),
    "side": (*_NO_NUMBERS, "-1", "1.5", "inf"),
    "limit": (*_NO_NUMBERS, "0", "-1", "1.5", "inf"),
    "quality": (*_NO_NUMBERS, "0", "101", "-1", "1.5", "inf", "9" * 40),
    "share": (*_NO_NUMBERS, "-0.1", "1.1", "inf", "-inf", "1e400"),
    "level": (*_NO_NUMBERS, "-1", "inf", "-inf", "1e400"),
    "pixels or a word": (*_NO_NUMBERS, "0", "-8", "1.5", "inf", "9" * 40),
    "overlap": (*_NO_NUMBERS, "-8", "1.5", "inf", "9" * 40),
    "point": (*_NO_NUMBERS, "1", "1,2,3", "-1,-1", "1e9,1", "9999,9999", "nan,nan"),
    "crop": (*_NO_NUMBERS, "1,2", "0,0,0,0", "-1,-1,5,5", "60,40,50,50", "0,0,99999999999,1", "1,1,nan,2"),
    "time": (*_NO_NUMBERS, "-1", "inf", "1:99", "1:2:3:4"),
    "crf": (*_NO_NUMBERS, "-1", "1.5", "inf", "9" * 40),
    # words
    "word": (MISSING, "", " ", "nosuch", "AUTO ", "0", "../..", *_ODD),
    "device": (MISSING, "", "nosuch", "cuda:99", "cpu:x", "meta", *_ODD),
    "preset": (MISSING, "", "nosuch", "noise/", "noise/inf", "noise/nan", "noise/-5", "noise/1e400", "noise/x", "jpeg/0",
               "jpeg/101", "jpeg/-1", "/", "rain/nosuch", *_ODD),
    "name of a file": (MISSING, "", "../escaped", "../../escaped", "/escaped", "a/b", ".", "..", "x" * 300, *_ODD[:3]),
    "suffix": (MISSING, "/../../escaped", "/x", "x" * 300, *_ODD[:2]),
    # files
    "picture": (*_NO_FILES, "folder.png", "empty.png", "page.png", "pipe.png", "recipe.yaml", "weights/tiny.safetensors"),
    "film": (*_NO_FILES, "folder.png", "empty.png", "page.png", "pipe.png", "photo.png", "weights/tiny.safetensors"),
    "film to write": (MISSING, "photo.png/below.mp4", "x" * 300 + ".mp4", "nothing", "/proc/nosuch/a.mp4", "out/a.png", "out/a",
                      "film.mp4", "out/" + "y" * 300 + "/a.mp4"),
    "pictures": (*_NO_FILES, "nothing", "empty.png", "page.png", "pipe.png", "recipe.yaml", "*.nosuch", "["),
    "list of files": (MISSING, "", "nosuch", "x" * 300, "photo.png/below", "folder.png", *_ODD),
    "folder of pictures": (*_NO_FILES, "nothing", "pipe.png"),
    "weights": (*_NO_FILES, "./nosuch", "nosuch/weights", "../nosuch", "nosuch.pth", "nothing", "page.png", "empty.png",
                "pipe.png", "photo.png", "recipe.yaml", "weights/nosuch"),
    "table": (*_NO_FILES, "folder.png", "empty.png", "page.png", "pipe.png", "recipe.yaml", "weights/tiny.safetensors"),
    "record": (*_NO_FILES, "folder.png", "empty.png", "page.png", "pipe.png", "recipe.yaml", "weights/tiny.json"),
    "recipe": (*_NO_FILES, "folder.png", "empty.png", "pipe.png", "photo.png", "deep.yaml", "twice.yaml", "list.yaml",
               "binary.yaml", "laughs.yaml", "photos/nosuch", "../recipe.yaml"),
    # where to write
    "target": (MISSING, "", "photo.png/below", "x" * 300 + ".png", "folder.png", "/proc/nosuch/a.png", "/dev/full",
               "out/" + "y" * 300 + "/a.png", "out/a.nosuch"),
    "target or folder": (MISSING, "", "photo.png/below", "x" * 300 + ".png", "/proc/nosuch/a.png", "/dev/full",
                         "out/" + "y" * 300 + "/a.png", "out/a.nosuch"),
    "folder to write": (MISSING, "photo.png", "photo.png/below", "x" * 300, "/proc/nosuch", "/dev/full", "/dev/full/x"),
}  # fmt: skip
"""Kind of value -> values that are wrong for it."""


@dataclass(frozen=True)
class Command:
    """A command as it is right, and what it takes.

    Attributes:
        right: Its words; one that stands in `places` may be replaced.
        places: Word of `right` -> kind of value.
        options: Option -> kind of value, put behind `right`; a word of `right` behind the same option is replaced.
        accepted: Values that are right here, though wrong for the kind elsewhere.
    """

    right: str
    places: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)
    accepted: frozenset[object] = frozenset()


_RESTORING = {
    "--engine": "word",
    "--device": "device",
    "--threads": "pixels or a word",
    "--precision": "word",
}
COMMANDS = (
    Command("restore photo.png --weights weights -o out/a.png", {"photo.png": "pictures", "weights": "weights", "out/a.png": "target or folder"},
            {"--task": "word", "--strength": "share", "--tile": "pixels or a word", "--overlap": "overlap",
             "--suffix": "suffix", "--format": "word", "--quality": "quality", "--max-pixels": "limit", "--workers": "count", "--files-from": "list of files", "--on": "word",
             "--address": "word", "--gpus-per-worker": "level", "--manifest": "folder to write", **_RESTORING}),
    Command("restore-table photos.parquet out/table --column image --weights weights",
            {"photos.parquet": "table", "out/table": "folder to write", "image": "word", "weights": "weights"},
            {"--format": "word", "--quality": "quality", "--task": "word", "--strength": "share",
             "--max-pixels": "limit", "--on": "word", "--address": "word", "--workers": "count", "--gpus-per-worker": "level", **_RESTORING}),
    Command("restore photos --weights weights -o out", {"photos": "pictures", "out": "folder to write"}, {"--format": "word"}),
    Command("video film.mp4 --weights weights -o out/a.mp4", {"film.mp4": "film", "weights": "weights", "out/a.mp4": "film to write"},
            {"--task": "word", "--strength": "share", "--tile": "pixels or a word", "--overlap": "overlap", "--start": "time",
             "--end": "time", "--preview": "time", "--codec": "word", "--crf": "crf", **_RESTORING}),
    Command("diagnose photo.png", {"photo.png": "pictures"}, {"--max-pixels": "limit"}),
    Command("train recipe.yaml --run out/run", {"recipe.yaml": "recipe", "out/run": "folder to write"}, {"--init": "weights"}),
    Command("train --pairs photos photos --network chair/tiny --set stages.0.steps=1 --set stages.1.steps=1 --set compile=false"
            " --run out/run", {"photos": "folder of pictures", "chair/tiny": "word", "out/run": "folder to write"}),
    Command("recipes show photos/denoise-laptop", {"photos/denoise-laptop": "word"}),
    Command("pack photos -o out/p.pack", {"photos": "folder of pictures", "out/p.pack": "folder to write"},
            {"--target": "folder of pictures", "--benchmark": "word", "--split": "word", "--variant": "word", "--published": "word",
             "--crop": "limit", "--step": "limit", "--sharpest": "share", "--above": "seed", "--corrupt": "word",
             "--workers": "limit"}),
    Command("degrade photo.png -a rain/heavy -o out/a.png", {"photo.png": "picture", "rain/heavy": "preset", "out/a.png": "target"},
            {"--seed": "seed", "--side": "side", "--quality": "quality"}),
    Command("compare photo.png other.png --clean photo.png -o out/a.png", {"other.png": "picture", "out/a.png": "target"},
            {"--crop": "crop", "--clean": "picture", "--labels": "name of a file", "--protocol": "word", "--enlarge": "word",
             "--quality": "quality", "--error-scale": "quality"}, frozenset({"101", MISSING})),
    Command("curves a-15.json a-25.json -o out/a.svg", {"a-15.json": "record", "out/a.svg": "target"}, {"--metric": "word"}, frozenset({MISSING})),
    Command("explain channels photo.png --weights weights -o out/a.png",
            {"channels": "word", "photo.png": "picture", "weights": "weights", "out/a.png": "target"}, {"--at": "point"}, frozenset({"1,5"})),
    Command("explain channels photo.png --model chair/tiny -o out/a.png", {"chair/tiny": "word"}),
    Command("score photo.png", {"photo.png": "pictures"}, {"--metric": "word", "--max-pixels": "limit"}),
    Command("publish weights/tiny.safetensors me/mine --dry-run", {"weights/tiny.safetensors": "weights", "me/mine": "word"}),
    # Half a login is refused before anything is served, whatever else is right.
    Command("web --no-browser --auth ann", {}, {"--port": "count", "--max-pixels": "limit", "--max-queue": "limit", "--host": "word",
            "--weights": "weights", "--device": "device", "--threads": "pixels or a word", "--auth": "name of a file"}),
    # Two tokens are refused before anything is served, whatever else is right.
    Command("serve --token a --token-file b", {}, {"--port": "count", "--max-pixels": "limit", "--max-bytes": "limit", "--max-queue": "count",
            "--max-seconds": "limit", "--workers": "limit", "--batch": "limit", "--host": "word", "--weights": "weights", "--task": "word",
            "--token": "name of a file", "--token-file": "picture", **_RESTORING, "--tile": "pixels or a word"}),
    Command("inspect raw.pth", {"raw.pth": "weights"}),
    Command("doctor raw.pth", {"raw.pth": "weights"}, accepted=frozenset({MISSING})),
    Command("convert raw.pth out", {"raw.pth": "weights", "out": "folder to write"},
            {"--name": "name of a file", "--precision": "word"}),
    Command("export weights --format onnx -o out", {"weights": "weights", "onnx": "word", "out": "folder to write"},
            {"--precision": "word", "--side": "count", "--calibration": "folder of pictures"}),
    Command("benchmarks download rain100l out", {"rain100l": "word"}, accepted=frozenset()),
    Command("benchmarks show rain100l", {"rain100l": "word"}),
    Command("benchmarks check rain100l bench", {"rain100l": "word", "bench": "folder of pictures"},
            {"--split": "word", "--variant": "word"}),
    Command("evaluate --benchmark rain100l --root bench --method median -o out",
            {"rain100l": "word", "bench": "folder of pictures", "median": "word", "out": "folder to write"},
            {"--protocol": "word", "--split": "word", "--variant": "word", "--sigma": "level", "--limit": "limit",
             "--every": "limit"}),
    Command("evaluate --benchmark rain100l --root bench --weights weights -o out", {"weights": "weights"},
            {"--tile": "pixels or a word", "--local-statistics": "count", **_RESTORING}),
    Command("evaluate --benchmark rain100l --root bench --images bench/Rain100L/test/input -o out",
            {"bench/Rain100L/test/input": "folder of pictures"}, {"--name": "name of a file"}),
    Command("significance a-15.json b-15.json", {"a-15.json": "record", "b-15.json": "record"},
            {"--resamples": "count", "--level": "share", "--seed": "seed"}),
    Command("tables nothing", {"nothing": "word"}, {"-o": "target"}),
    Command("submit sidd --root bench --weights weights -o out",
            {"sidd": "word", "bench": "folder of pictures", "weights": "weights"}, {"--device": "device"}),
)  # fmt: skip

FREE_TEXTS = frozenset({"--result", "--task", "--licence", "--authors", "--paper", "--venue"})
"""Options that take any text."""

RECIPE_KEYS: dict[str, tuple[str, ...]] = {
    "positive": ("0", "-1", ".inf", "-.inf", ".nan", "x", "''", "[]", "{}", "null", "1.5", "1e30"),
    "rate": ("0", "-1", ".inf", "-.inf", ".nan", "x", "''", "[1]", "{a: 1}", "1e400", "'1e999'"),
    "decay": ("-0.1", "1", "1.5", ".inf", ".nan", "x", "''", "[]", "null"),
    "word": ("", "nosuch", "0", "[]", "{}", "'../..'", "\"\\e[31m\"", "'a\n\nb'"),
    "path": ("nosuch", "photo.png", "nothing", "''", "[]", "0", "pipe.png"),
    "list": ("x", "[]", "[x]", "[-1]", "[.nan]", "[.inf, .inf]", "[[1]]", "{}", "[1, 2, 3, 4, 5]", "[2, 2]"),
    "mapping": ("x", "[]", "{nosuch: 1}", "{width: -1}", "{width: 100000000}", "{blocks: [1000000000, 1, 1]}",
                "{width: .nan}", "{width: x}", "{blocks: []}", "{attention: 5}"),
    "yaml": ("[", "{", "*a", "&a [*a]", "!!python/object:os.system {}", "!x y", "\t", "{a: {a: {a", "1: 2: 3"),
}  # fmt: skip
"""Kind of a recipe's key -> values, as YAML, that are wrong for it."""

RECIPE = {
    "seed": ("-1", "1.5", ".inf", "x", "[]", "9" * 40),
    "name": (*RECIPE_KEYS["word"][2:], "..", "a/b", "x" * 300),
    "model.architecture": RECIPE_KEYS["word"],
    "model.variant": RECIPE_KEYS["word"],
    "model.overrides": RECIPE_KEYS["mapping"],
    "data.photos": RECIPE_KEYS["path"],
    "data.workers": (*RECIPE_KEYS["positive"][1:10], "1000000"),
    "data.reduction": ("0", "-1", "1.5", *RECIPE_KEYS["rate"][2:]),
    "data.gray": ("-1", "1.5", *RECIPE_KEYS["rate"][2:]),
    "data.kind": RECIPE_KEYS["word"],
    "data.augmentation": RECIPE_KEYS["word"],
    "degradation": (*RECIPE_KEYS["word"], "noise/inf", "noise/-1", "noise/nan", "{kind: noise, sigma: .inf}",
                    "{kind: noise, sigma: -1}", "{kind: nosuch}", "[[[]]]"),
    "losses": RECIPE_KEYS["list"],
    "losses.0.weight": RECIPE_KEYS["rate"],
    "losses.0.kind": RECIPE_KEYS["word"],
    "scale_weights": (*RECIPE_KEYS["list"], "[1]", "[1, 2]", "[0, 0, 0]", "[-1, -1, -1]"),
    "targets": RECIPE_KEYS["word"],
    "optimizer.kind": RECIPE_KEYS["word"],
    "optimizer.learning_rate": (*RECIPE_KEYS["rate"], "1e30"),
    "optimizer.warmup": RECIPE_KEYS["positive"][1:10],
    "optimizer.betas": (*RECIPE_KEYS["list"], "[1, 1]", "[-1, 0.9]"),
    "optimizer.weight_decay": RECIPE_KEYS["rate"][1:],
    "optimizer.clip": RECIPE_KEYS["rate"],
    "optimizer.schedule": RECIPE_KEYS["word"],
    "optimizer.milestones": RECIPE_KEYS["list"][2:7],
    "stages": RECIPE_KEYS["list"],
    "stages.0.steps": RECIPE_KEYS["positive"],
    "stages.0.patch": (*RECIPE_KEYS["positive"], "7", "1", "1000000"),
    "stages.0.batch": (*RECIPE_KEYS["positive"], "1000000000"),
    "stages.7.batch": ("1",),
    "accumulate": (*RECIPE_KEYS["positive"], "3", "1000"),
    "ema": RECIPE_KEYS["decay"],
    "precision": RECIPE_KEYS["word"],
    "validation.every": RECIPE_KEYS["positive"],
    "validation.photos": RECIPE_KEYS["path"],
    "validation.protocol": RECIPE_KEYS["word"][:6],
    "save_every": RECIPE_KEYS["positive"],
    "explosion": RECIPE_KEYS["rate"],
    "track": ("x", "[x]", "[1]", "{}", "[tensorboard, x]"),
    "nosuch.key": ("1",),
    "a": RECIPE_KEYS["yaml"],
}  # fmt: skip
"""Key of a recipe -> values that are wrong for it."""

RIGHT_AFTER_ALL = {
    "validation.photos=photo.png": "one photograph to score on",
    "data.photos=photo.png": "one photograph to train on",
    "optimizer.clip=null": "no clipping",
}
"""Settings that are right, and why."""

CONTRADICTORY = (
    "nosuch", "restore", "restore --nosuch photo.png", "restore photo.png other.png -o out/a.png",
    "restore photo.png -o photo.png", "restore photo.png -o out/a.jpg --format png", "restore photo.png -o out/a.raf",
    "restore photo.png --task denoise --weights dehaze-chair-tiny -o out/a.png", "restore photo.png --task nosuch -o out/a.png",
    "restore photo.png --tile 64 --overlap 64 --weights weights -o out/a.png",
    "restore photo.png --tile 64 --overlap 640 --weights weights -o out/a.png",
    "restore photo.png --tile none --overlap x --weights weights -o out/a.png",
    "restore photo.png --device cuda --precision float16 --weights weights -o out/a.png",
    "restore - photo.png -o out/a.png", "restore photo.png --watch -o out", "restore - --watch", "restore", "restore -0 --files-from nosuch",
    "restore photo.png --strength nan --weights weights -o out/a.png", "restore nothing -o out",
    "restore photo.png --weights raw.pth --task derain --tile 1 -o out/a.png", "restore photo.png -o out/a.nosuch",
    "restore photo.png --recursive=5", "restore photo.png --quality", "restore photo.png --compare=yes -o out/a.png",
    "compare photo.png -o out/a.png", "compare photo.png small.png -o out/a.png", "compare photo.png other.png",
    "compare photo.png other.png --error-maps -o out/a.png", "compare photo.png other.png --error-scale 5 -o out/a.png",
    "compare photo.png other.png --labels a -o out/a.png", "compare photo.png other.png --clean small.png -o out/a.png",
    "compare photo.png other.png -o photo.png", "degrade photo.png", "degrade photo.png --gallery -a rain/heavy",
    "degrade photo.png -a rain/heavy -o photo.png", "degrade", "explain channels photo.png -o out/a.png",
    "explain channels photo.png --weights weights --model chair/tiny -o out/a.png",
    "explain neighbours photo.png --weights weights -o out/a.png", "explain offsets photo.png --weights weights -o out/a.png",
    "explain channels photo.png --model chair/nosuch -o out/a.png", "explain channels photo.png --model /// -o out/a.png",
    "pack photos --target bench --benchmark rain100l -o out/p", "pack photos --split train -o out/p",
    "pack photos --published gopro --crop 5 -o out/p", "pack photos other.png --target photos -o out/p",
    "pack photos --step 5 -o out/p", "pack photos -o photos", "pack nothing -o out/p",
    "evaluate --benchmark rain100l --root bench -o out", "evaluate --benchmark rain100l --root bench --method median --images photos -o out",
    "evaluate --benchmark rain100l --root nothing --method median -o out", "evaluate --benchmark nosuch --root bench --method median",
    "evaluate --benchmark rain100l --root bench --images nothing -o out", "evaluate --benchmark rain100l --root bench --images photo.png -o out",
    "evaluate --benchmark rain100l --root bench --method median --sigma 25 -o out",
    "evaluate --benchmark rain100l --root bench --method ffdnet -o out/../photo.png",
    "significance a-15.json a-25.json", "significance a-15.json weights/tiny.json", "curves a-15.json a-15.json -o out/a.svg",
    "curves a-15.json -o a-15.json", "curves -o out/a.svg", "convert raw.pth photo.png", "convert weights out", "convert",
    "inspect", "recipes nosuch", "recipes show", "benchmarks check rain100l", "benchmarks nosuch",
    "train", "train recipe.yaml --pairs photos photos", "train recipe.yaml --network chair/tiny",
    "train --pairs photos photos --network dinat_ir/dual_pixel --run out/run", "train nosuch", "train recipe.yaml --set nosuch --run out/run", "train recipe.yaml --set =1 --run out/run",
    "train recipe.yaml --set a..b=1 --run out/run", "train recipe.yaml --set stages.9.steps=1 --run out/run",
    "train recipe.yaml --set seed.x=1 --run out/run", "train recipe.yaml --resume --run out/run",
    "train recipe.yaml --resume --run nosuch/run", "train recipe.yaml --init photo.png --run out/run",
    "train recipe.yaml --init dehaze-chair-tiny --run out/run", "train recipe.yaml --set stages.0.patch=7 --run out/run",
    "train recipe.yaml --set data.kind=pairs --run out/run", "train recipe.yaml --set degradation=null --run out/run",
    "train recipe.yaml --set optimizer.kind=adam --set optimizer.weight_decay=0.1 --run out/run",
    "train recipe.yaml --set optimizer.schedule=multistep --run out/run", "submit nosuch --root bench --weights weights",
    "submit dnd --root nothing --weights weights -o out", "doctor nosuch", "weights nosuch", "models --nosuch", "protocols x",
    "tables nosuch", "tables nothing -o photo.png/a.md", "diagnose", "diagnose nothing", "diagnose --json", "--nosuch",
)  # fmt: skip
"""Invocations that contradict themselves or leave out what is needed."""


@dataclass(frozen=True)
class WrongInvocation:
    """One of them.

    Attributes:
        label: What is wrong about it.
        words: Behind ``restora``.
        stdout: What it prints to, where that is wrong.
    """

    label: str
    words: tuple[str, ...]
    stdout: str | None = None


def wrong_invocations() -> list[WrongInvocation]:
    """Return all of them, always in the same order."""
    return [
        *_wrong_values(),
        *_wrong_recipes(),
        *(WrongInvocation(line, tuple(line.split())) for line in CONTRADICTORY),
        *(WrongInvocation(f"{c.right} > /dev/full", tuple(c.right.split()), "/dev/full") for c in COMMANDS),
    ]


def _wrong_values() -> Iterator[WrongInvocation]:
    for command in COMMANDS:
        words = command.right.split()
        name = (
            " ".join(word for word in words[:2] if word.isalpha() and word not in command.places) or words[0]
        )
        for place, kind in command.places.items():
            position = len(words) - 1 - words[::-1].index(place)
            option = words[position - 1] if words[position - 1].startswith("-") else ""
            for value in WRONG[kind]:
                if value not in command.accepted:
                    cut = words[:position] + ([] if value is MISSING else [str(value)])
                    rest = [] if value is MISSING and option else words[position + 1 :]
                    if value is MISSING and option:
                        cut = words[: position - 1] + words[position + 1 :] + [option]
                    yield WrongInvocation(f"{name} {option or place}: {_shown(value)}", (*cut, *rest))
        for option, kind in command.options.items():
            for value in WRONG[kind]:
                if value not in command.accepted:
                    label = f"{name} {option}: {_shown(value)}"
                    yield WrongInvocation(
                        label, (*words, option, *(() if value is MISSING else (str(value),)))
                    )


def _wrong_recipes() -> Iterator[WrongInvocation]:
    for key, values in RECIPE.items():
        for value in values:
            setting = f"{key}={value}"
            if setting not in RIGHT_AFTER_ALL:
                words = ("train", "recipe.yaml", "--run", "out/run", "--set", setting)
                yield WrongInvocation(f"train {_shown(setting)}", words)


def _shown(value: object) -> str:
    return "no value" if value is MISSING else ascii(str(value)[:40])


def order(seed: int) -> list[WrongInvocation]:
    """Return all of them, mixed."""
    mixed = wrong_invocations()
    random.Random(seed).shuffle(mixed)
    return mixed


def attack(invocation: WrongInvocation, program: WarmProgram, arena: Arena) -> tuple[Outcome, list[str]]:
    """Run one and judge it."""
    arena.ready()
    settings = {} if invocation.stdout is None else {"stdout": invocation.stdout}
    outcome = program.run(invocation.words, arena.folder, **settings)
    told = message_faults(outcome, beside_others=invocation.stdout is not None)
    return outcome, faults(outcome, codes=(1, 2)) + told + arena.changes()
