"""The app for Ray Serve: a replica answers as restora does."""

import importlib.util
import os
import socket
import sys
from pathlib import Path

import pytest
from live_server import noisy

from restora.images import encode
from restora.restoration import Restorer
from restora.restoration.content import restore_content

FOLDER = Path(__file__).parents[2] / "integrations/ray_serve"


@pytest.mark.slow
def test_a_replica_answers_as_restora_does(monkeypatch):
    for needed in ("ray", "aiohttp_cors", "fastapi_offline"):
        pytest.importorskip(needed)
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    import httpx
    import ray
    from ray import serve

    spec = importlib.util.spec_from_file_location("ray_serve_app", FOLDER / "app.py")
    app = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "ray_serve_app", app)
    spec.loader.exec_module(app)
    ray.cloudpickle.register_pickle_by_value(app)  # workers do not know where this file is
    environment = {"env_vars": {"PYTHONPATH": os.pathsep.join(map(str, sys.path))}}
    ray.init(
        "local", num_cpus=2, include_dashboard=False, object_store_memory=80_000_000, runtime_env=environment
    )
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    try:
        serve.start(http_options={"host": "127.0.0.1", "port": port})
        settings = app.Settings(tasks=["denoise"], bounds={"max_pixels": 5000})
        serve.run(app.build(settings), route_prefix="/")
        content, address = encode(noisy()), f"http://127.0.0.1:{port}/restore"
        answer = httpx.post(address, content=content, timeout=60)
        assert answer.status_code == 200, answer.text
        alone = restore_content(content, Restorer("denoise-chair-tiny", threads=1))
        assert answer.content == alone.content
        large = httpx.post(address, content=encode(noisy((80, 80))), timeout=60)
        assert large.status_code == 413
        assert httpx.post(address, content=b"x", timeout=60).status_code == 415
    finally:
        serve.shutdown()
        ray.shutdown()
