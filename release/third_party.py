"""What is in restora's wheel and under which licence, and what it installs beside itself: THIRD_PARTY.md.

    python release/third_party.py

The photographs are those that the cards of the weights name; licences of packages are what the installed ones say of themselves.
"""

import re
import tomllib
from collections import Counter
from email.message import Message
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import cast

from restora import list_weights
from restora.atomic import write_file

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "THIRD_PARTY.md"
_LONGEST = 60  # characters of a licence; some packages put its whole text there
_TROVE = "License :: OSI Approved :: "


def page() -> str:
    """Return the page."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = [
        "# What restora holds and what it installs",
        "",
        "Written by `release/third_party.py`.",
        "",
        "## In the wheel",
        "",
        "Program, recipes, documentation of the command line: Apache-2.0 (LICENSE). The numbers that papers print"
        " (`evaluation/published.csv`) are facts; each stands with its source.",
        "",
        "The weights, Apache-2.0, learned from photographs, none of which is in the wheel:",
        "",
        "| photographs | source and licence | weights |",
        "|---:|---|---:|",
        *_photographs(),
        "",
        "## Beside it",
        "",
        "Packages that pip installs, each under its own licence.",
        "",
        "| package | asked for by | licence |",
        "|---|---|---|",
    ]
    groups = {"restora": project["dependencies"], **project["optional-dependencies"]}
    for group, requirements in groups.items():
        if group != "dev":  # what nobody needs to use restora
            for requirement in requirements:
                name = re.split(r"[>=\[ ]", requirement, maxsplit=1)[0]
                wanted = "restora" if group == "restora" else f"restora[{group}]"
                lines.append(f"| {name} | {wanted} | {licence(name)} |")
    return "\n".join(lines) + "\n"


def _photographs() -> list[str]:
    """Return a row for each source: the most photographs of it that one set of weights has seen, and how many sets have."""
    most, sets = Counter[str](), Counter[str]()
    for card in list_weights():
        for credit in card.credits:
            number, _, source = credit.partition(" photographs of ")
            if source:
                most[source], sets[source] = max(most[source], int(number)), sets[source] + 1
    return [f"| {most[source]} | {source.replace('|', ' ')} | {sets[source]} |" for source in sorted(most)]


def licence(name: str) -> str:
    """Return the licence that an installed package names, or that it is not installed here."""
    try:
        found = distribution(name)
    except PackageNotFoundError:
        return "not installed where this page was written"
    return _named(found)


def _named(found: Distribution) -> str:
    facts = cast(Message, found.metadata)
    expression: str | None = facts.get("License-Expression")
    if expression:
        return expression
    classifiers = [c.removeprefix(_TROVE) for c in facts.get_all("Classifier") or [] if c.startswith(_TROVE)]
    text = (facts.get("License") or "").strip()
    return ", ".join(classifiers) or (
        text if 0 < len(text) <= _LONGEST and "\n" not in text else "see its files"
    )


if __name__ == "__main__":
    write_file(PAGE, page().encode())
    print(PAGE)
