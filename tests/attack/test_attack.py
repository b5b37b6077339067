"""A handful of each part of the attack, which `benchmarks/attack.py` runs at full size; and that it can find something."""

import os
import pickle
from collections.abc import Iterator
from dataclasses import replace
from random import Random

import pytest
from arena import Arena
from checkpoint_mutations import CRAFTED, hostile_checkpoint, sound
from invocations import MIB, Outcome, WarmProgram, faults, message_faults
from parts import PARTS, Field
from wrong_invocations import FREE_TEXTS, order, wrong_invocations

from restora.commands.app import COMMANDS, load_command

WELL = Outcome(
    code=2, late=False, seconds=0.1, wall=0.1, memory=300 * MIB, out="", err="restora: a.png: is empty\n"
)


@pytest.fixture(scope="module")
def field(tmp_path_factory) -> Iterator[Field]:
    made = Field(tmp_path_factory.mktemp("attack"))
    yield made
    made.close()


@pytest.mark.slow
@pytest.mark.parametrize("number", range(100))
@pytest.mark.parametrize("part", ["images", "checkpoints", "invocations"])
def test_withstands(field: Field, part: str, number: int) -> None:
    found = PARTS[part].attack(field, 0, number)
    assert found.faults == [], found.label


@pytest.mark.slow
@pytest.mark.parametrize("part", ["kills", "memory"])
@pytest.mark.parametrize("number", range(6))
def test_withstands_what_takes_long(field: Field, part: str, number: int) -> None:
    found = PARTS[part].attack(field, 0, number)
    assert found.faults == [], found.label


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        (
            {"err": "Traceback (most recent call last):\nKeyError: 'a'\n"},
            "Traceback (most recent: KeyError: 'a'",
        ),
        ({"err": "restora: failed unexpectedly (KeyError: a), reference 1"}, "failed unexpectedly"),
        ({"code": -11}, "exit code -11"),
        ({"code": 0}, "exit code 0"),
        ({"late": True}, "ended for its time"),
        ({"seconds": 7.0}, "7 s"),
        ({"memory": 2000 * MIB}, "2000 MiB"),
        ({"err": "restora: \x1b[31m"}, "control character '\\x1b'"),
        ({"err": "attack: starts a program (os.system b'rm')\n"}, "starts a program"),
    ],
)
def test_what_is_wrong_with_an_invocation_is_found(changes: dict[str, object], fault: str) -> None:
    assert faults(WELL, codes=(1, 2)) == []
    assert fault in "; ".join(faults(replace(WELL, **changes), codes=(1, 2)))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"err": "Usage: restora\n╭─\n│ No such option: --x │\n╰─\n"}, []),
        ({"code": 0}, ["accepted"]),
        ({"err": ""}, ["0 lines, 0 of them by restora"]),
        ({"err": "restora: a\nrestora: b\n"}, ["2 lines, 2 of them by restora"]),
    ],
)
def test_one_helpful_line_is_told_from_others(changes: dict[str, object], expected: list[str]) -> None:
    assert message_faults(replace(WELL, **changes)) == expected


def test_what_is_touched_outside_of_the_target_is_found_and_mended(tmp_path) -> None:
    arena = Arena(tmp_path / "arena")
    arena.ready()
    (arena.folder / "out/made.png").touch()
    assert arena.changes() == []
    (arena.folder / "photo.png").write_bytes(b"")
    (arena.root / "canary").unlink()
    (arena.root / "escaped.json").touch()
    assert [words.split()[1] for words in arena.changes()] == ["canary", "escaped.json", "here/photo.png"]
    assert arena.changes() == []


def test_harmful_pickles_do_harm_where_they_are_unpickled(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    silenced = 0
    for seed in range(40):
        (tmp_path / "canary").touch()
        data = next(iter(CRAFTED["code"](Random(seed)).values()))
        if not data.startswith(b"PK") and b"torch" not in data:
            pickle.loads(data)
            silenced += not (tmp_path / "canary").exists()
    assert silenced > 5


def test_there_are_enough_of_them_each_a_function_of_seed_and_number() -> None:
    wrong = wrong_invocations()
    assert len({each.words for each in wrong}) > 1500
    assert order(3) == order(3) != order(4)
    assert hostile_checkpoint(1, 5) == hostile_checkpoint(1, 5)
    made = [
        hostile_checkpoint(1, number) for number in range(30) if number % 3
    ]  # crafted ones may take seconds
    assert len({os.fsencode(repr(sorted(each.files.items()))) for each in made}) >= 18
    assert any(each.files.get(each.main) not in sound().values() for each in made)


def test_every_option_that_takes_a_value_is_in_the_table() -> None:
    words: dict[str, set[str]] = {}
    for wrong in wrong_invocations():
        words.setdefault("".join(wrong.words[:1]), set()).update(wrong.words)
    missing = set()
    for name in COMMANDS:
        command = load_command(name)
        for each in (command, *getattr(command, "commands", {}).values()):
            valued = [
                p for p in each.params if p.opts[0].startswith("-") and not getattr(p, "is_flag", False)
            ]
            missing |= {
                (name, p.opts[0]) for p in valued if not {*p.opts} & (words.get(name, set()) | FREE_TEXTS)
            }
    assert missing == set()


@pytest.mark.slow
def test_a_warm_program_tells_what_became_of_a_call(tmp_path) -> None:
    with WarmProgram(tmp_path / "streams") as program:
        assert program.run(["--version"], tmp_path).out.startswith("restora ")
        assert program.run(["nosuch"], tmp_path).code == 2
        assert "Traceback" in program.run([], tmp_path, call="os:nosuch").err
        assert program.run(["5"], tmp_path, call="time:sleep", wall=0.2).late is False  # a text: a TypeError
        assert "TypeError" in program.run(["5"], tmp_path, call="time:sleep").err
