from pathlib import Path

import pytest

from restora.atomic import output_file, write_file
from restora.errors import RestoraError


def test_text_and_bytes_are_written_with_their_folder(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "c.txt"
    assert write_file(path, "Grüße\n") == path
    assert path.read_bytes() == "Grüße\n".encode()
    write_file(path, b"\0\1")
    assert path.read_bytes() == b"\0\1"
    assert list(path.parent.iterdir()) == [path]


def test_an_error_of_the_writer_leaves_the_old_file_and_is_its_own(tmp_path: Path) -> None:
    path = write_file(tmp_path / "a.txt", "old")
    with pytest.raises(ZeroDivisionError), output_file(path) as stream:
        stream.write(b"new"[: 1 // 0])
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_in_the_way_is_explained(tmp_path: Path) -> None:
    write_file(tmp_path / "file", "")
    with pytest.raises(RestoraError, match=r"a\.txt: a part of the path is a file, not a folder"):
        write_file(tmp_path / "file" / "a.txt", "")
    with pytest.raises(RestoraError, match="there is a folder of this name; choose another name"):
        write_file(tmp_path, "")
