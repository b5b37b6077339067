"""What starting takes: processor time of `restora restore`, the whole process, by that of importing torch.

    python benchmarks/startup.py [--megapixels 0.3] [--rounds 7]

User and system time of processes that run in turn, one thread each; medians. Beside the commands stand the parts of the work:
importing what a command imports, building the restorer, and restoring in a process that has restored before, which is what no start could
avoid. Writes benchmarks/results/startup.md.
"""

import statistics
import tempfile
from pathlib import Path

from harness import command_line, machine, processor_seconds, table, write_results
from large_photograph import picture

from restora.images import write

CODE = {
    "import torch": "import torch",
    "import the command": "import restora.commands.restore",
    "build the restorer": "from restora.restoration import restorer_for; restorer_for('denoise')",
    "restore once": (
        "from restora.restoration import Restorer, restorer_for\n"
        "from restora.images import read\n"
        "from restora.allocation import keep_freed_memory\n"
        "keep_freed_memory(); restorer, photograph = restorer_for('denoise'), read('photo.jpg'); restorer(photograph)"
    ),
}
CODE["restore twice"] = CODE["restore once"] + "; restorer(photograph)"
COMMANDS = {
    "restora --help": ["--help"],
    "restora restore --task denoise": ["restore", "photo.jpg", "--task", "denoise", "--overwrite"],
    "restora restore": ["restore", "photo.jpg", "--overwrite"],
}


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--megapixels", type=float, default=0.3)
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    runs = {name: ["-c", code] for name, code in CODE.items()}
    runs |= {name: ["-m", "restora", *words] for name, words in COMMANDS.items()}
    taken: dict[str, list[float]] = {name: [] for name in runs}
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder) / "photo.jpg", picture(arguments.megapixels))
        for number in range(arguments.rounds + 1):
            for name, command in runs.items():
                seconds = processor_seconds(command, folder, OMP_NUM_THREADS="1")
                if number:  # the first one fills the caches of the disk
                    taken[name].append(seconds)
    seconds_of = {name: statistics.median(values) for name, values in taken.items()}
    seconds_of["restoring alone (twice less once)"] = (
        seconds_of.pop("restore twice") - seconds_of["restore once"]
    )
    unit = seconds_of["import torch"]
    rows = [(name, f"{value:.2f}", f"{value / unit:.2f}") for name, value in seconds_of.items()]
    lines = [
        f"A JPEG of {arguments.megapixels:g} MP, medians of {arguments.rounds} rounds; {machine()}."
        " Written by `benchmarks/startup.py`, which says how.",
        "",
    ]
    write_results(
        "startup.md", [*lines, *table(("process", "s of processor", "by importing torch"), rows, rule="---:")]
    )


if __name__ == "__main__":
    main()
