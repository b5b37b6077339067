"""What Prometheus is told."""

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("prometheus_client")
from fastapi.testclient import TestClient
from live_server import until
from prometheus_client.parser import text_string_to_metric_families

from restora.server import create_app


def told(client):
    """Return name and labels -> value of all that is told."""
    text = client.get("/metrics").text
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_requests_stages_places_and_batches_are_counted(gated, gate, png):
    gate.open.set()
    gated.batches = lambda: {1: 5, 4: 2}
    with TestClient(create_app(gated)) as client:
        until(lambda: client.get("/ready").status_code == 200)
        assert client.post("/restore", content=png).status_code == 200
        client.post("/restore", content=b"x")
        client.get("/nosuch/1")
        client.get("/nosuch/2")
        found = told(client)
    assert found["restora_requests_total", "200", "/restore"] == 1
    assert found["restora_requests_total", "415", "/restore"] == 1
    assert (
        found["restora_requests_total", "404", "other"] == 2
    )  # whatever is asked for, it takes no more room
    assert found["restora_request_seconds_count", "/restore"] == 2
    assert [found["restora_stage_seconds_count", stage] for stage in ("read", "restore", "write")] == [
        1,
        1,
        1,
    ]
    assert found["restora_megapixels_total",] == pytest.approx(48 * 64 / 1e6)
    assert (found["restora_working",], found["restora_held",]) == (0, 0)
    assert (found["restora_batches_total", "1"], found["restora_batches_total", "4"]) == (5, 2)
    assert found["process_resident_memory_bytes",] > 1e6
