"""The token that requests must bring."""

from collections.abc import Callable
from hmac import compare_digest
from pathlib import Path
from typing import Annotated

from fastapi import Depends, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from restora.errors import RestoraError

_scheme = HTTPBearer(auto_error=False, description="the token that the server was started with")


def guard(token: str | None) -> Callable[..., None]:
    """Return a dependency for FastAPI that lets those pass who bring the token, or everybody where there is none.

    The token is compared in a time that does not tell how much of it is right.
    """

    def everybody() -> None:
        pass

    def authorised(brought: Annotated[HTTPAuthorizationCredentials | None, Depends(_scheme)]) -> None:
        assert token is not None
        if brought is None or not compare_digest(brought.credentials.encode(), token.encode()):
            raise HTTPException(
                401,
                "the token is missing or wrong; send Authorization: Bearer TOKEN",
                {"WWW-Authenticate": "Bearer"},
            )

    return everybody if token is None else authorised


def read_token(file: Path) -> str:
    """Read the token in a file, white space around it left out.

    Raises:
        RestoraError: It cannot be read, or holds no token.
    """
    try:
        token = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "is not text"
        raise RestoraError(
            f"{file}: the token cannot be read ({reason}); write it into a file of its own"
        ) from error
    return check_token(token, f"{file}: ")


def check_token(token: str, place: str = "") -> str:
    """Return a token if a header can hold it.

    Raises:
        RestoraError: It is empty, or has characters that headers do not hold.
    """
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise RestoraError(
            f"{place}a token is a word of ASCII letters, digits and signs, such as 'openssl rand -hex 32' prints"
        )
    return token
