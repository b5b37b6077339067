"""Shards: safetensors files of undecoded pixels, written in one go and read through memory mapping.

A file is eight bytes with the length of a JSON header, the header, and the bare pixels. The library for it holds a
file open for each shard, or copies what is read; a map without a descriptor needs this little reader.
"""

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from restora.atomic import replacement
from restora.errors import RestoraError

_DTYPES: dict[str, np.dtype[Any]] = {"U8": np.dtype("<u1"), "U16": np.dtype("<u2"), "F32": np.dtype("<f4")}
_NAMES = {dtype: name for name, dtype in _DTYPES.items()}
_LONGEST_HEADER = 100_000_000


@dataclass(frozen=True)
class Place:
    """Where an array is in a shard.

    Attributes:
        dtype: uint8, uint16 or float32.
        shape: Of the array.
        start: First byte, from the start of the file.
        end: The byte behind the last.
    """

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    start: int
    end: int


@dataclass(frozen=True)
class Shard:
    """What the header of a shard says.

    Attributes:
        path: The file.
        places: Key -> where its array is, in the order of writing.
        notes: What else was written into the header.
    """

    path: Path
    places: Mapping[str, Place]
    notes: Mapping[str, str]

    def map(self) -> NDArray[np.uint8]:
        """Return the whole file as bytes that are read when they are touched, and shared between processes."""
        import torch  # closes the file behind the map; those of Python and NumPy keep it open

        size = self.path.stat().st_size
        return torch.from_file(str(self.path), shared=False, size=size, dtype=torch.uint8).numpy()


def write_shard(path: Path, arrays: Mapping[str, NDArray[Any]], notes: Mapping[str, str]) -> int:
    """Write arrays of uint8, uint16 or float32 into a safetensors file, which appears whole or not at all.

    Returns:
        Its length in bytes.

    Raises:
        OSError: It cannot be written.
    """
    header: dict[str, object] = {"__metadata__": dict(notes)}
    end = 0
    for key, array in arrays.items():
        start, end = end, end + array.nbytes
        header[key] = {"dtype": _NAMES[array.dtype], "shape": array.shape, "data_offsets": (start, end)}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with replacement(path) as stream:
        stream.write(struct.pack("<Q", len(text)))
        stream.write(text)
        for array in arrays.values():
            stream.write(np.ascontiguousarray(array).data)
    return 8 + len(text) + end


def read_shard(path: Path) -> Shard:
    """Read the header of a shard and check the length of the file by it.

    Raises:
        RestoraError: The file is missing, damaged, or not as long as it should be.
    """
    try:
        with path.open("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8))
            if length > _LONGEST_HEADER:
                raise ValueError(f"a header of {length} bytes")
            header = json.loads(stream.read(length))
        notes = header.pop("__metadata__", {})
        places = {key: _place(facts, 8 + length) for key, facts in header.items()}
    except OSError as error:
        raise RestoraError(f"{path}: cannot be read ({error.strerror}); pack again") from error
    except (ValueError, KeyError, TypeError, AttributeError, struct.error) as error:
        raise RestoraError(f"{path}: is no shard of a pack ({error}); pack again") from error
    expected = max((place.end for place in places.values()), default=8 + length)
    if (size := path.stat().st_size) != expected:
        raise RestoraError(
            f"{path}: is {size:,} bytes long instead of {expected:,}; copy it again or pack again"
        )
    return Shard(path, places, notes)


def _place(facts: Mapping[str, Any], base: int) -> Place:
    dtype, shape = _DTYPES[facts["dtype"]], tuple(int(extent) for extent in facts["shape"])
    start, end = facts["data_offsets"]
    if end - start != prod(shape) * dtype.itemsize or start < 0:
        raise ValueError(f"{end - start} bytes for {dtype} of {shape}")
    return Place(dtype, shape, base + start, base + end)
