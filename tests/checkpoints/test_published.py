"""Published weights from a hub: a server on this machine speaks its protocol, well and badly."""

import hashlib
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch

from restora import load_model
from restora.checkpoints import published, to_official_state_dict
from restora.checkpoints.published import PUBLISHED, HubFile, PublishedWeights, fetch_published
from restora.errors import RestoraError
from restora.networks import create_model

NAME = "dinat-ir/deblur-gopro"


@dataclass
class Hub:
    """What the server has and how it behaves."""

    content: bytes
    status: int = 200
    cut_after: int | None = None  # bytes after which the next answer breaks off
    requests: list[tuple[str, str | None]] = field(default_factory=list)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, body: bool) -> None:
        hub, span = self.hub, self.headers.get("Range")
        hub.requests.append((self.command, span))
        known = self.path == f"/datasets/HanzhouLiu/DiNAT-IR/resolve/main/{PUBLISHED[NAME].file.path}"
        if hub.status != 200 or not known:
            self.send_response(hub.status if known else 404)
            self.send_header("X-Error-Code", "EntryNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        start = int(re.fullmatch(r"bytes=(\d+)-", span)[1]) if span else 0
        self.send_response(206 if span else 200)
        checksum = hashlib.sha256(hub.content).hexdigest()
        self.send_header("X-Repo-Commit", checksum[:40])
        self.send_header("ETag", f'"{checksum}"')
        if span:
            self.send_header("Content-Range", f"bytes {start}-{len(hub.content) - 1}/{len(hub.content)}")
        self.send_header("Content-Length", str(len(hub.content) - start))
        self.end_headers()
        if body:
            end, hub.cut_after = hub.cut_after, None
            self.wfile.write(hub.content[start:end])
            self.close_connection = end is not None


@pytest.fixture(scope="module")
def official(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A checkpoint as its authors save it, of a network that is small enough for a test."""
    torch.manual_seed(0)
    small = create_model(
        "dinat_ir", "base", width=4, blocks=(1, 1, 1, 1), refinement_blocks=1, heads=(1, 1, 2, 4)
    )
    path = tmp_path_factory.mktemp("official") / "net_g_latest.pth"
    torch.save({"params": to_official_state_dict(small)}, path)
    return path.read_bytes()


@pytest.fixture
def hub(official: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub that has the file, of which the catalogue knows size and checksum."""
    hub = Hub(official)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Handler,), {"hub": hub}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    known = PUBLISHED[NAME]
    file = HubFile(
        known.file.repository, known.file.path, len(official), hashlib.sha256(official).hexdigest()
    )
    monkeypatch.setitem(published.PUBLISHED, NAME, PublishedWeights(NAME, known.task, "", file, ""))
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("RESTORA_CACHE", str(tmp_path / "restora"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    yield hub
    server.shutdown()


def test_fetched_once_and_converted(hub: Hub) -> None:
    model = load_model(NAME)
    assert (model.card.name, model.card.task) == ("dinat-ir-deblur-gopro", "deblur")
    assert model.config.width == 4
    asked = len(hub.requests)
    assert load_model(NAME).card == model.card
    assert len(hub.requests) == asked


def test_goes_on_where_it_was_interrupted(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 65536)
    hub.cut_after = len(hub.content) // 2
    path = fetch_published(NAME)
    assert path.exists()
    assert any(span and not span.startswith("bytes=0-") for command, span in hub.requests if command == "GET")


def test_another_file_of_that_name_is_not_used(hub: Hub) -> None:
    hub.content += b"!"
    with pytest.raises(
        RestoraError, match=r"deblur-gopro: the file has [\d,]+ bytes instead of [\d,]+; it is not"
    ):
        fetch_published(NAME)
    hub.content = hub.content[:-2] + b"?"
    with pytest.raises(RestoraError, match=r"checksum is \w{12}\.\.\. instead of"):
        fetch_published(NAME)


def test_a_damaged_file_in_the_cache_is_fetched_again(hub: Hub, tmp_path: Path) -> None:
    fetch_published(NAME).unlink()
    (blob,) = tmp_path.glob("hub/*/blobs/*")
    blob.write_bytes(b"damaged")
    assert load_model(NAME).card.task == "deblur"


def test_gone_from_the_hub(hub: Hub) -> None:
    hub.status = 404
    with pytest.raises(RestoraError, match=r"the hub has no experiments/\S+ any more \(404\)"):
        fetch_published(NAME)


def test_no_connection(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(RestoraError, match="the hub cannot be reached, and the file was not fetched before"):
        fetch_published(NAME)


def test_offline_what_was_fetched_still_loads(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(RestoraError, match="cannot be reached"):
        fetch_published(NAME)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    fetch_published(NAME)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert load_model(NAME).card.task == "deblur"


@pytest.mark.parametrize("name", [name for name, weights in PUBLISHED.items() if weights.file is None])
def test_what_only_a_browser_may_fetch(name: str) -> None:
    with pytest.raises(RestoraError, match=f"{name}: no program may fetch this; it lies in .*--weights FILE"):
        load_model(name)
