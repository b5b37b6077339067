"""Decoders and encoders, one file format each."""

from importlib import import_module
from typing import BinaryIO, Protocol, cast

from restora.images.codecs.limits import Limits
from restora.images.formats import ImageFormat
from restora.images.photograph import Photograph


class Codec(Protocol):
    """What a module of this package offers; one for a format that is only read has no `encode`."""

    def decode(self, stream: BinaryIO, limits: Limits) -> Photograph:
        """Read a whole file from the start of a seekable stream.

        Raises:
            UndecodableError: The file is cut short, damaged, too large or of an unsupported kind.
        """

    def encode(self, photograph: Photograph, stream: BinaryIO, quality: int | None) -> None:
        """Write a photograph that the format can hold as it is (see `restora.images.adaptation`)."""


def codec_for(image_format: ImageFormat) -> Codec:
    """Return the codec of a format, imported when it is first needed."""
    name = image_format.name.lower().replace(" ", "_")
    return cast(Codec, import_module(f"restora.images.codecs.{name}"))
