"""A worker by itself: names of pictures in, files written and a line for each."""

import pyarrow as pa
import pytest
from many_pictures import OPTIONS, contents, write_pictures

import restora
from restora.scale import pipeline, places
from restora.scale.planning import plan_orders


@pytest.fixture
def block(pictures, tmp_path):
    """The names of eight pictures: one is broken, one gone, one there already, one cannot be written."""
    restora.restore(pictures, tmp_path / "local", recursive=True, **OPTIONS)
    names = [*contents(pictures)]
    (pictures / "0.png").write_bytes(b"broken")
    (pictures / "1.jpg").unlink()
    (tmp_path / "out/4.jpg/in the way").mkdir(parents=True)
    (tmp_path / "out/2.webp").write_bytes(b"there")
    columns = [[f"{folder}/{name}" for name in names] for folder in (pictures, tmp_path / "out")]
    return pa.table(columns, schema=pipeline.ORDER)


@pytest.mark.parametrize("overwrite", [False, True])
def test_each_picture_gets_a_line_whatever_becomes_of_it(block, pictures, tmp_path, overwrite):
    worker = pipeline.BlockRestorer(overwrite=overwrite, **OPTIONS)
    lines = {line["source"].removeprefix(f"{pictures}/"): line for line in worker(block).to_pylist()}
    assert len(lines) == 8
    expected = {"0.png": "failed", "1.jpg": "failed", "2.webp": "skipped", "4.jpg": "failed"}
    if overwrite:
        expected["2.webp"] = "restored"
    assert f"{tmp_path}/out/4.jpg: there is a folder of this name" in lines["4.jpg"]["error"]
    assert {name: lines[name]["status"] for name in expected} == expected
    assert {line["status"] for name, line in lines.items() if name not in expected} == {"restored"}
    assert {line["weights"] for line in lines.values()} == {None, "denoise-chair-tiny"}
    for name, content in contents(tmp_path / "out").items():
        if lines[name]["status"] == "restored":
            assert content == (tmp_path / "local" / name).read_bytes()
    assert (tmp_path / "out/2.webp").read_bytes() != b"there" or not overwrite


@pytest.mark.parametrize("scheme", ["s3", "gs", "az"])
def test_from_the_web_to_stores_as_a_local_run_writes(request, https, tmp_path, scheme):
    url, folder = https
    write_pictures(folder, 4)
    restora.restore(folder, tmp_path / "local", recursive=True, **OPTIONS)
    bucket = request.getfixturevalue(scheme)
    orders, missing = plan_orders([f"{url}/"], f"{bucket}/out", recursive=True)
    assert not missing
    names = [[order.source for order in orders], [order.target for order in orders]]
    lines = pipeline.BlockRestorer(**OPTIONS)(pa.table(names, schema=pipeline.ORDER)).to_pylist()
    assert [(line["status"], line["error"]) for line in lines] == [("restored", None)] * 4
    for name, content in contents(tmp_path / "local").items():
        assert places.fetch(f"{bucket}/out/{name}") == content
