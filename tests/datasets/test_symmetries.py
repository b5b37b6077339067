import itertools

import numpy as np
import pytest

from restora.datasets.symmetries import Augmentation, Symmetry, draw_symmetry

SQUARE = np.arange(16).reshape(4, 4, 1)


def test_there_are_eight_different_symmetries() -> None:
    turned = {Symmetry(*bits).apply(SQUARE).tobytes() for bits in itertools.product((False, True), repeat=3)}
    expected = {np.rot90(image, turns).tobytes() for image in (SQUARE, SQUARE[:, ::-1]) for turns in range(4)}
    assert turned == expected
    assert len(turned) == 8


def test_a_mirror_exchanges_the_views_of_a_dual_pixel_sensor() -> None:
    views = np.random.default_rng(0).integers(0, 9, (4, 4, 6))
    mirrored = Symmetry(mirrored=True).apply(views)
    np.testing.assert_array_equal(mirrored[..., :3], views[:, ::-1, 3:])
    np.testing.assert_array_equal(mirrored[..., 3:], views[:, ::-1, :3])
    np.testing.assert_array_equal(Symmetry(flipped=True).apply(views), views[::-1])
    np.testing.assert_array_equal(Symmetry(transposed=True).apply(views), views.transpose(1, 0, 2))


@pytest.mark.parametrize(("augmentation", "count"), [("none", 1), ("mirror", 2), ("flips", 4), ("all", 8)])
def test_each_kind_draws_its_symmetries_equally_often(augmentation: Augmentation, count: int) -> None:
    random = np.random.default_rng(0)
    drawn = [draw_symmetry(random, augmentation) for _ in range(1600)]
    frequencies = [drawn.count(symmetry) for symmetry in set(drawn)]
    assert len(frequencies) == count
    assert min(frequencies) > 0.8 * 1600 / count
    assert random.bit_generator.state == _after_all()


def _after_all() -> object:
    random = np.random.default_rng(0)
    for _ in range(1600):
        draw_symmetry(random, "all")
    return random.bit_generator.state
