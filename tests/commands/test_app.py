"""The group of commands: what it imports, and that its table is true."""

import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import restora.commands
from restora.commands.app import COMMANDS, load_command

LIGHT = {
    "restora",
    "restora.allocation",
    "restora.errors",
    "restora.threads",
    "restora.commands",
    "restora.commands.app",
}
PROGRAM = (
    "import sys; sys.argv[0] = 'restora'; before = set(sys.modules); from restora.commands.app import main\n"
    "try: main()\n"
    "finally: print(*(set(sys.modules) - before), file=sys.stderr)"
)


def run(*arguments, **environment):
    """Return what the program prints, and the modules that it imports."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "200", **environment},
    )
    return done.stdout, set(done.stderr.split())


def complete(*words):
    """Return the words that a shell is offered for the last one, and the modules that it takes."""
    settings = {"COMP_WORDS": " ".join(("restora", *words)), "COMP_CWORD": str(len(words))}
    offered, modules = run(_RESTORA_COMPLETE="complete_bash", **settings)
    return offered.split(), modules


def assert_light(modules):
    assert {name for name in modules if name.split(".")[0] == "restora"} == LIGHT
    assert not modules & {"torch", "numpy", "cv2", "PIL", "yaml"}
    assert len(modules) < 400  # of the standard library, typer and rich


def test_help_imports_no_command():
    text, modules = run("--help")
    assert_light(modules)
    for name, line in COMMANDS.items():
        assert f" {name} " in text
        assert line[:60] in text


def test_the_version_imports_no_command():
    text, modules = run("--version")
    assert text == f"restora {restora.__version__}\n"
    assert_light(modules)


def test_completing_names_and_files_imports_no_command():
    offered, modules = complete("re")
    assert offered == ["restore", "restore-table", "recipes"]
    assert_light(modules)
    offered, modules = complete("restore", "--compare", "photo.jpg", "hol")
    assert offered == []  # the shell completes file names
    assert_light(modules)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("restore", "photo.jpg", "--ov"), ["--overlap", "--overwrite"]),
        (("pack", "photos", "--corrupt", ""), ["fail", "skip"]),
        (("submit", ""), ["sidd", "dnd"]),
        (("benchmarks", "sh"), ["show"]),
        (("benchmarks", "check", "--v"), ["--variant"]),
    ],
)
def test_options_and_choices_are_completed(words, expected):
    assert complete(*words)[0] == expected


def test_every_command_is_in_the_table_with_its_own_first_sentence():
    files = {path.stem for path in Path(restora.commands.__file__).parent.glob("[a-z]*.py")}
    commands = {name for name in files if hasattr(import_module(f"restora.commands.{name}"), name)}
    assert {name.replace("_", "-") for name in commands - {"app"}} == set(COMMANDS)
    for name, line in COMMANDS.items():
        assert load_command(name).get_short_help_str(200) == line, name


def test_every_command_has_an_example_of_its_own():
    for name in COMMANDS:
        command = load_command(name)
        parts = getattr(command, "commands", {})
        for path, one in {name: command, **{f"{name} {part}": parts[part] for part in parts}}.items():
            assert re.search(f"Examples:(.|\n)*  restora {path} ", f"{one.epilog} "), path


def test_help_says_what_the_program_does_in_the_order_of_a_day():
    text, _ = run("--help", COLUMNS="80")
    for word in ("noise", "motion blur", "defocus", "rain", "snow", "haze", "restora restore photo.jpg"):
        assert word in text.split("Options")[0]
    places = [text.index(f"\n│ {name} ") for name in ("restore", "weights", "train", "evaluate")]
    assert places == sorted(places)
    assert max(map(len, text.splitlines())) <= 80


def test_a_mistyped_command_is_answered_with_the_nearest(restora_command):
    done = restora_command("restor", "photo.jpg")
    assert done.returncode == 2
    assert "'restore'" in done.stderr
