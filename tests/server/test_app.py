"""What the server answers: the picture that the command writes, and the right code for everything wrong."""

import io
import json
import logging
import tempfile

import numpy as np
import pytest
from live_server import noisy, until
from PIL import Image, ImageSequence

pytest.importorskip("fastapi")
pytest.importorskip("prometheus_client")
from fastapi.testclient import TestClient

from restora.diagnosis.findings import DAMAGES, Diagnosis
from restora.images import encode, read
from restora.restoration import Restorer
from restora.server import Bounds, Offer, create_app

BOUNDS = Bounds(max_bytes=200_000, max_pixels=20_000, max_queue=4, max_seconds=30)


@pytest.fixture(scope="module")
def offer():
    return Offer(
        ("denoise", "auto", "dehaze"), ("denoise-kit-tiny",), threads=1, device="cpu", engine="torch"
    )


@pytest.fixture(scope="module")
def client(offer):
    with TestClient(create_app(offer, BOUNDS)) as client:
        until(lambda: client.get("/ready").status_code == 200)
        yield client


def post(client, content, query="", **headers):
    return client.post(f"/restore{query}", content=content, headers=headers)


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "webp"])
def test_the_answer_is_what_the_command_writes(client, restora_command, tmp_path, suffix):
    source = tmp_path / f"photo.{suffix}"
    source.write_bytes(encode(noisy(), suffix))
    run = restora_command(
        "restore",
        source,
        "--task",
        "denoise",
        "-o",
        "clean",
        "--threads",
        1,
        "--engine",
        "torch",
        "--device",
        "cpu",
    )
    assert run.returncode == 0, run.stderr
    answer = post(client, source.read_bytes())
    assert answer.status_code == 200
    assert answer.content == (tmp_path / "clean" / f"photo.{suffix}").read_bytes()
    assert answer.headers["content-type"] == f"image/{ {'jpg': 'jpeg', 'tif': 'tiff'}.get(suffix, suffix) }"
    assert answer.headers["restora-status"] == "restored"
    (used,) = json.loads(answer.headers["restora-used"])
    assert (used["weights"], used["engine"], used["threads"]) == ("denoise-chair-tiny", "torch", 1)
    assert [stage.split(";")[0] for stage in answer.headers["server-timing"].split(", ")] == [
        "read",
        "restore",
        "write",
    ]


def test_a_form_is_as_good_as_a_body(client, png):
    whole = post(client, png)
    form = client.post("/restore", files={"picture": ("photo.png", png, "image/png")})
    assert (form.status_code, form.content) == (200, whole.content)


@pytest.mark.parametrize(
    "kind", ["image/png", "application/octet-stream", "application/x-www-form-urlencoded", "image/x-odd; a=b"]
)
def test_the_content_tells_the_format_whatever_its_type(client, png, kind):
    assert post(client, png, **{"content-type": kind}).status_code == 200


def test_strength_format_and_quality_are_heeded(client, png):
    assert np.array_equal(read(post(client, png, "?strength=0").content).pixels, noisy().pixels)
    half = read(post(client, png, "?strength=0.5").content).pixels
    expected = Restorer("denoise-chair-tiny", strength=0.5, threads=1, device="cpu", engine="torch")(
        noisy()
    ).pixels
    np.testing.assert_array_equal(half, expected)
    small, large = (post(client, png, f"?format=jpg&quality={quality}") for quality in (10, 95))
    assert small.headers["content-type"] == "image/jpeg"
    assert len(small.content) < 0.8 * len(large.content)


def test_metadata_comes_back_and_losses_are_told(client):
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    stream = io.BytesIO()
    Image.fromarray(noisy().pixels).save(stream, "JPEG", exif=exif)
    answer = post(client, stream.getvalue())
    assert Image.open(io.BytesIO(answer.content)).getexif()[0x010F] == "Maker"
    deep = encode(type(noisy())(noisy().pixels.astype(np.uint16) * 257))
    assert json.loads(post(client, deep, "?format=jpg").headers["restora-losses"]) == [
        "16-bit reduced to 8-bit, the most that JPEG holds"
    ]


def test_a_clean_picture_comes_back_byte_for_byte(client, monkeypatch, png):
    clean = Diagnosis(dict.fromkeys(DAMAGES, 0.0) | {"clean": 0.9}, 0.0, 0.0)
    monkeypatch.setattr("restora.restoration.automatic.diagnose", lambda pixels: clean)
    answer = post(client, png, "?task=auto&quality=1")
    assert (answer.status_code, answer.content) == (200, png)
    assert answer.headers["restora-status"] == "copied"
    assert json.loads(answer.headers["restora-notes"]) == ["clean 90 %; left as it is"]
    assert post(client, png, "?task=auto&format=webp").headers["content-type"] == "image/webp"


def test_all_frames_of_an_animation_come_back_as_the_command_writes_them(client, restora_command, tmp_path):
    frames = [Image.fromarray(noisy(seed=seed).pixels) for seed in range(3)]
    frames[0].save(tmp_path / "a.png", save_all=True, append_images=frames[1:], duration=100)
    options = "--task denoise -o b.png --threads 1 --engine torch --device cpu"
    assert restora_command("restore", "a.png", *options.split()).returncode == 0
    answer = post(client, (tmp_path / "a.png").read_bytes())
    assert answer.content == (tmp_path / "b.png").read_bytes()
    assert len(list(ImageSequence.Iterator(Image.open(io.BytesIO(answer.content))))) == 3


def test_other_tasks_and_weights_may_be_asked_for(client, png):
    used = [
        json.loads(post(client, png, query).headers["restora-used"])[0]["weights"]
        for query in ("?task=dehaze", "?weights=denoise-kit-tiny")
    ]
    assert used == ["dehaze-chair-tiny", "denoise-kit-tiny"]


def large(width, height):
    return encode(type(noisy())(np.zeros((height, width, 3), np.uint8)))


WRONG = {
    "nothing": (b"", "", {}, 400, "no picture"),
    "text": (b"hello", "", {}, 415, "is not an image that restora knows"),
    "a web page": (b"<!DOCTYPE html>", "", {}, 415, "a web page"),
    "a document": (b"%PDF-1.7", "", {}, 415, "a PDF document"),
    "a declared text": (b"hello", "", {"content-type": "text/plain"}, 415, "text/plain is no picture"),
    "JSON": (b"{}", "", {"content-type": "application/json"}, 415, "application/json is no picture"),
    "a compressed body": (b"x", "", {"content-encoding": "gzip"}, 415, "compressed bodies are not taken"),
    "cut short": (encode(noisy())[:600], "", {}, 422, "the picture: the file is cut short"),
    "too many pixels": (large(200, 101), "", {}, 413, "200 x 101 are more than 20000 pixels"),
    "too many bytes": (bytes(200_001), "", {}, 413, "more than 200000 bytes"),
    "an unknown task": (encode(noisy()), "?task=fog", {}, 422, "task: Input should be 'denoise', 'auto' or 'dehaze'"),
    "an unknown option": (encode(noisy()), "?taks=dehaze", {}, 422, "taks: Extra inputs are not permitted"),
    "too much strength": (encode(noisy()), "?strength=1.1", {}, 422, "strength: Input should be less than or equal to 1"),
    "no strength": (encode(noisy()), "?strength=nan", {}, 422, "strength: "),
    "no quality": (encode(noisy()), "?quality=0", {}, 422, "quality: Input should be greater than or equal to 1"),
    "an unknown format": (encode(noisy()), "?format=psd", {}, 422, "format: Input should be 'png'"),
    "weights that are not offered": (encode(noisy()), "?weights=/etc/passwd", {}, 422, "weights: Input should be"),
    "two wishes": (encode(noisy()), "?task=denoise&weights=denoise-kit-tiny", {}, 422, "ask for the task denoise or for the weights"),
    "half a form": (b"--x\r\nContent-Disp", "", {"content-type": "multipart/form-data; boundary=x"}, 400, "the form"),
    "a form without a boundary": (b"--x", "", {"content-type": "multipart/form-data"}, 400, "the form cannot be read"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_the_code_tells_what_is_wrong(client, wrong):
    content, query, headers, code, words = WRONG[wrong]
    answer = post(client, content, query, **headers)
    assert (answer.status_code, list(answer.json())) == (code, ["detail"])
    assert words in answer.json()["detail"]


def test_a_picture_that_the_format_cannot_hold_is_the_clients_fault(client):
    wide = encode(type(noisy())(np.zeros((1, 16_400), np.uint8)))
    answer = post(client, wide, "?format=webp")
    assert answer.status_code == 422
    assert "WebP holds at most 16383 pixels a side" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"files": [("a", ("a.png", b"x")), ("b", ("b.png", b"y"))]}, "Too many files"),
        ({"data": {"task": "dehaze"}, "files": {"a": ("a.png", b"x")}}, "other fields (task)"),
        ({"files": {"a": (None, b"text")}}, "other fields (a)"),
    ],
)
def test_a_form_holds_one_file_and_nothing_else(client, form, words):
    answer = client.post("/restore", **form)
    assert answer.status_code == 400
    assert words in answer.json()["detail"]


def test_a_broken_file_is_called_by_its_name(client):
    answer = client.post("/restore", files={"a": ("holiday\u202e.png", encode(noisy())[:600])})
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith(r"holiday\u202e.png: the file is cut short")


def test_no_picture_is_on_a_disk(gated, monkeypatch):
    """A form of more than a megabyte would be spooled to a temporary file by Starlette."""
    touched = []
    monkeypatch.setattr(tempfile, "_get_candidate_names", lambda: touched.append(1) or iter(["x"]))
    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "rollover", lambda self: touched.append(2))
    app = create_app(gated, Bounds(max_bytes=3_000_000))
    big = b"\x89PNG\r\n\x1a\n" + bytes(2_500_000)
    with TestClient(app) as other:
        until(lambda: other.get("/ready").status_code == 200)
        assert other.post("/restore", files={"a": ("a.png", big)}).status_code == 422
        assert post(other, big).status_code == 422
    assert touched == []


def test_a_defect_is_answered_with_a_reference_and_told_to_the_log(
    client, png, monkeypatch, caplog, tmp_path
):
    monkeypatch.setenv("RESTORA_CACHE", str(tmp_path))
    monkeypatch.setattr("restora.server.app.restore_content", lambda *_, **__: 1 / 0)
    with caplog.at_level(logging.ERROR, "restora.server"):
        answer = post(client, png)
    assert answer.status_code == 500
    reference = answer.json()["detail"].removeprefix("failed unexpectedly, reference ")
    assert len(reference) == 8
    assert f"ZeroDivisionError: division by zero), reference {reference}" in caplog.text


def test_memory_that_runs_out_is_no_fault_of_the_client(client, png, monkeypatch):
    monkeypatch.setattr("restora.images.codecs.limits.free_memory", lambda: 1000)
    monkeypatch.setattr("restora.images.codecs.limits._ALWAYS_FREE", 0)
    answer = post(client, png)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")


def test_what_is_offered_is_listed_with_its_cards(client):
    listed = client.get("/weights").json()
    assert [(one["name"], one["task"]) for one in listed] == [
        ("denoise-chair-tiny", "denoise"),
        ("dehaze-chair-tiny", "dehaze"),
        ("denoise-kit-tiny", None),
    ]
    assert {one["card"]["licence"] for one in listed} == {"Apache-2.0"}


def test_signs_of_life(client):
    assert client.get("/health").json() == {"status": "alive"}
    assert client.get("/ready").json() == {"status": "ready"}
    assert [client.get("/nosuch").status_code, client.get("/restore").status_code] == [404, 405]
