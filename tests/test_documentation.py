"""The documentation: every link leads somewhere, and what is promised of files that stand beside each other holds."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from restora.networks import ARCHITECTURES

ROOT = Path(__file__).parent.parent
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("examples/*.md"),
        *ROOT.glob("benchmarks/**/*.md"),
    ]
)
_LINK = re.compile(r"(?<!\\)\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"^(```|~~~).*?^\1|`[^`\n]*`", re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    found: set[str] = set()
    for heading in re.findall(r"^#+ +(.+?)\s*$", text, re.MULTILINE):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").lower()
        anchor = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        number = 0
        while (unique := f"{anchor}-{number}" if number else anchor) in found:
            number += 1
        found.add(unique)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in _LINK.findall(_CODE.sub("", page.read_text())):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), f"{link}: there is no such file"
        assert target.is_relative_to(ROOT), f"{link}: leaves the project"
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), f"{link}: there is no such heading"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_nothing_of_a_merge_is_left(page: Path) -> None:
    assert re.findall("^(?:<<<<<<<|=======$|>>>>>>>).*", page.read_text(), re.MULTILINE) == []


def test_links_that_lead_nowhere_are_seen() -> None:
    assert _LINK.findall("a [b](c.md#d), ![e](f.png)") == ["c.md#d", "f.png"]
    assert "the-way-of-the-data" in anchors(ROOT / "docs/architecture.md")


def test_before_a_push_runs_what_check_runs() -> None:
    commands = re.findall(
        r'"\$bin/(?:python -m )?(\w+)" ?(?:-m (pytest) )?(\w+)?( --check)?', (ROOT / "check").read_text()
    )
    wanted = {
        " ".join(word for word in (found[1] or found[0], found[2], found[3].strip()) if word)
        for found in commands
    }
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    entries = {hook["entry"].removeprefix("python -m ") for hook in hooks}
    assert entries == wanted == {"ruff format --check", "ruff check", "mypy", "pytest"}


def test_every_dependency_has_a_lowest_version_and_a_pinned_one() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = [
        *project["dependencies"],
        *(one for extra in project["optional-dependencies"].values() for one in extra),
    ]
    pinned = {
        line.split("==")[0].lower().replace("_", "-")
        for line in (ROOT / "constraints.txt").read_text().splitlines()
    }
    for one in declared:
        name, _, lowest = one.partition(">=")
        assert lowest or name.startswith("restora["), f"{one}: has no lowest version"
        name = name if name.startswith("restora[") else name.partition("[")[0]
        assert name.startswith("restora[") or name.lower().replace("_", "-") in pinned | {"lpips"}, (
            f"{name}: is not pinned"
        )


def test_the_papers_of_the_networks_are_named_to_be_cited() -> None:
    cited = [one["title"] for one in yaml.safe_load((ROOT / "CITATION.cff").read_text())["references"]]
    assert [one.title for one in ARCHITECTURES.values() if not one.paper.startswith(tuple(cited))] == []


def test_the_readme_fits_on_two_screens_and_leads_on() -> None:
    readme = (ROOT / "README.md").read_text()
    assert len(readme.splitlines()) <= 100
    install = "python3 -m venv .venv && .venv/bin/pip install -q -c constraints.txt -e"
    assert f"{install} '.[openvino]' && .venv/bin/restora restore examples/colosseum-noisy.png" in readme
    assert f"<!-- test command -->\n```\n{install} '.[dev]' && ./check\n```\n<!-- end -->" in readme
    assert "docs/index.md" in _LINK.findall(readme)
