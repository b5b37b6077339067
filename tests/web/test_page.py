"""The page, asked by programs: what a browser sends, and what nobody should."""

import io
import json
import os
import secrets
import threading
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("gradio")
httpx = pytest.importorskip("httpx")  # Gradio brings it

CHOSEN = ["denoise", "", 1.0, "auto", "auto", "", 0]


class Visitor:
    """What the page's own program does, without a browser."""

    def __init__(self, served):
        self.address, self.blocks = served
        self.session = secrets.token_hex(6)
        self.http = httpx.Client(base_url=self.address + "gradio_api", timeout=60)

    def upload(self, name, content):
        answer = self.http.post("/upload", files={"files": (name, content)})
        answer.raise_for_status()
        return answer.json()[0]

    def call(self, name, *data):
        """Call a function of the page; what it said last, as a list, or its error."""
        number = next(i for i, fn in self.blocks.fns.items() if fn.name == name)
        body = {"data": list(data), "fn_index": number, "session_hash": self.session}
        joined = self.http.post("/queue/join", json=body)
        if joined.status_code != 200:
            return f"{joined.status_code} {joined.text}"
        with self.http.stream("GET", f"/queue/data?session_hash={self.session}") as stream:
            for line in stream.iter_lines():
                message = json.loads(line[6:]) if line.startswith("data: ") else {}
                if message.get("msg") == "process_completed":
                    return message["output"]["data"] if message["success"] else message["output"]["error"]
        raise AssertionError("the stream ended before the answer")

    def bring(self, name, content):
        """Drop a file; what the page says of it, as text."""
        return str(self.call("take", [file_data(self.upload(name, content))], *CHOSEN))

    def leave(self):
        """Close the page: the connection by which it says that it is open."""
        with self.http.stream("GET", f"/heartbeat/{self.session}") as stream:
            next(stream.iter_lines())


def file_data(path):
    return {"path": path, "meta": {"_type": "gradio.FileData"}}


def downloads(answer):
    """Return the paths of files that an answer offers, by their names."""
    found = [
        part["value"] for part in answer if isinstance(part, dict) and isinstance(part.get("value"), dict)
    ]
    return {Path(value["path"]).name: value["path"] for value in found}


def eventually(true, seconds=10):
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.05)
    assert true()


def files_of(served):
    """Return what is on the disk of any visit; Gradio keeps names without content."""
    found = []
    for folder, _, names in os.walk(served[1].GRADIO_CACHE):  # what goes meanwhile is no error
        for path in (Path(folder) / name for name in names):
            with suppress(OSError):
                found += [path] if path.stat().st_size else []
    return found


def test_a_visit_from_drop_to_download_has_the_bytes_of_the_command_and_leaves_nothing(
    served, noisy, restora_command
):
    photo, visitor = noisy(), Visitor(served)
    assert "Found: noise 9" in visitor.bring("photo.png", photo.read_bytes())
    answer = visitor.call("_restore", *CHOSEN)
    path = downloads(answer)["photo-restored.png"]
    downloaded = visitor.http.get(f"/file={path}").content
    restora_command("restore", "photo.png", "--task", "denoise", "--threads", 1)
    assert downloaded == photo.with_name("photo-restored.png").read_bytes()
    assert files_of(served)
    visitor.leave()
    eventually(lambda: not files_of(served))
    assert visitor.http.get(f"/file={path}").status_code == 403


def test_errors_are_said_in_the_words_of_the_command(served, noisy, restora_command):
    photo, visitor = noisy(), Visitor(served)
    photo.write_bytes(photo.read_bytes()[:1500])
    said = restora_command("restore", "photo.png").stderr.removeprefix("restora: ").strip()
    assert said in visitor.bring("photo.png", photo.read_bytes()).replace("&#x27;", "'")
    assert "drop one first" in str(visitor.call("_restore", *CHOSEN))
    visitor.leave()


def test_two_visitors_at_once_get_their_own(served, noisy):
    photos = [noisy(f"photo{seed}.png", seed=seed).read_bytes() for seed in (1, 2)]
    visitors, got = [Visitor(served), Visitor(served)], {}

    def visit(number):
        visitor = visitors[number]
        visitor.bring("photo.png", photos[number])
        path = downloads(visitor.call("_restore", *CHOSEN))["photo-restored.png"]
        got[number] = visitor.http.get(f"/file={path}").content

    threads = [threading.Thread(target=visit, args=(number,)) for number in (0, 1)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert got[0] != got[1]
    for number, visitor in enumerate(visitors):
        from restora import restore
        from restora.images import encode

        assert got[number] == encode(restore(photos[number], task="denoise", threads=1))
        visitor.leave()


def test_fifty_requests_some_of_them_hostile_leave_a_page_that_works(served, noisy, tmp_path):
    good, secret = noisy().read_bytes(), tmp_path / "secret.txt"
    secret.write_text("nobody reads this")
    huge = noisy("huge.png", side=(700, 700)).read_bytes()  # beyond max_pixels
    names = ["../../escaped-from-the-page.png", "/etc/escaped-from-the-page.png", "..\\..\\escaped-from-the-page.png", "\x1b[31m.png", "<img src=x onerror=alert(1)>.png",
             "x" * 300 + ".png", ".png", "a\nb.png", "ünï-写真.png", "con.png"]  # fmt: skip
    wrong = {"page.png": b"<html><script>alert(1)</script>", "empty.png": b"", "cut.png": good[:300],
             "text.txt": b"hello", "zip.png": b"PK\3\4" + bytes(100), "huge.png": huge}  # fmt: skip
    outside = [str(secret), "/etc/passwd", "../../etc/passwd", str(tmp_path), "/proc/self/environ", ""]
    said = []
    for number in range(50):
        visitor = Visitor(served)
        match number % 5:
            case 0:
                said.append(visitor.bring(names[number // 5], good))
                assert "Found: noise" in said[-1]
                assert "<img src=x" not in said[-1]
            case 1:
                name = list(wrong)[number // 5 % len(wrong)]
                said.append(visitor.bring(name, wrong[name]))
                assert f"{name}: " in said[-1]
                assert "Traceback" not in said[-1]
            case 2:
                path = outside[number // 5 % len(outside)]
                said.append(str(visitor.call("take", [file_data(path)], *CHOSEN)))
                assert "Found" not in said[-1]
                assert visitor.http.get(f"/file={path}").status_code in (403, 404)
            case 3:
                rest = ["auto", "auto", "", 0]
                bad: list[list] = [["nosuch", "", 1.0, *rest], ["auto", str(secret), 1.0, *rest], ["auto", "", 1e9, *rest],
                       ["auto", "", 1.0, "nosuch", *rest[1:]], ["auto", "", 1.0, "auto", "-5", "", 0], [None] * 7, [{}] * 7,
                       [*CHOSEN[:5], "/../x.png", 0], [*CHOSEN[:6], -7], ["x" * 10_000] * 7]  # fmt: skip
                visitor.bring("photo.png", good)
                said.append(str(visitor.call("_restore", *bad[number // 5])))
                assert "photo-restored" not in said[-1]
            case 4:
                assert visitor.http.post("/queue/join", content=b"{" * 1000).status_code == 422
                assert visitor.http.post("/upload", content=b"x" * 100).status_code == 400
                assert (
                    visitor.http.post("/upload", files={"files": ("a.png", bytes(9_000_000))}).status_code
                    == 413
                )
        visitor.leave()
    assert not any("nobody reads this" in words for words in said)
    assert not list(tmp_path.parent.glob("**/escaped-from-the-page.png"))
    last = Visitor(served)
    last.bring("photo.png", good)
    assert "photo-restored.png" in downloads(last.call("_restore", *CHOSEN))
    last.leave()
    eventually(lambda: not files_of(served), 30)


def test_the_page_offers_no_names_of_files_and_asks_nobody(served):
    config = httpx.get(served[0] + "config").json()
    assert config["analytics_enabled"] is False
    assert str(Path.home()) not in json.dumps(config["components"])


def test_an_animated_or_deep_picture_is_shown_in_eight_bits():
    from restora.images import Photograph, read

    deep = Photograph(np.full((30, 60, 3), 40_000, np.uint16), np.full((30, 60), 65_535, np.uint16))
    seen = read(io.BytesIO(deep.preview(20)))
    assert (seen.height, seen.width, seen.depth) == (10, 20, "8-bit")
    assert seen.pixels.max() == seen.pixels.min() == 156
