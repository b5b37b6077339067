"""The attack on restora: mutated images and checkpoints, kills, wrong invocations, limits of memory, and the metadata matrix.

    python benchmarks/attack.py                                     # everything, as often as planned
    python benchmarks/attack.py --parts kills memory --minutes 30   # a part of it; repeat it to go on
    python benchmarks/attack.py --report                            # only writes the page

Each attack is a function of --seed and its number, so that one that falls can be repeated: --parts images --only 4711. What
came of it goes into a journal a part (--folder), and a repeated command leaves out what is in it. Times are of the
processor, because the machine may be busy; memory is the largest resident set.

Writes benchmarks/results/attack.md and attack.json.
"""

import json
import subprocess
import sys
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parent.parent / "tests" / folder) for folder in ("", "attack", "images")]

from harness import RESULTS, ROOT, command_line, machine, table, write_results  # noqa: E402
from parts import PARTS, Field  # type: ignore[import-not-found]  # noqa: E402

from restora.atomic import write_file  # noqa: E402


def attack(name: str, folder: Path, field: Field, seed: int, numbers: range, until: float) -> None:
    """Go on with a part until it is done or the time is up."""
    journal = folder / f"{name}-{seed}.jsonl"
    done = {record["number"] for record in read(journal)}
    with journal.open("a", encoding="utf-8") as lines:
        for number in (number for number in numbers if number not in done):
            if time.monotonic() > until:
                break
            found = asdict(PARTS[name].attack(field, seed, number))
            lines.write(json.dumps({"number": number, "commit": commit(), **found}) + "\n")
            lines.flush()
            if found["faults"]:
                print(f"{name} {number}: {found['label']}: {'; '.join(found['faults'])}", flush=True)


def read(journal: Path) -> list[dict[str, Any]]:
    """Read a journal; nothing if there is none, and not its last line if that was cut."""
    text = journal.read_text(encoding="utf-8") if journal.exists() else ""
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        journal.write_text(whole, encoding="utf-8")
    return [json.loads(line) for line in whole.splitlines()]


def commit() -> str:
    """Return the commit that is attacked."""
    call = ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"]
    return subprocess.run(call, capture_output=True, text=True, check=False).stdout.strip()


def report(folder: Path, seed: int) -> None:
    """Write the page and its data."""
    rows, faults, data = [], [], {}
    for name, part in PARTS.items():
        records = read(folder / f"{name}-{seed}.jsonl")
        fallen = [record for record in records if record["faults"]]
        slowest = max((record["seconds"] for record in records), default=0.0)
        largest = max((record["mebibytes"] for record in records), default=0.0)
        rows.append(
            (
                part.title,
                part.goal,
                f"{part.planned:,}",
                f"{len(records):,}",
                f"{len(fallen):,}",
                f"{slowest:.1f}" if slowest else "",
                f"{largest:,.0f}" if largest else "",
            )
        )
        kinds = Counter(_kind(record) for record in fallen)
        faults += [f"- {name}, {count}: {kind}" for kind, count in kinds.most_common(20)]
        data[name] = {
            "title": part.title,
            "goal": part.goal,
            "planned": part.planned,
            "done": len(records),
            "commits": sorted({record["commit"] for record in records}),
            "slowest_seconds": round(slowest, 2),
            "largest_mebibytes": round(largest),
            "fallen": [{key: record[key] for key in ("number", "label", "faults")} for record in fallen],
        }
    heads = ("what", "to reach", "planned", "done", "fallen", "slowest, s of processor", "largest, MiB")
    lines = [
        "# The attack",
        "",
        f"`python benchmarks/attack.py --seed {seed}`; {machine()}.",
        "",
        *table(heads, rows),
        "",
        *(["What fell:", "", *faults] if faults else ["Nothing fell."]),
    ]
    write_results("attack.md", lines)
    write_file(RESULTS / "attack.json", json.dumps(data, indent=1, ensure_ascii=True) + "\n")


def _kind(record: dict[str, Any]) -> str:
    """The first word of what was done, and the first fault."""
    return f"{record['label'].partition(' ')[0]}: {record['faults'][0]}".replace("|", "/")[:200]


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--count", type=int, help="of each part; as often as planned when left out")
    parser.add_argument("--start", type=int, default=0, help="number of the first of each part")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="for each part")
    parser.add_argument("--folder", type=Path, default=ROOT / "build/attack", help="journals and files")
    parser.add_argument("--only", type=int, help="one number of a part, which is printed and not kept")
    parser.add_argument("--report", action="store_true", help="attack nothing, only write the page")
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    field = Field(chosen.folder / "files")
    try:
        for name in [] if chosen.report else chosen.parts:
            if chosen.only is not None:
                print(PARTS[name].attack(field, chosen.seed, chosen.only))
                continue
            count = PARTS[name].planned if chosen.count is None else chosen.count
            until = time.monotonic() + 60 * chosen.minutes
            attack(name, chosen.folder, field, chosen.seed, range(chosen.start, count), until)
    finally:
        field.close()
    if chosen.only is None:
        report(chosen.folder, chosen.seed)


if __name__ == "__main__":
    main()
