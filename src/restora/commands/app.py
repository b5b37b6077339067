"""The command line: ``restora COMMAND``."""

import errno
import gc
import logging
import os
import re
import signal
import sys
from importlib import import_module
from io import TextIOWrapper
from itertools import pairwise
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

import restora
from restora.allocation import keep_freed_memory
from restora.errors import RestoraError, printable
from restora.threads import wait_passively

PANELS = {
    "Restore photographs": {
        "restore": "Restore photographs; depth, profile, transparency and metadata stay as they are.",
        "restore-table": "Restore a column of photographs in a table of Parquet; what became of each stands in columns beside the result.",
        "serve": "Serve restorations over HTTP: POST a picture, get it back restored; bounded queue, limits, metrics, token.",
        "web": "Open a page to drop photographs on: before and after, comparisons of weights, and what networks look at.",
        "video": "Restore a film; sound, subtitles, times, colours and depth stay as they are.",
        "diagnose": "Tell what is wrong with photographs, how sure that is, and what 'restora restore' would do.",
        "compare": "Compare pictures in a figure: one whole with marked crops, below it the crops of each, with their scores.",
        "doctor": "Show versions, devices and optional parts, and check the weights; send this along with a report.",
    },
    "Choose weights": {
        "weights": "List the weights: in the package and of the papers' authors, with what they do and how well they score.",
        "models": "List the networks, their variants, sizes and papers.",
        "inspect": "Tell architecture, variant, parameters and precision of a file of weights, and the keys that do not fit.",
        "explain": "Draw what a network looks at: receptive field, neighbours (KiT), offsets (DeRestormer), channels (ChaIR).",
        "convert": "Convert a checkpoint to safetensors with a card, which load faster and cannot run code.",
        "export": "Export weights for ONNX or OpenVINO, with a card, checked in a process that has neither restora nor torch.",
    },
    "Train your own": {
        "recipes": "List the recipes that come with restora, print one, print the reference of all keys.",
        "degrade": "Make an example of bad weather, a bad lens or a bad camera from a clean photograph.",
        "pack": "Pack clean photographs or pairs for training: decoded once, cut if wanted, read by memory mapping.",
        "train": "Train a network on clean photographs; Ctrl-C saves, --resume goes on.",
    },
    "Measure and publish": {
        "benchmarks": "List the benchmarks that restora reads, show the card of one, fetch it, check a copy of it.",
        "protocols": "List the protocols: what exactly is done to two images before which score is computed, and who prints it.",
        "score": "Score pictures by themselves, where there is no clean one: how unlike natural photographs they are.",
        "evaluate": "Score a method on a benchmark, as papers do, and print the published numbers beside it.",
        "significance": "Print the mean difference of two methods, B minus A, with its bootstrap interval.",
        "curves": "Draw the mean score of methods against the level of noise, from records of evaluations.",
        "tables": "Build the tables of the documentation: measured means beside the published numbers.",
        "publish": "Publish weights with their card on a hub, with a page made of the card; others restore with OWNER/NAME.",
        "submit": "Write a submission to the server of SIDD or DND, which keep the clean images.",
    },
}
"""Headings of the help, in the order of a user's day -> commands -> the first sentences of their help. A command is the
function or `typer.Typer` of its name in the module of its name, with examples in ``EPILOG``; adding one is a file and a line
here."""

COMMANDS = {name: line for commands in PANELS.values() for name, line in commands.items()}

_CHOOSING = ("recipes", "benchmarks", "submit")
"""The commands whose arguments are words to choose from, where those of others are files."""


class LazyCommand(TyperCommand):
    """Name and help line of a command that is not imported yet."""

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        """Complete options, for which the command is imported; file names are left to the shell, which is quicker."""
        return load_command(self.name or "").shell_complete(ctx, incomplete) if incomplete[:1] == "-" else []


class LazyGroup(TyperGroup):
    """Group of `COMMANDS`, imported when they are called; neither its help nor completing names and files needs them."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = {
            name: LazyCommand(name, help=line, rich_help_panel=panel)
            for panel, commands in PANELS.items()
            for name, line in commands.items()
        }

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Import the command that is called; while the shell completes, only if it may choose among words."""
        _refuse_empty(args)
        name, command, rest = super().resolve_command(ctx, args)
        chooses = name in _CHOOSING or (rest and rest[-1].startswith("-"))
        if name is not None and (chooses or not ctx.resilient_parsing):
            command = load_command(name)
            command.params += [
                option for option in self.params if option.name == "debug"
            ]  # before or behind the name
        if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:  # see `restora.__main__`
            signal.signal(signal.SIGINT, signal.default_int_handler)
        if not gc.isenabled():  # likewise
            gc.freeze()
            gc.enable()
        return name, command, rest


def _refuse_empty(args: list[str]) -> None:
    """Refuse arguments without a letter, as a shell passes for a variable that is not set: a path would be this folder."""
    for before, word in pairwise(["", *args]):
        option = before if word == "" else word[:-1] if re.fullmatch("--[a-z-]+=", word) else None
        if option is not None and option != "--suffix":
            place = f"of {option} " if option.startswith("-") else ""
            raise RestoraError(f"an argument {place}is empty; leave it out, or say what it is")


class _Printable(logging.Formatter):
    """Messages on one line of what a terminal can show; tracebacks as they are."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Return the message as one line."""
        return printable(super().formatMessage(record))


def load_command(name: str) -> TyperCommand | TyperGroup:
    """Import a command.

    Args:
        name: One of `COMMANDS`.

    Returns:
        The command with all its options, or the group with all its commands.
    """
    own = name.replace("-", "_")
    module = import_module(f"restora.commands.{own}")
    command, holder = getattr(module, own), typer.Typer(rich_markup_mode="rich")
    if isinstance(command, typer.Typer):
        holder.add_typer(command, name=name)
    else:
        holder.command(name, epilog=getattr(module, "EPILOG", None))(command)
    loaded = typer.main.get_group(holder).commands[name]
    assert isinstance(loaded, TyperCommand | TyperGroup)
    return loaded


app = typer.Typer(
    cls=LazyGroup,
    help="Restore photographs: take away noise, motion blur, defocus, rain, snow and haze, offline, with weights that come with"
    " the program, or those of the papers' authors, or your own.\n\nrestora restore photo.jpg finds out what is wrong and"
    " writes photo-restored.jpg beside it.",
    epilog="restora COMMAND --help tells more, with examples.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,  # `main` says what becomes of a defect
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"restora {restora.__version__}")
        raise typer.Exit


def _log_tracebacks(wanted: bool) -> None:
    if wanted:
        logging.getLogger("restora").setLevel(logging.DEBUG)


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Annotated[
        bool,
        typer.Option(
            "--debug",
            callback=_log_tracebacks,
            expose_value=False,
            help="Show the tracebacks of unexpected errors.",
        ),
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line; exit code 0 for success, 1 for failed files, 2 for wrong usage, 130 for Ctrl-C."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # names of files may be beyond what the terminal can show
            stream.reconfigure(errors="backslashreplace")
    command = next((word for word in sys.argv[1:] if not word.startswith("-")), None)
    wait_passively(training=command == "train")
    if "--reproducible" in sys.argv:
        from restora.reproducibility import fix_environment

        fix_environment()
    if {"--install-completion", "--show-completion"} & set(sys.argv):
        from restora.commands.zsh import complete_from_the_first_tab

        complete_from_the_first_tab()
    keep_freed_memory()
    logger = logging.getLogger("restora")  # what was found in a file of weights, for one
    logger.setLevel(logging.INFO)
    logger.handlers = [logging.StreamHandler()]
    logger.handlers[0].setFormatter(_Printable())
    code: Any
    try:
        app(prog_name="restora")  # however it was called: this is what completion is installed for
    except SystemExit as end:
        code, words = end.code, None
    except RestoraError as error:
        code, words = 2, _failure(error)
    except Exception as error:
        code, words = 1, _lost_output(error) or _failure(error)
    if lost := _lost_output():
        code, words = 1, lost
        # What is left is not tried again at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if words:
        from restora.commands.lines import failure_line

        print(failure_line(words, terminal=sys.stderr.isatty()), file=sys.stderr)
    sys.exit(code)


def _failure(error: Exception) -> str:
    from restora.failures import failure

    return failure(error)


def _lost_output(error: Exception | None = None) -> str | None:
    """Say why what was printed could not be written; ``None`` if it was, and the error is another one."""
    try:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC and error.filename is None:
            raise error  # files have names
        if sys.stdout:
            sys.stdout.flush()
    except OSError as error:
        return f"the standard output cannot be written ({error.strerror}); send it somewhere else"
    return None
