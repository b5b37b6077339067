"""The page of the command line, from the commands themselves."""

import re
from typing import Any, get_args

from restora.commands.app import PANELS, load_command

HEAD = """\
# The command line

Every command with its options, written from the program when these pages are built. `restora --help` and
`restora COMMAND --help` say the same in a terminal; `restora --install-completion` completes commands, options and names in bash, zsh,
fish and PowerShell. Results go to the standard output, everything else to the standard error.

| exit code | when |
|---|---|
| 0 | all is done |
| 1 | files failed, and each was named; the others are done |
| 2 | wrong usage: nothing was begun |
| 130 | Ctrl-C; what is finished is there, and the same command goes on |
"""


def page() -> str:
    """Write the page as Markdown."""
    text = HEAD
    for panel, commands in PANELS.items():
        text += f"\n## {panel}\n"
        for name in commands:
            text += _command(f"restora {name}", load_command(name), 3)
    return text


def _command(name: str, command: Any, level: int) -> str:
    arguments = " ".join(p.metavar or p.name.upper() for p in command.params if not _is_option(p))
    text = f"\n{'#' * level} {name}\n\n{_prose(command.help)}\n\n"
    if not hasattr(command, "commands"):
        text += f"```\n{' '.join(f'{name} {arguments} [OPTIONS]'.split())}\n```\n\n"
    rows = [f"| {_name(p)} | {_prose(p.help)}{_default(p)} |\n" for p in command.params if not _hidden(p)]
    if rows:
        text += "| option | what it does |\n|---|---|\n" + "".join(rows)
    if command.epilog:
        lines = [re.sub(r"\[/?\w+\]", "", line).rstrip() for line in command.epilog.strip().splitlines()]
        examples = "\n".join(line[2:] for line in lines if line.startswith("  "))
        rest = "\n\n".join(line for line in lines if line and line != "Examples:" and line[:1] != " ")
        text += f"\n```console\n{examples}\n```\n\n{_prose(rest)}\n"
    for inner, part in getattr(command, "commands", {}).items():
        text += _command(f"{name} {inner}", part, level + 1)
    return text


def _is_option(parameter: Any) -> bool:
    return bool(parameter.opts[0].startswith("-"))


def _hidden(parameter: Any) -> bool:
    return bool(parameter.hidden) or parameter.name == "help"


def _name(parameter: Any) -> str:
    if not _is_option(parameter):
        return f"`{parameter.metavar or parameter.name.upper()}`"
    names = ", ".join(f"`{name}`" for name in (*parameter.opts, *parameter.secondary_opts))
    words = get_args(parameter.type_descriptor.annotation)
    if parameter.metavar:
        return f"{names} {_prose(' | '.join(parameter.metavar.split('|')))}"
    choices = [word for word in words if isinstance(word, str)]
    return f"{names} {_prose(' | '.join(choices))}".rstrip()


def _default(parameter: Any) -> str:
    if parameter.required:
        return " Must be given." if _is_option(parameter) else ""
    plain = isinstance(parameter.default, str | int | float) and parameter.default not in ("", False, True)
    return f" Default: `{parameter.default}`." if plain else ""


def _prose(text: str | None) -> str:
    """Write what stands in a table and is no markup."""
    plain = re.sub(r"\[/?(?:dim|bold|italic)\]", "", text or "").replace("|", r"\|").replace("<", "&lt;")
    return re.sub(
        r"(?<![`\w])(--?[a-z][\w-]*|'restora [^']*')", lambda found: f"`{found[0].strip(chr(39))}`", plain
    )
