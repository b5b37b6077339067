"""Users of the load test, for locust; `benchmarks/serving.py` starts them.

Each takes the next request of a plan until none is left, and notes what became of it. The plan, and where to note, stand in the
environment: SERVING_PLAN, SERVING_NOTES.
"""

import hashlib
import json
import os
import threading
from pathlib import Path
from typing import Any

import requests
from locust import HttpUser, constant, task

PLAN: list[dict[str, Any]] = json.loads(Path(os.environ["SERVING_PLAN"]).read_text(encoding="utf-8"))
NOTES = Path(os.environ["SERVING_NOTES"])
PATIENCE = 600.0
"""Seconds that one waits who does not leave."""

_waiting = iter(PLAN)
_lock = threading.Lock()
_open = len(PLAN)


class Client(HttpUser):
    """One who sends a picture, waits for the answer and sends the next one."""

    wait_time = constant(0)

    @task
    def restore(self) -> None:
        """Send the next picture of the plan; the last answer ends the test."""
        global _open
        with _lock:
            one = next(_waiting, None)
        if one is None:
            self.stop(force=True)
            return
        note = {"kind": one["kind"], "name": one["name"], "expected": one["code"]} | self._asked(one)
        with _lock, NOTES.open("a", encoding="utf-8") as file:
            file.write(f"{json.dumps(note)}\n")
            _open -= 1
            if not _open:
                self.environment.runner.quit()

    def _asked(self, one: dict[str, Any]) -> dict[str, Any]:
        content = Path(one["file"]).read_bytes()
        body = {"files": {"picture": (one["name"], content)}} if one["form"] else {"data": content}
        with self.client.post(
            f"/restore{one['query']}",
            name=one["kind"],
            timeout=one["leaves"] or PATIENCE,
            catch_response=True,
            **body,
        ) as answer:
            left = isinstance(getattr(answer, "error", None), requests.Timeout)
            digest = hashlib.sha256(answer.content or b"").hexdigest()
            right = answer.status_code == one["code"] and digest == (one["digest"] or digest)
            (answer.success if right or (left and one["leaves"]) else answer.failure)(
                *([] if right or (left and one["leaves"]) else [f"{answer.status_code}: {answer.text[:200]}"])
            )
            seconds = answer.request_meta["response_time"] / 1000
            return {"code": answer.status_code, "left": left, "right": right, "seconds": seconds}
