"""What a file of weights may ask for, seen before anything of it is unpacked, hashed or built."""

import pickletools
import zipfile
from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import IO

from torch import Tensor

from restora.errors import RestoraError, shortened

MAX_DESCRIPTION = 8 << 20
"""Bytes that say what lies where: a pickle, the header of safetensors. Published files need some hundred thousand."""
MAX_OPERATIONS = 1_000_000
"""Operations of a pickle; files of whole training states have a tenth."""
MAX_NESTING = 1_000
"""Parts of a tuple, those of its parts with them. As a key, a tuple is gone through each time it is looked up, however few
bytes say that its parts are the same."""
MAX_TENSORS = 20_000
MAX_KEY = 256
"""Characters of a tensor's name."""
SLACK = 16 << 20
"""Bytes that tensors may have beyond twice those of their file, since some share their values."""

ZIP = b"PK\x03\x04"
_VALUES = ("float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool")
_STORAGES = ("Double", "Float", "Half", "BFloat16", "Long", "Int", "Short", "Char", "Byte", "Bool")
GLOBALS = {
    *("collections.OrderedDict", "collections.Counter", "builtins.set", "__builtin__.set"),
    *("torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor_v3"),
    *("torch._utils._rebuild_parameter", "torch.nn.parameter.Parameter", "torch.Size", "torch.device"),
    *("torch.storage.UntypedStorage", "torch.storage.TypedStorage"),
    *(f"torch.{values}" for values in _VALUES),
    *(f"torch.{values}Storage" for values in _STORAGES),
}
"""All that a training state of tensors and plain values refers to. `torch.load` allows more that cannot run code, but
that takes any time and memory, such as the set of all bytes of a bytearray of any length."""


def check_safetensors(path: Path) -> None:
    """Look at the length of a safetensors header.

    Raises:
        RestoraError: It is too long.
    """
    with path.open("rb") as stream:
        _within(path, int.from_bytes(stream.read(8), "little"), MAX_DESCRIPTION, "bytes of header")


def check_torch(path: Path) -> None:
    """Look through what `torch.save` wrote, without unpacking the tensors.

    Raises:
        UnpicklingError: It refers to what tensors and plain values do not need, such as code; the message names it.
        RestoraError: It would unpack to more than it stores, asks for too much, or a part has another checksum.
        Exception: Whatever a damaged file makes of `zipfile` and `pickletools`.
    """
    with path.open("rb") as stream:
        if stream.peek(4)[:4] != ZIP:  # the older format
            for _ in range(5):  # magic number, version, machine, content, keys of the storages
                check_pickle(stream, path)
            return
    with zipfile.ZipFile(path) as archive:
        entries = {entry.filename: entry.file_size for entry in archive.infolist()}
        stored, unpacked = path.stat().st_size, sum(entry.file_size for entry in archive.infolist())
        if unpacked > stored:
            raise RestoraError(
                f"{path}: its {stored:,} bytes unpack to {unpacked:,}, but torch.save does not compress;"
                " ask for the file as it was saved"
            )
        pickles = [name for name in entries if name.endswith("/data.pkl")]
        if len(pickles) != 1:
            raise RestoraError(f"{path}: a zip archive, but none that torch.save wrote; unpack it first")
        _within(path, entries[pickles[0]], MAX_DESCRIPTION, "bytes of description")
        if not any(entry.CRC for entry in archive.infolist()):  # torch was told to write no checksums
            for entry in archive.infolist():
                entry.CRC = None  # type: ignore[assignment]
        with archive.open(pickles[0]) as stream:
            check_pickle(stream, path)
        if damaged := archive.testzip():  # torch itself does not look at them
            raise RestoraError(f"{path}: damaged, {shortened(damaged)} has another checksum; fetch it again")


def check_pickle(stream: IO[bytes], path: Path) -> None:
    """Look through a pickle, whose operations are read but not executed.

    Args:
        stream: At the begin of the pickle; behind its end afterwards.
        path: Name of the file, for errors.

    Raises:
        UnpicklingError: It refers to what is not in `GLOBALS`.
        RestoraError: It has too many operations, or a tuple with too many parts.
        Exception: Whatever a damaged pickle makes of `pickletools`.
    """
    stack: list[int] = []  # parts of each tuple, 1 for anything else, 0 for a mark
    memo: dict[int, int] = {}
    for count, (operation, argument, _) in enumerate(pickletools.genops(stream)):
        _within(path, count, MAX_OPERATIONS, "operations")
        name, before = operation.name, operation.stack_before
        if name == "GLOBAL" and str(argument).replace(" ", ".") not in GLOBALS:
            raise UnpicklingError(str(argument).replace(" ", "."))
        taken = []
        if pickletools.markobject in before:
            while part := stack.pop():
                taken.append(part)
            before = before[: before.index(pickletools.markobject)]
        taken += [stack.pop() for _ in before]
        parts = 1 + sum(taken) if name.startswith("TUPLE") or name in ("REDUCE", "NEWOBJ") else 1
        _within(path, parts, MAX_NESTING, "parts of a tuple")
        if name.endswith("GET"):
            parts = memo[argument or 0]
        stack += [0 if name == "MARK" else parts for _ in operation.stack_after]
        if name.endswith("PUT"):
            memo[argument or 0] = stack[-1]


def check_tensors(tensors: Mapping[str, Tensor], path: Path) -> None:
    """Look at the names and sizes of the tensors of a state dict, before they are copied.

    Raises:
        RestoraError: There are too many, a key is no name, or they have more values than the file stores.
    """
    _within(path, len(tensors), MAX_TENSORS, "tensors")
    for key in tensors:
        if len(key) > MAX_KEY or not key.isprintable():
            raise RestoraError(f"{path}: {shortened(key)!r} names no part of a network; the file is damaged")
    stored = path.stat().st_size
    unpacked = sum(value.numel() * value.element_size() for value in tensors.values())
    if unpacked > 2 * stored + SLACK:
        raise RestoraError(
            f"{path}: its {stored:,} bytes claim to hold {unpacked:,} bytes of tensors, which repeat few values;"
            " no network is stored so"
        )


def _within(path: Path, found: int, most: int, what: str) -> None:
    if found > most:
        raise RestoraError(
            f"{path}: has {found:,} {what} or more, but no file of weights needs over {most:,}"
        )
