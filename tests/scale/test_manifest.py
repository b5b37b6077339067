import pyarrow.parquet as pq
import pytest

from restora.errors import RestoraError
from restora.scale import manifest
from restora.scale.batches import failed
from restora.scale.manifest import Manifest


def line(source: str, status: str = "restored", target: str = "out/a.png"):
    outcome = failed(source, "broken") if status == "failed" else {"status": status, "losses": ["16-bit"]}
    return {"source": source, "target": target, **outcome}


def test_the_last_line_of_a_picture_counts(tmp_path):
    first = Manifest(f"{tmp_path}/notes")
    assert first.finished() == {}
    for one in (line("a"), line("b", "failed"), line("c", "copied", "out/c.png"), line("d")):
        first.add(one)
    first.flush()
    second = Manifest(f"{tmp_path}/notes")
    second.add(line("b", "skipped", "out/b.png"))
    second.add(line("d", "failed"))
    second.flush()
    second.flush()  # nothing more
    assert Manifest(f"{tmp_path}/notes").finished() == {"a": "out/a.png", "b": "out/b.png", "c": "out/c.png"}
    table = pq.read_table(tmp_path / "notes")  # the folder is one table for others
    assert table.schema.names == manifest.LINE.names
    assert table["losses"].to_pylist()[0] == ["16-bit"]
    assert len([*(tmp_path / "notes").iterdir()]) == 2


def test_lines_are_written_while_a_run_goes_on(tmp_path, monkeypatch):
    now = [100.0]
    monkeypatch.setattr("restora.scale.manifest.time.monotonic", lambda: now[0])
    notes = Manifest(f"{tmp_path}")
    notes.add(line("a"))
    assert [*tmp_path.iterdir()] == []
    now[0] += manifest.REST
    notes.add(line("b"))
    assert set(Manifest(f"{tmp_path}").finished()) == {"a", "b"}


def test_what_is_no_part_is_named(tmp_path):
    (tmp_path / "part-0.parquet").write_bytes(b"no Parquet")
    with pytest.raises(RestoraError, match=r"part-0\.parquet: is no part of a manifest"):
        Manifest(f"{tmp_path}").finished()
