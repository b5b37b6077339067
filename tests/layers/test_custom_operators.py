"""Every operator that restora registers keeps torch's contract of operators: schema, fakes, gradients, compilation."""

from typing import Any

import pytest
import torch

import restora.networks  # registers them  # noqa: F401
from restora.layers import compiled, exporting, neighborhood_kernel


def attention(heads: int, *, backward: bool) -> tuple[Any, ...]:
    shape = 1, 6, 7, heads, 4
    tensors = [torch.rand(shape) for _ in range(4 if backward else 3)] + [torch.rand(heads, 5, 5)]
    return *(tensor.requires_grad_(not backward) for tensor in tensors), 3, 2


def sampling(*, backward: bool) -> tuple[Any, ...]:
    positions = (3 * torch.rand(2, 5, 2) for _ in range(3))
    tensors = torch.rand(2, 3, 4, 2, 3), *positions
    grad = (torch.rand(2, 5, 2, 3),) if backward else ()
    return *grad, *(tensor.requires_grad_(not backward) for tensor in tensors)


def pairs(of: str, *, backward: bool) -> tuple[Any, ...]:
    """Of two images of three patches of four pixels, in two rounds and chunks of two with an empty slot."""
    queries = torch.tensor([[[0, 1], [2, -1], [3, 4], [5, -4]], [[2, 1], [0, -1], [4, 3], [5, -4]]])
    keys = torch.cat([queries, queries.view(2, 2, 2, 2).roll(1, 2).view(2, 4, 2)], dim=2)
    patches = [torch.rand(6, 4, 3) for _ in range(3)]
    weights = torch.rand(8, 2, 4)
    if of == "logits":
        grad, tensors = torch.rand(8, 2, 4), patches[:2]
    else:
        grad, tensors = torch.rand(6, 4, 3), [*patches, weights]
    tensors = [tensor.requires_grad_(not backward) for tensor in tensors]
    return *([grad] if backward else []), *tensors, queries, keys, 2


SAMPLES = {
    "restora::bilinear_sample": [sampling(backward=False)],
    "restora::bilinear_sample_backward": [sampling(backward=True)],
    "restora::neighborhood_attention": [attention(1, backward=False), attention(2, backward=False)],
    "restora::neighborhood_attention_backward": [attention(1, backward=True), attention(2, backward=True)],
    "restora::pair_attention": [pairs("attention", backward=False)],
    "restora::pair_attention_backward": [pairs("attention", backward=True)],
    "restora::pair_logits": [pairs("logits", backward=False)],
    "restora::pair_logits_backward": [pairs("logits", backward=True)],
}


def test_every_operator_has_samples() -> None:
    names = {name.split(".")[0] for name in torch._C._dispatch_get_all_op_names()}
    assert {name for name in names if name.startswith("restora::")} == SAMPLES.keys()


@pytest.mark.parametrize("loops", [True, False])
@pytest.mark.parametrize(
    ("name", "arguments"), [(name, sample) for name in SAMPLES for sample in SAMPLES[name]]
)
def test_operators_keep_their_contract(
    name: str, arguments: tuple[Any, ...], loops: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiled, "NUMBA", loops and compiled.NUMBA)
    monkeypatch.setattr(neighborhood_kernel, "_loops_are_faster", lambda q, *_: compiled.compiles(q))
    torch.library.opcheck(getattr(torch.ops.restora, name.removeprefix("restora::")).default, arguments)


def test_a_torch_that_cannot_tell_export_from_compilation_takes_it_for_export(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert not exporting.is_exporting()
    monkeypatch.delattr(torch.compiler, "is_exporting", raising=False)
    assert not exporting.is_exporting()
    monkeypatch.setattr(torch.compiler, "is_compiling", lambda: True)
    assert exporting.is_exporting()
