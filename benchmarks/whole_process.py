"""What `restora restore` of one large JPEG takes, the whole process, against another version and beside other work.

    python benchmarks/whole_process.py [--megapixels 12] [--tasks denoise] [--against ../other/src] [--busy]

With --against a version of restora whose `src` folder is given runs in turn; compared is processor time, user and system, which
depends little on what else runs. What this machine has to measure once, engines and precisions, is measured before. With --busy
the wall clock of a run is compared with that of one beside as many spinning processes as there are cores: only on a machine that is
otherwise quiet. Adds lines to benchmarks/results/whole_process.md.
"""

import os
import statistics
import tempfile
import time
from pathlib import Path

from harness import RESULTS, ROOT, command_line, machine, processor_seconds, spinning, write_results
from large_photograph import picture

from restora.images import write

TITLE = "Written by `benchmarks/whole_process.py`, which says how."


def restored(source: Path, folder: str, task: str) -> tuple[float, float]:
    """Restore the photograph with the package in a source folder; return seconds of the processor and of the clock."""
    begin = time.perf_counter()
    command = ["-m", "restora", "restore", "photo.jpg", "--task", task, "--overwrite"]
    processor = processor_seconds(command, folder, PYTHONPATH=str(source))
    return processor, time.perf_counter() - begin


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--megapixels", type=float, default=12)
    parser.add_argument("--tasks", nargs="+", default=["denoise"])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--against", type=Path)
    parser.add_argument("--busy", action="store_true")
    arguments = parser.parse_args()
    own, lines = ROOT / "src", []
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder) / "photo.jpg", picture(arguments.megapixels))
        for task in arguments.tasks:
            what = f"{task}, {arguments.megapixels:g} MP, {machine()}"
            restored(own, folder, task)  # measures engines where that is due
            if arguments.against:
                pairs = [
                    (restored(own, folder, task)[0], restored(arguments.against.resolve(), folder, task)[0])
                    for _ in range(arguments.rounds)
                ]
                ours, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
                lines.append(
                    f"- {what}: {ours:.1f} s of the processor, the other version {theirs:.1f} s, {theirs / ours:.1f} times as fast"
                )
            if arguments.busy:
                quiet = restored(own, folder, task)[1]
                with spinning(os.cpu_count() or 1):
                    busy = restored(own, folder, task)[1]
                lines.append(
                    f"- {what}: {quiet:.1f} s, beside spinning processes {busy:.1f} s, {busy / quiet:.1f} times"
                )
            print(lines[-1:], flush=True)
    page = RESULTS / "whole_process.md"
    kept = page.read_text().splitlines()[2:] if page.exists() else []
    write_results(page.name, [TITLE, "", *kept, *lines])


if __name__ == "__main__":
    main()
