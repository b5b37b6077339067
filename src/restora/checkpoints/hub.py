"""Fetching weights from a hub and publishing them there, by its own library. Nothing here is called unless a hub id was given."""

import logging
import re
from pathlib import Path

from restora.checkpoints.cards import WeightsCard, read_card
from restora.errors import RestoraError

logger = logging.getLogger(__name__)

FILES = ("*.safetensors", "*.json", "*.md")


def is_hub_id(source: str) -> bool:
    """Tell whether a text is a hub id, ``owner/name``, and cannot be a mistyped path: it has no dot, and no folder is there.

    Example:
        >>> is_hub_id("somebody/denoise-chair-tiny"), is_hub_id("weights/best.pth"), is_hub_id("./best"), is_hub_id("a/b/c")
        (True, False, False, False)
    """
    return bool(re.fullmatch(r"\w[\w-]*/\w[\w-]*", source, re.ASCII)) and not Path(source).parent.exists()


def fetch(hub_id: str, revision: str | None = None) -> Path:
    """Fetch weights and card from a hub, or find them where an earlier call left them; says so before.

    Args:
        hub_id: ``owner/name``.
        revision: Branch, tag or commit; the main branch by default.

    Returns:
        A folder with both.

    Raises:
        RestoraError: No such id, no connection and not fetched before, or offline mode (``HF_HUB_OFFLINE=1``).
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled

    logger.info("%s: no such file here; asking the hub", hub_id)
    try:
        return Path(snapshot_download(hub_id, revision=revision, allow_patterns=list(FILES)))
    except (LocalEntryNotFoundError, OfflineModeIsEnabled, OSError, ValueError) as error:
        if isinstance(error, HfHubHTTPError) and not isinstance(error, LocalEntryNotFoundError):
            raise RestoraError(
                f"{hub_id}: the hub has no such weights, or they are private; check the id"
            ) from error
        raise RestoraError(
            f"{hub_id}: no such file, and the hub cannot be reached; check the spelling or the connection"
        ) from error


def weights_in(folder: Path) -> Path:
    """Return the one file of weights with a card in a folder.

    Raises:
        RestoraError: There is none, or more than one.
    """
    found = [path for path in sorted(folder.glob("*.safetensors")) if path.with_suffix(".json").exists()]
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or "none"
        raise RestoraError(
            f"{folder}: should hold one file of weights with its card, found {names}; name a file"
        )
    return found[0]


def publish(weights: str | Path, hub_id: str, *, private: bool = False) -> str:
    """Put weights and their card on a hub, with a page that says what the card says.

    Args:
        weights: A ``.safetensors`` file with its card beside it.
        hub_id: ``owner/name``; made if missing.
        private: Whether only the owner sees a new one.

    Returns:
        Where they are.

    Raises:
        RestoraError: The card is missing.
    """
    from huggingface_hub import CommitOperationAdd, HfApi

    weights = Path(weights)
    card = read_card(weights.with_suffix(".json"))
    hub = HfApi()
    hub.create_repo(hub_id, exist_ok=True, private=private)
    files = {weights.name: weights, weights.with_suffix(".json").name: weights.with_suffix(".json")}
    operations = [CommitOperationAdd(name, str(path)) for name, path in files.items()]
    operations.append(CommitOperationAdd("README.md", hub_page(card, hub_id).encode()))
    commit = hub.create_commit(hub_id, operations=operations, commit_message=f"Publish {card.name}")
    return str(commit.commit_url)


def hub_page(card: WeightsCard, hub_id: str) -> str:
    """Write the page of weights on a hub: its header in YAML, what they are, how they score, how to use them."""
    scores = "\n".join(
        f"| {s.benchmark} | {s.setting} | `{s.protocol}` | {s.psnr:.2f} |" for s in card.scores
    )
    table = f"\n| test set | setting | protocol | PSNR, dB |\n|---|---|---|---|\n{scores}\n" if scores else ""
    credits = "\n".join(f"- {credit}" for credit in card.credits)
    return f"""---
library_name: restora
license: {card.licence.lower()}
pipeline_tag: image-to-image
tags: [image-restoration, {card.task}, {card.architecture}]
---

# {card.name}

{card.description}

{card.architecture} {card.variant}, {card.parameters:,} parameters, trained by `{card.recipe}` for {card.steps:,} steps on {card.data}.
{table}
    restora restore photo.jpg --weights {hub_id}

{credits}
"""
