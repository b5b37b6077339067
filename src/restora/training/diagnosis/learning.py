"""Learning the diagnosis from a set of damaged pictures, and making its confidences true."""

import math
from collections.abc import Callable, Iterator

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from restora.diagnosis.findings import Calibration
from restora.diagnosis.network import Answer, DiagnosisNetwork
from restora.diagnosis.windows import GRID, WINDOW
from restora.layers.precision import computes_in_bfloat16
from restora.training.diagnosis.training_set import TrainingSet
from restora.training.optimizers import build_optimizer, set_learning_rate
from restora.training.sections import OptimizerSection

BATCH = 48
"""Pictures a step."""
CROP = 128
"""Side of the part of a window that a step sees."""
LEVEL_WEIGHT, COARSE_WEIGHT = 0.3, 0.3

Batch = tuple[Tensor, Tensor, Tensor, Tensor]
"""Windows (B, N, 3, S, S), thumbnails (B, 3, 128, 128), labels (B, 8) and noise (B, 2)."""


def train(
    pictures: TrainingSet,
    *,
    steps: int,
    batch: int = BATCH,
    rate: float = 8e-3,
    seed: int = 0,
    report: Callable[[int, float], None] | None = None,
) -> DiagnosisNetwork:
    """Train a network from scratch on the pictures that are not held out.

    Muon, the rate rising for a tenth of the steps and then falling by a cosine; bfloat16 where the processor
    computes in it. Pictures whose label is unsure are left out of the loss of that label alone.

    Args:
        pictures: What to learn from; those not made yet are left out.
        steps: Of the optimizer.
        batch: Pictures a step.
        rate: The highest.
        seed: Of weights and order.
        report: Called every 50 steps with their number and their mean loss.
    """
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    network = DiagnosisNetwork()
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    network.train()
    optimizer = build_optimizer(
        network,
        OptimizerSection(kind="muon", learning_rate=rate, adamw_learning_rate=rate / 2, weight_decay=0.01),
    )
    losses = []
    for step, (windows, thumbnails, labels, noise) in enumerate(_batches(pictures, steps, batch, random), 1):
        set_learning_rate(
            optimizer, rate * min(10 * step / steps, 0.5 + 0.5 * math.cos(math.pi * step / steps))
        )
        with torch.autocast("cpu", torch.bfloat16, enabled=computes_in_bfloat16(torch.device("cpu"))):
            answer = network(windows, thumbnails)
        loss = loss_of(answer, labels, noise)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), 2.0)
        optimizer.step()
        losses.append(float(loss.detach()))
        if report and step % 50 == 0:
            report(step, float(np.mean(losses[-50:])))
    network.eval()
    return network


def loss_of(answer: Answer, labels: Tensor, noise: Tensor) -> Tensor:
    """Return the cross entropy of every label that is sure, and the errors of the noise's level and grain.

    Args:
        answer: Of the network.
        labels: (B, 8) of 0, 1 and not a number.
        noise: (B, 2): level in grey levels, 1 or 0 for coarse or not; either may be not a number.
    """
    sure = ~labels.isnan()
    damages = F.binary_cross_entropy_with_logits(answer.logits[sure], labels[sure])
    level, coarse = noise.unbind(1)
    measured, told = ~level.isnan(), ~coarse.isnan()
    levels = F.smooth_l1_loss(answer.level[measured], level[measured].clamp(min=0.5).log2(), reduction="sum")
    grain = F.binary_cross_entropy_with_logits(answer.coarse[told], coarse[told], reduction="sum")
    return damages + (LEVEL_WEIGHT * levels + COARSE_WEIGHT * grain) / len(labels)


def calibrate(answers: NDArray[np.float64], labels: NDArray[np.float32]) -> Calibration:
    """Fit, for each damage, the scale and the offset of its logits that make confidences true (Platt, 1999).

    Args:
        answers: (N, K) logits for pictures of photographs that were not trained on.
        labels: (N, K) of 0, 1 and not a number.
    """
    scales, offsets = [], []
    for logit, label in zip(answers.T, labels.T, strict=True):
        sure = ~np.isnan(label)
        x, y = torch.from_numpy(logit[sure]), torch.from_numpy(label[sure]).double()
        scale, offset = torch.ones((), dtype=torch.float64), torch.zeros((), dtype=torch.float64)
        scale.requires_grad_(), offset.requires_grad_()
        optimizer = torch.optim.LBFGS([scale, offset], max_iter=100, line_search_fn="strong_wolfe")

        def closure(x: Tensor = x, y: Tensor = y, scale: Tensor = scale, offset: Tensor = offset) -> Tensor:
            for parameter in (scale, offset):
                parameter.grad = None
            loss = F.binary_cross_entropy_with_logits(scale * x + offset, y)
            loss.backward()  # type: ignore[no-untyped-call]
            return loss

        optimizer.step(closure)  # type: ignore[no-untyped-call]
        scales.append(round(scale.item(), 4))
        offsets.append(round(offset.item(), 4))
    return Calibration(tuple(scales), tuple(offsets))


def answers_for(
    network: DiagnosisNetwork, pictures: TrainingSet, numbers: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float32], NDArray[np.float32]]:
    """Answer for pictures of a set, whole windows as in use.

    Returns:
        (N, 10) logits, of damages, level and coarseness; (N, 8) labels; (N, 2) noise.
    """
    answers = []
    with torch.inference_mode():
        for part in np.array_split(numbers, max(1, len(numbers) // 32)):
            part = np.sort(part)
            answer = network(_tensor(pictures.windows[part]), _tensor(pictures.thumbnails[part]))
            answers.append(
                torch.cat([answer.logits, answer.level[:, None], answer.coarse[:, None]], 1).double().numpy()
            )
    order = np.concatenate([np.sort(part) for part in np.array_split(numbers, max(1, len(numbers) // 32))])
    return np.concatenate(answers), pictures.labels[order], pictures.noise[order]


def _batches(pictures: TrainingSet, steps: int, batch: int, random: np.random.Generator) -> Iterator[Batch]:
    """Draw pictures without repetition until all were seen; some of their windows, cropped, flipped or turned."""
    waiting = np.array([], np.int64)
    for _ in range(steps):
        if len(waiting) < batch:
            waiting = random.permutation(np.flatnonzero(pictures.held_out == 0))
        chosen, waiting = np.sort(waiting[:batch]), waiting[batch:]
        count = int(random.integers(1, pictures.windows.shape[1] + 1))
        windows = np.stack([_cropped(pictures.windows[number], count, random) for number in chosen])
        thumbnails = pictures.thumbnails[chosen]
        if random.random() < 0.5:
            thumbnails = thumbnails[:, :, ::-1]
        labels, noise = (torch.from_numpy(values[chosen]) for values in (pictures.labels, pictures.noise))
        yield _tensor(windows), _tensor(thumbnails), labels, noise


def _cropped(windows: NDArray[np.uint8], count: int, random: np.random.Generator) -> NDArray[np.uint8]:
    """Draw ``count`` windows and cut each to `CROP`, on the grid of JPEG; rain and snow still fall, so no half turn."""
    cut = []
    for number in random.permutation(len(windows))[:count]:
        top, left = random.integers((WINDOW - CROP) // GRID + 1, size=2) * GRID
        crop = windows[number, top : top + CROP, left : left + CROP]
        cut.append(crop[:, ::-1] if random.random() < 0.5 else crop)
    return np.stack(cut)


def _tensor(images: NDArray[np.uint8]) -> Tensor:
    """(..., H, W, 3) uint8 -> (..., 3, H, W) in [0, 1]."""
    return torch.from_numpy(np.ascontiguousarray(images)).movedim(-1, -3).float() / 255
