import logging
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from restora.datasets import PhotoCrops
from restora.errors import RestoraError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    random = np.random.default_rng(0)
    Image.fromarray(random.integers(0, 256, (40, 50, 3), dtype=np.uint8)).save(tmp_path / "a.png")
    Image.fromarray(random.integers(0, 256, (64, 33), dtype=np.uint8)).save(tmp_path / "b.png")
    return tmp_path


def test_a_crop_depends_on_its_number_and_the_seed_alone(folder: Path) -> None:
    crops, again = (PhotoCrops.from_folder(folder, patch=16, seed=1) for _ in range(2))
    expected = [crops[i] for i in range(5)]
    for i in (3, 0, 4):
        assert torch.equal(again[i], expected[i])
    assert not torch.equal(PhotoCrops.from_folder(folder, patch=16, seed=2)[0], expected[0])
    assert expected[0].shape == (3, 16, 16)
    assert expected[0].dtype == torch.float32
    assert crops.with_patch(24)[0].shape == (3, 24, 24)


def test_a_share_of_the_crops_is_enlarged_and_softer() -> None:
    photo = np.random.default_rng(3).integers(0, 256, (64, 64, 3), dtype=np.uint8)

    def roughness(enlarged: float) -> list[float]:
        crops = PhotoCrops([photo], patch=16, reduction=1.0, enlarged=enlarged, augmentation="none")
        return [float(crops[i].diff(dim=2).abs().mean()) for i in range(60)]

    sharp, some, soft = roughness(0.0), roughness(0.3), roughness(1.0)
    assert sum(soft) < 0.85 * sum(sharp)
    assert min(soft) > 0.3 * min(sharp)
    assert sum(soft) < sum(some) < sum(sharp)
    with pytest.raises(RestoraError, match=r"enlarged must be in \[0, 1\], got 1.5"):
        PhotoCrops([photo], patch=16, enlarged=1.5)


def test_without_reduction_every_crop_is_part_of_a_photograph(folder: Path) -> None:
    photos = {tuple(sorted(np.unique(np.asarray(Image.open(p).convert("RGB"))))) for p in folder.iterdir()}
    assert photos
    crops = PhotoCrops.from_folder(folder, patch=8, reduction=1.0)
    originals = [np.asarray(Image.open(p).convert("RGB")) for p in sorted(folder.iterdir())]
    for i in range(20):
        crop = (crops[i].numpy() * 255).round().astype(np.uint8).transpose(1, 2, 0)
        assert any(_contains(original, crop) for original in originals)


def _contains(original: np.ndarray, crop: np.ndarray) -> bool:
    """Tell whether some flip or turn of the crop, in some order of the channels, lies in the original."""
    sums = original.astype(int).sum(2)
    for turns in range(4):
        for flip in (False, True):
            view = np.rot90(crop, turns)
            view = view[:, ::-1] if flip else view
            target = view.astype(int).sum(2)
            windows = np.lib.stride_tricks.sliding_window_view(sums, target.shape)
            if (windows == target).all((2, 3)).any():
                return True
    return False


def test_what_is_above_stays_above_and_colours_stay_where_they_are_to() -> None:
    rows, columns = np.mgrid[:12, :12].astype(np.uint8)
    # Red is darker than green, and both get lighter downwards.
    photo = np.stack([10 + rows, 50 + rows, 100 + columns], axis=2)
    crops = PhotoCrops([photo], patch=8, reduction=1.0, augmentation="mirror", permute_channels=False)
    drawn = [crops[i].mul(255).round() for i in range(20)]
    for crop in drawn:
        assert (crop[0].diff(dim=0) == 1).all()
        assert torch.equal(crop[1], crop[0] + 40)
    assert {float(crop[2, 0].diff()[0]) for crop in drawn} == {-1.0, 1.0}
    turned = [PhotoCrops([photo], patch=8, reduction=1.0)[i].mul(255).round() for i in range(20)]
    assert len({(float(crop[0, 0, 1] - crop[0, 0, 0]), int(crop[0].amin()) // 50) for crop in turned}) > 4


def test_photographs_are_drawn_by_their_area(folder: Path) -> None:
    crops = PhotoCrops.from_folder(folder, patch=16)
    gray = sum(bool((crops[i][0] == crops[i][1]).all()) for i in range(300))
    assert gray / 300 == pytest.approx(64 * 33 / (64 * 33 + 40 * 50), abs=0.1)


def test_mistakes_name_the_file(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(RestoraError, match="empty: holds no images"):
        PhotoCrops.from_folder(tmp_path / "empty", patch=8)
    with pytest.raises(RestoraError, match="no photographs to train on"):
        PhotoCrops([], patch=8)


def test_a_corrupt_photograph_is_fatal_or_reported_and_left_out(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "a2.png").write_bytes((folder / "a.png").read_bytes()[:60])
    with pytest.raises(RestoraError, match=r"a2.png"):
        PhotoCrops.from_folder(folder, patch=8)
    with caplog.at_level(logging.WARNING, "restora"):
        crops = PhotoCrops.from_folder(folder, patch=8, corrupt="skip")
    assert [message for message in caplog.messages if "a2.png" in message]
    (folder / "a2.png").unlink()
    assert torch.equal(crops[5], PhotoCrops.from_folder(folder, patch=8)[5])


def test_a_photograph_smaller_than_the_crop_is_reflected() -> None:
    photo = np.random.default_rng(0).integers(0, 256, (20, 9, 3), dtype=np.uint8)
    whole = cv2.copyMakeBorder(photo, 0, 4, 0, 15, cv2.BORDER_REFLECT)
    crops = PhotoCrops([photo], patch=24, reduction=0.5)
    for i in range(10):  # nothing is enlarged
        assert sorted(crops[i].sum(0).mul(255).round().flatten().tolist()) == sorted(whole.sum(2).flatten())


def test_a_share_of_the_crops_is_gray(folder: Path) -> None:
    (folder / "b.png").unlink()  # which is gray itself
    crops = PhotoCrops.from_folder(folder, patch=8, gray=0.25)
    gray = [bool((crops[i] == crops[i][:1]).all()) for i in range(200)]
    assert 30 < sum(gray) < 70
    assert not any(
        bool((crop[0] == crop[1]).all())
        for crop in map(PhotoCrops.from_folder(folder, patch=8).__getitem__, range(20))
    )
