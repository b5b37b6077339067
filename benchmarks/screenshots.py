"""Take the pictures of docs/web.md: the page of restora web in Chromium, at 1280 and 390 pixels, light and dark.

python benchmarks/screenshots.py examples/colosseum-noisy.png -o docs/images/web     (needs restora[web], playwright and a Chromium)
"""

import io
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness import command_line
from PIL import Image
from playwright.sync_api import Page, sync_playwright

SCREENS = {"desktop": (1280, 900), "telephone": (390, 844)}
SCHEMES = ("light", "dark")


@contextmanager
def served() -> Iterator[str]:
    """Serve the page; yields its address."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(GRADIO_TEMP_DIR=folder, GRADIO_ANALYTICS_ENABLED="False")
        from restora.web import build

        blocks = build(threads=1)
        _, address, _ = blocks.launch(
            prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", footer_links=[]
        )
        yield str(address)
        blocks.close()


def restored(page: Page, address: str, photograph: Path) -> None:
    """Drop a photograph, compare weights on a part of it, and restore it."""
    page.set_default_timeout(120_000)
    page.goto(address)
    page.wait_for_selector("#restora-drop input[type=file]", state="attached")
    page.set_input_files("#restora-drop input[type=file]", str(photograph))
    page.get_by_role("button", name="Compare weights on a part").click()
    page.locator("#restora-view .stage").click(position={"x": 110, "y": 110})
    page.click("#restora-compare")
    page.wait_for_function("document.querySelectorAll('.trial figure').length === 5")
    page.click("#restora-go:not([disabled])")
    page.wait_for_selector("#restora-download")
    page.mouse.move(0, 0)
    page.wait_for_timeout(1000)  # for pictures to be decoded and buttons to fade


def main() -> None:
    """Take all of them, whole pages as WebP."""
    parser = command_line(__doc__)
    parser.add_argument("photograph", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=Path("docs/images/web"))
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    with served() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for screen, (width, height) in SCREENS.items():
            for scheme in SCHEMES:
                context = browser.new_context(
                    viewport={"width": width, "height": height},
                    color_scheme="dark" if scheme == "dark" else "light",
                )
                page = context.new_page()
                restored(page, address, options.photograph)
                picture = Image.open(io.BytesIO(page.screenshot(full_page=True)))
                target = options.output / f"{screen}-{scheme}.webp"
                picture.convert("RGB").save(target, quality=72, method=6)
                print(target)
                context.close()
        browser.close()


if __name__ == "__main__":
    main()
