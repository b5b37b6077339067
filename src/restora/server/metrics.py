"""Metrics for Prometheus."""

import time
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from restora.restoration.content import RestoredContent
from restora.server.desk import LEFT, Desk
from restora.server.offer import Offer

SECONDS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0)
"""Limits of the buckets of times."""


class Metrics:
    """What the server tells of itself.

    Args:
        desk: Where requests wait.
        offer: Whose batches are counted.
    """

    def __init__(self, desk: Desk, offer: Offer) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "restora_requests", "Requests answered.", ("path", "code"), registry=self.registry
        )
        self.seconds = Histogram(
            "restora_request_seconds",
            "Time of a request, waiting included.",
            ("path",),
            buckets=SECONDS,
            registry=self.registry,
        )
        self.stages = Histogram(
            "restora_stage_seconds",
            "Time of a stage of a picture: read, restore, write.",
            ("stage",),
            buckets=SECONDS,
            registry=self.registry,
        )
        self.megapixels = Counter("restora_megapixels", "Megapixels restored.", registry=self.registry)
        self.registry.register(_Present(desk, offer))
        ProcessCollector(registry=self.registry)

    def note(self, done: RestoredContent) -> None:
        """Count a picture that was restored."""
        for stage, seconds in done.seconds.items():
            self.stages.labels(stage).observe(seconds)
        self.megapixels.inc(done.megapixels)

    def page(self) -> bytes:
        """Return all of it, as Prometheus reads it."""
        return generate_latest(self.registry)


class _Present(Collector):
    """What is asked for when it is to be told."""

    def __init__(self, desk: Desk, offer: Offer) -> None:
        self.desk, self.offer = desk, offer

    def collect(self) -> Iterator[Metric]:
        """Yield how many pictures wait and are worked on, and the batches of tiles by size."""
        yield GaugeMetricFamily("restora_working", "Pictures worked on.", self.desk.working)
        yield GaugeMetricFamily(
            "restora_held", "Requests that have a place: all but refused ones.", self.desk.held
        )
        batches = CounterMetricFamily(
            "restora_batches", "Batches of tiles computed together.", labels=("tiles",)
        )
        for size, count in sorted(self.offer.batches().items()):
            batches.add_metric((str(size),), count)
        yield batches


class Counted:
    """Middleware that counts requests by path and code, and takes their time.

    Args:
        app: What answers them.
        metrics: Where they are counted.
        paths: That have a name of their own; all others are one.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, paths: frozenset[str]) -> None:
        self.app, self.metrics, self.paths = app, metrics, paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and count it when it is over."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begin, code = time.perf_counter(), LEFT

        async def noting(message: Message) -> None:
            nonlocal code
            if message["type"] == "http.response.start":
                code = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, noting)
        finally:
            path = scope["path"] if scope["path"] in self.paths else "other"
            self.metrics.requests.labels(path, str(code)).inc()
            self.metrics.seconds.labels(path).observe(time.perf_counter() - begin)
