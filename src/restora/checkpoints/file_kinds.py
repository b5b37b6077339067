"""What a file that should hold weights really is, told from its first bytes."""

from pathlib import Path
from typing import Literal

from restora.checkpoints.budget import ZIP
from restora.errors import RestoraError

_FOREIGN = (
    (b"version https://git-lfs", "a Git LFS pointer, not the file itself; fetch that with 'git lfs pull'"),
    (b"\x1f\x8b", "compressed by gzip; unpack it first"),
    (b"BZh", "compressed by bzip2; unpack it first"),
    (b"\xfd7zXZ", "compressed by xz; unpack it first"),
    (b"\x28\xb5\x2f\xfd", "compressed by zstd; unpack it first"),
    (b"7z\xbc\xaf", "a 7z archive; unpack it first"),
    (b"Rar!", "a RAR archive; unpack it first"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"%PDF", "a PDF document"),
    (b"\x89HDF", "an HDF5 file, as Keras writes it"),
    (b"GGUF", "a GGUF file of a language model"),
)
_WEB = (b"<!doctype", b"<html", b"<?xml", b"<head")


def kind_of(path: Path) -> Literal["torch", "safetensors"]:
    """Tell which of the formats of weights a file has, whatever its name.

    Raises:
        RestoraError: Neither; the message says what it is instead.
    """
    with path.open("rb") as stream:
        head = stream.read(512)
    if head[8:9] == b"{":
        return "safetensors"
    if head[:4] == ZIP or (head[:1] == b"\x80" and head[1:2] in b"\x02\x03\x04\x05"):
        return "torch"
    raise RestoraError(f"{path}: holds no weights: it is {_instead(head)}")


def _instead(head: bytes) -> str:
    if not head:
        return "empty; fetch it again"
    for begin, words in _FOREIGN:
        if head.startswith(begin):
            return words
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith(_WEB):
        return "a web page; what should be fetched lies behind it, so open the address in a browser"
    if text[:1] in (b"{", b"["):
        return "a JSON text; name the file of weights beside it"
    if head[257:262] == b"ustar":
        return "a tar archive; unpack it first"
    return "of no format that PyTorch or safetensors writes, or damaged; fetch it again"
