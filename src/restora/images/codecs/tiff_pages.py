"""TIFF of several pages, each with a size, a depth and tags of its own."""

from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO

from restora.images import exif
from restora.images.codecs.faults import UndecodableError, decoding
from restora.images.codecs.limits import Limits
from restora.images.codecs.tiff import check_page, find_pages, page_options, page_photograph
from restora.images.metadata import TiffEncoding
from restora.images.photograph import Photograph

_CLASSIC = 2**32 - 2**25
"""Bytes that a file holds whose offsets have 32 bits, less some for directories."""


def decode_all(stream: BinaryIO, limits: Limits) -> Iterator[Photograph]:
    """Read the pages of a TIFF file that are no reduced pictures of others; see `SeriesCodec`."""
    import tifffile

    pages = find_pages(stream)
    with decoding():
        stream.seek(0)
        tiff = tifffile.TiffFile(stream)
    left_out = pages.count - len(pages.full)
    for number in pages.full:
        page = pages.read(stream, number)
        try:
            check_page(stream, page, limits)
            photograph = page_photograph(tiff, page, number)
        except UndecodableError as error:
            raise type(error)(f"page {number} of {pages.count}: {error}") from error
        notes = photograph.notes
        if number == pages.full[0] and left_out:
            notes = (f"{left_out} of {pages.count} pages, reduced pictures or masks, left out", *notes)
        metadata = replace(photograph.metadata, series=pages.series)
        yield replace(photograph, metadata=metadata, notes=notes)


def encode_all(photographs: Iterator[Photograph], stream: BinaryIO, quality: int | None) -> None:
    """Write a TIFF file of one page or several; see `SeriesCodec`. It is without loss, whatever the quality."""
    import tifffile

    first = next(photographs)
    series, encoding, block = first.metadata.series, first.metadata.encoding, first.metadata.exif
    encoding = encoding if isinstance(encoding, TiffEncoding) else TiffEncoding()
    pixel = first.pixels.nbytes // (first.height * first.width) + first.pixels.itemsize
    is_large = (first.height * first.width if series is None else series.pixels) * pixel > _CLASSIC
    order = encoding.order if block is None else exif.byte_order(block)
    blocks = []
    with tifffile.TiffWriter(stream, bigtiff=encoding.big or is_large, byteorder=order) as tiff:
        photograph: Photograph | None = first
        while photograph is not None:
            tiff.write(**page_options(photograph))
            blocks.append(photograph.metadata.exif)
            photograph = None  # before the next one is made
            photograph = next(photographs, None)
    exif.attach_to_tiff(blocks, stream)
