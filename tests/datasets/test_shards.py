from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from restora.datasets.shards import read_shard, write_shard
from restora.errors import RestoraError

ARRAYS = {
    "b/clean": np.arange(15, dtype=np.uint8).reshape(1, 5, 3),
    "a": np.arange(12, dtype=np.uint16).reshape(2, 1, 6)[:, ::-1] * 5000,
    "c": np.linspace(-1, 2, 6, dtype=np.float32).reshape(2, 1, 3),
}


def test_what_is_written_is_read_here_and_by_the_library_of_the_format(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    size = write_shard(path, ARRAYS, {"note": "ä"})
    assert size == path.stat().st_size
    shard, library = read_shard(path), load_file(path)
    assert list(shard.places) == list(ARRAYS)
    assert shard.notes == {"note": "ä"}
    pixels = shard.map()
    for key, expected in ARRAYS.items():
        place = shard.places[key]
        np.testing.assert_array_equal(
            pixels[place.start : place.end].view(place.dtype).reshape(place.shape), expected
        )
        np.testing.assert_array_equal(library[key], expected)


def test_what_the_library_writes_is_read(tmp_path: Path) -> None:
    save_file({"a": ARRAYS["a"].copy()}, tmp_path / "y.safetensors")
    assert read_shard(tmp_path / "y.safetensors").places["a"].shape == (2, 1, 6)


@pytest.mark.parametrize("cut", [-1, 1])
def test_another_length_is_noticed(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "x.safetensors"
    write_shard(path, ARRAYS, {})
    content = path.read_bytes()
    path.write_bytes(content[:-1] if cut < 0 else content + b"\0")
    with pytest.raises(RestoraError, match=r"x.safetensors: is \S+ bytes long instead of"):
        read_shard(path)


@pytest.mark.parametrize("content", [b"", b"hello, world", b"\xff" * 20, b"\2\0\0\0\0\0\0\0[]"])
def test_anything_else_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(RestoraError, match="x: is no shard of a pack"):
        read_shard(tmp_path / "x")
    with pytest.raises(RestoraError, match="y: cannot be read"):
        read_shard(tmp_path / "y")
