"""``restora recipes``: the trainings that come with restora."""

from typing import Annotated

import typer

from restora.commands.options import AsJson
from restora.commands.rows import print_rows
from restora.training import load_recipe
from restora.training.bundled import find_recipe
from restora.training.bundled import list_recipes as names
from restora.training.reference import recipe_reference

EPILOG = """
Examples:

  restora recipes                                        [dim]lists them[/dim]

  restora recipes show photos/denoise-laptop > mine.yaml [dim]a start for your own[/dim]

  restora recipes reference                              [dim]every key that a recipe can have[/dim]
"""

recipes = typer.Typer(
    help="List the recipes that come with restora, print one, print the reference of all keys.",
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@recipes.callback(invoke_without_command=True, epilog=EPILOG)
def list_recipes(
    context: typer.Context,
    as_json: AsJson = False,
) -> None:
    """List the recipes that come with restora, print one, print the reference of all keys."""
    if context.invoked_subcommand is not None:
        return

    rows = []
    for name in names():
        recipe = load_recipe(name)
        rows.append(
            {
                "name": name,
                "task": recipe.task,
                "network": f"{recipe.model.architecture}/{recipe.model.variant}",
                "data": getattr(recipe.data, "benchmark", recipe.data.kind),
                "steps": recipe.steps,
            }
        )
    print_rows(rows, as_json=as_json)


@recipes.command(epilog=EPILOG)
def show(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Such as photos/denoise-laptop.", autocompletion=names)
    ],
) -> None:
    """Print a recipe, comments and all."""
    print(find_recipe(name).read_text(encoding="utf-8"), end="")


@recipes.command(epilog=EPILOG)
def reference() -> None:
    """Print the reference of recipes in Markdown: sections, keys, degradations, presets, losses."""
    print(recipe_reference(), end="")
