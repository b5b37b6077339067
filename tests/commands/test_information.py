import json

import torch
from recipes import write_photos

import restora
from restora.checkpoints import convert_checkpoint
from restora.restoration.measuring import Measurement


def test_version(restora_command):
    assert restora_command("--version").stdout == f"restora {restora.__version__}\n"


def test_help_shows_examples(restora_command):
    for command in ("restore", "train"):
        text = restora_command(command, "--help").stdout
        assert "Examples:" in text
        assert f"restora {command} " in text
    assert "restore" in restora_command("--help").stdout


def test_models_lists_every_variant(restora_command):
    rows = json.loads(restora_command("models", "--json").stdout)
    assert [f"{row['architecture']}/{row['variant']}" for row in rows] == restora.list_models()
    tiny = next(row for row in rows if row["variant"] == "tiny")
    model = restora.create_model("chair", "tiny")
    assert tiny["parameters"] == sum(parameter.numel() for parameter in model.parameters())
    assert f"{tiny['parameters']:,}" in restora_command("models").stdout


def test_weights_lists_every_card_with_scores(restora_command):
    cards = json.loads(restora_command("weights", "--json").stdout)
    assert [card["name"] for card in cards] == [card.name for card in restora.list_weights()]
    text = restora_command("weights").stdout
    for card in cards:
        assert card["name"] in text
        for score in card["scores"]:
            assert (
                f"{score['psnr']:.2f} dB PSNR, {score['benchmark']} {score['setting']} ({score['protocol']})"
                in text
            )


def test_doctor_names_versions_devices_and_weights(restora_command):
    run = restora_command("doctor")
    assert run.returncode == 0, run.stderr
    assert f"restora {restora.__version__}, Python 3" in run.stdout
    assert "device: " in run.stdout
    for card in restora.list_weights():
        assert f"weights {card.name}: sound" in run.stdout


def test_doctor_measures_engines_and_precisions(restora_command, monkeypatch, tmp_path):
    rows = [
        Measurement("torch", "float32", 1.5, 1.0, 0.0, 0.0),
        Measurement("torch", "bfloat16", 0.5, 3.0, 3 / 255, 0.17, "costs 0.170 dB, 0.02 are allowed"),
        Measurement("openvino", "float32", 0.75, 2.0, 1e-6, 0.0),
    ]
    asked = []
    monkeypatch.setattr("restora.restoration.measuring.measure", lambda *call: asked.append(call) or rows)
    run = restora_command("doctor", "--measure")
    assert run.returncode == 0
    assert [network.card.task for network, _ in asked] == ["denoise", "denoise-real"]
    lines = run.stdout.splitlines()
    start = lines.index("denoise-chair-tiny, tiles of 512 pixels:")
    assert [line.split(maxsplit=6) for line in lines[start + 2 : start + 5]] == [
        ["torch", "float32", "1.50", "1.00", "0.00", "0.000"],
        ["torch", "bfloat16", "0.50", "3.00", "3.00", "0.170", "costs 0.170 dB, 0.02 are allowed"],
        ["openvino", "float32", "0.75", "2.00", "0.00", "0.000", "auto"],
    ]
    assert lines[start + 5].startswith("denoise-real-chair-tiny, tiles of ")


def test_doctor_finds_the_file_that_is_damaged(tmp_path, restora_command):
    network = restora.create_model("chair", "tiny", width=4, blocks=(1, 1, 1), attention=(False, False, True))
    torch.save(network.state_dict(), tmp_path / "parts.pth")
    torch.save(network.state_dict(), tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    convert_checkpoint(tmp_path / "parts.pth", tmp_path, name="card")
    (tmp_path / "alone.safetensors").write_bytes((tmp_path / "card.safetensors").read_bytes())
    photos = write_photos(tmp_path / "photos")
    assert restora_command("pack", photos, "-o", "photos.pack").returncode == 0
    files = ["parts.pth", "card.safetensors", "alone.safetensors", "photos.pack"]
    places = ["its parts", "card.json", "its metadata", "index.json"]
    run = restora_command("doctor", *files, "old.pth")
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines() == [
        *(f"{file}: sound, by the checksums in {place}" for file, place in zip(files, places, strict=True)),
        "old.pth: can be read, but has no checksum to hold it against",
    ]
    for file in files:
        path = tmp_path / file / "00000.npy" if file.endswith(".pack") else tmp_path / file
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    run = restora_command("doctor", *files)
    assert (run.returncode, run.stdout) == (1, "")
    assert [line.split(": ")[1].split("/")[0] for line in run.stderr.splitlines()] == files
    assert restora_command("doctor", "nosuch.pth").returncode == 2
