"""Packs that lie elsewhere."""

import os
import signal
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from shutil import rmtree

import fsspec
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from recipes import miniature, write_photos

from restora.datasets import PairedCrops, PhotoCrops, open_folder_pair
from restora.datasets.cutting import cut
from restora.datasets.epochs import StreamOrder
from restora.datasets.originals import original_pairs, original_photographs
from restora.datasets.pack import Pack
from restora.datasets.packing import write_pack
from restora.errors import RestoraError
from restora.images import find_images
from restora.tensors import to_tensor
from restora.training import Trainer
from restora.training.batches import StepBatches, remaining_stretches
from restora.training.checkpoint import load_checkpoint
from restora.training.sections import StageSection


@given(
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=8),
    processes=st.integers(1, 4),
    share=st.integers(1, 3),
    seed=st.integers(0, 2**32),
    done=st.integers(0, 12),
)
def test_streams_never_overlap_and_resume_anywhere(
    sizes: list[int], processes: int, share: int, seed: int, done: int
) -> None:
    batch, steps = processes * share, 12
    order = StreamOrder(sizes, seed, batch)
    stages = (StageSection(steps=steps, patch=8, batch=batch),)

    def images(rank: int, done: int, of: int = processes) -> list[list[int]]:
        (stretch,) = remaining_stretches(stages, done)
        return [[order[crop] for crop in crops] for crops in StepBatches(stretch, rank, of)]

    whole = [images(rank, 0) for rank in range(processes)]
    length = sum(sizes) // order.streams  # steps in an epoch
    of_image = np.repeat(range(len(sizes)), sizes)
    if sum(sizes) >= batch:
        for first in range(0, steps, length):
            epoch = [[image for step in rank[first : first + length] for image in step] for rank in whole]
            assert len(set().union(*epoch)) == sum(map(len, epoch))
            # In a whole epoch a process opens the shards that it reads alone, and shares one at each end.
            for rank in epoch if first + length <= steps else []:
                assert len({int(of_image[image]) for image in rank}) <= len(rank) // min(sizes) + 2
    # Any number of processes reads the same batches, and a resumed run what it would have read.
    together = [list(chain(*step)) for step in zip(*whole, strict=True)]
    assert together == images(0, 0, of=1)
    if done < steps:
        assert [images(rank, done) for rank in range(processes)] == [rank[done:] for rank in whole]


@pytest.fixture
def pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pack of a shard for each of seven photographs."""
    monkeypatch.setenv("RESTORA_CACHE", str(tmp_path / "cache"))
    photos = original_photographs(find_images([write_photos(tmp_path / "photos", 7)]))
    write_pack(photos, tmp_path / "photos.pack", kind="photographs", title="photos", shard_bytes=9000)
    assert Pack(tmp_path / "photos.pack").index.shards == 7
    return tmp_path / "photos.pack"


@pytest.fixture(params=["file", "memory", "s3"])
def url(request: pytest.FixtureRequest, pack: Path) -> Iterator[str]:
    """The pack, uploaded."""
    if request.param == "file":
        yield pack.as_uri()
    elif request.param == "memory":
        fsspec.filesystem("memory").put(str(pack), "/photos.pack", recursive=True)
        yield "memory://photos.pack"
        fsspec.filesystem("memory").rm("/photos.pack", recursive=True)
    else:
        server = pytest.importorskip("moto.server").ThreadedMotoServer(port=0)
        pytest.importorskip("s3fs")
        server.start()
        host, port = server.get_host_and_port()
        options = {"endpoint_url": f"http://{host}:{port}", "key": "key", "secret": "secret"}
        fsspec.config.conf["s3"] = options
        store = fsspec.filesystem("s3")
        store.makedirs("bucket", exist_ok=True)
        store.put(str(pack), "bucket/photos.pack", recursive=True)
        yield "s3://bucket/photos.pack"
        del fsspec.config.conf["s3"]
        server.stop()


def copies(folder: Path) -> int:
    return len(list((folder / "cache/packs").glob("*/*.npy")))


def test_shards_are_fetched_when_they_are_needed_and_kept_within_a_limit(
    pack: Path, url: str, tmp_path: Path
) -> None:
    local, remote = Pack(pack), Pack(url)
    assert remote.names == local.names
    assert copies(tmp_path) == 0
    for number in (3, 3, 5):
        assert np.array_equal(remote.photographs()[number], local.photographs()[number])
    assert copies(tmp_path) == 2
    again = Pack(url, gigabytes=20e-6)  # two shards of 9 kB
    assert all(np.array_equal(again.photographs()[n], local.photographs()[n]) for n in range(7))
    assert copies(tmp_path) == 2
    crops = PhotoCrops.from_pack(url, patch=16, seed=1).with_stage(24, batch=7)
    assert crops[0].shape == (3, 24, 24)
    assert sorted(crops._order[i] for i in range(7)) == list(range(7))


@pytest.mark.parametrize("url", ["memory", "s3"], indirect=True)
def test_a_run_on_a_pack_elsewhere_resumes_in_the_middle_of_an_epoch(url: str, tmp_path: Path) -> None:
    stages = [{"steps": 5, "patch": 16, "batch": 2}, {"steps": 3, "patch": 24, "batch": 4}]
    plan = miniature(None, data={"photos": url}, stages=stages)
    assert plan.model_validate_json(plan.model_dump_json()).data.photos == url
    assert Trainer(plan, tmp_path / "whole").run()
    piece = Trainer(plan, tmp_path / "pieces", report_every=1)
    piece.report = lambda report: os.kill(os.getpid(), signal.SIGINT) if report.step == 1 else None
    assert not piece.run()
    assert piece.step == 2
    rest = Trainer(plan, tmp_path / "pieces")
    rest.resume()
    assert rest.run()
    states = [(tmp_path / folder / "last.pt").read_bytes() for folder in ("whole", "pieces")]
    assert states[0] == states[1]
    assert load_checkpoint(tmp_path / "whole/last.pt").step == 8


def test_pairs_elsewhere(pack: Path, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    pairs = open_folder_pair(folder, folder)
    write_pack(original_pairs(pairs), tmp_path / "pairs", kind="pairs", title="pairs", shard_bytes=20_000)
    crops = PairedCrops.from_pack((tmp_path / "pairs").as_uri(), patch=64, augmentation="none").with_stage(
        64, 3
    )
    for crop in range(6):
        degraded, clean = crops[crop]
        expected = cut(pairs[crops._order[crop]].clean, 0, 0, 64)
        assert torch.equal(degraded, clean)
        assert clean.shape == to_tensor(expected).shape
    assert len({crops._order[crop] for crop in range(6)}) == 6


def test_what_is_missing_or_damaged_is_named(pack: Path, tmp_path: Path) -> None:
    url = pack.as_uri()
    with pytest.raises(RestoraError, match=r"nowhere/index.json: is not there; is it a finished pack"):
        Pack(tmp_path.as_uri() + "/nowhere")
    with pytest.raises(RestoraError, match=r"nothing://pack: .*Protocol not known.*|cannot be fetched"):
        Pack("nothing://pack")
    remote = Pack(url)
    shard = pack / "00002.npy"
    whole = shard.read_bytes()
    shard.write_bytes(whole[:-1] + b"?")
    with pytest.raises(RestoraError, match=r"00002.npy: is damaged, its checksum is another"):
        remote.photographs()[2]
    shard.write_bytes(whole)
    assert remote.photographs()[2].shape == (48, 64, 3)
    # Another pack at the same place: nothing of the old one is taken.
    rmtree(pack)
    photos = original_photographs(find_images([write_photos(tmp_path / "others", 3)]))
    write_pack(photos[::-1], pack, kind="photographs", title="photos", shard_bytes=9000)
    other, local = Pack(url).photographs(), Pack(pack).photographs()
    assert all(np.array_equal(other[number], local[number]) for number in range(3))
