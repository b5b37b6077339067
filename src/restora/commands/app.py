"""The command line: ``restora COMMAND``."""

import logging
import sys
from typing import Annotated

import typer

from restora import __version__
from restora.commands.benchmarks import benchmarks
from restora.commands.compare import EPILOG as COMPARE_EXAMPLES
from restora.commands.compare import compare
from restora.commands.convert import EPILOG as CONVERT_EXAMPLES
from restora.commands.convert import convert
from restora.commands.curves import EPILOG as CURVES_EXAMPLES
from restora.commands.curves import curves
from restora.commands.degrade import EPILOG as DEGRADE_EXAMPLES
from restora.commands.degrade import degrade
from restora.commands.doctor import doctor
from restora.commands.evaluate import EPILOG as EVALUATE_EXAMPLES
from restora.commands.evaluate import evaluate
from restora.commands.inspect import inspect
from restora.commands.models import models
from restora.commands.pack import EPILOG as PACK_EXAMPLES
from restora.commands.pack import pack
from restora.commands.protocols import protocols
from restora.commands.recipes import recipes
from restora.commands.restore import EPILOG as RESTORE_EXAMPLES
from restora.commands.restore import restore
from restora.commands.significance import significance
from restora.commands.submit import EPILOG as SUBMIT_EXAMPLES
from restora.commands.submit import submit
from restora.commands.tables import tables
from restora.commands.train import EPILOG as TRAIN_EXAMPLES
from restora.commands.train import train
from restora.commands.weights import weights
from restora.errors import RestoraError

app = typer.Typer(
    help="Restore photographs: take away noise, offline, with weights that come with the program.",
    epilog="restora COMMAND --help tells more, with examples.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,  # a defect shows Python's own traceback, complete
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command(epilog=RESTORE_EXAMPLES)(restore)
app.command(epilog=TRAIN_EXAMPLES)(train)
app.add_typer(recipes, name="recipes")
app.command(epilog=PACK_EXAMPLES)(pack)
app.command(epilog=DEGRADE_EXAMPLES)(degrade)
app.command(epilog=COMPARE_EXAMPLES)(compare)
app.command(epilog=CURVES_EXAMPLES)(curves)
app.command()(models)
app.command()(weights)
app.command()(inspect)
app.command(epilog=CONVERT_EXAMPLES)(convert)
app.add_typer(benchmarks, name="benchmarks")
app.command()(protocols)
app.command(epilog=EVALUATE_EXAMPLES)(evaluate)
app.command()(significance)
app.command()(tables)
app.command(epilog=SUBMIT_EXAMPLES)(submit)
app.command()(doctor)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"restora {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line; exit code 0 for success, 1 for failed files, 2 for wrong usage, 130 for Ctrl-C."""
    logger = logging.getLogger("restora")  # what was found in a file of weights, for one
    logger.setLevel(logging.INFO)
    logger.handlers = [logging.StreamHandler()]
    try:
        app()
    except RestoraError as error:
        print(f"restora: {error}", file=sys.stderr)
        sys.exit(2)
