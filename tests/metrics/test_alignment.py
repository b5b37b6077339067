import cv2
import numpy as np
import pytest

from restora.errors import RestoraError
from restora.metrics import aligned_psnr, aligned_ssim, psnr
from restora.metrics.alignment import align


@pytest.fixture(scope="module")
def scene():
    random = np.random.default_rng(0)
    return np.clip(cv2.GaussianBlur(random.random((120, 150, 3)), (0, 0), 3) * 4 - 1.5, 0, 1).astype(
        np.float32
    )


def shifted(scene, brightness=1.0):
    """Moved by a third of a pixel and turned a little."""
    matrix = cv2.getRotationMatrix2D((75, 60), 0.6, 1.0)
    matrix[:, 2] += (1.3, -0.7)
    return brightness * cv2.warpAffine(
        scene, matrix, (150, 120), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
    )


def test_motion_and_brightness_do_not_count(scene):
    moved = shifted(scene, 0.8)
    assert psnr(moved, scene, peak=1) < 25
    assert aligned_psnr(moved, scene) > 40
    assert aligned_ssim(moved, scene) > 0.99


def test_mask_leaves_out_what_is_not_known(scene):
    aligned, clean, mask = align(shifted(scene), scene)
    assert 0 < (mask == 0).sum() < 0.2 * mask.size
    assert (aligned[mask == 0] == 0).all()
    assert (clean[mask == 0] == 0).all()


def test_noise_counts_as_much_as_without_motion(scene):
    noisy = scene + np.random.default_rng(1).normal(0, 0.05, scene.shape)
    assert aligned_psnr(noisy, scene) == pytest.approx(psnr(noisy, scene, peak=1), abs=0.3)


def test_images_that_are_no_pair_are_refused(scene):
    with pytest.raises(RestoraError, match="could not be aligned"):
        aligned_psnr(np.zeros_like(scene) + 1e-3, scene)
