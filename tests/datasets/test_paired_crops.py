import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from miniatures import DIFFERENCE, MINIATURES, Miniature
from PIL import Image
from torch.utils.data import DataLoader, Sampler

from restora.datasets import open_benchmark, write_pack
from restora.datasets.originals import original_pairs
from restora.datasets.paired_crops import PairedCrops
from restora.datasets.pairs import Pair
from restora.errors import RestoraError


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Five pairs of images of different sizes; the degraded one is the clean one plus 1."""
    random = np.random.default_rng(0)
    for kind in ("input", "target"):
        (tmp_path / kind).mkdir()
    for number in range(5):
        clean = random.integers(0, 255, (20 + number, 30 - number, 3), dtype=np.uint8)
        clean[..., 2] = number
        Image.fromarray(clean).save(tmp_path / "target" / f"{number}.png")
        Image.fromarray(clean + 1).save(tmp_path / "input" / f"{number}.png")
    return tmp_path / "input", tmp_path / "target"


def _number(crop: torch.Tensor) -> int:
    return round(float(crop[2, 0, 0]) * 255)


def test_both_crops_come_from_the_same_place_and_are_turned_alike(folders: tuple[Path, Path]) -> None:
    crops = PairedCrops.from_folders(*folders, patch=16)
    for i in range(20):
        degraded, clean = crops[i]
        assert degraded.shape == clean.shape == (3, 16, 16)
        assert degraded.dtype == clean.dtype == torch.float32
        torch.testing.assert_close(degraded, clean + 1 / 255)


def test_a_crop_depends_on_its_number_and_the_seed_alone(folders: tuple[Path, Path]) -> None:
    crops, again = (PairedCrops.from_folders(*folders, patch=8, seed=1) for _ in range(2))
    expected = [crops[i] for i in range(12)]
    for i in (11, 0, 7):
        assert all(map(torch.equal, again[i], expected[i]))
    other = PairedCrops.from_folders(*folders, patch=8, seed=2)
    assert not all(torch.equal(other[i][0], expected[i][0]) for i in range(12))
    assert crops.with_patch(12)[0][0].shape == (3, 12, 12)
    assert [_number(crops.with_patch(12)[i][1]) for i in range(12)] == [_number(c) for _, c in expected]


def test_an_epoch_visits_every_image_once(folders: tuple[Path, Path]) -> None:
    crops = PairedCrops.from_folders(*folders, patch=8)
    epochs = [[_number(crops[i][1]) for i in range(start, start + 5)] for start in (0, 5, 10, 15)]
    assert all(sorted(epoch) == [0, 1, 2, 3, 4] for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) > 1


class _From(Sampler[int]):
    """Crop numbers from one to another."""

    def __init__(self, first: int, end: int) -> None:
        self.numbers = range(first, end)

    def __iter__(self) -> Iterator[int]:
        return iter(self.numbers)


def test_workers_and_resuming_in_the_middle_of_an_epoch_change_nothing(folders: tuple[Path, Path]) -> None:
    crops = PairedCrops.from_folders(*folders, patch=8)
    plain = list(DataLoader(crops, batch_size=2, sampler=_From(0, 14)))
    workers = list(DataLoader(crops, batch_size=2, sampler=_From(0, 14), num_workers=2))
    resumed = list(
        DataLoader(PairedCrops.from_folders(*folders, patch=8), batch_size=2, sampler=_From(6, 14))
    )
    assert len(plain) == 7
    for expected, found in [*zip(plain, workers, strict=True), *zip(plain[3:], resumed, strict=True)]:
        assert torch.equal(expected[0], found[0])
        assert torch.equal(expected[1], found[1])


def test_an_image_smaller_than_the_crop_is_reflected(folders: tuple[Path, Path]) -> None:
    crops = PairedCrops.from_folders(*folders, patch=25, augmentation="none")
    for i in range(5):
        degraded, clean = crops[i]
        assert degraded.shape == clean.shape == (3, 25, 25)
        torch.testing.assert_close(degraded, clean + 1 / 255)
        height = 20 + _number(clean)
        for row in range(25 - height):
            assert torch.equal(clean[:, height + row], clean[:, height - 1 - row])


def test_sixteen_bits_and_dual_pixels_keep_their_precision() -> None:
    random = np.random.default_rng(0)
    clean = random.integers(0, 65535, (12, 12, 3), dtype=np.uint16)
    views = random.integers(0, 65535, (12, 12, 6), dtype=np.uint16)
    crops = PairedCrops([Pair("a", views, clean)], patch=12, augmentation="none")
    degraded, target = crops[0]
    assert degraded.shape == (6, 12, 12)
    np.testing.assert_array_equal(degraded.numpy(), views.transpose(2, 0, 1).astype(np.float32) / 65535)
    np.testing.assert_array_equal(target.numpy(), clean.transpose(2, 0, 1).astype(np.float32) / 65535)


def test_a_corrupt_pair_is_fatal_or_reported_once_and_replaced(
    folders: tuple[Path, Path], caplog: pytest.LogCaptureFixture
) -> None:
    (folders[0] / "3.png").write_bytes((folders[0] / "3.png").read_bytes()[:90])
    strict = PairedCrops.from_folders(*folders, patch=8)
    with pytest.raises(RestoraError, match=r"input/3.png"):
        [strict[i] for i in range(5)]
    lenient, again = (PairedCrops.from_folders(*folders, patch=8, corrupt="skip") for _ in range(2))
    with caplog.at_level(logging.WARNING, "restora"):
        found = [lenient[i] for i in range(20)]
    assert len(caplog.messages) == 1
    assert "input/3.png" in caplog.messages[0]
    numbers = [_number(clean) for _, clean in found]
    assert set(numbers) == {0, 1, 2, 4}
    assert all(map(torch.equal, again[13], found[13]))
    for file in folders[0].iterdir():
        file.write_bytes(b"")
    with pytest.raises(RestoraError, match="no pair of the training data can be read"):
        PairedCrops.from_folders(*folders, patch=8, corrupt="skip")[0]


def test_a_benchmark_is_opened_by_its_name(folders: tuple[Path, Path]) -> None:
    crops = PairedCrops.from_benchmark("folders", folders[0].parent, split="all", patch=8, seed=4)
    assert all(map(torch.equal, crops[3], PairedCrops.from_folders(*folders, patch=8, seed=4)[3]))


def test_pairs_that_cannot_be_trained_on_are_refused() -> None:
    with pytest.raises(RestoraError, match="no pairs to train on"):
        PairedCrops([], patch=8)
    with pytest.raises(RestoraError, match="x: its clean image is withheld"):
        PairedCrops([Pair("x", np.zeros((8, 8, 3), np.uint8), None)], patch=8)[0]


@pytest.mark.parametrize("mini", MINIATURES, ids=str)
def test_every_layout_of_the_catalogue_is_trained_on_from_files_and_from_a_pack(
    mini: Miniature, tmp_path: Path
) -> None:
    mini.build(tmp_path / "data")
    files = PairedCrops.from_benchmark(
        mini.benchmark, tmp_path / "data", split=mini.split, variant=mini.variant, patch=6
    )
    pairs = open_benchmark(mini.benchmark, tmp_path / "data", split=mini.split, variant=mini.variant)
    write_pack(original_pairs(pairs), tmp_path / "pack", kind="pairs", title=pairs.title)
    packed = PairedCrops.from_pack(tmp_path / "pack", patch=6)
    for i in range(len(mini.pairs)):
        degraded, clean = files[i]
        assert degraded.shape == (6 if mini.variant == "dual" else 3, 6, 6)
        assert clean.shape == (3, 6, 6)
        assert float(degraded.mean() - clean.mean()) * 255 == pytest.approx(DIFFERENCE, abs=4)
        assert all(map(torch.equal, packed[i], (degraded, clean)))
