"""How much of a run over many photographs the network computes, and what memory the run takes.

    python benchmarks/folder.py [--pictures 50] [--megapixels 2] [--formats jpg png] [--task denoise] [--compare]

Synthetic photographs (texture and noise) lie in a folder; `restora restore` restores them in a process of its own,
each written in its own format. The share of the network is the time within `Engine.residual`, for the tiles alone, by the time of the whole
process, starting included. With --compare the same is done one file after the other, without the pipeline. The
peak of the resident set is the kernel's count; beside it stands that of a folder of two. Writes benchmarks/results/folder.md.
"""

import json
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from harness import MIB, command_line, in_own_process, machine, table, write_results
from large_photograph import picture

from restora.images import write

HEADS = (
    "format",
    "run",
    "s in all",
    "s reading and writing",
    "s network",
    "network's share",
    "peak MiB",
    "of two pictures",
)


def restore_measured(folder: str, output: str, task: str, sequential: bool) -> None:
    """Restore a folder in this process by the command, and print what it took."""
    import atexit
    import gc
    import resource
    import sys

    gc.disable()  # as the command does before it imports what is imported here
    from restora.__main__ import main as command
    from restora.restoration import file_restoration, jobs
    from restora.restoration.engine import Engine

    spent = {"network": 0.0, "files": 0.0}

    def timed(function: Callable[..., Any], name: str) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            begin = time.perf_counter()
            try:
                return function(*arguments, **options)
            finally:
                spent[name] += time.perf_counter() - begin

        return call

    Engine.residual = timed(Engine.residual, "network")  # type: ignore[method-assign]
    for name in ("read", "write"):
        setattr(file_restoration, name, timed(getattr(file_restoration, name), "files"))
    if sequential:

        def one_by_one(items: Iterable[file_restoration.FileRestoration]) -> Iterator[Any]:
            for item in items:
                item.read()
                item.work()
                item.write()
                yield item

        setattr(jobs, "pipelined", one_by_one)  # noqa: B010 - a name that it does not export

    def tell() -> None:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MIB
        print(json.dumps({**spent, "peak": peak}))

    atexit.register(tell)
    sys.argv = ["restora", "restore", folder, "-o", output, "--task", task, "--overwrite"]
    command()


def measured(folder: Path, task: str, sequential: bool) -> dict[str, float]:
    """Restore a folder in a process of its own."""
    begin = time.perf_counter()
    answer = in_own_process("folder", "restore_measured", str(folder), str(folder / "out"), task, sequential)
    return {**answer, "all": time.perf_counter() - begin}


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--pictures", type=int, default=50)
    parser.add_argument("--megapixels", type=float, default=2)
    parser.add_argument("--formats", nargs="+", default=["jpg", "png"])
    parser.add_argument("--task", default="denoise")
    parser.add_argument("--compare", action="store_true", help="also without the pipeline")
    arguments = parser.parse_args()
    photograph = picture(arguments.megapixels)
    rows = []
    with tempfile.TemporaryDirectory() as temporary:
        for suffix in arguments.formats:
            folders = {count: Path(temporary) / f"{suffix}{count}" for count in (2, arguments.pictures)}
            for count, folder in folders.items():
                for number in range(count):
                    write(folder / f"{number}.{suffix}", photograph)
            small = measured(folders[2], arguments.task, sequential=False)
            for sequential in (False, True)[: 1 + arguments.compare]:
                took = measured(folders[arguments.pictures], arguments.task, sequential)
                seconds = [f"{took[name]:.1f}" for name in ("all", "files", "network")]
                share = f"{100 * took['network'] / took['all']:.0f} %"
                run = "one by one" if sequential else "pipeline"
                rows.append((suffix, run, *seconds, share, f"{took['peak']:.0f}", f"{small['peak']:.0f}"))
                print(*rows[-1], flush=True)
    lines = [
        f"{arguments.pictures} photographs of {arguments.megapixels:g} MP, task {arguments.task}; {machine()}."
        " Written by `benchmarks/folder.py`, which says how.",
        "",
    ]
    write_results("folder.md", [*lines, *table(HEADS, rows, rule="---:")])


if __name__ == "__main__":
    main()
