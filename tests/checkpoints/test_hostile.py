"""Files of weights and cards that somebody made to do harm, or that are something else than they seem."""

import gzip
import io
import json
import pickle
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from recipes import miniature
from safetensors.torch import save_file

from restora.checkpoints import convert_checkpoint, inspect_state_dict, load_model, read_tensors, save_weights
from restora.errors import RestoraError
from restora.networks import create_model
from restora.training.checkpoint import TrainingCheckpoint, save_checkpoint

SMALL = {"width": 4, "blocks": (1, 1, 1)}


def state() -> dict[str, torch.Tensor]:
    return create_model("chair", "tiny", **SMALL).state_dict()


def card(path: Path, **changes: Any) -> Path:
    """Write weights of a small network to ``path``, and a card that says something else beside them."""
    import hashlib

    save_file(state(), path)
    values = {
        "name": "harmless",
        "task": "denoise",
        "architecture": "chair",
        "variant": "tiny",
        "config": {"width": 4, "blocks": [1, 1, 1], "attention": [False, False, True]},
        "parameters": 1,
        "precision": "float32",
        "licence": "none",
        "description": "",
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }
    path.with_suffix(".json").write_text(json.dumps(values | changes))
    return path


def run_of_training(path: Path, **changes: Any) -> Path:
    recipe = miniature(None)
    save_checkpoint(path, TrainingCheckpoint(7, state(), state(), 7, {}, recipe.model_dump_json(), 30.0))
    content = torch.load(path, weights_only=True)
    recipe = json.loads(content["recipe"]) | changes.pop("recipe", {})
    torch.save(content | {"recipe": json.dumps(recipe)} | changes, path)
    return path


def with_pickle(path: Path, pickled: bytes) -> Path:
    """Write a torch archive with a pickle of one's own."""
    torch.save({}, path)
    with zipfile.ZipFile(path) as archive:
        entries = {entry: archive.read(entry) for entry in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for entry, content in entries.items():
            archive.writestr(entry, pickled if entry.endswith("data.pkl") else content)
    return path


# Names


@pytest.mark.parametrize(
    "name", ["../../../escaped", "/tmp/escaped", "a/b", "..", "", "a\\b", ".hidden", "x\x1b[2J"]
)
def test_names_from_files_and_users_stay_in_the_folder(tmp_path: Path, name: str) -> None:
    best = run_of_training(tmp_path / "best.pt", recipe={"name": name})
    with pytest.raises(RestoraError, match=r"best.pt: .*names no file"):
        convert_checkpoint(best, tmp_path / "in" / "out")
    torch.save(state(), tmp_path / "w.pth")
    if name:
        with pytest.raises(RestoraError, match=r"names no file.*--name"):
            convert_checkpoint(tmp_path / "w.pth", tmp_path / "in" / "out", name=name)
    with pytest.raises(RestoraError, match=r"w.json: not a weights card \(name: .*names no file"):
        load_model(card(tmp_path / "w.safetensors", name=name))
    assert not (tmp_path / "in").exists()


def test_a_name_with_blanks_and_letters_of_any_language_is_one(tmp_path: Path) -> None:
    torch.save(state(), tmp_path / "Größe (2).pth")
    assert convert_checkpoint(tmp_path / "Größe (2).pth", tmp_path).name == "Größe (2).safetensors"


# Sizes


@pytest.mark.parametrize("copies", [1, 50])
def test_tensors_that_repeat_a_value_are_refused_before_they_are_copied(tmp_path: Path, copies: int) -> None:
    side = int((3.2e9 / 4 / copies) ** 0.5)
    torch.save({f"a{i}": torch.zeros(1).expand(side, side) for i in range(copies)}, tmp_path / "w.pth")
    with pytest.raises(RestoraError, match=r"w.pth: its [\d,]+ bytes claim to hold 3,[\d,]+ bytes"):
        read_tensors(tmp_path / "w.pth")


def test_a_compressed_archive_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    torch.save({"a": torch.zeros(1 << 20)}, tmp_path / "w.pth")
    with (
        zipfile.ZipFile(tmp_path / "w.pth") as stored,
        zipfile.ZipFile(tmp_path / "bomb.pth", "w", zipfile.ZIP_DEFLATED) as bomb,
    ):
        for entry in stored.namelist():
            bomb.writestr(entry, stored.read(entry))
    with pytest.raises(RestoraError, match=r"bomb.pth: its [\d,]+ bytes unpack to 4,19\d,\d+"):
        read_tensors(tmp_path / "bomb.pth")


@pytest.mark.parametrize(
    "config",
    [
        {"width": 100_000},
        {"blocks": [1_000_000_000, 1, 1]},
        {"width": 1e9},
        {"blocks": [1, 1]},
        {"blocks": "111"},
        {"width": None},
        {"width": 300, "blocks": [70, 70, 70]},
        {"attention": {"a": 1}},
    ],
)
def test_a_card_builds_nothing_that_its_file_does_not_hold(tmp_path: Path, config: dict[str, Any]) -> None:
    base = {"width": 4, "blocks": [1, 1, 1], "attention": [False, False, True]}
    with pytest.raises(RestoraError, match=r"w\.(json: ChaIR|safetensors: the weights do not fit)"):
        load_model(card(tmp_path / "w.safetensors", config=base | config))


@pytest.mark.parametrize(
    "key", ["encoder_full.99999999.expand.0.weight", f"encoder_full.{'9' * 200}.expand.0.weight"]
)
def test_a_key_with_a_large_number_builds_nothing(tmp_path: Path, key: str) -> None:
    torch.save(state() | {key: torch.zeros(1)}, tmp_path / "w.pth")
    with pytest.raises(RestoraError, match=r"w.pth: ChaIRConfig.* is beyond"):
        load_model(tmp_path / "w.pth")


def test_a_width_that_only_a_shape_claims_builds_nothing(tmp_path: Path) -> None:
    wide = torch.zeros(1, 3, 3, 3).expand(1000, 3, 3, 3)
    torch.save(state() | {"head.0.weight": wide}, tmp_path / "w.pth")
    with pytest.raises(RestoraError, match=r"w.pth: ChaIRConfig.* is beyond"):
        load_model(tmp_path / "w.pth")


@pytest.mark.parametrize("name", ["module." * 100, "x" * 5000])
def test_long_keys_are_refused(tmp_path: Path, name: str) -> None:
    torch.save({name + "a": torch.zeros(1)}, tmp_path / "w.pth")
    with pytest.raises(RestoraError, match=r"w.pth: '.{80}' names no part of a network"):
        read_tensors(tmp_path / "w.pth")


def test_a_tuple_that_takes_long_to_look_up_is_not_looked_up(tmp_path: Path) -> None:
    nested = b"K\x01" + b"".join(b"q" + bytes([i]) + b"h" + bytes([i]) + b"\x86" for i in range(60))
    with pytest.raises(RestoraError, match=r"w.pth: has 1,023 parts of a tuple or more"):
        read_tensors(with_pickle(tmp_path / "w.pth", b"\x80\x02}" + nested + b"K\x01s."))


def test_what_is_called_is_only_what_makes_tensors(tmp_path: Path) -> None:
    endless = b"\x80\x02cbuiltins\nset\n(cbuiltins\nbytearray\n(J\xff\xff\xff\x7ftRtR."
    with pytest.raises(RestoraError, match=r"w.pth: refused.*builtins.bytearray"):
        read_tensors(with_pickle(tmp_path / "w.pth", endless))


def test_pickles_without_end_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("restora.checkpoints.budget.MAX_OPERATIONS", 1000)
    with pytest.raises(RestoraError, match=r"w.pth: has 1,001 operations or more"):
        read_tensors(with_pickle(tmp_path / "w.pth", b"\x80\x02" + b"N0" * 600 + b"."))
    with pytest.raises(RestoraError, match=r"v.pth: has .* bytes of description"):
        read_tensors(with_pickle(tmp_path / "v.pth", b"\x80\x02" + b"N" * (9 << 20) + b"."))


def test_a_header_or_card_without_end_is_refused(tmp_path: Path) -> None:
    (tmp_path / "w.safetensors").write_bytes(struct.pack("<Q", 9 << 20) + b"{" + b" " * (9 << 20))
    with pytest.raises(RestoraError, match=r"w.safetensors: has 9,437,184 bytes of header"):
        read_tensors(tmp_path / "w.safetensors")
    card(tmp_path / "v.safetensors", description="x" * (1 << 20))
    with pytest.raises(RestoraError, match=r"v.json: not a weights card, which has at most"):
        load_model(tmp_path / "v.safetensors")


# Contents


def itself() -> dict[str, Any]:
    content: dict[str, Any] = {}
    content["model"] = content["state_dict"] = content
    return content


@pytest.mark.parametrize(
    "content",
    [
        {0: torch.zeros(1)},
        {b"a": torch.zeros(1)},
        {None: torch.zeros(1), (1, 2): torch.zeros(1)},
        {"model": {1: {}}},
        itself(),
        {"a": {"b": {}}},
        [1, 2],
        None,
        7,
    ],
)
def test_odd_contents_are_refused(tmp_path: Path, content: Any) -> None:
    torch.save(content, tmp_path / "w.pth")
    with pytest.raises(RestoraError, match=r"w.pth: (holds no state dict|refused)"):
        load_model(tmp_path / "w.pth")


@pytest.mark.parametrize(
    "call",
    [
        b"ctorch._utils\n_rebuild_tensor_v2\n)R",
        b"ctorch._utils\n_rebuild_tensor_v2\n(NK\x00)))K\x01tR",
        b"ctorch\nSize\n(X\x01\x00\x00\x00atR",
        b"ctorch.nn.parameter\nParameter\n)\x81",
        b"K\x01Q",
        b"}K\x01K\x02K\x03",
        b"h\x09",
        b"0",
        b"",
    ],
)
def test_bad_pickles_are_damaged_files(tmp_path: Path, call: bytes) -> None:
    with pytest.raises(RestoraError, match=r"w.pth: (not a file of weights, or damaged|holds no state dict)"):
        load_model(with_pickle(tmp_path / "w.pth", b"\x80\x02" + call + b"."))


@pytest.mark.parametrize("step", [float("inf"), float("nan"), -1, "x", None, [], 1.5])
def test_odd_steps_of_a_training_are_refused(tmp_path: Path, step: Any) -> None:
    best = run_of_training(tmp_path / "best.pt", step=step)
    with pytest.raises(
        RestoraError, match=r"best.pt: the recipe in this training checkpoint is damaged \(step"
    ):
        load_model(best)


@pytest.mark.parametrize(
    "model", [None, 7, {"architecture": []}, {"architecture": "chair", "variant": "x", "overrides": {}}]
)
def test_odd_models_of_a_training_are_refused(tmp_path: Path, model: Any) -> None:
    with pytest.raises(RestoraError, match=r"best.pt: (the recipe .* damaged|unknown variant)"):
        load_model(run_of_training(tmp_path / "best.pt", recipe={"model": model}))


def test_a_card_that_is_a_folder_or_names_no_network_is_refused(tmp_path: Path) -> None:
    path = card(tmp_path / "w.safetensors")
    path.with_suffix(".json").unlink()
    path.with_suffix(".json").mkdir()
    with pytest.raises(RestoraError, match=r"w.json: not a weights card \(Is a directory\)"):
        load_model(path)
    with pytest.raises(RestoraError, match=r"v.json: unknown architecture 'nothing'"):
        load_model(card(tmp_path / "v.safetensors", architecture="nothing"))


def test_shapes_that_do_not_fit_are_named(tmp_path: Path) -> None:
    torch.save(state() | {"tail_full.bias": torch.zeros(5)}, tmp_path / "w.pth")
    with pytest.raises(RestoraError, match=r"w.pth: .*1 keys \(tail_full.bias\) of other shapes"):
        load_model(tmp_path / "w.pth")


def png() -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (4, 4)).save(stream, "PNG")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<!DOCTYPE html><html><head>", "a web page"),
        (b"\n  <HTML>", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "a Git LFS pointer"),
        (gzip.compress(b"weights", mtime=0), "compressed by gzip"),
        (png(), "a PNG picture"),
        (b'{"name": "card"}', "a JSON text"),
        (b"", "empty"),
        (b"\x00" * 100, "of no format"),
    ],
)
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_other_files_are_called_what_they_are(
    tmp_path: Path, content: bytes, words: str, suffix: str
) -> None:
    (tmp_path / f"w{suffix}").write_bytes(content)
    with pytest.raises(RestoraError, match=f"w{suffix}: holds no weights: it is {words}"):
        load_model(tmp_path / f"w{suffix}")


def test_other_zip_archives_are_called_so(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "w.pth", "w") as archive:
        archive.writestr("letter.txt", "hello")
    with pytest.raises(RestoraError, match=r"w.pth: a zip archive, but none that torch.save wrote"):
        load_model(tmp_path / "w.pth")


def test_the_content_tells_the_format_not_the_name(tmp_path: Path) -> None:
    save_file(state(), tmp_path / "w.pth")
    torch.save(state(), tmp_path / "v.safetensors")
    assert load_model(tmp_path / "w.pth").config == load_model(tmp_path / "v.safetensors").config


@pytest.mark.parametrize("zipped", [True, False])
def test_whole_training_states_of_others_are_read(tmp_path: Path, zipped: bool) -> None:
    model = create_model("chair", "tiny", **SMALL)
    optimizer = torch.optim.AdamW(model.parameters())
    scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, [5, 9])
    model(torch.rand(2, 3, 16, 16)).sum().backward()
    optimizer.step()
    content = {
        "params": {f"module.{key}": value for key, value in model.state_dict().items()},
        "optimizer": optimizer.state_dict(),
        "scheduler": scheduler.state_dict(),
        "epoch": 3,
        "best": (31.5, {"psnr"}),
        "parameter": torch.nn.Parameter(torch.zeros(2)),
    }
    torch.save(content, tmp_path / "w.pth", _use_new_zipfile_serialization=zipped)
    assert inspect_state_dict(read_tensors(tmp_path / "w.pth")).fits


# What reaches the terminal


def test_keys_and_names_of_files_reach_no_terminal_as_they_are(tmp_path: Path) -> None:
    torch.save({"\x1b[2Ja\n": torch.zeros(1)}, tmp_path / "w.pth")
    with pytest.raises(RestoraError, match="names no part of a network") as refused:
        load_model(tmp_path / "w.pth")
    assert str(refused.value).isprintable()
    (tmp_path / "\x1b]0;title\x07\n.pth").write_bytes(b"\x1b[2J")
    with pytest.raises(RestoraError, match=r"\\x1b\]0;title\\x07\\n.pth: holds no weights") as refused:
        load_model(tmp_path / "\x1b]0;title\x07\n.pth")
    assert str(refused.value).isprintable()


def test_refused_code_is_named_in_one_printable_line(tmp_path: Path) -> None:
    (tmp_path / "w.pkl").write_bytes(pickle.dumps(io.StringIO, 2))
    with pytest.raises(RestoraError, match=r"w.pkl: refused, .*\(_io.StringIO\)"):
        load_model(tmp_path / "w.pkl")


def test_weights_are_written_by_their_card_alone(tmp_path: Path) -> None:
    from restora.checkpoints.cards import read_card

    path = card(tmp_path / "w.safetensors")
    written = save_weights(tmp_path / "out", state(), read_card(path.with_suffix(".json")))
    assert written == tmp_path / "out" / "harmless.safetensors"
