"""One's own pairs: a folder of degraded images and one of clean ones, under any names."""

from pathlib import Path

from restora.datasets.layouts.folders import Folders, pair_by_rule, stems_below
from restora.datasets.pairs import Pairs
from restora.datasets.search import Search
from restora.errors import RestoraError


def open_folder_pair(degraded: str | Path, clean: str | Path) -> Pairs:
    """Pair the images of two folders and those below them by their paths without suffix.

    Args:
        degraded: Folder of what a network is given, such as ``input``.
        clean: Folder of what it should return, such as ``target``.

    Returns:
        The pairs in the order in which people count; nothing is decoded yet.

    Raises:
        RestoraError: A folder is missing or empty, or an image has no partner; the message names it.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> root = Path(tempfile.mkdtemp())
        >>> for part in ("noisy", "clean"):
        ...     (root / part).mkdir()
        ...     Image.new("RGB", (8, 6)).save(root / part / "1.png")
        >>> len(open_folder_pair(root / "noisy", root / "clean").entries)
        1
    """
    places = Path(degraded), Path(clean)
    files: list[list[tuple[Path, str]]] = []
    for place in places:
        if not place.is_dir():
            raise RestoraError(f"{place}: is not a folder; name the folder of the images")
        files.append(stems_below(place, recursive=True))
        if not files[-1]:
            raise RestoraError(f"{place}: holds no images; name the folder of the images")
    found = pair_by_rule(Folders("own", ".", "."), places, files[0], files[1], Search(places[0], "all"))
    for kind, lonely in ((places[1], found.alone), (places[0], found.unused)):
        if lonely:
            more = f" (and {len(lonely) - 1} more have none)" if len(lonely) > 1 else ""
            raise RestoraError(
                f"{lonely[0]}: has no partner of the same name in {kind}{more}; add it, or take this one away"
            )
    return Pairs(found.entries, title=f"{places[0]} and {places[1]}")
