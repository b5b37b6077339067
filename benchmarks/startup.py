"""What starting takes: `restora restore`, the whole process, by importing torch, on the clock and in processor time.

    python benchmarks/startup.py [--megapixels 0.3] [--rounds 7]

Processes run in turn, one thread each; medians. User and system time depends less on what else runs. Beside the commands stand the parts of the work:
importing torch without collecting garbage and without taking it apart at the end, as the commands do,
importing what a command imports, building the restorer, and restoring in a process that has restored before, which is what no start could
avoid. Writes benchmarks/results/startup.md.
"""

import tempfile
import time
from pathlib import Path

import numpy as np
from harness import command_line, machine, processor_seconds, table, write_results
from large_photograph import picture

from restora.images import write

CODE = {
    "import torch": "import torch",
    "import torch, uncollected": "import gc; gc.disable(); import torch; import os; os._exit(0)",
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
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in runs}
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder) / "photo.jpg", picture(arguments.megapixels))
        for number in range(arguments.rounds + 1):
            for name, command in runs.items():
                start = time.perf_counter()
                processor = processor_seconds(command, folder, OMP_NUM_THREADS="1")
                if number:  # the first one fills the caches of the disk
                    taken[name].append((time.perf_counter() - start, processor))
    medians = {name: np.median(values, axis=0) for name, values in taken.items()}
    medians["restoring alone (twice less once)"] = medians.pop("restore twice") - medians["restore once"]
    unit = medians["import torch"]
    rows = [
        (name, *(f"{number:.2f}" for pair in zip(values, values / unit, strict=True) for number in pair))
        for name, values in medians.items()
    ]
    lines = [
        f"A JPEG of {arguments.megapixels:g} MP, medians of {arguments.rounds} rounds; {machine()}."
        " Written by `benchmarks/startup.py`, which says how.",
        "",
    ]
    heads = ("process", "s", "by importing torch", "s of processor", "by importing torch")
    write_results("startup.md", [*lines, *table(heads, rows, rule="---:")])


if __name__ == "__main__":
    main()
