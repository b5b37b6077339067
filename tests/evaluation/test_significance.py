import numpy as np
import pytest

from restora.errors import RestoraError
from restora.evaluation.record import Evaluation, ImageScores
from restora.evaluation.significance import difference


def scored(values, **fields):
    images = tuple(ImageScores(f"{i}", {"psnr": float(value)}) for i, value in enumerate(values))
    usual = {
        "benchmark": "cbsd68",
        "title": "CBSD68",
        "split": "test",
        "variant": "sigma-25",
        "protocol": "gaussian-rgb8",
        "protocol_description": "",
        "method": "m",
        "kind": "baseline",
        "settings": {},
    }
    return Evaluation(**(usual | fields), images=images)


RNG = np.random.default_rng(3)
BASE = RNG.normal(30, 3, 100)


def test_the_interval_is_that_of_the_normal_approximation_for_many_images():
    gains = RNG.normal(0.1, 0.2, 100)
    found = difference(scored(BASE), scored(BASE + gains))
    error = gains.std() / 10
    assert found.mean == pytest.approx(gains.mean())
    assert found.low == pytest.approx(gains.mean() - 1.96 * error, abs=0.15 * error)
    assert found.high == pytest.approx(gains.mean() + 1.96 * error, abs=0.15 * error)
    assert found.wins == (gains > 0).mean()
    assert found.significant
    turned = difference(scored(BASE + gains), scored(BASE))
    assert turned.mean == pytest.approx(-found.mean)
    assert turned.significant


def test_the_same_seed_gives_the_same_interval():
    a, b = scored(BASE), scored(BASE[::-1])
    assert difference(a, b) == difference(a, b)
    assert difference(a, b, seed=1).low != difference(a, b).low
    assert difference(a, b, level=0.5).high < difference(a, b).high


def test_images_are_compared_in_pairs():
    found = difference(scored(BASE), scored(BASE + 0.001))
    assert (found.low, found.high) == pytest.approx((0.001, 0.001))
    assert not difference(scored(BASE), scored(RNG.permutation(BASE))).significant


def test_only_like_is_compared_with_like():
    one = scored(BASE)
    with pytest.raises(RestoraError, match="are of CBSD68 sigma-25 and CBSD68 sigma-50"):
        difference(one, scored(BASE, variant="sigma-50"))
    with pytest.raises(RestoraError, match="are scored by gaussian-rgb8 and rgb8"):
        difference(one, scored(BASE, protocol="rgb8"))
    with pytest.raises(RestoraError, match="share 1 images"):
        difference(one, scored(BASE[:1]))
    assert difference(one, scored(BASE[:10] + 1)).images == 10
    with pytest.raises(RestoraError, match="is infinite"):
        difference(one, scored([np.inf] * 100))
    with pytest.raises(RestoraError, match="has no metric 'mae'"):
        difference(one, one, "mae")
