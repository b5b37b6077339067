"""The recipes that come with restora, and how they are found."""

from pathlib import Path

from restora.errors import RestoraError


def bundled_recipes() -> Path:
    """Return the folder of the recipes that come with restora."""
    return Path(__file__).parent.parent / "recipes"


def list_recipes() -> list[str]:
    """Return the names of the recipes that come with restora.

    Example:
        >>> "photos/denoise-laptop" in list_recipes()
        True
    """
    folder = bundled_recipes()
    return sorted(file.relative_to(folder).with_suffix("").as_posix() for file in folder.rglob("*.yaml"))


def find_recipe(source: str | Path) -> Path:
    """Return the file of a recipe.

    Args:
        source: A YAML file; or one that comes with restora, by its name (``"photos/denoise-laptop"``), by its
            file as the repository has it (``"recipes/photos/denoise-laptop.yaml"``), or by its key ``name``,
            after which runs and weights are called (``"denoise-chair-tiny"``).

    Raises:
        RestoraError: There is none; the message lists those that come with restora.

    Example:
        >>> find_recipe("recipes/photos/denoise-laptop.yaml") == find_recipe("denoise-chair-tiny")
        True
    """
    if Path(source).is_file():
        return Path(source)
    names = list_recipes()
    name = Path(source).as_posix().removeprefix("recipes/").removesuffix(".yaml")
    if name in names:
        return bundled_recipes() / f"{name}.yaml"
    for file in (bundled_recipes() / f"{name}.yaml" for name in names):
        if f"\nname: {source}\n" in file.read_text(encoding="utf-8"):
            return file
    raise RestoraError(f"{source}: no such recipe; give a YAML file or one of: {', '.join(names)}")
