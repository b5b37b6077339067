"""The page in a real browser: Debian's Chromium, by Playwright. The first test is in ./check, the others are slow."""

import shutil
import sys
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

PATIENCE = 60_000
"""Milliseconds; the machine may be busy."""


@pytest.fixture(scope="module")
def browser(served):
    with playwright.sync_playwright() as p:
        camera = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")  # shows a clock
        started = p.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", *camera])
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


def open_tab(page, name):
    """Choose a tab, which a narrow screen may hide behind a button."""
    tab = page.get_by_role("tab", name=name)
    if not tab.first.is_visible():
        page.locator(".overflow-menu button").first.click()
        page.locator(".overflow-dropdown").get_by_text(name).click()
    else:
        tab.first.click()


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
def test_everything_is_reached_by_the_tabulator(tab, noisy):
    page = tab.page
    tab.drop(noisy(side=(96, 128)))

    def reach(found):
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate(f"document.activeElement?.matches({found!r})"):
                return
        raise AssertionError(f"{found} is not reached")

    page.evaluate("document.activeElement.blur()")
    with page.expect_file_chooser():
        reach("#restora-drop button")
        page.keyboard.press("Enter")
    reach("#restora-go")
    page.keyboard.press("Enter")
    page.wait_for_selector("#restora-download")
    reach("#restora-view .stage")
    reach("#restora-view input[type=range]")
    clip = "document.querySelector('.before').style.clipPath"
    before = page.evaluate(clip)
    page.keyboard.press("ArrowRight")
    assert page.evaluate(clip) != before
    with page.expect_download() as download:
        reach("#restora-download")
        page.keyboard.press("Enter")
    assert download.value.suggested_filename == "photo-restored.png"
    page.evaluate("document.querySelector('#restora-drop button').focus()")
    for name, button, made in (
        ("What the network looks at", "#restora-draw", "#restora-drawing img"),
        ("Make it worse", "#restora-worsen", "#restora-worse .stage"),
    ):
        page.get_by_role("tab", name=name).focus()
        page.keyboard.press("Enter")
        reach(button)
        page.keyboard.press("Enter")
        page.wait_for_selector(made)


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
def test_the_other_tabs_are_not_wider_than_a_telephone(browser, served, noisy):
    tab = Tab(browser, served[0], viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    tab.drop(noisy(side=(96, 128)))
    page = tab.page
    for name, button, made in (
        ("A film", None, "#restora-film"),
        ("What the network looks at", "#restora-draw", "#restora-drawing img"),
        ("Make it worse", "#restora-worsen", "#restora-worse .stage"),
    ):
        open_tab(page, name)
        if button:
            page.tap(button)
        page.wait_for_selector(made)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        right = f"document.querySelector({made!r}).getBoundingClientRect().right"
        assert page.evaluate(right) <= 390
    tab.close()


@pytest.fixture
def private(tmp_path, monkeypatch):
    """A page for larger pictures that asks for a name and a password."""
    from restora.web import build

    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    blocks = build(threads=1, max_pixels=3_000_000)
    _, address, _ = blocks.launch(
        prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", auth=("ann", "secret")
    )
    yield address
    blocks.close()


@pytest.mark.slow
def test_after_a_name_and_a_password_a_picture_is_taken_with_the_camera(browser, private, noisy):
    import httpx

    files = {"files": ("photo.png", noisy().read_bytes())}
    assert httpx.post(f"{private}gradio_api/upload", files=files).status_code == 401
    page = browser.new_context().new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(private)
    for password in ("guess", "secret"):
        page.get_by_label("username").fill("ann")
        page.get_by_label("password").fill(password)
        page.get_by_role("button", name="Login").click()
        if password == "guess":
            page.wait_for_selector("text=Incorrect")
            assert page.locator("#restora-drop").count() == 0
    page.get_by_role("button", name="Take one with the camera").click()
    camera = page.locator("#restora-camera")
    camera.get_by_role("button", name="Click to Access Webcam").click()
    page.wait_for_function("document.querySelector('#restora-camera video')?.videoWidth > 0")
    page.wait_for_timeout(500)  # for the first picture of it
    camera.get_by_role("button", name="capture photo").click()
    page.wait_for_selector(".found >> text=/image.png .*Found: /s")
    page.set_input_files("#restora-drop input[type=file]", str(noisy()))
    page.wait_for_selector(".found >> text=photo.png")
    page.locator("#restora-gallery button.thumbnail-item").first.click()
    page.wait_for_function("document.querySelector('#restora-view img').naturalWidth >= 640")
    page.context.close()


def of_format(path):
    """Write a noisy picture in the format that the name asks for."""
    if path.suffix == ".dng":
        sys.path.insert(0, str(Path(__file__).parents[1] / "attack"))
        from image_originals import dng_file

        path.write_bytes(dng_file())
        return path
    values = 120 + np.random.default_rng(0).normal(0, 25, (96, 128, 3))
    if "16" in path.stem:
        return write(path, Photograph((257 * values.clip(0, 255)).astype(np.uint16)))
    return write(path, Photograph(values.clip(0, 255).astype(np.uint8)))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a.heic", "a16.avif", "a.jxl", "a.jp2", "a16.tif", "a.dng", "a.gif"])
def test_every_cameras_files_are_shown_and_come_back_as_the_command_writes_them(
    tab, tmp_path, restora_command, name
):
    photo = of_format(tmp_path / name)
    tab.drop(photo)
    tab.choose("What is wrong", "denoise:")
    tab.restore()
    size = read(photo).upright()
    sizes = "[...document.querySelectorAll('#restora-view img')].map(i => [i.naturalWidth, i.naturalHeight])"
    tab.page.wait_for_function(f"{sizes}.flat().every(side => side > 0)")
    assert tab.page.evaluate(sizes) == [[size.width, size.height]] * 2
    restored, content = tab.download()
    run = restora_command("restore", name, "--task", "denoise", "--threads", 1)
    assert run.stdout.strip() == restored
    assert content == (tmp_path / restored).read_bytes()
    assert restored == f"{photo.stem}-restored{'.tif' if name == 'a.dng' else photo.suffix}"


@pytest.mark.slow
def test_the_result_is_written_in_the_format_that_was_chosen(tab, noisy, restora_command):
    photo = noisy(side=(96, 128))
    tab.drop(photo)
    tab.choose("Written as", "WebP")
    tab.page.get_by_role("spinbutton", name="Quality").fill("50")
    tab.restore()
    name, content = tab.download()
    restora_command("restore", "photo.png", "--format", "webp", "--quality", 50, "--threads", 1)
    assert name == "photo-restored.webp"
    assert content == photo.with_name(name).read_bytes()


@pytest.mark.slow
def test_a_film_among_photographs_is_named_and_has_a_tab(tab, tmp_path, noisy):
    pytest.importorskip("av")
    from films import panning, write_clip

    write_clip(tmp_path / "clip.mp4", panning(8, noise=0.06), sound=True)
    page = tab.page
    said = tab.drop(tmp_path / "clip.mp4", noisy())
    assert "clip.mp4: is a video, no photograph; 'restora video' restores it" in said
    open_tab(page, "A film")
    page.click("#restora-film-go")
    page.wait_for_selector("text=there is no film yet")
    page.set_input_files("#restora-film input[type=file]", str(tmp_path / "clip.mp4"))
    page.wait_for_selector("#restora-film >> text=clip")
    page.click("#restora-film-go")
    page.wait_for_selector("#restora-film-download")
    page.wait_for_selector("#restora-film-view .stage")
    name, content = tab.download("#restora-film-download")
    assert name == "clip-restored.mp4"
    assert content[4:8] == b"ftyp"


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
