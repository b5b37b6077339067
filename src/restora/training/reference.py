"""The reference page of recipes, written from the models and dataclasses that read them."""

import inspect
import re
from collections.abc import Iterator, Sequence
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic.fields import FieldInfo

from restora.degradations import Degradation, FlakeLayer
from restora.degradations.composition import Compose, OneOf
from restora.degradations.presets import PRESETS
from restora.training.described_degradation import DEGRADATIONS
from restora.training.losses import LOSSES, TARGETS
from restora.training.recipe import Recipe
from restora.training.sections import (
    BenchmarkData,
    LossSection,
    ModelSection,
    OptimizerSection,
    PairsData,
    PhotosData,
    Section,
    StageSection,
    ValidationSection,
)

SECTIONS: tuple[tuple[str, type[Section]], ...] = (
    ("The recipe", Recipe),
    ("model", ModelSection),
    ("data, kind: photos", PhotosData),
    ("data, kind: pairs", PairsData),
    ("data, kind: benchmark", BenchmarkData),
    ("losses, each", LossSection),
    ("optimizer", OptimizerSection),
    ("stages, each", StageSection),
    ("validation", ValidationSection),
)

INTRODUCTION = """# Every key of a recipe

Written by `restora recipes reference` from the code that reads recipes. How to train: [training.md](training.md).

A recipe is a YAML file. Keys that are not listed here are errors, and so are values out of range. `--set a.b=value`
changes a key from the command line; `--set stages.0.steps=100` reaches into a list. A key without a default must be there.
"""


def recipe_reference() -> str:
    """Return the page in Markdown: sections and keys, degradations, presets, losses.

    Example:
        >>> print(recipe_reference().splitlines()[0])
        # Every key of a recipe
    """
    parts = [INTRODUCTION, *(_section(title, section) for title, section in SECTIONS)]
    parts += [_losses(), _targets(), _degradations(), _presets()]
    return "\n".join(parts)


def _section(title: str, section: type[Section]) -> str:
    rows = [
        (f"`{name}`", _kind(field.annotation), _default(field), _limits(field), field.description or "")
        for name, field in section.model_fields.items()
    ]
    return f"## {title}\n\n{_prose(section)}\n\n" + _table(
        ("key", "type", "default", "range", "what it is"), rows
    )


def _losses() -> str:
    rows = [(f"`{name}`", _prose(loss)) for name, loss in LOSSES.items()]
    return "## Losses\n\n" + _table(("`kind`", "what it is"), rows)


def _targets() -> str:
    rows = [(f"`{name}`", _prose(make)) for name, make in TARGETS.items()]
    return "## Targets of the smaller scales\n\n" + _table(("`targets`", "what they are"), rows)


def _degradations() -> str:
    parts = [
        "## Degradations\n\n`degradation` and `validation.degradation` are a preset (`rain/heavy`, below) or a mapping with"
        " a `kind`.\nA range such as `[0, 50]` is drawn from for each image.\n"
    ]
    kinds: dict[str, type[Degradation]] = DEGRADATIONS | {"compose": Compose, "one_of": OneOf}
    for kind, made in kinds.items():
        parts.append(f"### kind: {kind}\n\n{_prose(made)}\n")
        rows = list(_fields(made))
        if rows:
            parts.append(_table(("key", "type", "default", "what it is"), rows))
    rows = list(_fields(FlakeLayer))
    parts.append("### A layer of snow\n\n" + _table(("key", "type", "default", "what it is"), rows))
    return "\n".join(parts)


def _fields(made: type) -> Iterator[tuple[str, str, str, str]]:
    """Yield a row for each field of a dataclass."""
    assert is_dataclass(made)
    types, words = get_type_hints(made), _attributes(made)
    for field in fields(made):
        default = "must be given" if field.default is MISSING else f"`{_value(field.default)}`"
        yield f"`{field.name}`", _kind(types[field.name]), default, words.get(field.name, "")


def _presets() -> str:
    rows = [(f"`{preset.family}/{preset.name}`", f"`{_written(preset.degradation)}`") for preset in PRESETS]
    return (
        "## Presets of degradations\n\n`noise` and `jpeg` also take any number: `noise/12.5`, `jpeg/75`.\n\n"
        + _table(("preset", "is short for"), rows)
    )


def _written(degradation: Degradation) -> str:
    """Write a degradation as a recipe has it, without what is default."""
    kind = next(kind for kind, made in DEGRADATIONS.items() if type(degradation) is made)
    assert is_dataclass(degradation)
    values = {field.name: (getattr(degradation, field.name), field.default) for field in fields(degradation)}
    changed = [f", {name}: {_value(value)}" for name, (value, default) in values.items() if value != default]
    return f"{{kind: {kind}{''.join(changed)}}}"


def _table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [header, ("---",) * len(header), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def _kind(annotation: Any) -> str:
    """Say a type in the words of YAML."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _kind(arguments[0])
    if origin is Literal:
        return " or ".join(f"`{argument}`" for argument in arguments)
    if origin in (Union, UnionType):
        return " or ".join(dict.fromkeys(_kind(argument) for argument in arguments))
    if origin is tuple:
        if arguments[-1] is Ellipsis:
            return f"list of {_kind(arguments[0])}"
        return f"[{', '.join(_kind(argument) for argument in arguments)}]"
    if inspect.isclass(annotation) and issubclass(annotation, Section):
        return "mapping"
    words = {
        NoneType: "none",
        Any: "anything",
        Path: "path",
        bool: "true or false",
        str: "text",
        int: "whole number",
    }
    words |= {float: "number", dict: "mapping"}
    found = words.get(origin or annotation)
    return found or re.sub(r"(?<!^)(?=[A-Z])", " ", annotation.__name__).lower()


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "must be given"
    value = field.get_default(call_default_factory=True, validated_data={})
    return "see its section" if isinstance(value, Section) else f"`{_value(value)}`"


def _value(value: Any) -> str:
    """Write a value as YAML does."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list):
        return f"[{', '.join(_value(part) for part in value)}]"
    if is_dataclass(value) and not isinstance(value, type):
        inner = ", ".join(f"{field.name}: {_value(getattr(value, field.name))}" for field in fields(value))
        return f"{{{inner}}}"
    return str(value)


def _limits(field: FieldInfo) -> str:
    """Say the bounds and patterns of a key."""
    signs = {
        "gt": "above",
        "ge": "at least",
        "lt": "below",
        "le": "at most",
        "min_length": "length at least",
    }
    found = [
        f"{words} {getattr(rule, name)}"
        for rule in field.metadata
        for name, words in signs.items()
        if getattr(rule, name, None) is not None
    ]
    found += [f"`{rule.pattern}`" for rule in field.metadata if getattr(rule, "pattern", None)]
    return ", ".join(found)


def _prose(documented: Any) -> str:
    """Return what a docstring says before its Args or Attributes and after them nothing, in one paragraph."""
    text = re.split(r"\n\s*(?:Args|Attributes|Example|Raises|Returns):\n", inspect.getdoc(documented) or "")[
        0
    ]
    return " ".join(text.replace("``", "`").split())


def _attributes(made: type) -> dict[str, str]:
    """Return the description of each attribute in a class's docstring."""
    found = re.search(r"Attributes:\n(.*?)(?:\n\n|\Z)", inspect.getdoc(made) or "", re.DOTALL)
    if found is None:
        return {}
    entries = re.findall(r"^ {4}(\w+): (.*?)(?=^ {4}\w|\Z)", found[1] + "\n", re.DOTALL | re.MULTILINE)
    return {name: " ".join(words.replace("``", "`").split()) for name, words in entries}
