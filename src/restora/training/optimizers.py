"""The optimisers that a recipe may ask for: Adam, AdamW and Muon."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from restora.training.sections import OptimizerSection
from restora.training.sharding import divided_like, whole

SMALLEST_MATRIX = 8
"""Rows and columns from which a weight counts as a matrix: it leaves out first, last and depthwise layers."""
NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
NEWTON_SCHULZ_STEPS = 5


class Muon(torch.optim.AdamW):
    """Muon for matrices, AdamW for everything else.

    The momentum of a matrix is made nearly orthogonal before it is added, so that all its singular directions move
    alike. The kernel of a convolution (O, I, K, K) counts as a matrix (O, I K K). Steps are scaled by
    0.2 sqrt(max(rows, columns)), which gives them the size that AdamW's have: both may share one learning rate.

    Matrices that processes have divided among them are gathered for this, one at a time; each process computes all.

    Sources: Jordan et al., Muon: An optimizer for hidden layers in neural networks (2024); the scale is from Liu et
    al., Muon is scalable for LLM training (2025).

    Args:
        groups: Parameter groups of `torch.optim.AdamW`; one with ``muon: True`` holds matrices.
        momentum: Decay rate of a matrix's momentum, which is Nesterov's.
        options: Of AdamW, for all groups; ``weight_decay`` is on matrices, too.
    """

    def __init__(self, groups: Iterable[dict[str, Any]], *, momentum: float, **options: Any) -> None:
        super().__init__(groups, **options)
        self.momentum = momentum

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        """Take a step; gradients of matrices are used up."""
        loss = None if closure is None else torch.enable_grad()(closure)()
        for group in self.param_groups:
            if group.get("muon"):
                for parameter in group["params"]:
                    if parameter.grad is not None:
                        self._move_matrix(parameter, group["lr"], group["weight_decay"])
                        parameter.grad = None  # AdamW passes over what has none
        super().step()
        return loss

    def _move_matrix(self, parameter: Tensor, learning_rate: float, weight_decay: float) -> None:
        gradient, state = parameter.grad, self.state[parameter]
        assert gradient is not None
        if "momentum" not in state:
            state["momentum"] = torch.zeros_like(parameter)
            state["step"] = torch.zeros(())  # AdamW looks for it when a run is resumed
        momentum = state["momentum"].lerp_(gradient, 1 - self.momentum)
        matrix = whole(gradient.lerp(momentum, self.momentum)).flatten(1)  # (O, I K K)
        size = 0.2 * max(matrix.shape) ** 0.5
        parameter.mul_(1 - learning_rate * weight_decay)
        direction = orthogonalized(matrix).reshape(parameter.shape)
        parameter.add_(divided_like(direction, parameter), alpha=-learning_rate * size)


def orthogonalized(matrix: Tensor) -> Tensor:
    """Move all singular values of a matrix near 1 by five Newton-Schulz steps of the fifth order (Jordan et al., 2024).

    Args:
        matrix: (M, N), of any scale.

    Returns:
        (M, N), float32; singular values between about 0.7 and 1.2, those that are nearly 0 excepted.

    Example:
        >>> values = torch.linalg.svdvals(orthogonalized(torch.diag(torch.tensor([5.0, 1.0, 0.2]))))
        >>> bool((values > 0.6).all() and (values < 1.3).all())
        True
    """
    a, b, c = NEWTON_SCHULZ
    x = matrix.float() / matrix.float().norm().clamp(min=1e-7)
    tall = x.shape[0] > x.shape[1]
    x = x.mT if tall else x
    for _ in range(NEWTON_SCHULZ_STEPS):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    orthogonal: Tensor = x.mT if tall else x
    return orthogonal


def build_optimizer(network: nn.Module, settings: OptimizerSection) -> torch.optim.Optimizer:
    """Build the optimiser of a recipe.

    With Adam and AdamW, all parameters are one group, and weight decay is on all of them, as the papers' code has it.
    With Muon, what is no matrix is a group for AdamW, whose learning rate is ``rate_factor`` times the schedule's.
    """
    options: dict[str, Any] = {
        "lr": settings.learning_rate,
        "betas": settings.betas,
        "weight_decay": settings.weight_decay,
    }
    if settings.kind != "muon":  # without weight decay AdamW is Adam
        return torch.optim.AdamW(network.parameters(), fused=True, **options)
    matrices = {name: p for name, p in network.named_parameters() if _is_matrix(name, p)}
    others = [p for name, p in network.named_parameters() if name not in matrices]
    factor = (settings.adamw_learning_rate or settings.learning_rate) / settings.learning_rate
    groups = [
        {"params": list(matrices.values()), "muon": True},
        {"params": others, "rate_factor": factor},
    ]
    return Muon(groups, momentum=settings.momentum, **options)


def set_learning_rate(optimizer: torch.optim.Optimizer, learning_rate: float) -> None:
    """Give every group of parameters its learning rate: the schedule's times the ``rate_factor`` of the group."""
    for group in optimizer.param_groups:
        group["lr"] = learning_rate * group.get("rate_factor", 1.0)


def _is_matrix(name: str, parameter: nn.Parameter) -> bool:
    """Tell linear layers and convolutions from the rest: biases, scales, tables, first, last and depthwise layers."""
    return (
        name.endswith("weight")
        and parameter.ndim >= 2
        and min(parameter.shape[0], parameter.shape[1]) >= SMALLEST_MATRIX
    )
