"""``restora diagnose``: what is wrong with photographs."""

import json
from pathlib import Path

from rich.console import Console

from restora.commands.inputs import answers
from restora.commands.lines import print_line, tell
from restora.commands.options import Inputs, LineAsJson, MaxPixels, Recursive
from restora.images import read
from restora.restoration import AutoRestorer
from restora.restoration.choosing import Choice
from restora.restoration.jobs import MAX_PIXELS

EPILOG = """
Examples:

  restora diagnose photo.jpg

  restora diagnose holiday/ --recursive --json    [dim]an object a line, for other programs[/dim]

Exit code: 0 when all are diagnosed, 1 when files failed, 2 for wrong usage.
"""


def diagnose(
    inputs: Inputs,
    recursive: Recursive = False,
    as_json: LineAsJson = False,
    max_pixels: MaxPixels = MAX_PIXELS,
) -> None:
    """Tell what is wrong with photographs, how sure that is, and what 'restora restore' would do."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    restorer = AutoRestorer()

    def chosen(path: Path) -> Choice:
        return restorer.choose(read(path, max_pixels=max_pixels))

    for path, choice in answers(inputs, chosen, console, recursive=recursive):
        diagnosis = choice.diagnosis
        assert diagnosis is not None
        if as_json:
            answer = {
                "source": str(path),
                "found": diagnosis.found,
                "confidences": {name: round(value, 4) for name, value in diagnosis.confidences.items()},
                "noise_level": round(diagnosis.noise_level, 2),
                "noise_coarseness": round(diagnosis.noise_coarseness, 4),
                "tasks": choice.tasks,
                "missing": choice.missing,
            }
            print(json.dumps(answer), flush=True)
        else:
            done = f"takes {', then '.join(choice.tasks)}" if choice.tasks else "leaves it as it is"
            print_line(f"{path}: {diagnosis}; restore {done}")
            for note in choice.notes[1:]:
                tell(console, f"{path}: {note}")
