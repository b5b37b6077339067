"""Links between pages of the repository, as they lead where its pages stand on the site."""

import os
import re
from collections.abc import Callable, Collection
from pathlib import PurePosixPath

ELSEWHERE = "repository"
"""Folder of the site for pages that do not lie in docs/."""

_WRITTEN = {
    "README.md": "index.md",
    "src/restora": "api/index.md",
    "src/restora/__init__.py": "api/index.md",
    "src/restora/commands": "commands.md",
    "src/restora/recipes": "recipes.md",
    "src/restora/datasets/cards": "benchmarks.md",
}
_LINK = re.compile(r"(?<!\\)(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")
_CODE = re.compile(r"^(?:```|~~~).*?^(?:```|~~~)|`[^`\n]*`", re.MULTILINE | re.DOTALL)


def site_path(path: str, pages: Collection[str]) -> str | None:
    """Return where a file of the repository stands on the site.

    Args:
        path: Path from the root of the repository.
        pages: Pages beside docs/ that the site has, as paths from the root.

    Returns:
        Path from the root of the site; a module's is the page of its room. ``None`` where the site does not have it.

    Example:
        >>> site_path("docs/speed.md", []), site_path("src/restora/images/reading.py", ["api/images.md"]), site_path("check", [])
        ('speed.md', 'api/images.md', None)
    """
    parts = PurePosixPath(path).parts
    if path in _WRITTEN:
        return _WRITTEN[path]
    if parts[0] == "docs":
        return "/".join(parts[1:])
    if path in pages:
        return f"{ELSEWHERE}/{path}"
    if parts[:2] == ("examples", "notebooks"):
        return f"notebooks/{PurePosixPath(path).stem}.md"
    if parts[:2] == ("src", "restora") and f"api/{parts[2]}.md" in pages:
        return f"api/{parts[2]}.md"
    return None


def in_repository(page: str) -> str:
    """Return where a page of the site lies in the repository.

    Example:
        >>> in_repository("networks/kit.md"), in_repository("repository/CHANGELOG.md")
        ('docs/networks/kit.md', 'CHANGELOG.md')
    """
    return page.removeprefix(f"{ELSEWHERE}/") if page.startswith(f"{ELSEWHERE}/") else f"docs/{page}"


def rewritten(markdown: str, page: str, find: Callable[[str], str | None]) -> str:
    """Lead the links of a page to pages of the site; what the site does not have keeps its words alone.

    Args:
        markdown: The page.
        page: Its path from the root of the site.
        find: Says where a file of the repository stands on the site.

    Example:
        >>> rewritten("[a](../check) [b](../docs/speed.md#x)", "web.md", lambda path: site_path(path, []))
        'a [b](speed.md#x)'
    """
    here = PurePosixPath(page).parent
    code: list[str] = []

    def put_away(match: re.Match[str]) -> str:
        code.append(match[0])
        return f"\0{len(code) - 1}\0"

    def lead(match: re.Match[str]) -> str:
        mark, words, link = match.groups()
        name, _, anchor = link.partition("#")
        if not name or re.match("[a-z]+:", link):
            return match[0]
        path = os.path.normpath(f"{PurePosixPath(in_repository(page)).parent}/{name}")
        place = find(path)
        if place is None:
            return str(words)
        target = os.path.relpath(place, here)
        return f"{mark}[{words}]({target}{'#' * bool(anchor)}{anchor})"

    text = _LINK.sub(lead, _CODE.sub(put_away, markdown))
    return re.sub("\0(\\d+)\0", lambda match: code[int(match[1])], text)
