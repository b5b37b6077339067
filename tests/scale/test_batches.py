"""Batches of every kind: the bytes that a local run writes, and what became of each picture."""

import pickle

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from many_pictures import OPTIONS, contents, noisy

import restora
from restora.images import Photograph, encode, read
from restora.restoration import restorer_for
from restora.scale import BatchRestorer, batches


@pytest.fixture
def restored(pictures, tmp_path):
    restora.restore(pictures, tmp_path / "local", recursive=True, **OPTIONS)
    return contents(tmp_path / "local")


def test_bytes_and_paths_become_what_a_local_run_writes(pictures, restored):
    before = contents(pictures)
    for values in ([*before.values()], [str(pictures / name) for name in before]):
        table = BatchRestorer(column="photo", output="clean", **OPTIONS)(pa.table({"photo": values}))
        assert table["clean"].to_pylist() == [*restored.values()]
        assert set(table["clean_status"].to_pylist()) == {"restored"}
        assert set(table["clean_weights"].to_pylist()) == {"denoise-chair-tiny"}
        assert min(table["clean_seconds"].to_pylist()) > 0


@pytest.mark.parametrize("kind", ["dict", "pandas", "arrow"])
def test_the_same_kind_of_batch_comes_back(kind):
    picture = encode(Photograph(noisy(1)))
    columns = {"image": [picture, b"", picture[:90]], "name": ["a", "b", "c"]}
    make = {"dict": dict, "pandas": pd.DataFrame, "arrow": pa.table}[kind]
    batch = make(columns) if kind != "dict" else {k: np.array(v, object) for k, v in columns.items()}
    done = pickle.loads(pickle.dumps(BatchRestorer(**OPTIONS)))(batch)
    assert type(done) is type(batch)
    values = {name: [*(done[name].to_pylist() if kind == "arrow" else done[name])] for name in (
        "name", "restored", "restored_status", "restored_error", "restored_losses"
    )}  # fmt: skip
    assert values["name"] == ["a", "b", "c"]
    assert values["restored_status"] == ["restored", "failed", "failed"]
    assert read(values["restored"][0]).pixels.shape == (24, 32, 3)
    assert values["restored"][1:] == [None, None]
    assert values["restored_error"][1].startswith("image 1: is empty")
    assert values["restored_losses"][0] == []


def test_another_format_and_what_it_loses():
    deep = encode(Photograph(noisy(1).astype(np.uint16) * 257), "png")
    done = BatchRestorer(file_format="jpg", quality=80, **OPTIONS)(pa.table({"image": [deep]}))
    assert done["restored"][0].as_py()[:2] == b"\xff\xd8"
    assert done["restored_losses"].to_pylist() == [["16-bit reduced to 8-bit, the most that JPEG holds"]]


def test_weights_are_loaded_once_in_a_process(monkeypatch):
    built = []
    monkeypatch.setattr(batches, "_restorers", {})
    real = restorer_for
    monkeypatch.setattr(batches, "restorer_for", lambda **options: (built.append(1), real(**options))[1])
    picture = encode(Photograph(noisy(1)))
    for _ in range(2):
        BatchRestorer(**OPTIONS)({"image": np.array([picture], object)})
    BatchRestorer(**OPTIONS)({"image": np.array([], object)})
    assert built == [1]


def test_a_restorer_that_cannot_be_built_fails_each_picture():
    done = BatchRestorer(weights="nosuch.safetensors")({"image": np.array([b"a", b"b"], object)})
    assert [*done["restored_status"]] == ["failed", "failed"]
    assert "nosuch.safetensors" in done["restored_error"][0]


def test_dask_runs_it_over_partitions(tmp_path):
    dask = pytest.importorskip("dask", reason="pip install 'dask[dataframe]'")
    from dask import dataframe

    frame = pd.DataFrame({"image": [encode(Photograph(noisy(i))) for i in range(4)]})
    restoring = BatchRestorer(**OPTIONS)
    with dask.config.set({"dataframe.convert-string": False}):  # it takes bytes for text
        lazily = dataframe.from_pandas(frame, npartitions=2).map_partitions(
            restoring, meta=restoring(frame.head(0))
        )
        done = lazily.compute(scheduler="threads")
    assert [*done["restored"]] == [*restoring(frame)["restored"]]
    assert [*done["restored_status"]] == ["restored"] * 4
