"""Bodies of requests: the file in them, in memory and never on a disk."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass

from fastapi import HTTPException, Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from restora.errors import printable, shortened

AS_IT_IS = ("", "application/octet-stream", "application/x-www-form-urlencoded")
"""Types of a body that is the file itself, beside images; the last is what curl says of --data-binary."""
FORM = "multipart/form-data"
ENVELOPE = 2**16
"""Bytes that a form may have around the file."""


@dataclass(frozen=True)
class Upload:
    """A file that came with a request.

    Attributes:
        content: Of the file.
        name: As the client calls it; empty if it does not.
    """

    content: bytes
    name: str = ""


async def read_upload(request: Request, max_bytes: int) -> Upload:
    """Read the file of a request.

    Args:
        request: Its body is the file, or a form with the file as its one field.
        max_bytes: Of the file.

    Raises:
        HTTPException: 413, it is too large, which is said before it is read where its length is declared; 415, no type of a
            picture; 400, a damaged form, or one of other fields.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    form = kind == FORM
    if not (form or kind in AS_IT_IS or kind.startswith("image/")):
        raise HTTPException(
            415,
            f"a body of type {printable(kind)} is no picture; send image/..., application/octet-stream or {FORM}",
        )
    if request.headers.get("content-encoding", "identity") != "identity":
        raise HTTPException(
            415, "compressed bodies are not taken; pictures are compressed already, send them as they are"
        )
    stream = _bounded(request, max_bytes + (ENVELOPE if form else 0), max_bytes)
    upload = await _form(request, stream, max_bytes) if form else Upload(await _joined(stream))
    if not upload.content:
        raise HTTPException(400, "the request holds no picture; send the bytes of one as its body")
    return upload


async def _bounded(request: Request, most: int, max_bytes: int) -> AsyncGenerator[bytes, None]:
    """Yield the body piece by piece, unless it is too large."""
    too_large = HTTPException(413, f"the picture has more than {max_bytes} bytes; send a smaller one")
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > most:
        raise too_large
    received = 0
    async for piece in request.stream():
        received += len(piece)
        if received > most:
            raise too_large
        yield piece


async def _joined(stream: AsyncGenerator[bytes, None]) -> bytes:
    return b"".join([piece async for piece in stream])


async def _form(request: Request, stream: AsyncGenerator[bytes, None], max_bytes: int) -> Upload:
    parser = MultiPartParser(request.headers, stream, max_files=1, max_fields=8)
    parser.spool_max_size = max_bytes + 2 * ENVELOPE  # more than can come: nothing is ever spooled to a disk
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise HTTPException(400, f"the form cannot be read ({error.message}); send one file in it") from error
    try:
        files = [value for value in form.values() if isinstance(value, UploadFile)]
        fields = [name for name, value in form.multi_items() if not isinstance(value, UploadFile)]
        if fields or not files:
            words = f"other fields ({printable(shortened(', '.join(fields)))})" if fields else "no file"
            raise HTTPException(
                400,
                f"the form has {words}; its one field is the picture, as a file, and options go into the query",
            )
        return Upload(await files[0].read(), files[0].filename or "")
    finally:
        await form.close()
