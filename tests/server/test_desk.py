"""The desk, behind a real server: who waits, who is sent away, and that work ends when nobody wants it any more."""

import http.client
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import httpx
import pytest

pytest.importorskip("fastapi")
pytest.importorskip("prometheus_client")
from live_server import noisy, served, until

from restora.images import encode
from restora.server import Bounds, create_app


def begun(address, content, path="/restore"):
    """Send a picture, and return the connection without waiting for the answer."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=20)
    connection.request("POST", path, content, {"Content-Type": "image/png"})
    return connection


def test_who_finds_no_place_is_told_when_to_come_again_and_nobody_is_lost(gated, gate, png):
    app = create_app(gated, Bounds(max_queue=2, workers=1))
    with served(app) as address, ThreadPoolExecutor(3) as pool:
        waiting = [pool.submit(httpx.post, f"{address}/restore", content=png, timeout=20) for _ in range(3)]
        until(lambda: app.state.desk.held == 3 and gate.entered.is_set())
        refused = httpx.post(f"{address}/restore", content=png)
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
        assert "3 pictures wait or are worked on" in refused.json()["detail"]
        assert httpx.get(f"{address}/health").status_code == 200  # which needs no place
        gate.open.set()
        assert [done.result().status_code for done in waiting] == [200] * 3
        until(lambda: app.state.desk.held == 0)
        assert httpx.post(f"{address}/restore", content=png).status_code == 200


def test_work_stops_within_a_tile_when_its_client_leaves(gated, gate, png):
    app = create_app(gated, Bounds(max_queue=0))
    with served(app) as address:
        connection = begun(address, png)
        until(gate.entered.is_set)
        connection.close()
        until(lambda: app.state.desk.held == 0)
        assert gate.steps < 1000  # it was not let through, and did not come to its end
        assert not gate.open.is_set()


def test_one_who_leaves_while_waiting_takes_no_turn(gated, gate, png):
    app = create_app(gated, Bounds(max_queue=1))
    with served(app) as address:
        first = begun(address, png)
        until(gate.entered.is_set)
        second = begun(address, png)
        until(lambda: app.state.desk.held == 2)
        second.close()
        until(lambda: app.state.desk.held == 1)
        gate.open.set()
        assert first.getresponse().status == 200


def test_a_picture_that_takes_too_long_is_given_up(gated, gate, png):
    app = create_app(gated, Bounds(max_queue=1, max_seconds=1))
    with served(app) as address:
        answer = httpx.post(f"{address}/restore", content=png, timeout=20)
        assert answer.status_code == 504
        assert "not restored within 1 seconds" in answer.json()["detail"]
        until(lambda: app.state.desk.held == 0)  # the work has ended too


def test_a_picture_that_does_not_arrive_is_not_waited_for(gated):
    app = create_app(gated, Bounds(max_seconds=0.3))
    with served(app) as address, socket.create_connection(urlsplit(address).netloc.split(":")) as link:
        link.sendall(b"POST /restore HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")
        answer = link.recv(4096).decode()
        assert answer.startswith("HTTP/1.1 408 ")
        until(lambda: app.state.desk.held == 0)


def test_one_who_leaves_while_sending_leaves_no_trace(gated):
    app = create_app(gated, Bounds(max_queue=0))
    with served(app) as address:
        with socket.create_connection(urlsplit(address).netloc.split(":")) as link:
            link.sendall(b"POST /restore HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")
            until(lambda: app.state.desk.held == 1)
        until(lambda: app.state.desk.held == 0)


def test_one_who_does_not_take_the_answer_keeps_the_place_no_longer_than_allowed(gated, gate):
    gate.open.set()
    big = encode(noisy((1200, 1600)), "bmp")  # 5.8 MB, more than the buffers of a connection
    app = create_app(gated, Bounds(max_queue=0, max_seconds=2))
    with served(app) as address:
        connection = begun(address, big)
        until(lambda: app.state.desk.held == 1)
        begin = time.monotonic()
        until(lambda: app.state.desk.held == 0)
        assert time.monotonic() - begin > 1
        connection.close()


def test_a_length_that_is_declared_is_refused_before_anything_is_sent(gated):
    app = create_app(gated, Bounds(max_bytes=1000))
    with served(app) as address, socket.create_connection(urlsplit(address).netloc.split(":")) as link:
        head = b"POST /restore HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\nExpect: 100-continue\r\n\r\n"
        link.sendall(head)
        assert link.recv(4096).startswith(b"HTTP/1.1 413 ")  # not 100


def test_a_server_that_ends_finishes_what_it_has(gated, gate, png):
    app = create_app(gated, Bounds(max_queue=1))
    with served(app) as address:
        working, waiting = begun(address, png), begun(address, png)
        until(lambda: app.state.desk.held == 2 and gate.entered.is_set())
        app.state.server.should_exit = True  # what SIGTERM does
        until(lambda: not app.state.server.servers[0].is_serving())
        gate.open.set()
        assert [one.getresponse().status for one in (working, waiting)] == [200, 200]


def test_until_the_weights_are_loaded_it_lives_but_is_not_ready(gated, png):
    import threading

    from fastapi.testclient import TestClient

    loading = threading.Event()
    gated.load = loading.wait
    with TestClient(create_app(gated)) as client:
        assert client.get("/health").status_code == 200
        for answer in (client.get("/ready"), client.post("/restore", content=png), client.get("/weights")):
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        loading.set()
        until(lambda: client.get("/ready").status_code == 200)


def test_weights_that_cannot_be_loaded_are_told(gated):
    from fastapi.testclient import TestClient

    from restora.errors import RestoraError

    def load():
        raise RestoraError("broken.pth: is broken")

    gated.load, failures = load, []
    with TestClient(create_app(gated, failed=failures.append)) as client:
        until(lambda: failures)
        assert client.get("/ready").status_code == 503
    assert [str(error) for error in failures] == ["broken.pth: is broken"]
