"""restora on many machines: an app for Ray Serve, which starts replicas where there is room and shares requests among them.

serve run app:build tasks='["denoise-real"]' most=16
"""

from fastapi import FastAPI
from pydantic import BaseModel
from ray import serve
from ray.serve import Application

from restora.server import Bounds, Offer, create_app


class Settings(BaseModel):
    """What ``serve run app:build NAME=VALUE`` takes, or ``args`` in a configuration.

    Attributes:
        tasks: That are offered; none offers all.
        cpus: Cores of a replica, and its threads.
        gpus: Graphics cards of a replica, or the part of one.
        workers: Pictures that a replica works on at once, whose tiles a card computes together.
        most: Replicas at most.
        bounds: Of what requests may take, each replica's own.
    """

    tasks: list[str] = []
    cpus: int = 1
    gpus: float = 0
    workers: int = 1
    most: int = 4
    bounds: dict[str, float] = {}


def build(settings: Settings) -> Application:
    """Return the app: replicas of the server of `restora serve`."""
    bounds = Bounds(**{**settings.bounds, "workers": settings.workers})  # type: ignore[arg-type]

    def server() -> FastAPI:
        offer = Offer(settings.tasks, threads=settings.cpus, batch=settings.workers if settings.gpus else 1)
        offer.load()  # a replica gets no requests before
        return create_app(offer, bounds)

    replica = serve.deployment(
        serve.ingress(server)(),
        name="restora",
        ray_actor_options={"num_cpus": settings.cpus, "num_gpus": settings.gpus},
        max_ongoing_requests=bounds.workers + bounds.max_queue,
        autoscaling_config={
            "min_replicas": 1,
            "max_replicas": settings.most,
            "target_ongoing_requests": 2 * bounds.workers,
        },
    )
    return replica.bind()
