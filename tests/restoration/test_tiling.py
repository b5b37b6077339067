import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from restora.errors import RestoraError
from restora.networks.contract import Requirements
from restora.restoration.tiling import (
    auto_overlap,
    check_tile,
    padded_indices,
    plan_axis,
    possible_overlap,
    round_up,
    unreliable_margin,
)

any_requirements = st.builds(
    Requirements,
    multiple=st.integers(1, 64),
    receptive_field=st.none() | st.integers(0, 200),
    global_context=st.booleans(),
)


@st.composite
def possible_arguments(draw: st.DrawFn) -> dict[str, Any]:
    multiple, min_size = draw(st.integers(1, 9)), draw(st.integers(1, 20))
    smallest = round_up(min_size, multiple)
    tile = smallest + multiple * draw(st.integers(0, 12))
    overlap = draw(st.integers(0, tile - multiple))
    return {
        "extent": draw(st.integers(1, 400)),
        "tile": draw(st.sampled_from([tile, None])),
        "overlap": overlap,
        "margin": draw(st.integers(0, overlap)),
        "multiple": multiple,
        "min_size": min_size,
    }


@settings(max_examples=200, deadline=None)
@given(possible_arguments())
def test_any_plan_covers_the_axis_with_tiles_of_one_size_that_the_network_takes(
    arguments: dict[str, Any],
) -> None:
    plan = plan_axis(**arguments)
    multiple, overlap, smallest = arguments["multiple"], arguments["overlap"], arguments["min_size"]
    assert plan.extent == arguments["extent"]
    assert plan.padded == next(
        n for n in range(plan.extent, plan.extent + 99) if n % multiple == 0 and n >= smallest
    )
    assert plan.tile == min(plan.padded, arguments["tile"] or plan.padded)
    assert all(start % multiple == 0 for start in plan.starts)
    assert plan.starts[0] == 0
    assert plan.starts[-1] + plan.tile == plan.padded
    steps = np.diff(plan.starts)
    assert (steps > 0).all()
    assert (plan.tile - steps >= overlap).all()


@settings(max_examples=200, deadline=None)
@given(possible_arguments())
def test_weights_of_any_plan_sum_to_one_at_every_pixel(arguments: dict[str, Any]) -> None:
    plan = plan_axis(**arguments)
    total = np.zeros(plan.padded)
    for start, weights in zip(plan.starts, plan.weights, strict=True):
        assert weights.shape == (plan.tile,)
        assert weights.min() >= 0
        total[start : start + plan.tile] += weights
    np.testing.assert_allclose(total, 1, atol=3e-7)


@settings(max_examples=100, deadline=None)
@given(possible_arguments())
def test_margins_count_for_nothing_where_a_neighbour_has_the_pixels(arguments: dict[str, Any]) -> None:
    plan = plan_axis(**arguments)
    margin = min(arguments["margin"], arguments["overlap"] // 2)
    for start, weights in zip(plan.starts, plan.weights, strict=True):
        if start > 0:
            assert not weights[:margin].any()
        if start + plan.tile < plan.padded:
            assert not weights[plan.tile - margin :].any()


def test_weights_fade_without_a_step() -> None:
    plan = plan_axis(150, 100, 50, margin=10)
    first, second = plan.weights
    assert plan.starts == (0, 50)
    assert (first[:60] == 1).all()
    assert (first[90:] == 0).all()
    assert np.diff(first).max() <= 0
    assert np.abs(np.diff(first)).max() < 1.01 * np.pi / 2 / 30  # the slope of a raised cosine over 30 pixels
    np.testing.assert_allclose(second, first[::-1], atol=1e-7)


def test_no_more_tiles_than_are_needed() -> None:
    assert plan_axis(100, 40, 10).starts == (0, 30, 60)
    assert plan_axis(101, 40, 10).starts == (0, 20, 40, 61)
    assert plan_axis(40, 40, 10).starts == (0,)


@pytest.mark.parametrize(
    ("tile", "overlap", "limits", "message"),
    [
        (50, 8, {"multiple": 4}, "tile must be a multiple of 4, got 50; try 48 or 52"),
        (3, 0, {"multiple": 4, "min_size": 16}, "tile must be a multiple of 4, got 3; try 16"),
        (18, 0, {"multiple": 4, "min_size": 17}, "tile must be a multiple of 4, got 18; try 20"),
        (16, 0, {"multiple": 4, "min_size": 17}, "tile must be at least 20 for this network, got 16"),
        (0, 0, {}, "tile must be at least 1 for this network, got 0"),
        (-8, 0, {"multiple": 4}, "tile must be at least 4 for this network, got -8"),
        (48, 48, {}, "overlap must be at most 47 for a tile of 48, got 48"),
        (48, 45, {"multiple": 4}, "overlap must be at most 44 for a tile of 48, got 45"),
    ],
)
def test_impossible_tiles_are_refused_with_what_is_possible(
    tile: int, overlap: int, limits: dict[str, int], message: str
) -> None:
    for refuse in (
        lambda: check_tile(tile, overlap, **limits),
        lambda: plan_axis(1000, tile, overlap, **limits),
    ):
        with pytest.raises(RestoraError) as caught:
            refuse()
        assert str(caught.value) == message


@settings(max_examples=100, deadline=None)
@given(st.integers(-50, 200), st.integers(1, 16), st.integers(1, 40))
def test_any_tile_that_a_message_proposes_is_possible(tile: int, multiple: int, min_size: int) -> None:
    try:
        check_tile(tile, 0, multiple=multiple, min_size=min_size)
    except RestoraError as error:
        message = str(error)
        words = message.partition("; try ")[2] or message.partition("at least ")[2].partition(" ")[0]
        proposals = [int(number) for number in re.findall(r"\d+", words)]
        assert proposals
        for proposal in proposals:
            check_tile(proposal, 0, multiple=multiple, min_size=min_size)


@settings(max_examples=200, deadline=None)
@given(any_requirements, st.integers(1, 30))
def test_the_chosen_overlap_is_possible_and_at_most_half_of_any_tile(
    requirements: Requirements, steps: int
) -> None:
    tile = steps * requirements.multiple
    overlap = auto_overlap(tile, requirements)
    assert 0 <= overlap <= tile // 2
    check_tile(tile, overlap, multiple=requirements.multiple)
    assert unreliable_margin(overlap, requirements) <= overlap // 2


@pytest.mark.parametrize(
    ("requirements", "overlap", "margin"),
    [
        (Requirements(receptive_field=20), 2 * 20 + 16, 20),
        (Requirements(receptive_field=1), 32, 1),
        (Requirements(receptive_field=400), 256, 128),  # half of the tile is the most
        (Requirements(), 64, 16),
        (Requirements(receptive_field=20, global_context=True), 64, 16),
        (Requirements(receptive_field=40, global_context=True), 96, 24),
        (Requirements(global_context=True, matches_content=True), 160, 20),
        (Requirements(receptive_field=100, matches_content=True), 216, 100),
    ],
)
def test_overlap_and_margin_follow_the_reach_of_the_network(
    requirements: Requirements, overlap: int, margin: int
) -> None:
    assert auto_overlap(512, requirements) == overlap
    assert unreliable_margin(overlap, requirements) == margin


def test_a_wanted_overlap_is_kept_where_it_is_possible() -> None:
    assert possible_overlap(40, 128, Requirements(multiple=8)) == 40
    assert possible_overlap(100, 128, Requirements(multiple=8)) == 64
    assert possible_overlap(5, 8, Requirements(multiple=8)) == 0


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 40), st.integers(0, 40))
def test_padding_of_any_axis_is_a_reflection_or_the_edge_where_that_cannot_be(
    extent: int, padding: int
) -> None:
    padded = extent + padding
    expected = np.pad(np.arange(extent), (0, padding), "reflect" if padding < extent else "edge")
    np.testing.assert_array_equal(padded_indices(0, padded, extent, padded), expected)
    np.testing.assert_array_equal(
        padded_indices(padded // 3, padded, extent, padded), expected[padded // 3 :]
    )
