"""The documentation of the server: its page needs no network, and what it promises is what is answered."""

import itertools
import re
from contextlib import suppress
from unittest import SkipTest

import httpx
import pytest

pytest.importorskip("fastapi_offline")
pytest.importorskip("prometheus_client")
from fastapi.testclient import TestClient
from live_server import served

from restora.server import Bounds, Offer, create_app


@pytest.fixture
def client(gated):
    return TestClient(create_app(gated, token="secret"))


def test_the_page_loads_nothing_from_elsewhere(client):
    page = client.get("/docs").text
    parts = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(parts) >= 3
    for part in parts:
        assert part.startswith("/"), part
        assert client.get(part).status_code == 200
    assert "http" not in page.replace("https://fastapi.tiangolo.com", "")


def test_options_bodies_and_refusals_are_documented(client):
    found = client.get("/openapi.json").json()
    restore = found["paths"]["/restore"]["post"]
    assert [one["name"] for one in restore["parameters"]] == ["strength", "quality", "task", "format"]
    assert set(restore["requestBody"]["content"]) == {
        "application/octet-stream",
        "image/*",
        "multipart/form-data",
    }
    assert sorted(map(int, restore["responses"])) == [200, 400, 401, 408, 413, 415, 422, 429, 500, 503, 504]
    assert "image/webp" in restore["responses"]["200"]["content"]
    assert restore["security"] == [{"HTTPBearer": []}]


def test_no_token_is_documented_where_none_is_asked_for(gated):
    assert "security" not in TestClient(create_app(gated)).get("/openapi.json").text


@pytest.mark.slow
def test_whatever_is_asked_for_is_answered_as_the_documentation_says():
    """Requests that schemathesis makes up from our own OpenAPI, right and wrong ones, by the hundred."""
    schemathesis = pytest.importorskip("schemathesis")
    from hypothesis import HealthCheck, given, settings
    from hypothesis.errors import Unsatisfiable
    from schemathesis.specs.openapi.checks import positive_data_acceptance  # random bytes are no picture

    offer = Offer(("denoise",), threads=1, device="cpu", engine="torch")
    with served(create_app(offer, Bounds(max_pixels=10_000, max_bytes=100_000))) as address:
        schema = schemathesis.openapi.from_url(f"{address}/openapi.json")
        codes = []
        for found, mode in itertools.product(schema.get_all_operations(), schemathesis.GenerationMode):

            @settings(
                max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
            )
            @given(case=found.ok().as_strategy(generation_mode=mode))
            def asked(case):
                answer = case.call()
                codes.append(answer.status_code)
                case.validate_response(answer, excluded_checks=[positive_data_acceptance])

            with suppress(Unsatisfiable, SkipTest):  # where nothing wrong can be asked for
                asked()
        assert httpx.get(f"{address}/health").status_code == 200
    assert {200, 400, 415, 422} <= set(codes)
    assert max(codes) < 500
