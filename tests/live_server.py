"""A server in this process, on the loopback: what it is made of, and what waits for it."""

import socket
import threading
import time
from contextlib import contextmanager

import httpx
import numpy as np
import torch
from torch import nn

from restora.images import Photograph


def noisy(side=(48, 64), seed=0, **more):
    """Return a noisy photograph, small enough for a blink."""
    random = np.random.default_rng(seed)
    smooth = np.linspace(60, 190, side[1])[None, :, None] + np.zeros((*side, 3))
    return Photograph((smooth + random.normal(0, 25, smooth.shape)).clip(0, 255).astype(np.uint8), **more)


class Gate(nn.Module):
    """A network that adds a little, after it was let through, step by step."""

    def __init__(self):
        super().__init__()
        self.open, self.entered, self.steps = threading.Event(), threading.Event(), 0

    def forward(self, x):
        self.entered.set()
        for _ in range(1000):
            if self.open.wait(0.01):
                break
            self.steps += 1
            x = torch.add(x, 0.0)  # an operation, before which cancellation is asked for
        return x + 0.01

    def __deepcopy__(self, memo):
        return self


class OneOffer:
    """The offer of one restorer."""

    tasks, weights = ("denoise",), {}

    def __init__(self, restorer, load=lambda: None):
        self.one, self.load = restorer, load

    def restorer(self, task, weights, strength):
        return self.one.with_strength(strength)

    def listed(self):
        return []

    def batches(self):
        return {}


@contextmanager
def served(app):
    """Serve an app by uvicorn on a free port; yields its address."""
    import uvicorn

    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=5))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    app.state.server = server
    thread.start()
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    until(lambda: server.started and httpx.get(f"{address}/ready").status_code == 200)
    yield address
    server.should_exit = True
    thread.join(10)
    listener.close()


def until(condition, seconds=60):
    """Wait for something, and fail if it does not come."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.005)
