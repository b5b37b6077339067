"""What becomes of metadata when a photograph is read and written, by format, judged by exiftool and ImageMagick.

    python benchmarks/metadata.py

Each sample is a small file with one kind of metadata; it is read, written in every format, and both files are given to the
judges. What they find in the first and not in the second must have been named. Storage (compression, layout, byte order) does
not count, nor does the thumbnail of the picture as it was. Writes benchmarks/results/metadata.md.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent.parent / "tests" / folder) for folder in ("images", "attack")]

from harness import command_line, table, write_results  # noqa: E402
from metadata_matrix import TARGETS, Verdict, missing_judges, verdicts  # type: ignore[import-not-found]  # noqa: E402


def cell(verdict: Verdict) -> str:
    """Return one word for a verdict; a dash where the kind is one of storage that other formats do not share."""
    if verdict.sample.watch and verdict.target != verdict.sample.suffix:
        return "–"
    return "LOST: " + ", ".join(verdict.lost) if verdict.lost else "named" if verdict.missed else "kept"


def version(*command: str) -> str:
    """Return the version that a judge tells, less where it is from."""
    words = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[0].split()
    return next(word for word in words if word[0].isdigit())


def main() -> None:
    command_line(__doc__).parse_args()
    if missing := missing_judges():
        sys.exit(f"{' and '.join(missing)} not installed: apt-get install libimage-exiftool-perl imagemagick")
    with tempfile.TemporaryDirectory() as folder:
        found = list(verdicts(Path(folder)))
    rows: dict[tuple[str, str], list[str]] = {}
    named: dict[str, None] = {}
    for verdict in found:
        row = (verdict.sample.suffix.removeprefix("."), verdict.sample.kind)
        rows.setdefault(row, []).append(cell(verdict))
        named |= dict.fromkeys(verdict.notes if verdict.missed else ())
    compared = [verdict for verdict in found if cell(verdict) != "–"]
    judges = f"exiftool {version('exiftool', '-ver')} and ImageMagick {version('identify', '-version')}"
    counts = {word: sum(cell(v).startswith(word) for v in compared) for word in ("kept", "named", "LOST")}
    write_results(
        "metadata.md",
        [
            f"Judged by {judges}; written by `benchmarks/metadata.py`, which says what is compared. Of {len(compared)} conversions "
            f"{counts['kept']} keep everything, {counts['named']} name what they lose, {counts['LOST']} lose something without a word.",
            "",
            *table(
                ("from", "carries", *(f"to {t.removeprefix('.')}" for t in TARGETS)),
                [(*row, *cells) for row, cells in rows.items()],
            ),
            "",
            "What was said:",
            "",
            *(f"- {words}" for words in named),
        ],
    )


if __name__ == "__main__":
    main()
