"""The architectures that restora knows, each with its paper and its named variants."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from restora.errors import RestoraError
from restora.networks.chair import VARIANTS as CHAIR_VARIANTS
from restora.networks.chair import ChaIR, ChaIRConfig
from restora.networks.contract import RestorationNetwork
from restora.networks.derestormer import VARIANTS as DERESTORMER_VARIANTS
from restora.networks.derestormer import DeRestormer, DeRestormerConfig
from restora.networks.dinat_ir import VARIANTS as DINAT_IR_VARIANTS
from restora.networks.dinat_ir import DiNATIR, DiNATIRConfig
from restora.networks.kit import VARIANTS as KIT_VARIANTS
from restora.networks.kit import KiT, KiTConfig


@dataclass(frozen=True)
class Architecture:
    """A published network.

    Attributes:
        name: The name in the registry, lower case with underscores.
        title: The name as the paper prints it.
        paper: Title, venue and year.
        config: The dataclass of its hyper-parameters.
        network: The class of the module, built from such a config.
        variants: Named configurations.
    """

    name: str
    title: str
    paper: str
    config: type
    network: type[RestorationNetwork]
    variants: Mapping[str, Any]


ARCHITECTURES: dict[str, Architecture] = {
    architecture.name: architecture
    for architecture in (
        Architecture(
            name="chair",
            title="ChaIR",
            paper="Exploring the potential of channel interactions for image restoration,"
            " Knowledge-Based Systems 282, 2023",
            config=ChaIRConfig,
            network=ChaIR,
            variants=CHAIR_VARIANTS,
        ),
        Architecture(
            name="dinat_ir",
            title="DiNAT-IR",
            paper="DiNAT-IR: Exploring Dilated Neighborhood Attention for High-Quality Image Restoration,"
            " arXiv 2507.17892, 2025",
            config=DiNATIRConfig,
            network=DiNATIR,
            variants=DINAT_IR_VARIANTS,
        ),
        Architecture(
            name="kit",
            title="KiT",
            paper="KNN Local Attention for Image Restoration, CVPR 2022",
            config=KiTConfig,
            network=KiT,
            variants=KIT_VARIANTS,
        ),
        Architecture(
            name="derestormer",
            title="DeRestormer",
            paper="Image Restoration with Deformable-related Guidance, 2025",
            config=DeRestormerConfig,
            network=DeRestormer,
            variants=DERESTORMER_VARIANTS,
        ),
    )
}


def architecture(name: str) -> Architecture:
    """Return the architecture of that name.

    Raises:
        RestoraError: There is none; the message lists those there are.
    """
    try:
        return ARCHITECTURES[name]
    except KeyError:
        raise RestoraError(f"unknown architecture {name!r}; there are: {', '.join(ARCHITECTURES)}") from None


def create_model(name: str, variant: str = "base", **overrides: Any) -> RestorationNetwork:
    """Build a network with fresh weights.

    Args:
        name: An architecture, such as ``"chair"``; see `list_models`.
        variant: One of its named configurations; ``"base"`` is the published one.
        **overrides: Fields of the configuration to change, such as ``width=24``.

    Returns:
        The network, in training mode.

    Raises:
        RestoraError: Unknown architecture, variant or field, or a value out of range.

    Example:
        >>> create_model("chair", "tiny", width=8).config.width
        8
    """
    arch = architecture(name)
    if variant not in arch.variants:
        known = ", ".join(arch.variants)
        raise RestoraError(f"unknown variant {variant!r} of {name}; there are: {known}")
    return arch.network(build_config(arch, asdict(arch.variants[variant]) | overrides))


def build_config(arch: Architecture, values: Mapping[str, Any]) -> Any:
    """Build an architecture's config from plain values, as a weights card holds them (lists for tuples).

    Raises:
        RestoraError: Unknown field, or a value out of range.
    """
    config = next(iter(arch.variants.values()))
    unknown = sorted(set(values) - set(asdict(config)))
    if unknown:
        raise RestoraError(
            f"{arch.title} has no hyper-parameter {', '.join(unknown)}; it has: {', '.join(asdict(config))}"
        )
    plain = {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
    try:
        return replace(config, **plain)
    except (TypeError, ValueError) as error:
        raise RestoraError(f"{arch.title}: {error}") from error


def list_models() -> list[str]:
    """Return every architecture and variant as ``"architecture/variant"``.

    Example:
        >>> "chair/tiny" in list_models()
        True
    """
    return [f"{arch.name}/{variant}" for arch in ARCHITECTURES.values() for variant in arch.variants]
