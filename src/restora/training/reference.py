"""The reference page of recipes, written from the models and dataclasses that read them."""

import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import AfterValidator
from pydantic.fields import FieldInfo

from restora.degradations import DEGRADATIONS, Degradation, all_presets
from restora.degradations.limits import Within, field_types
from restora.training.losses import LOSSES, TARGETS
from restora.training.recipe import sections
from restora.training.sections import Registered, Section

INTRODUCTION = """# Every key of a recipe

Written by `restora recipes reference` from the code that reads recipes. How to train:
[training.md](training.md).

A recipe is a YAML file. Keys that are not listed here are errors, and so are values out of range. `--set
a.b=value` changes a key from the command line; `--set stages.0.steps=100` reaches into a list. A key without
a default must be there.
"""
DEGRADATIONS_IN_WORDS = """## Degradations

`degradation` and `validation.degradation` are a preset (`rain/heavy`) or a mapping with a `kind`.
A range such as `[0, 50]` is drawn from for each image. More about them: [degradations.md](degradations.md).
"""
WORDS: dict[Any, str] = {
    NoneType: "none",
    Any: "anything",
    Path: "path",
    bool: "true or false",
    str: "text",
    int: "whole number",
    float: "number",
    dict: "mapping",
}
SIGNS = {"gt": "above", "ge": "at least", "lt": "below", "le": "at most", "min_length": "length at least"}
KEYS = ("key", "type", "default", "range", "what it is")


def recipe_reference() -> str:
    """Return the page in Markdown: sections and keys, losses, degradations and their presets.

    Example:
        >>> print(recipe_reference().splitlines()[0])
        # Every key of a recipe
    """
    parts = [INTRODUCTION]
    for title, section in sections().items():
        parts.append(f"## {title}\n\n{_prose(section)}\n\n{_table(KEYS, _keys(section))}")
    parts.append("## Losses\n\n" + _documented(("`kind`", "what it is"), LOSSES))
    parts.append(
        "## Targets of the smaller scales\n\n" + _documented(("`targets`", "what they are"), TARGETS)
    )
    parts += [DEGRADATIONS_IN_WORDS, _overview(), *_degradations(), _presets()]
    return "\n".join(parts)


def _keys(section: type[Section]) -> Iterator[tuple[str, ...]]:
    for name, field in section.model_fields.items():
        checks = [rule.func for rule in field.metadata if isinstance(rule, AfterValidator)]
        words = [f"`{word}`" for check in checks if isinstance(check, Registered) for word in check.registry]
        kind = " or ".join(words) or _kind(field.annotation)
        yield f"`{name}`", kind, _default(field), _limits(field), field.description or ""


def _documented(header: tuple[str, str], registry: Mapping[str, Callable[..., Any]]) -> str:
    return _table(header, [(f"`{name}`", _prose(entry)) for name, entry in registry.items()])


def _overview() -> str:
    rows = []
    for kind, made in DEGRADATIONS.items():
        presets = [f"`{made.family}/{name}`" for name in made.presets]
        presets += [f"`{made.family}/` and {made.number}"] if made.number else []
        rows.append((f"`{kind}`", f"`{made.__name__}`", ", ".join(presets) or "none"))
    return _table(("kind", "class", "presets"), rows)


def _degradations() -> Iterator[str]:
    parts: dict[type, None] = {}  # dataclasses that stand in fields, such as a layer of snow
    for kind, made in DEGRADATIONS.items():
        rows = list(_fields(made))
        yield f"### kind: {kind}\n\n{_prose(made)}\n"
        if rows:
            yield _table(KEYS, rows)
        inner = [part for type_ in field_types(made).values() for part in get_args(type_)]
        parts |= dict.fromkeys(part for part in inner if is_dataclass(part) and inspect.isclass(part))
    for part in parts:
        yield f"### Each {_kind(part)}\n\n{_prose(part)}\n\n{_table(KEYS, list(_fields(part)))}"


def _fields(made: type) -> Iterator[tuple[str, ...]]:
    """Yield a row for each field of a dataclass."""
    types, words = field_types(made), _attributes(made)
    assert is_dataclass(made)
    for field in fields(made):
        default = "must be given" if field.default is MISSING else f"`{_value(field.default)}`"
        kind = types[field.name]
        limits = ", ".join(map(_within, getattr(kind, "__metadata__", ())))
        yield f"`{field.name}`", _kind(kind), default, limits, words.get(field.name, "")


def _presets() -> str:
    rows = [(f"`{name}`", f"`{_written(degradation)}`") for name, degradation in all_presets().items()]
    return "## Presets of degradations\n\n" + _table(("preset", "is short for"), rows)


def _written(degradation: Degradation) -> str:
    """Write a degradation as a recipe has it, without what is default."""
    assert is_dataclass(degradation)
    values = {field.name: (getattr(degradation, field.name), field.default) for field in fields(degradation)}
    changed = [f", {name}: {_value(value)}" for name, (value, default) in values.items() if value != default]
    return f"{{kind: {degradation.kind}{''.join(changed)}}}"


def _table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]] | Iterator[tuple[str, ...]]) -> str:
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
    return WORDS.get(origin or annotation) or re.sub(r"(?<!^)(?=[A-Z])", " ", annotation.__name__).lower()


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
    rules = [(rule, name) for rule in field.metadata for name in (*SIGNS, "pattern")]
    found = [(name, value) for rule, name in rules if (value := getattr(rule, name, None)) is not None]
    return ", ".join(f"{SIGNS[name]} {value}" if name in SIGNS else f"`{value}`" for name, value in found)


def _within(limits: Within) -> str:
    above = "" if limits.high == float("inf") else f", at most {limits.high:g}"
    return f"{'above' if limits.above else 'at least'} {limits.low:g}{above}"


def _prose(documented: Any) -> str:
    """Return what a docstring says before its Args or Attributes and after them nothing, in one paragraph."""
    text = inspect.getdoc(documented) or ""
    return _line(re.split(r"\n\s*(?:Args|Attributes|Example|Raises|Returns):\n", text)[0])


def _attributes(made: type) -> dict[str, str]:
    """Return the description of each attribute in a class's docstring."""
    found = re.search(r"Attributes:\n(.*?)(?:\n\n|\Z)", inspect.getdoc(made) or "", re.DOTALL)
    text = found[1] + "\n" if found else ""
    entries = re.findall(r"^ {4}(\w+): (.*?)(?=^ {4}\w|\Z)", text, re.DOTALL | re.MULTILINE)
    return {name: _line(words) for name, words in entries}


def _line(text: str) -> str:
    return " ".join(text.replace("``", "`").split())
