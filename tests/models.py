"""Models for tests over the registry: all that are registered, and a toy that the fixture ``toy_network`` registers."""

from toys.two_scale import ARCHITECTURE as TOY

from restora.networks import ARCHITECTURES, Architecture

KNOWN: tuple[Architecture, ...] = (*ARCHITECTURES.values(), TOY)
MODELS = [f"{architecture.name}/{variant}" for architecture in KNOWN for variant in architecture.variants]
SMALL = [name for name in MODELS if name.split("/")[1] in ("tiny", "small")]
TINY = [name for name in MODELS if name.endswith("/tiny")]
