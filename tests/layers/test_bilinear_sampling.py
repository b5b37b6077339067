import math

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from restora.layers import bilinear_sample, bilinear_sample_reference, compiled

shapes = st.tuples(
    st.integers(1, 2), st.integers(1, 5), st.integers(1, 5), st.integers(1, 3), st.integers(1, 4)
)


@pytest.fixture(params=["compiled", "plain"], autouse=True)
def _way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test runs with Numba, where it is installed, and without."""
    if request.param == "plain":
        monkeypatch.setattr(compiled, "NUMBA", False)
    elif not compiled.NUMBA:
        pytest.skip("Numba is not installed")


def sample_one(features: torch.Tensor, row: float, column: float) -> torch.Tensor:
    """Read (H, W, C) at one position, corner by corner."""
    height, width, channels = features.shape
    value = torch.zeros(channels, dtype=features.dtype)
    for i in (math.floor(row), math.floor(row) + 1):
        for j in (math.floor(column), math.floor(column) + 1):
            if 0 <= i < height and 0 <= j < width:
                value += (1 - abs(row - i)) * (1 - abs(column - j)) * features[i, j]
    return value


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(shape=shapes, points=st.integers(1, 6), seed=st.integers(0, 99))
def test_both_ways_agree_with_the_definition(
    shape: tuple[int, int, int, int, int], points: int, seed: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    features = torch.randn(shape, generator=generator, dtype=torch.float64)
    batch, height, width, groups, _ = shape
    # From two pixels outside to two pixels outside, on pixels and between them.
    rows, columns = (
        torch.rand(batch, points, groups, generator=generator, dtype=torch.float64) * (extent + 3) - 2
        for extent in (height, width)
    )
    rows[:, 0], columns[:, -1] = rows[:, 0].round(), columns[:, -1].round()
    factors = torch.randn(batch, points, groups, generator=generator, dtype=torch.float64)
    sampled = bilinear_sample(features, rows, columns, factors)
    torch.testing.assert_close(sampled, bilinear_sample_reference(features, rows, columns, factors))
    for b in range(batch):
        for p in range(points):
            for g in range(groups):
                expected = sample_one(features[b, :, :, g], float(rows[b, p, g]), float(columns[b, p, g]))
                torch.testing.assert_close(sampled[b, p, g], factors[b, p, g] * expected)


@pytest.mark.parametrize("far", [-1e9, -1.0, 4.0, 1e9])
def test_zero_outside(far: float) -> None:
    features = torch.ones(1, 4, 4, 1, 2)
    position, inside = torch.full((1, 1, 1), far), torch.ones(1, 1, 1)
    assert not bilinear_sample(features, position, inside).any()
    assert not bilinear_sample(features, inside, position).any()


def test_gradients() -> None:
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(2, 3, 4, 2, 2, generator=generator, dtype=torch.float64, requires_grad=True)
    rows, columns, factors = (
        (4.9 * torch.rand(2, 5, 2, generator=generator, dtype=torch.float64) - 0.9).requires_grad_()
        for _ in range(3)
    )
    assert torch.autograd.gradcheck(bilinear_sample, (features, rows, columns, factors))


def test_gradients_have_the_same_bits_for_any_number_of_threads() -> None:
    torch.manual_seed(0)
    inputs = torch.randn(3, 9, 8, 2, 5), *(10 * torch.rand(3, 2000, 2) - 1 for _ in range(3))
    before, found = torch.get_num_threads(), []
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            leaves = [tensor.clone().requires_grad_() for tensor in inputs]
            out = bilinear_sample(*leaves)
            out.square().sum().backward()
            found.append([out.detach(), *(leaf.grad for leaf in leaves)])
    finally:
        torch.set_num_threads(before)
    for others in found[1:]:
        assert all(map(torch.equal, found[0], others))


def test_a_position_that_is_no_number_shows() -> None:
    position = torch.tensor([[[torch.nan]], [[0.0]]])
    leaf = torch.ones(2, 4, 4, 1, 2, requires_grad=True)  # read with gradients, as in training
    out = bilinear_sample(leaf, position, torch.zeros(2, 1, 1))
    assert out[0].isnan().all()
    assert out[1].eq(1).all()


def test_half_precision_features_are_read_at_exact_positions() -> None:
    features = (torch.arange(512.0) % 2).view(1, 1, 512, 1, 1).bfloat16()
    columns = torch.tensor([[[300.25]]])  # bfloat16 would round it to 300
    assert bilinear_sample(features, torch.zeros(1, 1, 1), columns).item() == 0.25


def test_half_precision_features_give_what_their_values_give() -> None:
    torch.manual_seed(0)
    features = torch.randn(2, 5, 6, 2, 20).bfloat16()
    positions = [6 * torch.rand(2, 40, 2) - 1 for _ in range(3)]
    half, full = features.clone().requires_grad_(), features.float().requires_grad_()
    outputs = [bilinear_sample(leaf, *positions) for leaf in (half, full)]
    torch.testing.assert_close(*outputs)
    for out in outputs:
        out.square().sum().backward()
    assert half.grad.dtype == torch.bfloat16
    torch.testing.assert_close(half.grad.float(), full.grad, rtol=8e-3, atol=1e-5)
