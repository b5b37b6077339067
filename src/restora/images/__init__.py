"""Photographs in and out of files, with everything they carry.

`read` gives a `Photograph`: pixels in stored order at their own depth (8-bit, 16-bit or float), alpha, and
`Metadata` (colour profile, EXIF, XMP, resolution, orientation, how the file was compressed). `write` puts it
into a file whose suffix chooses the format; `losses` says beforehand what that format cannot hold.
`read_all` and `write_all` do the same with the pages of a document and the frames of an animation.
`find_images` turns files, folders and patterns into a list.

Example:
    >>> import tempfile
    >>> import numpy as np
    >>> photograph = Photograph(np.full((2, 3), 40_000, np.uint16))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     read(write(f"{folder}/gray.png", photograph)).pixels.tolist()
    [[40000, 40000, 40000], [40000, 40000, 40000]]
"""

from restora.images.folders import ImageFile, find_images
from restora.images.formats import IMAGE_SUFFIXES, WRITABLE_SUFFIXES
from restora.images.photograph import Metadata, Photograph
from restora.images.reading import read, read_all
from restora.images.writing import encode, holds_all, losses, write, write_all

__all__ = [
    "IMAGE_SUFFIXES",
    "ImageFile",
    "Metadata",
    "Photograph",
    "WRITABLE_SUFFIXES",
    "encode",
    "find_images",
    "holds_all",
    "losses",
    "read",
    "read_all",
    "write",
    "write_all",
]
