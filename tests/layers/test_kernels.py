"""Triton's kernels, run by its interpreter, against the plain operations; and when they are used at all."""

import logging
from importlib import import_module

import pytest
import torch

from restora.layers import bilinear_sample, kernels, pair_kernel

CPU = torch.device("cpu")


@pytest.mark.parametrize("name", ["sampling_triton", "pair_triton", "neighborhood_triton"])
def test_kernels_agree_with_the_plain_operations(name: str) -> None:
    pytest.importorskip("triton")
    assert import_module(f"restora.layers.{name}").difference(CPU) < 1e-5


def test_sampling_outside_is_zero_and_a_position_that_is_no_number_shows() -> None:
    pytest.importorskip("triton")
    from restora.layers.sampling_triton import sample, sample_gradients

    features = torch.ones(1, 4, 4, 1, 2)
    rows = torch.tensor([-1e9, -1.0, -0.5, 4.0, 1e9, torch.nan]).view(1, -1, 1)
    inputs = features, rows, torch.ones_like(rows), torch.ones_like(rows)
    out = sample(*inputs)
    assert out[0, :5, 0, 0].tolist() == [0, 0, 0.5, 0, 0]
    assert out[0, 5].isnan().all()
    d_features, *_ = sample_gradients(torch.ones_like(out), *inputs)
    assert d_features.sum() == 1  # of two channels, half a pixel


def test_pairs_are_attended_by_kernels_forward_and_backward(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("triton")
    from restora.layers import pair_triton

    generator = torch.Generator().manual_seed(0)
    query, key, value = (torch.randn(4, 9, 20, generator=generator, requires_grad=True) for _ in range(3))
    rows = torch.tensor([[[0, 1], [2, -1]], [[1, 2], [3, 0]]])
    there = (rows >= 0).flatten(0, 1)
    weights = torch.rand(4, 2, 2, generator=generator) * there[:, None] * there[..., None]
    leaves = query, key, value, weights.requires_grad_()
    called: list[str] = []

    def gradients() -> tuple[torch.Tensor, ...]:
        out = pair_kernel.attention_of_pairs(*leaves, rows, rows, 1)
        return out, *torch.autograd.grad(out.square().sum(), leaves)

    def counted(name: str) -> None:
        real = getattr(pair_triton, name)
        monkeypatch.setattr(pair_triton, name, lambda *operands: (called.append(name), real(*operands))[1])

    monkeypatch.setattr(pair_kernel, "_loops_compute", lambda *_: False)
    expected = gradients()
    monkeypatch.setattr(pair_kernel, "_kernels_compute", lambda *_: True)
    counted("attend")
    counted("attend_gradients")
    *found, d_weights = gradients()
    assert called == ["attend", "attend_gradients"]
    *plain, d_plain = expected
    for got, wanted in zip(found, plain, strict=True):
        torch.testing.assert_close(got, wanted, rtol=1e-4, atol=1e-5)
    asked = weights != 0  # of an empty slot nothing is asked
    torch.testing.assert_close(d_weights[asked], d_plain[asked], rtol=1e-4, atol=1e-5)


def test_pairs_in_half_precision_stay_close() -> None:
    pytest.importorskip("triton")
    from restora.layers.pair_triton import attend

    torch.manual_seed(0)
    patches, weights = torch.randn(3, 4, 16, 8), torch.rand(2, 2, 2)
    rows = torch.tensor([[[0, 1], [2, 3]]])
    exact, half = torch.zeros(4, 16, 8), torch.zeros(4, 16, 8)
    attend(*patches, weights, rows, rows, exact)
    attend(*patches.half(), weights.half(), rows, rows, half)
    assert (exact - half).abs().mean() < 0.02 * exact.abs().mean()


def test_nothing_changes_on_a_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "_agree", lambda *_: pytest.fail("a kernel was tried"))
    bilinear_sample(torch.ones(1, 2, 2, 1, 1), *(torch.zeros(1, 1, 1) for _ in range(2)))
    assert not kernels.kernels_compute("sampling_triton", CPU)


@pytest.mark.parametrize(
    ("found", "said"), [(1e-6, ""), (0.1, "differs by 1.0e-01"), (float("nan"), "differs by nan")]
)
def test_kernels_that_differ_are_not_used(
    found: float, said: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(kernels, "find_spec", lambda _: object())
    monkeypatch.setattr(
        kernels, "import_module", lambda _: type("module", (), {"difference": lambda _: found})
    )
    kernels._agree.cache_clear()
    with caplog.at_level(logging.WARNING):
        assert kernels.kernels_compute("some", torch.device("cuda")) is (not said)
    assert said in caplog.text
    kernels._agree.cache_clear()


def test_kernels_that_do_not_compile_are_not_used(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: torch.device) -> float:
        raise RuntimeError("no ptxas")

    monkeypatch.setattr(kernels, "find_spec", lambda _: object())
    monkeypatch.setattr(kernels, "import_module", lambda _: type("module", (), {"difference": fail}))
    kernels._agree.cache_clear()
    assert not kernels.kernels_compute("some", torch.device("cuda"))
    assert "cannot be used on cuda (no ptxas)" in caplog.text
    kernels._agree.cache_clear()
