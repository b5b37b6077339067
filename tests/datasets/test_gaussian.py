import numpy as np

from restora.datasets.gaussian import add_test_noise


def test_noise_is_that_of_the_global_legacy_generator() -> None:
    clean = np.linspace(0, 1, 5 * 7 * 3).reshape(5, 7, 3)
    np.random.seed(0)  # noqa: NPY002
    expected = clean.astype(np.float32) + np.random.normal(0, 50 / 255, clean.shape)  # noqa: NPY002
    np.testing.assert_array_equal(add_test_noise(clean, 50), expected.astype(np.float32))


def test_every_image_draws_the_same_noise_and_nothing_is_clipped() -> None:
    clean = np.zeros((32, 32, 3))
    first, second = add_test_noise(clean, 25), add_test_noise(clean, 25)
    np.testing.assert_array_equal(first, second)
    assert first.min() < 0
    assert abs(first.std() * 255 - 25) < 1
