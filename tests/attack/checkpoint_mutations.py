"""Crafted and mutated files of weights, training checkpoints and cards, each a function of a seed and its number.

A third are crafted: pickles that would run code, names that lead elsewhere, files that claim much more than they hold, odd
keys, other kinds of files. The others damage a sound one: bits, bytes, lengths, values of its card.
"""

import gzip
import hashlib
import io
import json
import os
import pickle
import struct
import subprocess
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

import torch
from arena import tiny_network
from safetensors.torch import save
from torch import Tensor

CANARY = "rm -f canary ../canary ../../canary"
"""What harmful pickles run in a shell; an arena has the file."""

RECIPE = {
    "name": "miniature",
    "task": "denoise",
    "model": {"architecture": "chair", "variant": "tiny", "overrides": {"width": 4, "blocks": [1, 1, 1], "attention": [False, False, True]}},
}  # fmt: skip
CARD = {
    "name": "tiny", "task": "denoise", "architecture": "chair", "variant": "custom",
    "config": {"width": 4, "blocks": [1, 1, 1], "attention": [False, False, True]},
    "parameters": 1, "precision": "float32", "licence": "none", "description": "", "sha256": "",
}  # fmt: skip
NAMES = (
    "../../../escaped",
    "/tmp/restora-escaped",
    "a/b",
    "..",
    "",
    "x" * 300,
    "\x1b[2Jred",
    "two\nlines",
    "nul\0",
    "\u202e",
    "con\\..\\x",
)
ODD_VALUES = (None, -1, 0, 10**6, 10**9, 10**400, 1e308, float("nan"), float("inf"), "", "x", "\x1b[31m", [], {}, [[]], True,
              [10**9, 1, 1], [-1, 0, 1], ["x"], {"a": {"b": {}}}, "9" * 5000)  # fmt: skip

Files = Mapping[str, bytes]
"""Names below the target -> content; a name that ends in ``/`` is a folder."""


@dataclass(frozen=True)
class HostileCheckpoint:
    """Files that somebody hands to restora.

    Attributes:
        label: What was done.
        main: The one that is named to restora.
        files: All of them.
    """

    label: str
    main: str
    files: Files


class _Code:
    """Runs when it is unpickled."""

    def __init__(self, *call: Any) -> None:
        self.call = call

    def __reduce__(self) -> Any:
        return self.call[0], tuple(self.call[1:])


@cache
def sound() -> Mapping[str, bytes]:
    """Return sound files: an archive, a pickle of old, safetensors, a training checkpoint."""
    state = tiny_network().state_dict()
    old = io.BytesIO()
    torch.save(state, old, _use_new_zipfile_serialization=False)
    return {
        "w.pth": archive({"params": state}),
        "old.pth": old.getvalue(),
        "w.safetensors": save(state, metadata={"format": "pt"}),
        "last.pt": training(),
    }


def archive(content: Any) -> bytes:
    """Return what `torch.save` writes."""
    stream = io.BytesIO()
    torch.save(content, stream)
    return stream.getvalue()


def training(recipe: Any = None, **changes: Any) -> bytes:
    """Return a checkpoint of a training run."""
    state = tiny_network().state_dict()
    text = recipe if isinstance(recipe, str | bytes) else json.dumps(RECIPE | (recipe or {}))
    content = {
        "step": 7,
        "network": state,
        "ema": state,
        "ema_updates": 7,
        "optimizer": {},
        "recipe": text,
        "best": 30.0,
    }
    return archive(content | changes)


def carded(card: Mapping[str, Any] | bytes, weights: bytes | None = None) -> Files:
    """Return safetensors and their card, whose digest is right."""
    weights = sound()["w.safetensors"] if weights is None else weights
    if isinstance(card, Mapping):
        card = json.dumps(CARD | {"sha256": hashlib.sha256(weights).hexdigest()} | card).encode()
    return {"w.safetensors": weights, "w.json": card}


def with_pickle(pickled: bytes, compression: int = zipfile.ZIP_STORED, **more: bytes) -> bytes:
    """Return an archive as of torch with a pickle of one's own."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive({}))) as plain, zipfile.ZipFile(stream, "w", compression) as made:
        for entry in plain.namelist():
            made.writestr(entry, pickled if entry.endswith("data.pkl") else plain.read(entry))
        for name, content in more.items():
            made.writestr(f"archive/data/{name}", content)
    return stream.getvalue()


# Crafted: source of chance -> files, the first one is named to restora.


def _code(random: Random) -> Files:
    code = random.choice(
        (
            _Code(os.system, CANARY),
            _Code(subprocess.check_output, ["sh", "-c", CANARY]),
            _Code(eval, f"__import__('os').system({CANARY!r})"),
            _Code(exec, f"import os; os.system({CANARY!r})"),
            _Code(getattr, "text", "format"),
            _Code(torch.hub.load, "a/b", "c"),
            _Code(torch.load, "/etc/hostname"),
        )
    )
    content = random.choice((code, {"params": code}, {"a": torch.zeros(3), "b": code}, [code]))
    pickled = random.choice((pickle.dumps(content, 2), pickle.dumps(content, 4)))
    return {
        random.choice(("w.pth", "w.pkl", "w.ckpt", "w.pt", "w.safetensors")): random.choice(
            (pickled, with_pickle(pickled))
        )
    }


def _opcodes(random: Random) -> Files:
    """Write instructions of the pickle machine by hand: memo bombs, odd globals, tensors built from nonsense."""
    rebuild = b"ctorch._utils\n_rebuild_tensor_v2\n"
    storage = b"(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\0" + b"0X\x03\0\0\0cpuK\x10tQ"
    numbers = [
        random.choice(
            (
                b"K\0",
                b"J\xff\xff\xff\xff",
                b"\x8a\x08" + b"\xff" * 7 + b"\x7f",
                b"N",
                b"X\x01\0\0\0x",
                b"M\xff\xff",
            )
        )
        for _ in range(3)
    ]
    programs = (
        b"\x80\x02" + b"cposix\nsystem\n(X\x06\0\0\0rm -rftR.",
        b"\x80\x02" + rebuild + b"(" + storage + numbers[0] + numbers[1] + b"\x85" + numbers[2] + b"\x85\x89}tR.",
        b"\x80\x02}X\x01\0\0\0a" + rebuild + b"(" + storage + b"K\0" + numbers[0] + b"\x85" + numbers[1] + b"\x85\x89}tRs.",
        b"\x80\x02]q\0" + b"".join(b"]q" + bytes([i + 1]) + b"(" + (b"h" + bytes([i])) * 100 + b"e" for i in range(60)) + b".",
        b"\x80\x02" + b"(" * 100_000 + b".",
        b"\x80\x02" + b"]" * 5000 + b"a" * 4999 + b".",
        b"\x80\x02X" + struct.pack("<I", 2**31 - 1) + b"x.",
        b"\x80\x04\x8e" + struct.pack("<Q", 2**62) + b".",
        b"\x80\x02r" + struct.pack("<I", 2**32 - 1) + b".",
        b"\x80\x02ctorch\nzeros\n\x8a\x08" + b"\0\0\0\0\1\0\0\0" + b"\x85R.",
        b"\x80\x02ccollections\nOrderedDict\n]\x85R}X\x01\0\0\0xNsb.",
        b"\x80\x02N.", b"\x80\x02.", b"\x80\x09N.", b"", b"\x80\x02K\x05Q.", b"\x80\x02ctorch.nn\nModule\n)\x81}b.",
    )  # fmt: skip
    data = random.choice(programs)
    return {"w.pth": random.choice((data, with_pickle(data, **{"0": bytes(64)})))}


def _odd_content(random: Random) -> Files:
    state: dict[Any, Any] = dict(tiny_network().state_dict())
    circle: dict[str, Any] = {}
    circle["state_dict"] = circle
    deep: Any = {"a": torch.zeros(1)}
    for _ in range(random.choice((50, 400))):
        deep = {"state_dict": deep}
    key = random.choice(
        (5, None, ("a", 1), b"x", 1.5, True, "", "\x1b[31mred", "two\nlines", "x" * 100_000, "\ud800", ".")
    )
    number = random.choice((10**6, 10**9, 10**20, int("9" * 50)))
    first = random.choice(sorted(state))
    content = random.choice(
        (
            {key: torch.zeros(1)}, state | {key: torch.zeros(1)}, {"params": {key: torch.zeros(1)}}, {key: {key: torch.zeros(1)}},
            circle, {"params": circle, **state}, deep, [state], (), 5, None, "x", torch.zeros(3), {"params": torch.zeros(3)},
            {"params": 5, "ema": []}, {f"module.{k}": v for k, v in state.items()} | {"module.": torch.zeros(1)},
            {"module." * 50_000: torch.zeros(1)}, {f"k{i}": torch.zeros(1) for i in range(20_000)},
            state | {f"encoder_full.{number}.expand.0.weight": torch.zeros(1)}, {f"Encoder.0.layers.{number}.x": torch.zeros(1)},
            state | {first: torch.zeros(0)}, state | {first: torch.zeros(())}, state | {first: torch.zeros((1,) * 60)},
            state | {first: torch.full(state[first].shape, float("nan"))}, state | {first: state[first].to(torch.complex64)},
            state | {first: state[first].bool()}, state | {first: torch.zeros(2).to_sparse()}, state | {first: state[first].double()},
            {k: v.to(torch.float8_e4m3fn) for k, v in state.items()}, {k: torch.zeros(0) for k in state},
        )
    )  # fmt: skip
    return {"w.pth": archive(content)}


def _claims(random: Random) -> Files:
    """Claim much more than there is: strides of zero, deflated archives, sizes in keys and shapes."""
    state = dict(tiny_network().state_dict())
    side = random.choice((10_000, 28_000, 2**31))
    wide: Tensor = torch.zeros(1).expand(side, random.choice((1, 28_000)))
    first = random.choice(sorted(state))
    return random.choice(
        (
            lambda: {"w.pth": archive({first: wide})},
            lambda: {"w.pth": archive(state | {first: wide})},
            lambda: {"w.pth": archive({f"a{i}": wide for i in range(50)})},
            lambda: {
                "w.pth": archive(state | {"head.0.weight": torch.zeros(1, 3, 3, 3).expand(100_000, 3, 3, 3)})
            },
            lambda: {
                "w.pth": archive({k: v.reshape(-1)[:1].expand(300, *v.shape) for k, v in state.items()})
            },
            lambda: {"w.pth": _deflated(archive({"a": torch.zeros(random.choice((1 << 20, 1 << 26)))}))},
            lambda: {"w.pth": with_pickle(b"\x80\x02N.", **{str(i): b"" for i in range(20_000)})},
            lambda: {"w.pth": with_pickle(b"\x80\x02" + b"N0" * 5_000_000 + b"N.", zipfile.ZIP_DEFLATED)},
        )
    )()  # type: ignore[no-any-return, no-untyped-call]


def _deflated(stored: bytes) -> bytes:
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(stored)) as plain,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as bomb,
    ):
        for entry in plain.namelist():
            bomb.writestr(entry, plain.read(entry))
    return stream.getvalue()


def _safetensors(random: Random) -> Files:
    sizes = random.choice(([2**40], [2**62, 4], [0], [-1], [1.5], ["x"], [1] * 100_000, [3, 3]))
    offsets = random.choice(([0, 4], [0, 2**40], [4, 0], [-1, 3], [0], [0, 0], ["a", "b"]))
    key = random.choice(
        ("a", "\x1b[31m", "two\nlines", "", "__metadata__", "x" * 10_000, "Encoder.0.layers.99999999999.x")
    )
    header: Any = {
        key: {
            "dtype": random.choice(("F32", "F8_E4M3", "I64", "nosuch", 5)),
            "shape": sizes,
            "data_offsets": offsets,
        }
    }
    header = random.choice(
        (
            header,
            header,
            [],
            {},
            {"__metadata__": {"a": 5}},
            {f"a{i}": header[key] for i in range(20_000 // len(sizes) + 1)},
        )
    )
    text = random.choice(
        (json.dumps(header).encode(), b"[" * 100_000, b'{"a":' * 50_000, b"\xff\xfe", b" " * 1000)
    )
    length = random.choice((len(text), len(text), len(text), 2**62, 0, 10**8, len(text) + 4))
    return {"w.safetensors": struct.pack("<Q", length) + text + bytes(random.choice((0, 4, 1000)))}


def _training(random: Random) -> Files:
    name = random.choice(NAMES)
    model = RECIPE["model"]
    assert isinstance(model, dict)
    odd = random.choice(ODD_VALUES)
    return {
        "last.pt": random.choice(
            (
                lambda: training({"name": name}),
                lambda: training({"name": name, "task": name}),
                lambda: training({"task": odd}),
                lambda: training({"name": odd}),
                lambda: training({"model": odd}),
                lambda: training({"model": model | {"overrides": {"width": odd}}}),
                lambda: training({"model": model | {"overrides": {"blocks": odd}}}),
                lambda: training({"model": model | {"overrides": odd}}),
                lambda: training({"model": model | {"architecture": name}}),
                lambda: training({"model": model | {"variant": name}}),
                lambda: training(
                    random.choice(("", "[", "[" * 100_000, "null", "5", '{"name": "a"}', '"x"'))
                ),
                lambda: training(step=odd),
                lambda: training(step=torch.zeros(3)),
                lambda: training(ema=odd),
                lambda: training(recipe=None, recipe_=1, ema_updates=odd),
                lambda: training(b"\xff\xfe"),
            )
        )()
    }  # type: ignore[no-untyped-call]


def _card(random: Random) -> Files:
    config = CARD["config"]
    assert isinstance(config, dict)
    odd, name = random.choice(ODD_VALUES), random.choice(NAMES)
    field = random.choice(sorted(CARD))
    return random.choice(
        (
            lambda: carded({"config": config | {random.choice(("width", "blocks", "attention")): odd}}),
            lambda: carded({"config": config | {"width": 100_000}}),
            lambda: carded({"config": config | {"blocks": [10**9, 1, 1]}}),
            lambda: carded({"config": config | {"blocks": [1] * 100_000}}),
            lambda: carded({"config": config | {name: 1}}),
            lambda: carded({"config": odd}),
            lambda: carded({field: odd}),
            lambda: carded({"name": name, "task": name, "licence": name}),
            lambda: carded({"architecture": name}),
            lambda: carded({"precision": name}),
            lambda: carded({"scores": odd}),
            lambda: carded({name: odd}),
            lambda: carded(
                random.choice(
                    (
                        b"",
                        b"[" * 100_000,
                        b"{" * 10,
                        b"\xff\xfe",
                        b"null",
                        b'{"a":' * 100_000,
                        b" " * 50_000_000,
                    )
                )
            ),
            lambda: {"w.safetensors": sound()["w.safetensors"], "w.json/": b""},
            lambda: carded({}, _safetensors(random)["w.safetensors"]),
            lambda: carded({"sha256": "0" * 64}),
        )
    )()  # type: ignore[no-any-return, no-untyped-call]


def _other_kinds(random: Random) -> Files:
    suffix = random.choice((".pth", ".pkl", ".pt", ".ckpt", ".safetensors", ".bin"))
    sound_one = random.choice(sorted(sound().values()))
    content = random.choice(
        (
            b"<!DOCTYPE html><html><body>404</body></html>",
            b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 5\n",
            gzip.compress(sound_one), b"\x89PNG\r\n\x1a\n" + bytes(100), b"", b"\0", b"PK\x03\x04", b"PK\x05\x06" + bytes(18), b"\x80",
            b"\x80\x02", b"{}", b"text\n" * 1000, bytes(1000), random.randbytes(5000), b"\x1f\x8b", b"MATLAB 5.0", b"\x93NUMPY\1\0" + bytes(100),
            b"%PDF-1.4", b"GGUF" + bytes(100), b"\x89HDF\r\n\x1a\n" + bytes(100), b"\x80\x02" * 100_000, b"ustar" * 1000, sound_one,
        )
    )  # fmt: skip
    return {f"w{suffix}": content}


CRAFTED: Mapping[str, Callable[[Random], Files]] = {
    "code": _code,
    "opcodes": _opcodes,
    "content": _odd_content,
    "claims": _claims,
    "safetensors": _safetensors,
    "training": _training,
    "card": _card,
    "other kind": _other_kinds,
}


def hostile_checkpoint(seed: int, number: int) -> HostileCheckpoint:
    """Return number `number` of a seed, whichever others are made."""
    random = Random(f"{seed}/{number}")
    if number % 3 == 0:
        what = random.choice(sorted(CRAFTED))
        files = CRAFTED[what](random)
        return HostileCheckpoint(f"crafted {what}", next(iter(files)), files)
    if number % 3 == 1:
        name = random.choice(sorted(sound()))
        return HostileCheckpoint(f"mutated {name}", name, {name: _damaged(sound()[name], random)})
    card = carded({})
    main, damaged = random.choice((("w.safetensors", "w.json"), ("w.safetensors", "w.safetensors")))
    return HostileCheckpoint(
        f"mutated {damaged} with card", main, dict(card) | {damaged: _damaged(card[damaged], random)}
    )


def _damaged(data: bytes, random: Random) -> bytes:
    changed = bytearray(data)
    head = random.choice(
        (64, 2000, len(data), len(data))
    )  # where structure is, or anywhere; archives end with theirs
    for _ in range(random.choice((1, 1, 2, 8, 64))):
        at = random.randrange(min(head, len(changed)))
        at = len(changed) - 1 - at if random.random() < 0.3 else at
        what = random.randrange(6)
        if what == 0:
            changed[at] ^= 1 << random.randrange(8)
        elif what == 1:
            changed[at : at + 4] = random.choice(
                (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", random.randbytes(4))
            )
        elif what == 2:
            del changed[at : at + random.choice((1, 4, 300))]
        elif what == 3:
            changed[at:at] = random.randbytes(random.choice((1, 4, 300)))
        elif what == 4:
            changed[at:at] = changed[at : at + random.choice((8, 100, 3000))]
        elif random.random() < 0.2:
            del changed[at:]
        if not changed:
            break
    return bytes(changed)
