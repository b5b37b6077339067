"""Building a network by name, with weights or without."""

from typing import Any, Literal, overload

from restora import networks
from restora.checkpoints.loading import load_model
from restora.checkpoints.published import published_for_task
from restora.checkpoints.shipped import list_weights
from restora.checkpoints.tasks import TASKS, best_of
from restora.errors import RestoraError
from restora.networks import FeatureMaps, RestorationNetwork, architecture


@overload
def create_model(
    name: str,
    variant: str | None = None,
    *,
    weights: str | None = None,
    features_only: Literal[False] = False,
    **overrides: Any,
) -> RestorationNetwork: ...


@overload
def create_model(
    name: str,
    variant: str | None = None,
    *,
    weights: str | None = None,
    features_only: Literal[True],
    **overrides: Any,
) -> FeatureMaps: ...


def create_model(
    name: str,
    variant: str | None = None,
    *,
    weights: str | None = None,
    features_only: bool = False,
    **overrides: Any,
) -> RestorationNetwork | FeatureMaps:
    """Build a network with fresh weights, or with trained ones.

    Args:
        name: An architecture, such as ``"chair"``, or with its variant, ``"chair/tiny"``; see `list_models`.
        variant: One of its named configurations; ``"base"``, the published one, by default, or that of the weights.
        weights: What they are for (``"deblur"``): the best of this architecture that come with restora, else those that
            the authors published, which are fetched once; or whatever `load_model` takes.
        features_only: Return what its encoder computes instead, as `FeatureMaps`.
        **overrides: Fields of the configuration to change, such as ``width=24``; with weights, those that their keys
            and shapes cannot tell.

    Returns:
        The network, in training mode with fresh weights and in evaluation mode with others.

    Raises:
        RestoraError: Unknown architecture, variant or field, a value out of range, no such weights, or weights of
            another architecture or variant.

    Example:
        >>> create_model("chair", "tiny", width=8).config.width
        8
        >>> create_model("chair", weights="denoise").card.name
        'denoise-chair-tiny'
        >>> create_model("chair/tiny", features_only=True).channels
        (16, 32, 64)
    """
    name, _, given = name.partition("/")
    variant = variant or given or None
    found = architecture(name)
    if weights is None:
        network = networks.create_model(name, variant or "base", **overrides)
    else:
        network = load_model(
            _weights_of(name, variant, weights) if weights in TASKS else weights, **overrides
        )
        if not isinstance(network, found.network) or (variant and network.config != found.variant(variant)):
            wanted = f"{found.title} ({variant})" if variant else found.title
            raise RestoraError(
                f"the weights {weights} are not of {wanted}; load_model takes them as they are"
            )
    return FeatureMaps(network, found.stages) if features_only else network


def _weights_of(name: str, variant: str | None, task: str) -> str:
    """Return the name of the best weights of an architecture for a task."""
    cards = [
        card
        for card in list_weights()
        if (card.task, card.architecture) == (task, name) and variant in (None, card.variant)
    ]
    if cards:
        return best_of(cards).name
    for published in published_for_task(task):
        author = published.name.partition("/")[0].replace("-", "_")
        if author == name and variant in (None, "base") and published.file:
            return published.name
    others = ", ".join(sorted(card.name for card in list_weights() if card.architecture == name))
    raise RestoraError(
        f"no weights of {name}{f'/{variant}' if variant else ''} for {task} are known; of that network there are:"
        f" {others or 'none'}"
    )
