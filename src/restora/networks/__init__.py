"""The published networks, one a file: pure `torch.nn.Module`, float images in [0, 1] in, restored images out."""

from restora.networks.chair import ChaIR, ChaIRConfig
from restora.networks.derestormer import DeRestormer, DeRestormerConfig
from restora.networks.registry import (
    ARCHITECTURES,
    Architecture,
    architecture,
    build_config,
    create_model,
    list_models,
)
from restora.networks.requirements import Requirements

__all__ = [
    "ARCHITECTURES",
    "Architecture",
    "ChaIR",
    "ChaIRConfig",
    "DeRestormer",
    "DeRestormerConfig",
    "Requirements",
    "architecture",
    "build_config",
    "create_model",
    "list_models",
]
