"""Tables: a column restored, part by part, with what became of each picture beside it."""

from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from many_pictures import WORDS, contents

from restora.scale import table


@pytest.fixture
def photos(pictures, tmp_path, monkeypatch):
    """A table of two row groups, with bytes and places, one of each broken."""
    monkeypatch.setattr(table, "ROWS", 3)
    before = contents(pictures)
    rows = {
        "name": [*before, "broken"],
        "image": [*before.values(), b"broken"],
        "path": [*(str(pictures / name) for name in before), "nosuch.png"],
        "number": [*range(len(before) + 1)],
    }
    pq.write_table(pa.table(rows), tmp_path / "in.parquet", row_group_size=5)
    return tmp_path / "in.parquet"


def test_a_column_is_restored_and_a_repeated_run_goes_on(photos, tmp_path, restora_command):
    local = restora_command("restore", "in", "-o", "local", "--recursive", *WORDS)
    assert local.returncode == 0, local.stderr
    expected = contents(tmp_path / "local")
    run = restora_command("restore-table", "in.parquet", "out.parquet", "--column", "image", *WORDS)
    assert run.returncode == 1  # the broken one
    parts = sorted(path.name for path in (tmp_path / "out.parquet").iterdir())
    assert parts == [f"in-{group:05d}-{number:05d}.parquet" for group in (0, 1) for number in (0, 1)]
    assert run.stdout.split() == [f"out.parquet/{part}" for part in parts]
    assert "1 of 1 failed" in run.stderr
    done = pq.read_table(tmp_path / "out.parquet").to_pylist()
    assert [row["number"] for row in done] == [*range(9)]
    assert {row["name"]: row["restored"] for row in done if row["restored"]} == expected
    assert done[-1]["restored_error"].startswith("image 0: is not an image")
    (tmp_path / "out.parquet" / parts[1]).unlink()
    ages = {part: (tmp_path / "out.parquet" / part).stat().st_mtime_ns for part in parts[2:]}
    again = restora_command("restore-table", "in.parquet", "out.parquet", "--column", "image", *WORDS)
    assert again.returncode == 0
    assert ages == {part: (tmp_path / "out.parquet" / part).stat().st_mtime_ns for part in parts[2:]}
    assert pq.read_table(tmp_path / "out.parquet").drop_columns("restored_seconds") == pa.Table.from_pylist(
        done, schema=pq.read_table(tmp_path / "out.parquet").schema
    ).drop_columns("restored_seconds")


def test_paths_and_another_column(photos, tmp_path, restora_command):
    words = ("--column", "path", "--result", "clean", "--format", "png", *WORDS)
    run = restora_command("restore-table", "in.parquet", "out", *words)
    assert run.returncode == 1
    done = pq.read_table(tmp_path / "out").to_pylist()
    assert [row["clean_status"] for row in done] == ["restored"] * 8 + ["failed"]
    assert {row["clean"][:4] for row in done[:8]} == {b"\x89PNG"}
    assert done[-1]["clean_error"] == "nosuch.png: does not exist; check the spelling and the folder"


@pytest.fixture
def reads(tmp_path, monkeypatch):
    """A table of one row group, 50 parts and no picture, and the numbers of bytes that are read of it."""
    sizes = []

    class Counted(BytesIO):
        def read(self, size=-1):
            content = super().read(size)
            sizes.append(len(content))
            return content

    stream, bytes_of = BytesIO(), np.random.default_rng(0).bytes
    pages = {"data_page_size": 20_000, "write_batch_size": 2, "use_dictionary": False}
    pq.write_table(pa.table({"image": [bytes_of(20_000) for _ in range(100)]}), stream, **pages)
    system = SimpleNamespace(isfile=lambda path: True, open=lambda path, **_: Counted(stream.getvalue()))
    monkeypatch.setattr(table, "file_system", lambda place: (system, place))
    monkeypatch.setattr(table, "ROWS", 2)
    monkeypatch.setattr(table, "BUFFER", 2**16, raising=False)
    return SimpleNamespace(sizes=sizes, parts=table.plan_parts("in.parquet", f"{tmp_path}/out", "image"))


def test_a_row_group_is_read_once_and_a_page_at_a_time(reads):
    done = [*table.restore_parts(reads.parts, None, column="image", overwrite=False)]
    assert [line["failed"] for line in done] == [2] * 50
    assert sum(reads.sizes) < 1.1 * 100 * 20_000
    assert max(reads.sizes) < 2**17  # a page
    # Again: of what is there nothing is read, and nothing behind what is missing.
    reads.sizes.clear()
    assert {line["failed"] for line in table.restore_parts(reads.parts, None, column="image")} == {0}
    assert reads.sizes == []
    for part in reads.parts[3:5]:
        Path(part.target).unlink()
    done = [*table.restore_parts(reads.parts, None, column="image")]
    assert [line["failed"] for line in done] == [0] * 3 + [2] * 2 + [0] * 45
    assert 10 * 20_000 < sum(reads.sizes) < 20 * 20_000


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("in.parquet", "out", "--column", "nosuch"),
            "in.parquet: has no column 'nosuch'; there are: name, image",
        ),
        (("in.parquet", "out", "--column", "number"), "in.parquet: column 'number' holds int64"),
        (("in", "out", "--column", "image"), "in: there is no Parquet file"),
        (("nosuch", "out", "--column", "image"), "nosuch: there is no Parquet file"),
        (("in/0.png", "out", "--column", "image"), "in/0.png: cannot be read as Parquet"),
        (("in.parquet", "out", "--column", "image", "--task", "nosuch"), "nosuch"),
        (("in.parquet", "out", "--column", "image", "--workers", "2"), "are for --on ray"),
    ],
)
def test_wrong_use_ends_in_a_line(photos, tmp_path, restora_command, words, message):
    run = restora_command("restore-table", *words)
    assert run.returncode == 2
    assert message in " ".join(run.stderr.split())
    assert not (tmp_path / "out").exists()
