"""The token: who brings it, who does not, and where it may stand."""

import hmac

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("prometheus_client")
from fastapi.testclient import TestClient
from live_server import until

from restora.errors import RestoraError
from restora.server import create_app
from restora.server.tokens import check_token, read_token


def test_who_brings_no_token_gets_nothing_but_signs_of_life(gated, gate, png, monkeypatch):
    gate.open.set()
    compared = []
    original = hmac.compare_digest
    monkeypatch.setattr(
        "restora.server.tokens.compare_digest", lambda a, b: compared.append((a, b)) or original(a, b)
    )
    with TestClient(create_app(gated, token="secret")) as client:
        until(lambda: client.get("/ready").status_code == 200)
        assert client.get("/health").status_code == 200
        for headers in (
            {},
            {"Authorization": "Bearer wrong"},
            {"Authorization": "Basic c2VjcmV0"},
            {"Authorization": b"Bearer \xe9"},
        ):
            for answer in (
                client.post("/restore", content=png, headers=headers),
                client.get("/weights", headers=headers),
                client.get("/metrics", headers=headers),
            ):
                assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        right = {"Authorization": "Bearer secret"}
        assert client.post("/restore", content=png, headers=right).status_code == 200
        assert client.get("/weights", headers=right).status_code == 200
    assert (b"wrong", b"secret") in compared  # in a time that does not tell how much of it is right


def test_one_without_the_token_takes_no_place_and_learns_no_options(gated, png):
    with TestClient(create_app(gated, token="secret")) as client:
        until(lambda: client.get("/ready").status_code == 200)
        assert client.post("/restore?nosuch=1", content=png).status_code == 401


def test_a_token_in_a_file(tmp_path):
    file = tmp_path / "token"
    file.write_text(" secret\n")
    assert read_token(file) == "secret"
    file.write_text("\n")
    with pytest.raises(RestoraError, match=r"token: a token is a word of ASCII"):
        read_token(file)
    file.write_bytes(b"\xff")
    with pytest.raises(RestoraError, match=r"cannot be read \(is not text\)"):
        read_token(file)
    with pytest.raises(RestoraError, match=r"cannot be read \(No such file"):
        read_token(tmp_path / "nosuch")


@pytest.mark.parametrize("token", ["", "two words", "ünï", "a\nb"])
def test_what_no_header_can_hold_is_no_token(token):
    with pytest.raises(RestoraError, match="a token is a word"):
        check_token(token)
