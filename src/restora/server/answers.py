"""Answers: pictures with what was done to them in the headers, and the code of HTTP for each thing that can be wrong."""

import asyncio
import json
import logging
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from fastapi import HTTPException, Response
from starlette.types import Receive, Scope, Send

from restora.errors import RestoraError, printable, shortened
from restora.failures import failure, out_of_memory, reference_of
from restora.images.codecs.faults import MemoryNeededError, TooLargeError, UnsupportedError
from restora.images.formats import FORMATS
from restora.restoration.content import RestoredContent

logger = logging.getLogger(__name__)

PIECE = 2**18
"""Bytes of an answer that are handed over at once: the rest waits until the client has taken them."""
LONGEST, MOST = 300, 16
"""Characters of a note in a header, and notes."""

MEANINGS: dict[int, str] = {
    400: "No picture in the request, or a form that cannot be read.",
    401: "The token is missing or wrong.",
    408: "The picture did not arrive in time.",
    413: "More bytes or pixels than are allowed.",
    415: "Not a picture, or of a format that is not read.",
    422: "A damaged picture, an option that does not exist, or a format that cannot hold the picture.",
    429: "Too many wait; Retry-After says when to come again.",
    500: "A defect; the message holds a reference to the server's log.",
    503: "The weights are still being loaded, or memory does not suffice at present; Retry-After.",
    504: "The picture was not restored in time.",
}


class PictureResponse(Response):
    """A restored picture.

    Args:
        done: What was made.
        seconds: After which the client must have taken it.
    """

    def __init__(self, done: RestoredContent, seconds: float) -> None:
        told = {"Notes": _notes(done.notes), "Losses": _notes(done.losses), "Used": list(done.used)}
        stages = (f"{stage};dur={1000 * seconds:.1f}" for stage, seconds in done.seconds.items())
        headers = {
            "Restora-Status": done.status,
            **{f"Restora-{name}": json.dumps(value) for name, value in told.items()},
            "Server-Timing": ", ".join(stages),
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        }
        super().__init__(done.content, media_type=done.format.media_type, headers=headers)
        self.seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it piece by piece, so that one who does not take it holds no more than a piece, and no longer than allowed."""
        body = memoryview(self.body)
        with suppress(TimeoutError):
            async with asyncio.timeout(self.seconds):
                await send(
                    {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
                )
                for begin in range(0, len(body), PIECE):
                    piece, more = bytes(body[begin : begin + PIECE]), begin + PIECE < len(body)
                    await send({"type": "http.response.body", "body": piece, "more_body": more})


def refusal_for(error: Exception, name: str) -> HTTPException:
    """Return the answer to a picture that could not be restored.

    Args:
        error: What was raised.
        name: Of the picture.
    """
    if isinstance(error, HTTPException):
        return error
    cause = error.__cause__
    if isinstance(cause, MemoryNeededError) or out_of_memory(error) or isinstance(cause, MemoryError):
        return HTTPException(
            503,
            f"memory does not suffice at present for {printable(name)}; come again",
            {"Retry-After": "30"},
        )
    if not isinstance(error, RestoraError):
        logger.error("%s", failure(error, Path(name)))
        return HTTPException(500, f"failed unexpectedly, reference {reference_of(error)}")
    code = 413 if isinstance(cause, TooLargeError) else 415 if isinstance(cause, UnsupportedError) else 422
    return HTTPException(code, str(error))


def described() -> dict[int | str, dict[str, Any]]:
    """Return what the documentation says of the answers to a picture."""
    pictures = {
        each.media_type: {"schema": {"type": "string", "format": "binary"}} for each in FORMATS if each.dtypes
    }
    text = {"schema": {"type": "string"}}
    headers = {
        "Restora-Status": {"description": "restored, or copied where nothing was found to restore", **text},
        "Restora-Notes": {"description": "what was found and done, a list in JSON", **text},
        "Restora-Losses": {"description": "what the format cannot hold, a list in JSON", **text},
        "Restora-Used": {
            "description": "weights, device, precision, tile, engine and threads, in JSON",
            **text,
        },
        "Server-Timing": {"description": "milliseconds of reading, restoring and writing", **text},
    }
    return {
        200: {"description": "The restored picture.", "content": pictures, "headers": headers},
        **refusals(*MEANINGS),
    }


def refusals(*codes: int) -> dict[int | str, dict[str, Any]]:
    """Return what the documentation says of refusals."""
    schema = {"type": "object", "properties": {"detail": {"type": "string"}}, "required": ["detail"]}
    content = {"application/json": {"schema": schema}}
    return {code: {"description": MEANINGS[code], "content": content} for code in codes}


def _notes(notes: Iterable[str]) -> list[str]:
    return [shortened(note, LONGEST) for note in list(notes)[:MOST]]
