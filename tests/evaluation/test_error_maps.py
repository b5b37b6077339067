import numpy as np

from restora.evaluation.error_maps import absolute_error, coloured, scale_bar, scale_end, ticks


def test_error_is_the_mean_over_colours_in_grey_levels():
    clean = np.zeros((2, 3, 3))
    restored = clean.copy()
    restored[0, 0] = [30 / 255, 0, -60 / 255]
    error = absolute_error(restored, clean)
    assert error.shape == (2, 3)
    assert np.isclose(error[0, 0], 30, atol=1e-4)
    assert error.sum() == error[0, 0]


def test_the_scale_is_round_and_covers_nearly_all():
    error = np.zeros((100, 100))
    assert scale_end([error]) == 2
    error[0, :10] = 200  # a thousandth
    assert scale_end([error]) == 2
    error[:10] = 45
    assert scale_end([np.zeros((100, 100)), error]) == 50
    assert scale_end([np.full((4, 4), 255.0)]) == 255


def test_more_error_is_brighter():
    colours = coloured(np.linspace(0, 30, 64)[None], 30)[0].astype(int)
    luminance = colours @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(luminance) > 0).all()
    assert colours[0].max() < 8
    assert (coloured(np.full((1, 1), 99.0), 30)[0, 0] == colours[-1]).all()


def test_the_bar_has_the_greatest_error_on_top():
    bar = scale_bar(4, 50)
    assert bar.shape == (50, 4, 3)
    assert bar[0].sum() > bar[-1].sum()


def test_ticks_run_from_none_to_the_end():
    for end in (2, 5, 10, 15, 20, 30, 40, 50, 60, 80, 100, 150, 200, 255):
        levels = ticks(end)
        assert levels[0] == 0
        assert levels[-1] == end
        assert len(set(np.diff(levels))) == 1
