"""The published networks, one a file: pure `torch.nn.Module`, float images in [0, 1] in, restored images out."""

from restora.networks.architecture import Architecture
from restora.networks.chair import ChaIR, ChaIRConfig
from restora.networks.contract import Requirements, RestorationNetwork, as_network
from restora.networks.derestormer import DeRestormer, DeRestormerConfig
from restora.networks.dinat_ir import DiNATIR, DiNATIRConfig
from restora.networks.features import FeatureMaps
from restora.networks.kit import KiT, KiTConfig
from restora.networks.knn_groups import KNNGroups, knn_groups
from restora.networks.registry import (
    ARCHITECTURES,
    architecture,
    create_model,
    list_models,
    register,
)
from restora.plugins import add_plugins

__all__ = [
    "ARCHITECTURES",
    "Architecture",
    "FeatureMaps",
    "ChaIR",
    "ChaIRConfig",
    "DiNATIR",
    "DiNATIRConfig",
    "KiT",
    "KiTConfig",
    "KNNGroups",
    "DeRestormer",
    "DeRestormerConfig",
    "Requirements",
    "RestorationNetwork",
    "architecture",
    "as_network",
    "create_model",
    "knn_groups",
    "list_models",
    "register",
]

add_plugins("networks", register)
