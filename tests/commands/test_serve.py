"""``restora serve``: what it refuses, what it hands to the server, and a server that is started, used and ended."""

import importlib.util
import os
import re
import signal
import socket
import subprocess
import sys

import pytest
from live_server import noisy, until

from restora.images import encode


@pytest.fixture
def handed(monkeypatch):
    """Note what would be served, instead of serving it."""
    pytest.importorskip("fastapi_offline")
    pytest.importorskip("prometheus_client")
    import uvicorn

    import restora.server.app as app

    seen = {}

    def create(offer, bounds, **settings):
        seen.update(settings, tasks=offer.tasks, weights=offer.weights, options=offer._options, bounds=bounds)

    def run(self, sockets):
        seen["address"] = sockets[0].getsockname()

    monkeypatch.setattr(app, "create_app", create)
    monkeypatch.setattr(uvicorn.Server, "run", run)
    monkeypatch.delenv("RESTORA_TOKEN", raising=False)
    return seen


def test_without_its_packages_it_says_how_to_get_them(restora_command, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    run = restora_command("serve")
    assert run.returncode == 2
    assert (
        run.stderr.strip()
        == "restora: the server needs FastAPI, uvicorn and others; pip install 'restora[serve]'"
    )


def test_it_is_served_on_the_loopback_alone(restora_command, handed):
    run = restora_command("serve", "--port", 0)
    assert run.returncode == 0, run.stderr
    assert handed["address"][0] == "127.0.0.1"
    assert re.search(r"restora serves at http://127.0.0.1:\d+; Ctrl-C ends it", run.stderr)
    assert "token" not in run.stderr
    assert (handed["token"], handed["tasks"][0]) == (None, "auto")
    assert "defocus-dual" not in handed["tasks"]  # takes two views, which no file holds


def test_options_reach_the_server(restora_command, handed):
    offer = "--port 0 --task dehaze --task denoise --weights denoise-kit-tiny --device cpu --threads 4"
    limits = "--max-pixels 1000 --max-bytes 2000 --max-queue 3 --max-seconds 9 --workers 2 --batch 3"
    run = restora_command("serve", *offer.split(), *limits.split())
    assert run.returncode == 0, run.stderr
    assert (handed["tasks"], handed["weights"]) == (
        ("dehaze", "denoise"),
        {"denoise-kit-tiny": "denoise-kit-tiny"},
    )
    bounds = handed["bounds"]
    assert (bounds.max_pixels, bounds.max_bytes, bounds.max_queue, bounds.max_seconds, bounds.workers) == (
        1000,
        2000,
        3,
        9.0,
        2,
    )
    assert (handed["options"]["batch"], handed["options"]["threads"]) == (3, 4)


def test_on_a_processor_one_picture_and_one_tile_are_worked_on_at_once(restora_command, handed):
    restora_command("serve", "--port", 0, "--device", "cpu")
    assert (handed["bounds"].workers, handed["options"]["batch"]) == (1, 1)
    restora_command("serve", "--port", 0, "--device", "cuda")
    assert (handed["bounds"].workers, handed["options"]["batch"]) == (8, 8)


def test_the_token_comes_by_option_variable_or_file(restora_command, handed, monkeypatch, tmp_path):
    restora_command("serve", "--port", 0, "--token", "one")
    assert handed["token"] == "one"
    (tmp_path / "token").write_text("three\n")
    restora_command("serve", "--port", 0, "--token-file", "token")
    assert handed["token"] == "three"
    monkeypatch.setenv("RESTORA_TOKEN", "two")
    restora_command("serve", "--port", 0)
    assert handed["token"] == "two"
    run = restora_command("serve", "--port", 0, "--token-file", "token")
    assert run.returncode == 2
    assert "the token is given twice" in run.stderr


def test_a_server_for_everybody_without_a_token_is_warned_of(restora_command, handed):
    assert (
        "whoever reaches 0.0.0.0 may have"
        in restora_command("serve", "--port", 0, "--host", "0.0.0.0").stderr
    )
    quiet = restora_command("serve", "--port", 0, "--host", "0.0.0.0", "--token", "a")
    assert "whoever" not in quiet.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--task fog", "unknown task 'fog'"),
        ("--task defocus-dual", "takes two views of a picture"),
        ("--weights nosuch.pth", "nosuch.pth: no such file"),
        ("--token-file nosuch", "nosuch: the token cannot be read"),
        ("--host nosuch.invalid", "nothing can be served at nosuch.invalid, port 8000"),
    ],
)
def test_what_cannot_be_served_is_said_in_a_line(restora_command, handed, words, message):
    run = restora_command("serve", *words.split())
    assert run.returncode == 2
    assert run.stderr.count("\n") == 1
    assert message in run.stderr


def test_two_weights_of_one_name_are_refused(restora_command, handed, tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "mine.pth").write_bytes(b"x")
    run = restora_command("serve", "--weights", "a/mine.pth", "--weights", "b/mine.pth")
    assert "two of the weights a/mine.pth, b/mine.pth have one name" in run.stderr


def test_a_port_that_is_taken_is_said_in_a_line(restora_command, handed):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        run = restora_command("serve", "--port", port)
    assert run.returncode == 2
    assert f"nothing can be served at 127.0.0.1, port {port} (" in run.stderr


def started(*words, **environment):
    """Start a server in a process of its own; returns the process and its address."""
    command = [sys.executable, "-m", "restora", "serve", "--port", "0", "--threads", "1", *words]
    environment = {**os.environ, **environment}
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env=environment
    )
    return process, re.search(r"http://\S+:\d+", process.stderr.readline())[0]


@pytest.mark.slow
def test_a_server_is_started_used_and_ended():
    pytest.importorskip("fastapi_offline")
    import httpx

    process, address = started("--task", "denoise", "--engine", "torch", RESTORA_TOKEN="secret")
    with process:
        until(lambda: httpx.get(f"{address}/ready").status_code == 200, 60)
        content = encode(noisy())
        assert httpx.post(f"{address}/restore", content=content).status_code == 401
        right = {"Authorization": "Bearer secret"}
        assert httpx.post(f"{address}/restore", content=content, headers=right).status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) in (-signal.SIGTERM, 143)


@pytest.mark.slow
def test_weights_that_turn_out_broken_end_the_server(tmp_path):
    pytest.importorskip("fastapi_offline")
    (tmp_path / "broken.safetensors").write_bytes(b"x" * 100)
    process, _ = started("--weights", str(tmp_path / "broken.safetensors"))
    with process:
        said = process.stderr.read()
        assert process.wait(30) == 2
    assert re.search(r"^restora: .*broken.safetensors: ", said, re.MULTILINE)
