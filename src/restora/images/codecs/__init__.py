"""Decoders and encoders, one file format each."""

from collections.abc import Iterator
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


class SeriesCodec(Protocol):
    """What a module for files of several pictures offers; they are read, and written, one after the other."""

    def decode_all(self, stream: BinaryIO, limits: Limits) -> Iterator[Photograph]:
        """Read the pages or frames of a file of which `Codec.decode` has found that it has several.

        Raises:
            UndecodableError: As `Codec.decode`, when the picture at fault is reached.
        """

    def encode_all(self, photographs: Iterator[Photograph], stream: BinaryIO, quality: int | None) -> None:
        """Write photographs, each with its `Series`, that the format can hold as they are."""


def codec_for(image_format: ImageFormat) -> Codec:
    """Return the codec of a format, imported when it is first needed."""
    name = image_format.name.lower().replace(" ", "_")
    return cast(Codec, import_module(f"restora.images.codecs.{name}"))


def series_codec_for(image_format: ImageFormat) -> SeriesCodec:
    """Return the codec for files of several pictures of a format that holds such."""
    name = f"{image_format.name.lower()}_{image_format.several}"
    return cast(SeriesCodec, import_module(f"restora.images.codecs.{name}"))
