"""Fetching weights from a hub and publishing them there, by its own library. Nothing here is called unless a hub id was given."""

import logging
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from restora.checkpoints.cards import WeightsCard, read_card
from restora.checkpoints.reading import sha256_of
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


def fetch(hub_id: str, revision: str | None = None, files: Sequence[str] = FILES) -> Path:
    """Fetch weights and card from a hub, or find them where an earlier call left them; says so before.

    Args:
        hub_id: ``owner/name``.
        revision: Branch, tag or commit; the main branch by default.
        files: Patterns of the files that are fetched.

    Returns:
        A folder with both.

    Raises:
        RestoraError: No such id, no connection and not fetched before, or offline mode (``HF_HUB_OFFLINE=1``).
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled

    logger.info("%s: no such file here; asking the hub", hub_id)
    try:
        return Path(
            snapshot_download(
                hub_id,
                revision=revision,
                allow_patterns=list(files),
                endpoint=os.environ.get("HF_ENDPOINT"),
            )
        )
    except (LocalEntryNotFoundError, OfflineModeIsEnabled, OSError, ValueError) as error:
        if isinstance(error, HfHubHTTPError) and not isinstance(error, LocalEntryNotFoundError):
            raise RestoraError(
                f"{hub_id}: the hub has no such weights, or they are private; check the id"
            ) from error
        raise RestoraError(
            f"{hub_id}: no such file, and the hub cannot be reached; check the spelling or the connection"
        ) from error


def fetch_card(hub_id: str, revision: str | None = None) -> WeightsCard:
    """Read the card of weights on a hub, without fetching the weights.

    Raises:
        RestoraError: As `fetch`; or there is no card, or more than one.

    Example:
        >>> fetch_card("three/parts/of-a-name")
        Traceback (most recent call last):
        restora.errors.RestoraError: three/parts/of-a-name: no such file, and the hub cannot be reached; check the spelling ...
    """
    folder = fetch(hub_id, revision, ["*.json"])
    found = sorted(folder.glob("*.json"))
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or "none"
        raise RestoraError(
            f"{hub_id}: should hold one weights card, found {names}; fetch the file that you mean"
        )
    return read_card(found[0])


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


@dataclass(frozen=True)
class Publication:
    """Weights, their card and the page that says what the card says, ready for a hub.

    Attributes:
        hub_id: ``owner/name``.
        card: Of the weights.
        files: Names on the hub -> content, or the file that holds it.
    """

    hub_id: str
    card: WeightsCard
    files: Mapping[str, Path | bytes]

    def sizes(self) -> dict[str, int]:
        """Return the bytes of each file."""
        return {
            name: len(content) if isinstance(content, bytes) else content.stat().st_size
            for name, content in self.files.items()
        }


def prepare_publication(weights: str | Path, hub_id: str) -> Publication:
    """Check weights, and put together what `publish` would upload; nothing leaves this machine.

    Args:
        weights: A ``.safetensors`` file with its card beside it.
        hub_id: ``owner/name``.

    Raises:
        RestoraError: The id is none, the card is missing, or it describes another file.

    Example:
        >>> from restora.checkpoints.loading import find_weights
        >>> publication = prepare_publication(find_weights("denoise-chair-tiny"), "somebody/denoise")
        >>> list(publication.files)
        ['denoise-chair-tiny.safetensors', 'denoise-chair-tiny.json', 'README.md']
    """
    weights, card_file = Path(weights), Path(weights).with_suffix(".json")
    if not re.fullmatch(r"\w[\w.-]*/\w[\w.-]*", hub_id, re.ASCII):
        raise RestoraError(f"{hub_id}: is no hub id; give owner/name")
    if weights.suffix != ".safetensors":
        raise RestoraError(
            f"{weights}: only safetensors with a card are published; 'restora convert' makes them"
        )
    card = read_card(card_file)
    if not weights.exists() or sha256_of(weights) != card.sha256:
        raise RestoraError(
            f"{weights}: is not the file that its card {card_file.name} describes; fetch both again"
        )
    page = hub_page(card, hub_id).encode()
    return Publication(hub_id, card, {weights.name: weights, card_file.name: card_file, "README.md": page})


def publish(weights: str | Path, hub_id: str, *, private: bool = False) -> str:
    """Put weights and their card on a hub, with a page that says what the card says.

    The hub's own library uploads: it takes the token of ``hf auth login`` or ``HF_TOKEN``, and another address from
    ``HF_ENDPOINT``.

    Args:
        weights: A ``.safetensors`` file with its card beside it.
        hub_id: ``owner/name``; made if missing.
        private: Whether only the owner sees a new one.

    Returns:
        Where they are.

    Raises:
        RestoraError: As `prepare_publication`; or no token, no permission, no connection, or offline mode.

    Example:
        >>> publish("net_g.pth", "somebody/denoise")
        Traceback (most recent call last):
        restora.errors.RestoraError: net_g.pth: only safetensors with a card are published; 'restora convert' makes them
    """
    from huggingface_hub import CommitOperationAdd, HfApi
    from huggingface_hub.errors import HfHubHTTPError, LocalTokenNotFoundError

    publication = prepare_publication(weights, hub_id)
    operations = [
        CommitOperationAdd(name, content if isinstance(content, bytes) else str(content))
        for name, content in publication.files.items()
    ]
    hub = HfApi(endpoint=os.environ.get("HF_ENDPOINT"))
    try:
        hub.create_repo(hub_id, exist_ok=True, private=private)
        commit = hub.create_commit(
            hub_id, operations=operations, commit_message=f"Publish {publication.card.name}"
        )
    except HfHubHTTPError as error:
        if error.response.status_code not in (401, 403):
            raise RestoraError(f"{hub_id}: the hub refuses it ({error.server_message or error})") from error
        raise RestoraError(
            f"{hub_id}: the hub does not let you write there; log in with 'hf auth login' or set HF_TOKEN, to a token"
            " that may write"
        ) from error
    except LocalTokenNotFoundError as error:
        raise RestoraError(f"{hub_id}: no token; log in with 'hf auth login', or set HF_TOKEN") from error
    except (
        Exception
    ) as error:  # offline mode, or whatever the library's transport raises without a connection
        raise RestoraError(
            f"{hub_id}: the hub cannot be reached ({type(error).__name__}); check the connection, or HF_HUB_OFFLINE"
        ) from error
    return str(commit.commit_url)


def hub_page(card: WeightsCard, hub_id: str) -> str:
    """Write the page of weights on a hub: its header in YAML, what they are, how they score, how to use them."""
    scores = "\n".join(
        f"| {s.benchmark} | {s.setting} | `{s.protocol}` | {s.psnr:.2f} |" for s in card.scores
    )
    table = f"\n| test set | setting | protocol | PSNR, dB |\n|---|---|---|---|\n{scores}\n" if scores else ""
    trained = f", trained by `{card.recipe}` for {card.steps:,} steps" if card.recipe and card.steps else ""
    credits = "\n".join(f"- {credit}" for credit in card.credits)
    return f"""---
library_name: restora
license: {card.licence.lower()}
pipeline_tag: image-to-image
tags: [image-restoration, {card.task}, {card.architecture}]
---

# {card.name}

{card.description}

{card.architecture} {card.variant}, {card.parameters:,} parameters{trained}; data: {card.data}.
{table}
    restora restore photo.jpg --weights {hub_id}

{credits}
"""
