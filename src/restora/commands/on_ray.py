"""``restora restore --on ray``: pictures restored by many machines, with a manifest."""

import json
from collections import Counter
from time import perf_counter
from typing import Any

import typer
from rich.console import Console

from restora.commands.lines import print_line, tell, tell_failure, tell_outcome
from restora.commands.progress import counting_bar
from restora.errors import RestoraError
from restora.restoration.choosing import restorer_for
from restora.restoration.planning import file_ending
from restora.scale.places import below

MANIFEST = "restora-manifest"
LISTED = 20
"""Failures that are named once more at the end; the manifest has all."""


def restore_on_ray(
    inputs: list[str],
    output: str | None,
    manifest: str | None,
    console: Console,
    *,
    naming: dict[str, Any],
    restoring: dict[str, Any],
    cluster: dict[str, Any],
    overwrite: bool,
    as_json: bool,
) -> None:
    """Restore pictures wherever they lie, and go on where an earlier run with the same manifest ended.

    Args:
        inputs: Files, folders, patterns, and URLs of each.
        output: Where results go; by default beside each picture.
        manifest: Folder for a line about each picture.
        console: For what is to be said.
        naming: Of `restora.scale.planning.plan_orders`.
        restoring: Of the `restora.scale.BatchRestorer`.
        cluster: ``address``, ``workers`` and ``gpus``.
        overwrite: Restore again what is there already.
        as_json: Print the line of each picture, for other programs.

    Raises:
        RestoraError: Wrong options.
        typer.Exit: Pictures failed, which is said.
    """
    from restora.scale.cluster import connect, pool_for, ray_data

    ray_data()  # says how to install it, before anything of it is needed
    from restora.scale.manifest import Manifest
    from restora.scale.pipeline import Orders, restore_all
    from restora.scale.planning import plan_orders

    checked_options(restoring)
    orders, missing = plan_orders(inputs, output, overwrite=overwrite, **naming)
    if manifest is None:
        if output is None or (len(orders) == 1 and orders[0].target == output):
            raise RestoraError(
                "--on ray keeps a manifest; name a folder for the results, or one with --manifest"
            )
        manifest = below(output, MANIFEST)
    counts = Counter(failed=len(missing))
    failures = [words for _, words in missing[:LISTED]]
    for _, words in missing:
        tell_failure(console, words)
    notes = Manifest(manifest)
    finished = {} if overwrite else notes.finished()
    left = [order for order in orders if finished.get(order.source) != order.target]
    if len(left) < len(orders):
        counts["skipped"] = len(orders) - len(left)
        tell(
            console,
            f"{manifest}: {counts['skipped']} are done already, skipped; --overwrite restores them again",
        )
    begin, megapixels = perf_counter(), 0.0
    if left:
        connect(cluster["address"])
        pool = pool_for(cluster, restoring)
        tell(console, f"{pool}")
        with counting_bar(console) as bar:
            task = bar.add_task("restoring", total=len(left), facts="")
            try:
                for line in restore_all(left, Orders(pool, overwrite, restoring)):
                    notes.add(line)
                    counts[line["status"]] += 1
                    megapixels += line["megapixels"] or 0.0
                    if line["error"] is not None and len(failures) < LISTED:
                        failures.append(line["error"])
                    bar.advance(task)
                    _tell(line, console, as_json=as_json)
            finally:
                notes.flush()
    seconds = perf_counter() - begin
    words = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()) if count)
    tell(console, f"{words}; {megapixels:.1f} MP in {seconds:.0f} s; {manifest} says more")
    if counts["failed"]:
        tell(console, "failed:")
        for words in failures:
            tell_failure(console, words)
        if len(failures) < counts["failed"]:
            tell(console, f"and {counts['failed'] - len(failures)} more")
        raise typer.Exit(1)


def checked_options(restoring: dict[str, Any], *, here: bool = False) -> None:
    """Raise at once what would fail with every picture: unknown weights or formats, impossible tiles.

    Args:
        restoring: Options of the `BatchRestorer`.
        here: Whether this machine restores; of others only they themselves know which devices they have.
    """
    files = ("quality", "max_pixels", "overwrite", "column", "output", "file_format")
    elsewhere = () if here else ("device", "precision")
    if restoring.get("file_format") is not None:
        file_ending(restoring["file_format"])
    restorer_for(**{name: value for name, value in restoring.items() if name not in (*files, *elsewhere)})


def _tell(line: dict[str, Any], console: Console, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(line), flush=True)
        return
    tell_outcome(console, line["source"], line["target"], line["status"], line["error"], line["notes"] or ())
    if line["status"] not in ("skipped", "failed"):
        print_line(line["target"])
