"""The app: the addresses of the server, and what is behind each."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import Depends, FastAPI, HTTPException, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from fastapi_offline import FastAPIOffline
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from pydantic import BaseModel, ConfigDict, Field, create_model
from starlette.requests import ClientDisconnect

from restora import __version__
from restora.errors import RestoraError, printable, shortened
from restora.failures import failure
from restora.images.formats import WRITABLE_SUFFIXES, pip_command
from restora.restoration.content import UNNAMED, restore_content
from restora.server.answers import PictureResponse, described, refusal_for, refusals
from restora.server.bodies import FORM, Upload, read_upload
from restora.server.bounds import Bounds
from restora.server.desk import LEFT, Desk, Place
from restora.server.metrics import Counted, Metrics
from restora.server.offer import Offer, OfferedWeights
from restora.server.tokens import guard

ABOUT = """Restores photographs: noise, motion blur, defocus, rain, snow and haze.
What comes back is the picture that came, with its format, depth, transparency, profile and metadata.
A picture is held in memory alone, until its answer is sent."""

_BINARY = {"type": "string", "format": "binary"}
_FORM = {
    "type": "object",
    "properties": {"picture": _BINARY},
    "required": ["picture"],
    "additionalProperties": False,
}
BODY = {
    "required": True,
    "content": {
        "application/octet-stream": {"schema": _BINARY},
        "image/*": {"schema": _BINARY},
        FORM: {"schema": _FORM},
    },
}
"""What the documentation says of a request."""
PATHS = frozenset({"/restore", "/weights", "/health", "/ready", "/metrics"})


class Status(BaseModel):
    """How the server is."""

    status: Literal["alive", "ready"]


class _Wish(BaseModel):
    """How a picture is to be restored."""

    model_config = ConfigDict(extra="forbid")

    strength: float = Field(
        1.0, ge=0, le=1, description="share of the restored picture; the rest is as it came"
    )
    quality: int | None = Field(None, ge=1, le=100, description="of JPEG and WebP; else that of the picture")


def create_app(
    offer: Offer,
    bounds: Bounds | None = None,
    *,
    token: str | None = None,
    failed: Callable[[RestoraError], None] = lambda error: None,
) -> FastAPI:
    """Build the app, to be served by uvicorn or mounted in another app.

    The weights are loaded in the background when it starts; until then ``/ready`` and pictures are answered with 503.

    Args:
        offer: What requests may ask for.
        bounds: What they may take.
        token: That requests must bring.
        failed: Called if the weights cannot be loaded.

    Example:
        >>> app = create_app(Offer(["denoise"]))
        >>> any(getattr(route, "path", "") == "/restore" for route in app.routes)
        True
    """
    bounds = bounds or Bounds()
    desk, loaded = Desk(bounds), asyncio.Event()
    metrics = Metrics(desk, offer)
    allowed = Depends(guard(token))
    wish_type: Any = _wish_of(offer)

    async def load() -> None:
        try:
            await asyncio.to_thread(offer.load)
        except Exception as error:
            failed(error if isinstance(error, RestoraError) else RestoraError(failure(error)))
        else:
            loaded.set()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        loading = asyncio.create_task(load())
        yield
        loading.cancel()
        desk.close()

    def ready() -> None:
        if not loaded.is_set():
            raise HTTPException(503, "the weights are being loaded; come again", {"Retry-After": "1"})

    async def arrived(request: Request, place: Place) -> Upload:
        try:
            async with asyncio.timeout(place.seconds_left):
                return await read_upload(request, bounds.max_bytes)
        except TimeoutError:
            raise HTTPException(
                408, f"the picture did not arrive within {bounds.max_seconds:g} seconds; send a smaller one"
            ) from None
        except ClientDisconnect:
            raise HTTPException(LEFT, "the client has left") from None

    app = FastAPIOffline(
        redoc_url=None, title="restora", version=__version__, description=ABOUT, lifespan=lifespan
    )
    app.state.desk = desk

    @app.exception_handler(RequestValidationError)
    async def _wrong_option(request: Request, error: RequestValidationError) -> Response:
        words = (f"{shortened(str(problem['loc'][-1]))}: {problem['msg']}" for problem in error.errors())
        return JSONResponse({"detail": printable("; ".join(words))}, 422)

    @app.post(
        "/restore",
        dependencies=[allowed, Depends(ready)],
        response_class=Response,
        responses=described(),
        openapi_extra={"requestBody": BODY},
    )
    async def restore(
        request: Request,
        wish: Annotated[wish_type, Query()],
        place: Annotated[Place, Depends(desk.place)],
    ) -> Response:
        """Restore a picture: the body of the request, or the one file of a form."""
        name = UNNAMED
        try:
            upload = await arrived(request, place)
            name = upload.name or UNNAMED
            task, weights = getattr(wish, "task", None), getattr(wish, "weights", None)
            work = partial(
                restore_content,
                upload.content,
                offer.restorer(task, weights, wish.strength),
                file_format=wish.format,
                quality=wish.quality,
                max_pixels=bounds.max_pixels,
                name=name,
            )
            done = await desk.work(place, lambda stop: work(cancel=stop), _gone(request))
        except Exception as error:
            raise refusal_for(error, name) from error
        metrics.note(done)
        return PictureResponse(done, place.seconds_left)

    @app.get("/weights", dependencies=[allowed, Depends(ready)], responses=refusals(401, 503))
    async def weights() -> list[OfferedWeights]:
        """List the tasks and weights that may be asked for, with their cards."""
        return offer.listed()

    @app.get("/health")
    async def health() -> Status:
        """Tell that the server is alive."""
        return Status(status="alive")

    @app.get("/ready", dependencies=[Depends(ready)], responses=refusals(503))
    async def is_ready() -> Status:
        """Tell whether the weights are loaded."""
        return Status(status="ready")

    @app.get("/metrics", dependencies=[allowed], response_class=PlainTextResponse, responses=refusals(401))
    async def figures() -> Response:
        """Tell requests, times, places, batches and memory, for Prometheus."""
        return Response(metrics.page(), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    app.add_middleware(Counted, metrics=metrics, paths=PATHS)
    return app


async def _gone(request: Request) -> None:
    """Wait until the client has left."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _wish_of(offer: Offer) -> type[BaseModel]:
    """Return the query of a request: what an offer lets one choose."""
    fields: dict[str, Any] = {}
    if offer.tasks:
        words = f"what is wrong with the picture; {offer.tasks[0]} by default"
        fields["task"] = (Literal[offer.tasks] | None, Field(None, description=words))
    if offer.weights:
        names = tuple(offer.weights)
        fields["weights"] = (Literal[names] | None, Field(None, description="weights instead of a task"))
    suffixes = tuple(one.removeprefix(".") for one in WRITABLE_SUFFIXES if pip_command(one) is None)
    fields["format"] = (
        Literal[suffixes] | None,
        Field(None, description="of the answer; else that of the picture"),
    )
    return create_model("Wish", __base__=_Wish, **fields)
