"""The optimiser that a recipe asks for."""

from collections.abc import Iterable

import torch
from torch import nn

from restora.training.sections import OptimizerSection


def build_optimizer(parameters: Iterable[nn.Parameter], settings: OptimizerSection) -> torch.optim.Optimizer:
    """Build Adam or AdamW; all parameters are one group, and weight decay is on all of them, as the papers' code has it."""
    return torch.optim.AdamW(  # without weight decay it is Adam
        list(parameters),
        lr=settings.learning_rate,
        betas=settings.betas,
        weight_decay=settings.weight_decay,
        fused=True,
    )
