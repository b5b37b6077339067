import json

import numpy as np
import pytest
from golden import DATA
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.metrics import structural_similarity

from restora.images import read
from restora.metrics import luma, luma8, pooled_size, protocol, psnr, ssim, ssim_uniform, ssim_volume
from restora.metrics.ssim import adaptive_average_pool, similarity_map, ssim_pooled, ssim_replicated

VALUES = json.loads((DATA / "metrics/values.json").read_text())


def images(name, crop=0):
    """Restored and clean, (H, W, C) uint8."""
    pair = [read(DATA / f"metrics/{name}_{kind}.png").pixels for kind in ("test", "gt")]
    pair = [image[..., None] if image.ndim == 2 else image for image in pair]
    return [image[crop:-crop, crop:-crop] if crop else image for image in pair]


def in_colour(image):
    return np.repeat(image, 3, axis=2) if image.shape[2] == 1 else image


@pytest.mark.parametrize("name", VALUES)
def test_published_scripts_give_the_same_numbers(name):
    values = VALUES[name]
    restored, clean = images(name)
    unit = restored / 255, clean / 255
    checked = set()

    def agrees(entry, psnr_value, ssim_value, psnr_tolerance, ssim_tolerance):
        checked.add(entry)
        assert psnr_value == pytest.approx(values[entry]["psnr"], abs=psnr_tolerance)
        assert ssim_value == pytest.approx(values[entry]["ssim"], abs=ssim_tolerance)

    if restored.shape[2] == 3:
        for entry, known in (
            ("matlab_y_uint8_protocol", "derain-y8"),
            ("matlab_y_float_downsampled_protocol", "derain-y-double"),
        ):
            scores = protocol(known).scores(*unit)
            agrees(entry, scores["psnr"], scores["ssim"], 1e-9, 1e-9)
    for crop in (0, 4):
        a, b = images(name, crop)
        if f"basicsr_crop{crop}" in values:
            agrees(f"basicsr_crop{crop}", psnr(a, b, peak=255), ssim(a, b, peak=255), 1e-9, 1e-9)
        if f"basicsr_y_crop{crop}" in values and a.shape[2] == 3:
            # Through float32 in the original, hence the wider tolerance.
            y = luma(a), luma(b)
            agrees(f"basicsr_y_crop{crop}", psnr(*y, peak=255), ssim(*y, peak=255), 2e-6, 2e-6)
    for entry, psnr_tolerance, ssim_tolerance in (
        ("chair_dehazing_float64", 1e-9, 1e-9),
        ("chair_dehazing_float32", 2e-5, 2e-6),
    ):
        if entry in values:
            size = pooled_size(*clean.shape[:2], 4)
            assert list(size) == values[entry]["pooled_size"]
            similarity = ssim_pooled(*unit, peak=1, size=size)
            agrees(entry, psnr(*unit, peak=1), similarity, psnr_tolerance, ssim_tolerance)
            if restored.shape[2] == 3:
                scores = protocol("pooled-4").scores(*unit)
                assert scores["ssim"] == similarity
    if "rgb_float_psnr" in values:
        assert psnr(*unit, peak=1) == pytest.approx(values["rgb_float_psnr"], abs=1e-9)
    expected = {entry for entry, value in values.items() if isinstance(value, dict)}
    if restored.shape[2] == 1:
        expected = {entry for entry in expected if "_y_" not in entry}
    assert checked == expected


@pytest.mark.parametrize("name", ["a_96x80", "b_73x121"])
def test_scikit_image_agrees(name):
    a, b = images(name)
    options = {"channel_axis": -1, "data_range": 255}
    assert ssim_uniform(a, b, peak=255) == pytest.approx(structural_similarity(a, b, **options), abs=1e-12)
    value, similarity = structural_similarity(
        a, b, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, full=True, **options
    )
    assert ssim(a, b, peak=255) == pytest.approx(value, abs=1e-12)
    np.testing.assert_allclose(similarity_map(a, b, peak=255), similarity, atol=1e-12)


def test_volume_is_a_three_dimensional_filter():
    from scipy.ndimage import correlate1d

    from restora.metrics.ssim import GAUSSIAN

    random = np.random.default_rng(0)
    a, b = random.random((2, 15, 17, 3))

    def average(x):
        for axis in range(3):
            x = correlate1d(x, GAUSSIAN, axis, mode="nearest")
        return x

    ma, mb = average(a), average(b)
    va, vb, cov = average(a * a) - ma**2, average(b * b) - mb**2, average(a * b) - ma * mb
    expected = ((2 * ma * mb + 1e-4) * (2 * cov + 9e-4) / ((ma**2 + mb**2 + 1e-4) * (va + vb + 9e-4))).mean()
    assert ssim_volume(a, b, peak=1) == pytest.approx(expected, abs=1e-12)


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 50), st.integers(1, 50))
@settings(max_examples=30, deadline=None)
def test_pooling_is_torchs(height, width, out_height, out_width):
    import torch

    x = np.random.default_rng(0).random((height, width, 2))
    expected = torch.nn.functional.adaptive_avg_pool2d(
        torch.from_numpy(x).permute(2, 0, 1)[None], (out_height, out_width)
    )[0].permute(1, 2, 0)
    np.testing.assert_allclose(
        adaptive_average_pool(x, (out_height, out_width)), expected.numpy(), atol=1e-12
    )


@pytest.mark.parametrize(
    ("size", "multiple", "expected"),
    [
        ((460, 620), None, (230, 310)),
        ((460, 620), 4, (232, 312)),
        ((460, 620), 8, (232, 312)),
        ((460, 620), 32, (240, 320)),
        ((480, 640), 8, (244, 324)),
        ((480, 640), 32, (256, 336)),
        ((400, 400), 4, (202, 202)),
        ((400, 400), 32, (208, 208)),
    ],
)
def test_pooled_sizes_of_the_dehazing_scripts(size, multiple, expected):
    assert pooled_size(*size, multiple) == expected


@pytest.mark.parametrize("measure", [ssim, ssim_replicated, ssim_volume, ssim_uniform])
def test_equal_images_are_one_and_others_less(measure):
    a = np.random.default_rng(0).random((20, 24, 3))
    assert measure(a, a, peak=1) == pytest.approx(1, abs=1e-12)
    assert measure(a, a[::-1], peak=1) < 0.9


def test_luma_is_rounded_half_up():
    rgb = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    exact = 16 + (65.481 * rgb[..., 0] + 128.553 * rgb[..., 1] + 24.966 * rgb[..., 2]) / 255
    np.testing.assert_allclose(luma(rgb), exact, atol=1e-12)
    assert (luma8(rgb) == np.floor(exact + 0.5)).all()
    np.testing.assert_allclose(luma(rgb / 255), exact, atol=1e-12)


def test_impossible_images_are_refused():
    with pytest.raises(ValueError, match=r"\(12, 12\) and \(12, 13\)"):
        ssim(np.zeros((12, 12)), np.zeros((12, 13)), peak=1)
    with pytest.raises(ValueError, match="at least 11 x 11, got 10 x 30"):
        ssim(np.zeros((10, 30)), np.zeros((10, 30)), peak=1)
