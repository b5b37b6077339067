"""YAML of recipes: what `yaml.safe_load` reads, without what it takes in silence or does not come back from."""

from typing import Any

import yaml
from yaml.constructor import ConstructorError

MAX_CHARACTERS = 100_000
"""Length of a recipe; those that come with restora have at most a few thousand."""
MAX_PARTS = 10_000
"""Values in a recipe, one that is referred to several times as often; MAX_DEPTH of them within one another."""
MAX_DEPTH = 20


class _Loader(yaml.SafeLoader):
    """YAML's own, but a key that stands twice is an error instead of hiding the first one."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            name = str(key.value)
            if name in seen and name != "<<":
                raise ConstructorError(None, None, f"the key {name} stands there twice", key.start_mark)
            seen.add(name)
        return super().construct_mapping(node, deep)


def parse_yaml(text: str) -> Any:
    """Read YAML of plain values.

    Raises:
        ValueError: It is none, holds a key twice, or more values than a recipe has; the message is one line.

    Example:
        >>> parse_yaml("{a: 1, b: [2, x]}")
        {'a': 1, 'b': [2, 'x']}
        >>> parse_yaml("{a: 1, a: 2}")
        Traceback (most recent call last):
        ValueError: the key a stands there twice in "<unicode string>", line 1, column 8: {a: 1, a: 2} ^
    """
    if len(text) > MAX_CHARACTERS:
        raise ValueError(f"has {len(text):,} characters, but no recipe needs over {MAX_CHARACTERS:,}")
    try:
        values = yaml.load(text, _Loader)
        _count(values)
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise ValueError(" ".join(str(error).split())) from error
    except RecursionError as error:
        raise ValueError("values are nested too deeply") from error
    return values


def _count(values: Any) -> None:
    """Go through all values, those that are referred to several times as often."""
    waiting, parts = [(values, 0)], 0
    while waiting:
        value, depth = waiting.pop()
        parts += 1
        if parts > MAX_PARTS or depth > MAX_DEPTH:
            raise ValueError(
                f"holds more than {MAX_PARTS:,} values, or more than {MAX_DEPTH} within one another"
            )
        if isinstance(value, dict | list | set | tuple):
            inner = [*value, *value.values()] if isinstance(value, dict) else value
            waiting += [(part, depth + 1) for part in inner]
