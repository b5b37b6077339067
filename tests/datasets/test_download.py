"""Benchmarks from a host, which is on this machine; damaged, cut short, gone, or only for browsers."""

import io
import sys
import threading
import zipfile
from dataclasses import replace
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from miniatures import MINIATURES

from restora.datasets import BENCHMARKS, catalogue
from restora.datasets.benchmark import Download
from restora.datasets.download import download
from restora.datasets.examination import examine
from restora.errors import RestoraError

pytest.importorskip("pooch")


class Host:
    """Files by path, and what was asked for."""

    def __init__(self):
        self.files, self.asked, self.cut, self.ranges, self.sent = {}, [], None, True, []
        host = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                host.asked.append(self.path)
                content = host.files.get(self.path)
                mark, first = f'"{sha256(content or b"").hexdigest()}"', 0
                if host.ranges and content and self.headers["If-Range"] == mark:
                    first = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-"))
                beyond = content is not None and first >= len(content)
                self.send_response(404 if content is None else 416 if beyond else 206 if first else 200)
                self.send_header("Content-Length", str(len(content or b"") - first))
                if host.ranges:
                    self.send_header("ETag", mark)
                self.end_headers()
                host.sent.append((content or b"")[first : host.cut])
                self.wfile.write(host.sent[-1])

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def host(tmp_path, monkeypatch):
    """A host that has Dense-Haze as an archive, and the card that says where."""
    host = Host()
    mini = next(mini for mini in MINIATURES if str(mini).startswith("dense-haze"))
    (tmp_path / "original").mkdir()
    mini.build(tmp_path / "original")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path in sorted((tmp_path / "original").rglob("*.png")):
            archive.write(path, path.relative_to(tmp_path / "original"))
    host.files["/files/Dense.zip"] = packed.getvalue()
    card(monkeypatch, Download(f"{host.address}/files/Dense.zip", sha256(packed.getvalue()).hexdigest()))
    yield host
    host.server.shutdown()


def card(monkeypatch, *downloads, name="dense-haze"):
    monkeypatch.setitem(catalogue.BENCHMARKS, name, replace(BENCHMARKS[name], downloads=downloads))


def test_an_archive_is_unpacked_into_a_folder_that_is_sound(host, tmp_path):
    told = []
    folder = download("dense-haze", tmp_path / "data", progress=lambda *facts: told.append(facts))
    assert folder == tmp_path / "data/Dense_Haze_NTIRE19"
    assert examine("dense-haze", folder).sound
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["Dense_Haze_NTIRE19"]
    size = len(host.files["/files/Dense.zip"])
    assert told[-1] == ("Dense.zip", size, size)


def test_single_files_come_together_and_what_came_is_not_fetched_again(host, tmp_path, monkeypatch):
    host.files |= {f"/k/{n}.png": bytes([n]) * 99 for n in range(3)}
    files = [Download(f"{host.address}/k/{n}.png") for n in range(3)]
    card(monkeypatch, *files, name="kodak24")
    missing = host.files.pop("/k/2.png")
    with pytest.raises(
        RestoraError, match=r"kodak24: http://\S+/k/2\.png cannot be fetched \(404 .*visit https://r0k\.us"
    ):
        download("kodak24", tmp_path)
    assert not (tmp_path / "Kodak24").exists()
    host.files["/k/2.png"] = missing
    folder = download("kodak24", tmp_path)
    assert {path.name: path.read_bytes()[:1] for path in folder.iterdir()} == {
        f"{n}.png": bytes([n]) for n in range(3)
    }
    assert host.asked == ["/k/0.png", "/k/1.png", "/k/2.png", "/k/2.png"]


def test_what_is_there_already_stays(host, tmp_path):
    download("dense-haze", tmp_path)
    with pytest.raises(
        RestoraError, match=r"Dense_Haze_NTIRE19: is there already; 'restora benchmarks check"
    ):
        download("dense-haze", tmp_path)
    assert len(host.asked) == 1


def test_another_file_than_the_published_one_is_refused(host, tmp_path):
    host.files["/files/Dense.zip"] += b"!"
    with pytest.raises(RestoraError, match=r"is not the file that was published; visit https://data\.vision"):
        download("dense-haze", tmp_path)
    assert not (tmp_path / "Dense_Haze_NTIRE19").exists()


def test_a_damaged_archive_is_thrown_away_and_fetched_again(host, tmp_path, monkeypatch):
    whole = host.files["/files/Dense.zip"]
    card(monkeypatch, Download(f"{host.address}/files/Dense.zip"))
    host.files["/files/Dense.zip"] = whole[:-100]
    with pytest.raises(RestoraError, match=r"Dense\.zip: is damaged"):
        download("dense-haze", tmp_path)
    host.files["/files/Dense.zip"] = whole
    assert download("dense-haze", tmp_path).exists()


def broken(host, tmp_path):
    """Lose the connection after 50 bytes."""
    host.cut = 50
    with pytest.raises(RestoraError, match="cannot be fetched"):
        download("dense-haze", tmp_path)
    assert not (tmp_path / "Dense_Haze_NTIRE19").exists()
    host.cut = None


def test_a_connection_that_breaks_is_gone_on_with(host, tmp_path, monkeypatch):
    monkeypatch.setattr("restora.datasets.download._BLOCK", 25)
    broken(host, tmp_path)
    told = []
    folder = download("dense-haze", tmp_path, progress=lambda *facts: told.append(facts))
    assert examine("dense-haze", folder).sound
    whole = host.files["/files/Dense.zip"]
    assert b"".join(host.sent) == whole
    assert len(host.sent[0]) == 50
    assert told[-1] == ("Dense.zip", len(whole), len(whole))


@pytest.mark.parametrize("ranges", [True, False])
def test_what_the_host_has_changed_or_cannot_go_on_with_is_fetched_whole(host, tmp_path, monkeypatch, ranges):
    host.ranges = ranges
    broken(host, tmp_path)
    if ranges:
        host.files["/files/Dense.zip"] += b"!"  # zip allows what follows
        card(monkeypatch, Download(f"{host.address}/files/Dense.zip"))
    assert examine("dense-haze", download("dense-haze", tmp_path)).sound
    assert host.sent[-1] == host.files["/files/Dense.zip"]


def test_a_kill_when_all_had_come_is_gone_on_with(host, tmp_path):
    broken(host, tmp_path)
    work = tmp_path / ".restora-dense-haze.download"
    (work / "Dense.zip.part").write_bytes(host.files["/files/Dense.zip"])
    assert examine("dense-haze", download("dense-haze", tmp_path)).sound


def test_names_in_an_archive_stay_in_the_folder(host, tmp_path, monkeypatch):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("../../escaped.png", b"x")
    host.files["/evil.zip"] = packed.getvalue()
    card(monkeypatch, Download(f"{host.address}/evil.zip"))
    folder = download("dense-haze", tmp_path / "data")
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("escaped.png")] == [
        (folder / "escaped.png").relative_to(tmp_path).as_posix()
    ]


@pytest.mark.parametrize("name", [name for name, one in BENCHMARKS.items() if not one.downloads])
def test_what_only_a_browser_may_fetch_names_its_page(tmp_path, name):
    with pytest.raises(RestoraError, match=f"^{name}: no program may fetch it; visit "):
        download(name, tmp_path)


def test_a_missing_package_is_named(host, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(RestoraError, match=r"pip install 'restora\[benchmarks\]'"):
        download("dense-haze", tmp_path)


def test_addresses_are_of_the_host_of_the_source_and_secure():
    for one in BENCHMARKS.values():
        for file in one.downloads:
            assert file.url.split("/")[:3] == one.source.split("/")[:3]
            assert file.url.startswith("https://")
