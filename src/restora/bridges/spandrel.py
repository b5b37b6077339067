"""restora's networks in spandrel, so that chaiNNer and others that load models by it load the authors' files and ours.

import spandrel
import restora.bridges.spandrel

restora.bridges.spandrel.install()
model = spandrel.ModelLoader().load_from_file("derain.pth")
"""

from typing import Any

from torch import nn

from restora.checkpoints.inspection import inspect_as
from restora.errors import MissingPackageError
from restora.networks import ARCHITECTURES
from restora.networks import Architecture as Ours

try:
    from spandrel import (
        MAIN_REGISTRY,
        Architecture,
        ArchSupport,
        ImageModelDescriptor,
        ModelTiling,
        SizeRequirements,
    )
except (ImportError, RuntimeError) as problem:  # torchvision beside another torch raises the latter
    raise MissingPackageError(
        f"spandrel cannot be imported ({problem}); pip install 'restora[spandrel]', with a torchvision that fits torch"
    ) from problem


class _Adapter(Architecture[nn.Module]):  # type: ignore[misc]  # spandrel may be missing
    """One of restora's architectures as spandrel sees it."""

    def __init__(self, ours: Ours) -> None:
        super().__init__(id=ours.title, name=ours.title, detect=self.recognises)
        self.ours = ours

    def recognises(self, state: dict[str, Any]) -> bool:
        """Tell whether a state dict, under the authors' keys or ours, is of this architecture and fits it."""
        found = inspect_as(self.ours, state)
        return found is not None and found.fits

    def load(self, state: dict[str, Any]) -> Any:
        """Build the network with these weights."""
        found = inspect_as(self.ours, state)
        assert found is not None  # spandrel has asked
        network = self.ours.build(found.config).eval()
        needs = network.requirements
        return ImageModelDescriptor(
            network,
            self.ours.from_official(state, found.config) if found.keys == "official" else state,
            architecture=self,
            purpose="Restoration",
            tags=[found.variant] if found.variant else [],
            supports_half="float16" in needs.precisions,
            supports_bfloat16="bfloat16" in needs.precisions,
            scale=1,
            input_channels=needs.in_channels,
            output_channels=3,
            size_requirements=SizeRequirements(minimum=needs.min_size, multiple_of=needs.multiple),
            tiling=ModelTiling.DISCOURAGED if needs.global_context else ModelTiling.SUPPORTED,
        )


def install(registry: Any = None) -> list[Any]:
    """Add every architecture that restora knows to a registry of spandrel; what is there already stays.

    They are asked before spandrel's own ones, some of which take any state dict that has a few of their keys.

    Args:
        registry: A `spandrel.ArchRegistry`; the one that `spandrel.ModelLoader` uses by default.

    Returns:
        What was added, `spandrel.ArchSupport` each.

    Example:
        >>> import spandrel
        >>> [support.architecture.id for support in install(spandrel.ArchRegistry())]
        ['ChaIR', 'DiNAT-IR', 'KiT', 'DeRestormer']
    """
    registry = MAIN_REGISTRY if registry is None else registry
    others = tuple(support.architecture.id for support in registry)
    adapters = (_Adapter(ours) for ours in ARCHITECTURES.values())
    added: list[Any] = registry.add(
        *(ArchSupport.from_architecture(adapter, before=others) for adapter in adapters),
        ignore_duplicates=True,
    )
    return added
