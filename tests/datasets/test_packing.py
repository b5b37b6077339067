import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader

from restora.atomic import claimed
from restora.datasets import Pack, PairedCrops, PhotoCrops, open_folder_pair, write_pack
from restora.datasets.originals import Original, original_pairs, original_photographs
from restora.datasets.pack import shard_files
from restora.datasets.pairs import Entry, Pairs
from restora.datasets.preparation import WHOLE, Preparation
from restora.datasets.sources import FileImage, StackedImage
from restora.errors import RestoraError
from restora.images import Photograph, find_images, write

COUNT = 6


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Six pairs of images of different sizes; 0 is gray."""
    random = np.random.default_rng(0)
    for kind in ("input", "target"):
        (tmp_path / kind).mkdir()
        for number in range(COUNT):
            pixels = random.integers(0, 256, (20 + number, 31 - number, 3), dtype=np.uint8)
            image = Image.fromarray(pixels if number else pixels[..., 0])
            image.save(tmp_path / kind / f"{number}.png")
    return tmp_path / "input", tmp_path / "target"


def _originals(folders: tuple[Path, Path]) -> list[Original]:
    return original_pairs(open_folder_pair(*folders))


def _pack(folders: tuple[Path, Path], preparation: Preparation = WHOLE, **options: object) -> Pack:
    target = folders[0].parent / "pack"
    return write_pack(
        _originals(folders), target, kind="pairs", title="t", preparation=preparation, **options
    )


@pytest.mark.parametrize("workers", [1, 3])
def test_pairs_come_back_as_they_were(folders: tuple[Path, Path], workers: int) -> None:
    seen: list[tuple[int, int]] = []
    pack = _pack(folders, workers=workers, shard_bytes=8_000, progress=lambda *done: seen.append(done))
    assert pack.index.shards > 1
    assert seen == [(done, COUNT) for done in range(COUNT + 1)]
    pairs = open_folder_pair(*folders)
    assert pack.names == pairs.names
    for expected, found in zip(pairs, pack.pairs(), strict=True):
        assert found.name == expected.name
        np.testing.assert_array_equal(found.degraded, expected.degraded)
        np.testing.assert_array_equal(found.clean, expected.clean)
    assert [pair.name for pair in pack.pairs()[2:4]] == ["2", "3"]


def test_crops_of_a_pack_are_those_of_the_files(folders: tuple[Path, Path]) -> None:
    pack = _pack(folders, shard_bytes=8_000)
    files = PairedCrops.from_folders(*folders, patch=24, seed=5)
    packed = PairedCrops.from_pack(pack.folder, patch=24, seed=5)
    for i in range(30):
        assert all(map(torch.equal, packed[i], files[i]))
    assert all(map(torch.equal, pickle.loads(pickle.dumps(packed))[7], files[7]))
    batches = DataLoader(packed, batch_size=5, sampler=range(10), num_workers=1)
    expected = DataLoader(files, batch_size=5, sampler=range(10))
    for batch, other in zip(batches, expected, strict=True):
        assert all(map(torch.equal, batch, other))


def test_photograph_crops_of_a_pack_are_those_of_the_files(folders: tuple[Path, Path]) -> None:
    target = folders[0].parent / "photos"
    found = find_images([folders[1]])
    write_pack(original_photographs(found), target, kind="photographs", title="t", shard_bytes=5_000)
    files = PhotoCrops.from_folder(folders[1], patch=16, seed=2, gray=0.2)
    packed = PhotoCrops.from_pack(target, patch=16, seed=2, gray=0.2)
    assert all(torch.equal(packed[i], files[i]) for i in range(30))
    with pytest.raises(RestoraError, match="photos: holds photographs, not pairs"):
        PairedCrops.from_pack(target, patch=16)


def test_windows_are_cut_alike_from_both_images(folders: tuple[Path, Path]) -> None:
    pack = _pack(folders, Preparation(16, 8, share=0.5))
    pairs = {pair.name: pair for pair in open_folder_pair(*folders)}
    assert len(pack) > COUNT
    for found in pack.pairs():
        name, _, number = found.name.partition("_s")
        whole = pairs[name]
        assert whole.clean is not None
        assert found.clean is not None
        assert found.clean.shape == found.degraded.shape == (16, 16, 3)
        places = [
            (top, left)
            for top in range(whole.clean.shape[0] - 15)
            for left in range(whole.clean.shape[1] - 15)
            if np.array_equal(whole.clean[top : top + 16, left : left + 16], found.clean)
        ]
        assert len(places) == 1, number
        top, left = places[0]
        np.testing.assert_array_equal(whole.degraded[top : top + 16, left : left + 16], found.degraded)


def test_dual_pixels_keep_their_sixteen_bits(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for name in ("left", "right", "clean"):
        write(tmp_path / f"{name}.png", Photograph(random.integers(0, 65536, (9, 7, 3), dtype=np.uint16)))
    views = StackedImage(tmp_path / "left.png", tmp_path / "right.png")
    pairs = Pairs([Entry("x", views, FileImage(tmp_path / "clean.png"))], title="t")
    pack = write_pack(original_pairs(pairs), tmp_path / "pack", kind="pairs", title="t")
    found = pack.pairs()[0]
    assert found.degraded.dtype == np.uint16
    np.testing.assert_array_equal(found.degraded, views.read())
    assert PairedCrops.from_pack(pack.folder, patch=7)[0][0].shape == (6, 7, 7)
    os.utime(tmp_path / "right.png", ns=(0, 0))
    with pytest.raises(RestoraError, match="holds a pack of other images"):
        write_pack(original_pairs(pairs), tmp_path / "pack", kind="pairs", title="t")


def test_a_corrupt_original_is_fatal_or_listed(
    folders: tuple[Path, Path], caplog: pytest.LogCaptureFixture
) -> None:
    (folders[0] / "2.png").write_bytes((folders[0] / "2.png").read_bytes()[:80])
    with pytest.raises(RestoraError, match=r"input/2.png"):
        _pack(folders, shard_bytes=1)
    pack = _pack(folders, shard_bytes=1, corrupt="skip")  # goes on behind the two shards that are finished
    assert pack.names == ("0", "1", "3", "4", "5")
    assert len(pack.index.skipped) == 1
    assert "input/2.png" in pack.index.skipped[0]
    assert "input/2.png" in caplog.text


def test_going_on_keeps_what_is_finished_and_gives_the_same(folders: tuple[Path, Path]) -> None:
    whole = _pack(folders, shard_bytes=8_000)
    content = {path.name: path.read_bytes() for path in whole.folder.iterdir()}
    dates = {path.name: path.stat().st_mtime_ns for path in whole.folder.iterdir()}
    (whole.folder / "index.json").unlink()
    pixels, description = shard_files(whole.index.shards - 1)
    (whole.folder / description).rename(whole.folder / ".restora-0123.tmp")  # killed between the two
    with pytest.raises(RestoraError, match="an unfinished one; run restora pack again"):
        Pack(whole.folder)
    again = _pack(folders, shard_bytes=8_000)
    assert {path.name: path.read_bytes() for path in again.folder.iterdir()} == content
    kept = [name for name in content if name not in (pixels, description, "index.json")]
    assert len(kept) == 2 * (whole.index.shards - 1) > 0
    assert [again.folder.joinpath(name).stat().st_mtime_ns for name in kept] == [dates[name] for name in kept]


def test_two_runs_do_not_share_a_pack(folders: tuple[Path, Path]) -> None:
    pack = _pack(folders, shard_bytes=8_000).folder
    (pack / "index.json").unlink()
    content = {path.name: path.read_bytes() for path in pack.iterdir()}
    refused = pytest.raises(RestoraError, match=r"index\.json: another run is at work on it")
    with claimed(pack / "index.json"), refused:
        _pack(folders, shard_bytes=8_000)
    assert {path.name: path.read_bytes() for path in pack.iterdir()} == content


def test_a_folder_with_something_else_is_left_alone(folders: tuple[Path, Path]) -> None:
    target = _pack(folders).folder
    os.utime(folders[0] / "1.png", ns=(0, 0))
    with pytest.raises(RestoraError, match="pack: holds a pack of other images; remove it"):
        _pack(folders)
    (target / "index.json").unlink()
    with pytest.raises(RestoraError, match="pack: holds part of a pack of other images"):
        _pack(folders)
    shutil.rmtree(target)
    target.mkdir()
    (target / "diary.txt").write_text("dear diary")
    with pytest.raises(RestoraError, match=r"diary.txt: does not belong to a pack"):
        _pack(folders)
    assert [path.name for path in target.iterdir()] == ["diary.txt"]


@pytest.mark.parametrize("file", ["00000.npy", "00000.json"])
def test_a_single_damaged_bit_is_noticed(folders: tuple[Path, Path], file: str) -> None:
    path = _pack(folders, shard_bytes=8_000).folder / file
    content = path.read_bytes()
    for bit in np.random.default_rng(0).choice(8 * len(content), 100, replace=False):
        damaged = bytearray(content)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        with pytest.raises(RestoraError, match=rf"{file}: is (damaged|no index)"):
            Pack(path.parent)


def test_an_index_that_miscounts_is_noticed(folders: tuple[Path, Path]) -> None:
    index = _pack(folders, shard_bytes=8_000).folder / "index.json"
    content = json.loads(index.read_text())
    index.write_text(json.dumps({**content, "shards": content["shards"] - 1}))
    with pytest.raises(RestoraError, match="does not know how many shards there are"):
        Pack(index.parent)


def test_packs_of_before_there_were_checksums_open(folders: tuple[Path, Path]) -> None:
    pack = _pack(folders)
    for file, known in (("00000.json", "crc32"), ("index.json", "descriptions")):
        content = json.loads((pack.folder / file).read_text())
        del content[known]
        (pack.folder / file).write_text(json.dumps(content))
    assert len(Pack(pack.folder)) == COUNT


def test_damage_is_noticed_when_a_pack_is_opened(folders: tuple[Path, Path]) -> None:
    pack = _pack(folders, shard_bytes=8_000)
    pixels, description = (pack.folder / name for name in shard_files(0))
    content = pixels.read_bytes()
    for damaged in (content[:-1], content + b"\0"):
        pixels.write_bytes(damaged)
        with pytest.raises(RestoraError, match=r"00000.npy: is \S+ bytes long instead of"):
            Pack(pack.folder)
    pixels.unlink()
    with pytest.raises(RestoraError, match=r"00000.npy: is not there"):
        Pack(pack.folder)
    pixels.write_bytes(content)
    index = json.loads((pack.folder / "index.json").read_text())
    (pack.folder / "index.json").write_text(json.dumps({**index, "descriptions": []}))  # as older packs
    for damaged in (
        b"",
        b"hello, world",
        b"\xff" * 20,
        b"[]",
        description.read_bytes().replace(b"uint8", b"object"),
    ):
        description.write_bytes(damaged)
        with pytest.raises(RestoraError, match=r"00000.json: is no index of a pack"):
            Pack(pack.folder)
    (pack.folder / "index.json").write_text(json.dumps({**index, "colour": "red"}))
    with pytest.raises(RestoraError, match=r"index.json: is no index of a pack"):
        Pack(pack.folder)
    with pytest.raises(RestoraError, match="input: is no pack"):
        Pack(folders[0])
    with pytest.raises(RestoraError, match="nowhere: is no pack; make one with"):
        Pack(folders[0] / "nowhere")


def test_numpy_alone_reads_a_pack(folders: tuple[Path, Path]) -> None:
    pack = _pack(folders, shard_bytes=8_000)
    pairs = {pair.name: pair for pair in open_folder_pair(*folders)}
    for number in range(pack.index.shards):
        pixels, description = (pack.folder / name for name in shard_files(number))
        content = np.load(pixels, mmap_mode="r")
        for image in json.loads(description.read_text())["images"]:
            pair = pairs.pop(image["name"])
            for expected, (dtype, shape, start) in zip(
                (pair.clean, pair.degraded), image["places"], strict=True
            ):
                end = start + np.dtype(dtype).itemsize * int(np.prod(shape))
                np.testing.assert_array_equal(content[start:end].view(dtype).reshape(shape), expected)
    assert not pairs


def test_a_pack_of_an_older_version_is_refused_with_the_remedy(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    old = tmp_path / "old.pack"
    old.mkdir()
    (old / "00000.safetensors").write_bytes(b"")
    with pytest.raises(
        RestoraError, match=r"00000.safetensors: .* pack of an older restora; remove .*old.pack"
    ):
        write_pack(_originals(folders), old, kind="pairs", title="t")
    (old / "index.json").write_text('{"format": "restora-pack-1", "kind": "pairs", "title": "t"}')
    with pytest.raises(RestoraError, match=r"older restora; remove it .*: restora pack INPUT -o \S+old.pack"):
        Pack(old)


def test_names_that_would_be_alike_are_told_apart(folders: tuple[Path, Path]) -> None:
    found = original_photographs([*find_images([folders[0]]), *find_images([folders[1]])])
    assert len({original.name for original in found}) == 2 * COUNT
    Image.new("RGB", (4, 4)).save(folders[0].parent / "a_s001.png")
    Image.new("RGB", (8, 8)).save(folders[0].parent / "a.png")
    found = find_images([folders[0].parent / "a.png", folders[0].parent / "a_s001.png"])
    both = [replace(original, name=Path(original.name).stem) for original in original_photographs(found)]
    with pytest.raises(RestoraError, match="a_s001: two images would have this name"):
        write_pack(
            both,
            folders[0].parent / "pack",
            kind="photographs",
            title="t",
            preparation=Preparation(4, 4, above=5),
        )


_SLOW = """
import sys, time
from restora.datasets import open_folder_pair, write_pack
from restora.datasets.originals import original_pairs
def progress(done, total):
    print(done, flush=True)
    time.sleep(0.2)
pairs = original_pairs(open_folder_pair(sys.argv[1], sys.argv[2]))
write_pack(pairs, sys.argv[3], kind="pairs", title="t", shard_bytes=8_000, progress=progress)
"""


def test_a_kill_leaves_finished_shards_and_the_same_pack_after_going_on(folders: tuple[Path, Path]) -> None:
    whole = _pack(folders, shard_bytes=8_000)
    content = {path.name: path.read_bytes() for path in whole.folder.iterdir()}
    shutil.rmtree(whole.folder)
    command = [sys.executable, "-c", _SLOW, *map(str, folders), str(whole.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if int(line) == 5:
                process.send_signal(signal.SIGKILL)
                break
    left = {path.name: path for path in whole.folder.iterdir() if not path.name.startswith(".restora-")}
    assert "index.json" not in left
    finished = {name: path.stat().st_mtime_ns for name, path in left.items()}
    assert finished
    assert all(left[name].read_bytes() == content[name] for name in finished)
    time.sleep(0.01)
    again = _pack(folders, shard_bytes=8_000)
    assert {path.name: path.read_bytes() for path in again.folder.iterdir()} == content
    assert all((again.folder / name).stat().st_mtime_ns == date for name, date in finished.items())
