"""What MkDocs does beside its own work: pages that are written from the code, links into the repository, sliders."""

import re
import sys
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "src")]

import api_pages
import card_pages
import command_page
import message_page
import notebook_pages
import task_pages
from before_after import with_sliders
from mkdocs.structure.files import File
from PIL import Image
from repository_links import ELSEWHERE, rewritten, site_path

BESIDE = [
    *sorted(path for path in ROOT.glob("*.md") if path.name != "README.md"),
    *sorted((ROOT / "benchmarks/results").glob("*.md")),
    *sorted((ROOT / "integrations").rglob("README.md")),
]
"""Pages of the repository that the site shows and that do not lie in docs/."""


def on_config(config: Any) -> Any:
    """Complete the menu: notebooks, measured pages, rooms, and pages of docs/ that it does not name."""
    names = {_name(path) for path in BESIDE}
    menu = {"Notebooks": [f"notebooks/{path.stem}.md" for path in notebook_pages.notebooks()]}
    menu["Measured"] = sorted(f"{ELSEWHERE}/{name}" for name in names if "/results/" in name)
    _fill(config.nav, menu)
    for section in config.nav:
        if "Python" in section:
            section["Python"] += [f"api/{room}.md" for room in api_pages.ROOMS]
    known = set(re.findall(r"'([^']+\.md)'", repr(config.nav)))
    docs = Path(config.docs_dir)
    forgotten = {path.relative_to(docs).as_posix() for path in docs.rglob("*.md")} - known
    forgotten |= {f"{ELSEWHERE}/{name}" for name in names} - known
    if forgotten:
        config.nav.append({"More": sorted(forgotten)})
    return config


def _fill(nav: list[Any], menu: dict[str, list[str]]) -> None:
    for entry in nav:
        for title, inner in entry.items() if isinstance(entry, dict) else ():
            if title in menu:
                entry[title] = menu[title]
            elif isinstance(inner, list):
                _fill(inner, menu)


def on_files(files: Any, config: Any) -> Any:
    """Add the pages that no file of docs/ holds."""
    written = {"commands.md": command_page.page(), "api/index.md": api_pages.index()}
    written |= {"recipes.md": card_pages.recipes(), "benchmarks.md": card_pages.benchmarks()}
    written |= {f"api/{room}.md": api_pages.room(room) for room in api_pages.ROOMS}
    written |= {f"notebooks/{path.stem}.md": notebook_pages.page(path) for path in notebook_pages.notebooks()}
    written |= {f"{ELSEWHERE}/{_name(path)}": path.read_text(encoding="utf-8") for path in BESIDE}
    for name, content in written.items():
        files.append(File.generated(config, name, content=content))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Put in what is written from the code, and lead links to pages of the site, which are no files to a reader."""
    name = page.file.src_uri
    markdown = markdown.replace(
        "```console\n", "```sh\n"
    )  # without prompts all of it would look like what is answered
    markdown = re.sub(r"\[([\w-]+)\.md\]\(", lambda link: f"[{re.sub('[_-]', ' ', link[1])}](", markdown)
    if name.startswith("tasks/"):
        gallery = (ROOT / "docs/gallery.md").read_text(encoding="utf-8")
        task = Path(name).stem
        markdown = (
            markdown.replace(task_pages.MARKER, task_pages.numbers(task, gallery))
            if task != "index"
            else markdown
        )
    if name == "troubleshooting.md":
        markdown += message_page.page(markdown)
    pages = {_name(path) for path in BESIDE} | {f"api/{room}.md" for room in api_pages.ROOMS}
    if name.startswith(("api/", "commands.md", "recipes.md", "benchmarks.md", "notebooks/")):
        return markdown
    return rewritten(markdown, name, lambda path: site_path(path, pages) if (ROOT / path).exists() else path)


def on_page_content(html: str, **_: Any) -> str:
    """Make sliders of pictures that hold before and after; keep options in one piece, which break behind their hyphens."""
    html = re.sub(r"<code>(?=--?[a-z])([^<]{,24})</code>", r'<code class="option">\1</code>', html)
    return with_sliders(html, sizes())


@cache
def sizes() -> dict[str, tuple[int, int]]:
    """Return width and height of the pictures of the gallery."""
    found = {}
    for path in (ROOT / "docs/images/gallery").iterdir():
        with Image.open(path) as picture:
            found[path.name] = picture.size
    return found


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()
