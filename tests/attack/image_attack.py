"""What is done with mutated images: read and written by the library, and by the command line."""

import sys
from pathlib import Path

from image_mutations import Mutation

from restora.errors import RestoraError
from restora.images import read, write

MAX_PIXELS = 2**16
"""Largest photograph that the commands are let work on: a sound one of many pixels would take its time to restore."""

COMMANDS = (
    "restore {picture} --weights weights -o out/made --max-pixels {most}",
    "compare photo.png {picture} -o out/made.png",
    "restore {picture} --weights weights -o out/made.tif --compare --max-pixels {most}",
    "restore {picture} photo.png --weights weights -o out/made --format png --max-pixels {most}",
    "degrade {picture} -a jpeg/40 -o out/made.jpg --side 64",
    "restore {picture} --weights weights -o out/made.webp --format webp --max-pixels {most}",
    "diagnose {picture} --max-pixels {most}",
    "restore {picture} --weights weights -o out/made --tile 64 --overlap 8 --max-pixels {most}",
)


def words(mutation: Mutation, number: int) -> list[str]:
    """Return the command line that is to meet a mutated image, one of several in turn."""
    line = COMMANDS[number // 2 % len(COMMANDS)].format(
        picture=f"out/attacked{mutation.suffix}", most=MAX_PIXELS
    )
    return line.split()


def read_and_write(path: str) -> None:
    """Read a picture as the library does, write it, and read what was written; a refusal is printed."""
    try:
        photograph = read(path)
        written = write(Path(path).with_name("made.tif"), photograph)
        assert read(written).pixels.shape == photograph.pixels.shape
    except RestoraError as error:
        print(f"restora: {error}", file=sys.stderr)
