"""What is done with mutated images: read and written by the library, and by the command line."""

import sys
from pathlib import Path

from image_mutations import Mutation

from restora.errors import RestoraError
from restora.images import read, read_all, write, write_all
from restora.images.writing import encoded_path

MAX_PIXELS = 2**16
"""Largest photograph that the commands are let work on: a sound one of many pixels would take its time to restore."""

MOST = 2**22
"""Pixels that all pictures of a file may have together to be read: more are sound, and take their time."""

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
    """Read a picture as the library does, write it, and read what was written; so with all of several. A refusal is printed."""
    try:
        photograph = read(path)
        written = write(Path(path).with_name("made.tif"), photograph)
        assert read(written).pixels.shape == photograph.pixels.shape
        if photograph.metadata.series is not None and photograph.metadata.series.pixels <= MOST:
            suffix = encoded_path(photograph).suffix
            written = write_all(Path(path).with_name(f"made{suffix}"), read_all(path), overwrite=True)
            assert len(list(read_all(written))) == photograph.metadata.series.count
    except RestoraError as error:
        print(f"restora: {error}", file=sys.stderr)
