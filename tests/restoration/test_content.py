"""The content of a file, restored in memory: as the command restores the file."""

import threading
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from restora import Cancelled, RestoraError
from restora.images import Photograph, encode, read, read_all
from restora.restoration import Restorer
from restora.restoration.content import restore_content

PIXELS = np.random.default_rng(0).normal(128, 25, (32, 40, 3)).clip(0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def restorer():
    return Restorer("denoise-chair-tiny", device="cpu", engine="torch", threads=1)


def test_bytes_come_back_restored_in_their_format_with_what_was_done(restorer):
    done = restore_content(encode(Photograph(PIXELS), "webp"), restorer)
    np.testing.assert_array_equal(read(done.content).pixels, restorer(PIXELS))
    assert (done.status, done.format.media_type, done.losses) == ("restored", "image/webp", ())
    assert done.used[0]["weights"] == "denoise-chair-tiny"
    assert done.megapixels == pytest.approx(32 * 40 / 1e6)
    assert list(done.seconds) == ["read", "restore", "write"]
    assert all(seconds >= 0 for seconds in done.seconds.values())


def test_what_the_format_cannot_hold_is_told(restorer):
    deep = encode(Photograph(PIXELS.astype(np.uint16) * 257), "tif")
    assert restore_content(deep, restorer).losses == ()
    done = restore_content(deep, restorer, file_format="jpg", quality=90)
    assert done.losses == ("16-bit reduced to 8-bit, the most that JPEG holds",)


def test_messages_call_it_by_its_name(restorer):
    content = encode(Photograph(PIXELS))
    with pytest.raises(RestoraError, match=r"^holiday.png: the file is cut short"):
        restore_content(content[:300], restorer, name="holiday.png")
    with pytest.raises(RestoraError, match=r"^the picture: 40 x 32 are more than 1000 pixels"):
        restore_content(content, restorer, max_pixels=1000)


def test_it_stops_when_it_is_cancelled(restorer):
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled):
        restore_content(encode(Photograph(PIXELS)), restorer, cancel=stop)


def test_the_content_of_an_animation_keeps_its_frames(restorer):
    frames = [Image.fromarray(np.full((12, 16), 100 * i, np.uint8)) for i in range(3)]
    made = BytesIO()
    frames[0].save(made, "GIF", save_all=True, append_images=frames[1:], duration=40, loop=0)
    done = restore_content(made.getvalue(), restorer, file_format="webp")
    assert (done.status, done.format.name, done.megapixels) == ("restored", "WebP", 3 * 12 * 16 / 1e6)
    assert done.used[0]["engine"] == "torch"
    assert set(done.seconds) == {"read", "restore", "write"}
    assert [int(frame.pixels.max()) for frame in read_all(done.content)] == pytest.approx(
        [0, 100, 200], abs=8
    )
    assert len({int(frame.pixels.max()) for frame in read_all(done.content)}) == 3
    with pytest.raises(RestoraError, match=r"^dance\.png: the file is (damaged|cut short)"):
        restore_content(_with_broken_last_frame(frames), restorer, name="dance.png")


def _with_broken_last_frame(frames):
    made = BytesIO()
    frames[0].save(made, "PNG", save_all=True, append_images=frames[1:])
    content = bytearray(made.getvalue())
    content[content.rindex(b"fdAT") + 8] ^= 255
    return bytes(content)
