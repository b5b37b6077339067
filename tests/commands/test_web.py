"""``restora web``: what it refuses, what it hands to the server, and that nothing stays on the disk."""

import importlib.util
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest


def test_without_gradio_it_says_how_to_get_it(restora_command, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.delitem(sys.modules, "restora.commands.web", raising=False)
    run = restora_command("web")
    assert (run.returncode, run.stderr.strip()) == (
        2,
        "restora: the page needs Gradio; pip install 'restora[web]'",
    )


@pytest.mark.parametrize("auth", ["ann", "ann:", ":secret"])
def test_half_a_login_is_refused(restora_command, monkeypatch, auth):
    pytest.importorskip("gradio")
    run = restora_command("web", "--auth", auth)
    assert run.returncode == 2
    assert "a name and a password, such as ann:secret" in run.stderr


def test_it_is_served_on_the_loopback_alone_and_shared_with_nobody(restora_command, monkeypatch):
    gradio = pytest.importorskip("gradio")
    seen = {}
    monkeypatch.setattr(gradio.Blocks, "launch", lambda self, **options: seen.update(options))
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setenv("GRADIO_TEMP_DIR", "replaced")  # and put back afterwards
    assert restora_command("web", "--auth", "ann:a:b", "--threads", 1, "--max-pixels", 1000).returncode == 0
    assert (seen["server_name"], seen["share"], seen["inbrowser"]) == ("127.0.0.1", False, True)
    assert seen["auth"] == ("ann", "a:b")
    assert seen["max_file_size"] == 16 * 1000 + 2**24
    restora_command("web", "--no-browser", "--threads", 1)
    assert (seen["inbrowser"], seen["auth"]) == (False, None)


def test_a_port_that_is_taken_is_said_in_a_line(restora_command, monkeypatch):
    pytest.importorskip("gradio")
    monkeypatch.setenv("GRADIO_TEMP_DIR", "replaced")
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        run = restora_command("web", "--no-browser", "--threads", 1, "--port", port)
    assert run.returncode == 2
    assert run.stderr.strip().endswith(
        f"the page cannot be served at 127.0.0.1, port {port}; choose others with --host and --port"
    )


def test_weights_that_do_not_exist_are_known_before_the_page_opens(restora_command, monkeypatch):
    pytest.importorskip("gradio")
    monkeypatch.setenv("GRADIO_TEMP_DIR", "replaced")
    run = restora_command("web", "--weights", "nosuch.pth")
    assert run.returncode == 2
    assert run.stderr.startswith("restora: nosuch.pth: no such file")


@pytest.mark.slow
def test_a_killed_server_leaves_a_folder_that_the_next_one_removes(tmp_path):
    pytest.importorskip("gradio")
    command = [sys.executable, "-u", "-m", "restora", "web", "--no-browser", "--threads", "1"]
    environment = {"TMPDIR": str(tmp_path), "PATH": "/usr/bin", "HOME": str(tmp_path)}

    def folder_after(end):
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as server:
            while "Running on" not in server.stdout.readline():
                assert server.poll() is None
            server.send_signal(end)
        return [path.name for path in Path(tmp_path).glob("restora-web-*")]

    (left,) = folder_after(signal.SIGKILL)
    assert folder_after(signal.SIGTERM) == []
    assert not (tmp_path / left).exists()
