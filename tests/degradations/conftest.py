from collections.abc import Callable

import pytest
import torch

from restora.degradations import Degradation


@pytest.fixture
def generator() -> Callable[[int], torch.Generator]:
    """A generator on the CPU, by its seed."""
    return lambda seed: torch.Generator().manual_seed(seed)


@pytest.fixture
def keeps_the_contract() -> Callable[[Degradation], None]:
    """Check what every degradation owes: seeds, shapes, range, gray, devices, images that do not see each other."""

    def check(degradation: Degradation) -> None:
        clean = torch.rand(3, 3, 40, 52, generator=torch.Generator().manual_seed(0))
        before = clean.clone()

        def degrade(images: torch.Tensor, seed: int = 5) -> torch.Tensor:
            return degradation(images, torch.Generator().manual_seed(seed))

        sample = degradation.sample(clean, torch.Generator().manual_seed(5))
        assert sample.degraded.shape == (3, degradation.channels, 40, 52)
        assert sample.degraded.dtype == clean.dtype
        assert sample.degraded.isfinite().all()
        assert -1 < sample.degraded.min() <= sample.degraded.max() < 2, "values of a file lie about [0, 1]"
        assert all(len(values) == 3 for values in sample.parameters.values())
        assert torch.equal(clean, before), "it changed its input"
        assert torch.equal(sample.degraded, degrade(clean)), "the same seed gave another result"
        drawn = bool(sample.parameters)
        assert torch.equal(sample.degraded, degrade(clean, seed=6)) != drawn, "the seed does not matter"
        gray = clean[:, :1].expand(-1, 3, -1, -1)
        views = degrade(gray).unflatten(1, (-1, 3))
        assert bool((views == views[:, :, :1]).all()) == degradation.keeps_gray
        # Another neighbour in the batch changes nothing, and neither does a global seed.
        other = clean.clone()
        other[1] = 0.5
        torch.manual_seed(9)
        torch.testing.assert_close(degrade(other)[[0, 2]], sample.degraded[[0, 2]], rtol=0, atol=1e-6)
        # Nothing is made on the default device instead of that of the images.
        with torch.device("meta"):
            generator = torch.Generator("cpu").manual_seed(5)
            assert torch.equal(degradation(clean, generator), sample.degraded)

    return check
