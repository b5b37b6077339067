"""The page in a real browser: Debian's Chromium, by Playwright. The first test is in ./check, the others are slow."""

import shutil
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest

from restora.images import Metadata, Photograph, read, write

pytest.importorskip("gradio")
playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium; apt-get install chromium")

PATIENCE = 120_000
"""Milliseconds; the machine may be busy."""


@pytest.fixture(scope="module")
def browser(served):
    with playwright.sync_playwright() as p:
        started = p.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


class Tab:
    """A tab of the browser with the page in it."""

    def __init__(self, browser, address, **options):
        self.asked: list[str] = []
        self.faults: list[str] = []
        self.context = browser.new_context(**options)
        self.page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.goto(address)
        self.page.wait_for_selector("#restora-drop input[type=file]", state="attached")

    def drop(self, *files):
        self.page.set_input_files("#restora-drop input[type=file]", [str(file) for file in files])
        self.page.wait_for_function("n => document.querySelectorAll('.found li').length >= n", arg=len(files))
        return self.page.inner_text(".found")

    def choose(self, label, value):
        if not self.page.is_visible(f"[aria-label='{label}']"):
            self.page.get_by_role("button", name="More").click()
        self.page.get_by_label(label).click()
        self.page.get_by_role("option", name=value).click()

    def restore(self):
        self.page.click("#restora-go")
        self.page.wait_for_selector("#restora-download")

    def download(self, button="#restora-download"):
        with self.page.expect_download() as download:
            self.page.click(button)
        return download.value.suggested_filename, Path(download.value.path()).read_bytes()

    def close(self):
        assert self.faults == []
        self.context.close()


@pytest.fixture
def tab(browser, served):
    one = Tab(browser, served[0], viewport={"width": 1280, "height": 900})
    yield one
    one.close()


def test_drop_wait_move_the_slider_and_download_what_the_command_writes(tab, served, noisy, restora_command):
    photo, page = noisy(side=(96, 128)), tab.page
    assert "Found: noise" in tab.drop(photo)
    tab.restore()
    assert "restored with denoise" in page.inner_text(".found")
    slider = page.get_by_label("How much of the picture is shown as it was before")
    clip = "document.querySelector('.before').style.clipPath"
    middle = page.evaluate(clip)
    slider.focus()
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    assert page.evaluate(clip) != middle
    natural = "[...document.querySelectorAll('.stage img')].map(i => [i.naturalWidth, i.naturalHeight])"
    assert page.evaluate(natural) == [[128, 96], [128, 96]]
    name, content = tab.download()
    restora_command("restore", "photo.png", "--threads", 1)
    assert name == "photo-restored.png"
    assert content == photo.with_name(name).read_bytes()
    assert all(url.startswith((served[0], "data:", "blob:")) for url in tab.asked)


def deep(path):
    from PIL import ImageCms

    random = np.random.default_rng(0)
    values = (30_000 + random.normal(0, 6000, (60, 80, 3))).clip(0, 65535).astype(np.uint16)
    alpha = random.integers(0, 65536, (60, 80), np.uint16)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return write(path, Photograph(values, alpha, Metadata(icc=profile)))


@pytest.mark.slow
def test_sixteen_bits_alpha_and_profile_come_back(tab, tmp_path, restora_command):
    photo = deep(tmp_path / "deep.png")
    assert "16-bit" in tab.drop(photo)
    tab.restore()
    name, content = tab.download()
    restora_command("restore", "deep.png", "--threads", 1)
    assert content == photo.with_name(name).read_bytes()
    kept, came = read(content), read(photo)
    assert (kept.depth, kept.metadata.icc) == ("16-bit", came.metadata.icc)
    assert np.array_equal(kept.alpha, came.alpha)


@pytest.mark.slow
def test_a_broken_file_is_told_in_the_words_of_the_command_and_the_others_go_on(tab, noisy, restora_command):
    broken, good = noisy("broken.png"), noisy("good.png", seed=1)
    broken.write_bytes(broken.read_bytes()[:1500])
    said = tab.drop(broken, good)
    assert restora_command("restore", "broken.png").stderr.removeprefix("restora: ").strip() in said
    assert "good.png" in said
    tab.restore()
    assert tab.download()[0] == "good-restored.png"


@pytest.mark.slow
def test_cancel_stops_within_a_tile_and_the_page_goes_on(tab, noisy):
    tab.drop(noisy(side=(500, 590)))
    tab.choose("Tile, pixels", "none")  # one tile, which takes seconds
    tab.page.click("#restora-go")
    tab.page.wait_for_selector("#restora-stop:not([disabled])")
    begin = time.monotonic()
    tab.page.click("#restora-stop")
    tab.page.wait_for_selector("text=Cancelled; what was finished is there.")
    assert time.monotonic() - begin < 5
    assert not tab.page.is_visible("#restora-download")
    tab.restore()


@pytest.mark.slow
def test_two_visitors_at_once_get_their_own(browser, served, noisy):
    photos = [noisy(f"photo{seed}.png", seed=seed) for seed in (1, 2)]
    tabs = [Tab(browser, served[0]) for _ in photos]
    for tab, photo in zip(tabs, photos, strict=True):
        tab.drop(photo)
    for tab in tabs:
        tab.page.click("#restora-go")
    names = []
    for tab in tabs:
        tab.page.wait_for_selector("#restora-download")
        names.append(tab.download()[0])
        tab.close()
    assert names == ["photo1-restored.png", "photo2-restored.png"]


@pytest.mark.slow
def test_many_pictures_are_a_gallery_and_a_zip(tab, noisy, tmp_path):
    tab.drop(*(noisy(f"photo{seed}.png", seed=seed) for seed in range(3)))
    tab.restore()
    name, content = tab.download("#restora-zip")
    (tmp_path / name).write_bytes(content)
    with zipfile.ZipFile(tmp_path / name) as archive:
        assert archive.namelist() == [f"photo{seed}-restored.png" for seed in range(3)]
    assert tab.download()[0] == "photo2-restored.png"
    tab.page.locator("#restora-gallery button.thumbnail-item").first.click()
    tab.page.wait_for_selector("text=Download photo0-restored.png")


@pytest.mark.slow
def test_pasting_is_dropping(tab, noisy):
    content = list(noisy().read_bytes())
    tab.page.evaluate(
        """bytes => {
            const carried = new DataTransfer();
            carried.items.add(new File([new Uint8Array(bytes)], "pasted.png", {type: "image/png"}));
            document.dispatchEvent(new ClipboardEvent("paste", {clipboardData: carried, bubbles: true}));
        }""",
        content,
    )
    tab.page.wait_for_selector(".found >> text=pasted.png")


@pytest.mark.slow
def test_everything_can_be_done_by_keyboard(tab, noisy):
    tab.drop(noisy(side=(96, 128)))
    page = tab.page
    page.locator("#restora-go").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#restora-download")
    page.locator(".stage").focus()
    before = page.inner_text(".zooms output")
    page.keyboard.press("+")
    assert page.inner_text(".zooms output") != before
    page.keyboard.press("1")
    assert page.inner_text(".zooms output") == "100 %"
    place = "document.querySelector('.after').style.transform"
    for _ in range(8):
        page.keyboard.press("+")
    there = page.evaluate(place)
    page.keyboard.press("ArrowRight")
    assert page.evaluate(place) != there


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_screen(browser, served, noisy, scheme, width):
    tab = Tab(browser, served[0], viewport={"width": width, "height": 844}, color_scheme=scheme)
    tab.drop(noisy("a-rather-long-name-of-a-photograph-from-a-telephone-20261128.png"))
    tab.restore()
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= width
    assert tab.page.evaluate("document.body.classList.contains('dark')") == (scheme == "dark")
    tab.close()


@pytest.mark.slow
def test_weights_are_compared_on_the_part_that_was_clicked(tab, noisy):
    tab.drop(noisy(side=(300, 420)))
    page = tab.page
    page.get_by_role("button", name="Compare weights on a part").click()
    page.locator("#restora-view .stage").click(position={"x": 200, "y": 200})
    page.wait_for_selector("#restora-view .crop:not([hidden])")
    page.click("#restora-compare")
    page.wait_for_function("document.querySelectorAll('.trial figure').length === 5")
    assert page.locator(".trial figcaption").first.inner_text() == "as it came"


@pytest.mark.slow
def test_the_tabs_that_teach(tab, noisy):
    tab.drop(noisy(side=(96, 128)))
    page = tab.page
    page.get_by_role("tab", name="What the network looks at").click()
    page.click("#restora-draw")
    page.wait_for_selector("#restora-drawing img")
    page.get_by_role("tab", name="Make it worse").click()
    page.click("#restora-worsen")
    page.wait_for_selector("#restora-worse .stage")
    page.click("#restora-again")
    page.wait_for_selector(".found >> text=photo-degraded.png")
