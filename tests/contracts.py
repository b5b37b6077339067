"""What every registered degradation and every registered loss owes."""

from dataclasses import replace
from typing import Literal, get_args, get_origin

import torch

from restora.degradations import DEGRADATIONS, Degradation
from restora.degradations.limits import field_types
from restora.training.losses import LOSSES


def examples(kind: str) -> list[Degradation]:
    """Return the presets of a kind, or its defaults, and one more for each word of each field that takes one of several."""
    made = DEGRADATIONS[kind]
    presets = [made.preset(name) for name in made.presets] or [made()]
    words = {
        name: get_args(type_) for name, type_ in field_types(made).items() if get_origin(type_) is Literal
    }
    return [*presets, *(replace(presets[0], **{name: word}) for name in words for word in words[name])]  # type: ignore[type-var]


def check_degradation(degradation: Degradation) -> None:
    """Check seeds, shapes, range, gray, devices, and that the images of a batch do not see each other."""
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


def check_loss(kind: str) -> None:
    """Check that a loss is a finite scalar with finite gradients, smallest where nothing differs, and a mean over the batch."""
    loss = LOSSES[kind]
    generator = torch.Generator().manual_seed(0)
    clean = torch.rand(2, 3, 48, 40, generator=generator)
    best = loss(clean, clean)
    assert best.shape == ()
    previous = best
    for strength in (0.0, 0.02, 0.2):
        restored = (clean + strength * torch.randn(clean.shape, generator=generator)).requires_grad_()
        value = loss(restored, clean)
        value.backward()
        assert value.isfinite()
        assert restored.grad is not None
        assert restored.grad.isfinite().all()
        assert bool(restored.grad.any()) or strength == 0, "nothing is learnt"
        assert value > previous or strength == 0, "a larger error costs no more"
        previous = value.detach()
    single = [loss(restored[i : i + 1], clean[i : i + 1]) for i in range(2)]
    torch.testing.assert_close(loss(restored, clean), torch.stack(single).mean(), rtol=1e-5, atol=1e-6)
