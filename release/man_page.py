"""The manual page, from the command line itself.

python release/man_page.py            # writes release/restora.1, which the wheel installs
man release/restora.1
"""

import re
from pathlib import Path
from typing import Any

from restora.atomic import write_file
from restora.commands.app import PANELS, load_command

PAGE = Path(__file__).parent / "restora.1"
_MARKUP = re.compile(r"\[/?(?:bold|italic|dim|cyan|green|yellow|link[^]]*)\]")


def manual() -> str:
    """Return the page: every command with its arguments and options, in the order of ``restora --help``."""
    lines = [
        '.TH RESTORA 1 "" "restora" "User Commands"',
        ".SH NAME",
        r"restora \- restore photographs and films",
        ".SH SYNOPSIS",
        r".B restora",
        r".I COMMAND",
        "[ARGUMENTS]",
        ".SH DESCRIPTION",
        "Takes noise, motion blur, defocus, rain, snow and haze out of photographs, offline, with weights that come with the"
        " program, those of the papers' authors, or your own.",
    ]
    for panel, commands in PANELS.items():
        lines.append(f'.SH "{panel.upper()}"')
        for name in commands:
            lines += _described(f"restora {name}", load_command(name))
    return "\n".join(lines) + "\n"


def _described(name: str, command: Any) -> list[str]:
    if hasattr(command, "commands"):  # a group
        parts = [_described(f"{name} {part}", one) for part, one in command.commands.items()]
        return sum(parts, [f'.SS "{name}"', _plain(command.help)])
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    words = " ".join([name, *(a.metavar or a.name.upper() for a in arguments), "[OPTIONS]"])
    lines = [f'.SS "{_escaped(words)}"', _plain(command.help)]
    for parameter in command.params:
        if parameter.param_type_name == "option" and not parameter.hidden:
            names = ", ".join([*parameter.opts, *parameter.secondary_opts])
            lines += [".TP", rf"\fB{_escaped(names)}\fR", _plain(parameter.help)]
    return [*lines, ".PP", _plain(command.epilog)] if command.epilog else lines


def _plain(text: str | None) -> str:
    """Return paragraphs as roff: no markup, no line that begins with a control character."""
    paragraphs = (" ".join(_MARKUP.sub("", part).split()) for part in re.split(r"\n\s*\n", text or ""))
    return "\n.PP\n".join(_escaped(part) for part in paragraphs if part)


def _escaped(text: str) -> str:
    text = text.replace("\\", r"\e").replace("-", r"\-").replace('"', r"\(dq")
    return re.sub(r"^([.'])", r"\\&\1", text)


if __name__ == "__main__":
    write_file(PAGE, manual().encode())
    print(PAGE)
