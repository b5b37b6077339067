"""The site: built strictly, without the network, and true to the code."""

import ast
import doctest
import io
import re
from pathlib import Path

import api_pages
import message_page
import pytest
import repository_links
from before_after import STEPS, with_sliders
from repository_links import rewritten, site_path

import restora
from restora.checkpoints import TASKS
from restora.datasets import BENCHMARKS
from restora.metrics import PROTOCOLS
from restora.training.bundled import list_recipes

ROOT = Path(__file__).parents[2]


def test_every_local_link_of_the_built_site_leads_somewhere(site: Path) -> None:
    pages = {page: page.read_text(encoding="utf-8") for page in site.rglob("*.html")}
    targets = {page: set(re.findall(r'\bid="?([^"\s>]+)', text)) for page, text in pages.items()}
    dead = []
    for page, text in pages.items():
        for link in re.findall(r'\b(?:href|src)="([^"]+)"', text):
            name, _, anchor = link.partition("#")
            if re.match("[a-z]+:", link) or page.name == "404.html":
                continue
            target = (page.parent / name).resolve() if name else page
            if not target.exists() or (
                anchor and target in targets and anchor not in targets[target] | {"__"}
            ):
                dead.append(f"{page.relative_to(site)}: {link}")
    assert dead == []


def test_nothing_is_asked_of_the_network(site: Path) -> None:
    loaded = r'<(?:script|img|iframe|link)[^>]*(?:src|href)="(https?://[^"]+)"'
    assert {link for page in site.rglob("*.html") for link in re.findall(loaded, page.read_text())} == set()
    assert "http" not in re.sub(r"/\*.*?\*/", "", (ROOT / "docs/assets/site.css").read_text())


def test_search_knows_what_is_written_from_the_code(site: Path) -> None:
    index = (site / "search/search_index.js").read_text(encoding="utf-8")
    assert index.startswith("var __index = ")
    for words in (
        "commands.html#restora-restore",
        "troubleshooting.html#images-reading",
        "restora.create_model",
    ):
        assert words.replace("restora.create_model", "api/index.html") in index


def test_every_public_name_has_an_entry_and_an_example(site: Path) -> None:
    rooms = {room: api_pages.offered(room) for room in api_pages.ROOMS}
    top = [getattr(restora, name) for name in restora.__all__]
    for room, things in {"index": top, **rooms}.items():
        page = (site / f"api/{room}.html").read_text(encoding="utf-8")
        for thing in things:
            assert ">>>" in (thing.__doc__ or ""), f"{thing} has no example"
            assert (
                room != "index" and thing in top
            ) or f'id="{thing.__module__}.{thing.__qualname__}"' in page


def test_every_task_has_a_page_with_numbers_and_limits(site: Path) -> None:
    assert {path.stem for path in (ROOT / "docs/tasks").glob("*.md")} == {*TASKS, "index"}
    for task in TASKS:
        page = (site / f"tasks/{task}.html").read_text(encoding="utf-8")
        assert {"weights-in-the-package", "the-authors-weights", "honest-limits"} <= set(
            re.findall(r'id="([^"]+)"', page)
        )
        assert re.search(r"<td[^>]*>\d+\.\d\d</td>", page)
        assert task == "defocus-dual" or 'class="before-after"' in page


def test_every_command_and_option_is_on_the_page(site: Path) -> None:
    from restora.commands.app import COMMANDS, load_command

    page = (site / "commands.html").read_text(encoding="utf-8")
    for name in COMMANDS:
        for command in (load_command(name), *getattr(load_command(name), "commands", {}).values()):
            for option in (
                option for one in command.params for option in one.opts if option.startswith("--")
            ):
                assert re.search(f'<code(?: class="option")?>{option}</code>', page)


def test_every_recipe_benchmark_and_protocol_is_on_its_page(site: Path) -> None:
    recipes, cards = (
        (site / f"{name}.html").read_text(encoding="utf-8") for name in ("recipes", "benchmarks")
    )
    assert all(f'id="{name.replace("/", "")}"' in recipes for name in list_recipes())
    assert all(f"<code>{name}</code>" in cards for name in (*BENCHMARKS, *PROTOCOLS))


def test_options_stay_in_one_piece_and_pages_are_not_called_files(site: Path) -> None:
    pages = [path.read_text(encoding="utf-8") for path in site.rglob("*.html")]
    assert '<code class="option">--overwrite</code>' in (site / "troubleshooting.html").read_text()
    assert not any(re.search(r"<code>--[a-z]+</code>", page) for page in pages)
    assert [found for page in pages for found in re.findall(r">[\w-]+\.md</a>", page)] == []


def test_examples_of_the_website_are_right() -> None:
    found = doctest.testmod(repository_links)
    assert (found.failed, found.attempted) == (0, 3)


def test_sliders_are_for_keyboards_and_need_no_script() -> None:
    html = with_sliders('<p><img alt="a" src="../images/gallery/b.webp" /></p>', {"b.webp": (200, 80)})
    assert html.count('type="radio"') == STEPS
    assert html.count("checked") == 1
    assert "aspect-ratio:100/80" in html
    assert "<script" not in html
    css = (ROOT / "docs/assets/site.css").read_text()
    assert all(f"input:nth-of-type({number + 1}):checked ~ img" in css for number in range(STEPS))


@pytest.mark.parametrize(
    ("link", "page", "there"),
    [
        ("[a](../benchmarks/results/video.md)", "video.md", "[a](repository/benchmarks/results/video.md)"),
        ("[a](docs/speed.md#threads)", "repository/CHANGELOG.md", "[a](../speed.md#threads)"),
        ("[a](../../src/restora/networks/kit.py)", "networks/kit.md", "[a](../api/networks.md)"),
        ("[a](../check)", "web.md", "a"),
        ("`[a](../check)`", "web.md", "`[a](../check)`"),
        ("![a](images/example.jpg)", "web.md", "![a](images/example.jpg)"),
    ],
)
def test_links_into_the_repository_lead_to_pages(link: str, page: str, there: str) -> None:
    beside = ["benchmarks/results/video.md", "CHANGELOG.md", "api/networks.md"]
    assert rewritten(link, page, lambda path: site_path(path, beside)) == there


def test_every_message_is_under_the_entry_that_its_error_names(site: Path) -> None:
    page = (site / "troubleshooting.html").read_text(encoding="utf-8")
    found = message_page.messages()
    calls = sum(
        isinstance(node, ast.Call) and getattr(node.func, "id", "") in message_page.RAISED
        for tree in message_page.modules().values()
        for node in ast.walk(tree)
    )
    assert len(found) >= calls > 400
    for message in found:
        assert f'id="{message_page.anchor(message.module)}"' in page
        assert message.text or message.cause
    assert "does not exist; check the spelling and the folder" in page  # of a table
    assert "is not an image that restora knows; give it a PNG" in page  # of a function
    with pytest.raises(restora.RestoraError) as caught:
        restora.create_model("nosuch")
    assert caught.value.entry == "troubleshooting#networks-registry"
    with pytest.raises(restora.RestoraError) as caught:
        restora.images.read(io.BytesIO(b"\x89PNG\r\n\x1a\n"))
    assert f'id="{caught.value.entry.partition("#")[2]}"' in page
    assert restora.Cancelled().entry == f"troubleshooting#{message_page.anchor(__name__)}"


def test_advice_is_about_messages_that_there_are() -> None:
    advice = (ROOT / "docs/troubleshooting.md").read_text(encoding="utf-8")
    headings = re.findall("^### (.+)$", advice, re.MULTILINE)
    texts = [message.text for message in message_page.messages()]
    assert len(headings) >= 30
    assert [heading for heading in headings if not any(heading in text for text in texts)] == []


def test_the_menu_names_every_page_once() -> None:
    named = re.findall(
        r"[\w/-]+\.md", (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:")[2]
    )
    assert sorted(set(named)) == sorted(named)
