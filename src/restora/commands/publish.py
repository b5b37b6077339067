"""``restora publish``: weights and their card onto a hub."""

from pathlib import Path
from typing import Annotated

import typer

from restora.checkpoints import prepare_publication
from restora.checkpoints import publish as upload
from restora.commands.lines import print_line

EPILOG = """
Examples:

  restora publish runs/mine/mine.safetensors me/mine --dry-run  [dim]shows what would go, and the page[/dim]

  restora publish runs/mine/mine.safetensors me/mine --private

The token is that of 'hf auth login', or HF_TOKEN.
"""


def publish(
    weights: Annotated[Path, typer.Argument(help="NAME.safetensors, with its card NAME.json beside it.")],
    hub_id: Annotated[str, typer.Argument(metavar="OWNER/NAME", help="Where on the hub; made if missing.")],
    private: Annotated[bool, typer.Option("--private", help="Only you see it, if it is made now.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show files and page; nothing leaves this machine.")
    ] = False,
) -> None:
    """Publish weights with their card on a hub, with a page made of the card; others restore with OWNER/NAME."""
    if not dry_run:
        print_line(upload(weights, hub_id, private=private))
        return
    publication = prepare_publication(weights, hub_id)
    for name, size in publication.sizes().items():
        print_line(f"{hub_id}/{name}: {size:,} bytes")
    page = publication.files["README.md"]
    assert isinstance(page, bytes)
    print_line("")
    for line in page.decode().splitlines():
        print_line(line)
