"""``restora publish`` and ``restora inspect OWNER/NAME``, against a hub on this machine."""

import json
import shutil

import pytest
import torch
from local_hub import local_hub

from restora.checkpoints import list_weights, load_model
from restora.checkpoints.cards import read_card
from restora.checkpoints.shipped import weights_folder
from restora.checkpoints.writing import write_card

NAME = "denoise-chair-tiny"


@pytest.fixture
def hub(tmp_path, monkeypatch):
    with local_hub() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.address)
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "token"))
        monkeypatch.delenv("HF_TOKEN", raising=False)
        for suffix in (".safetensors", ".json"):
            shutil.copy(weights_folder() / (NAME + suffix), tmp_path)
        yield hub


def test_what_is_published_is_inspected_and_loaded_again(hub, restora_command, monkeypatch):
    hub.token = "hf_secret"
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    run = restora_command("publish", f"{NAME}.safetensors", "me/mine", "--private")
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith(f"{hub.address}/me/mine/commit/")
    assert sorted(hub.repositories["me/mine"]) == ["README.md", f"{NAME}.json", f"{NAME}.safetensors"]
    assert hub.private == {"me/mine"}
    page = hub.repositories["me/mine"]["README.md"].decode()
    assert page.startswith("---\nlibrary_name: restora\nlicense: apache-2.0\n")

    run = restora_command("inspect", "me/mine")
    assert run.returncode == 0, run.stderr
    assert f"{NAME}" in run.stdout
    assert "chair tiny, 762,649 parameters" in run.stdout
    assert not any(path.endswith(".safetensors") for method, path in hub.asked if method != "POST")
    assert json.loads(restora_command("inspect", "me/mine", "--json").stdout)["name"] == NAME

    x = torch.rand(1, 3, 8, 8)
    with torch.inference_mode():
        assert torch.equal(load_model("me/mine")(x), load_model(NAME)(x))


def test_a_dry_run_shows_files_and_page_and_asks_nobody(hub, restora_command):
    run = restora_command("publish", f"{NAME}.safetensors", "me/mine", "--dry-run")
    assert run.returncode == 0, run.stderr
    lines = run.stdout.splitlines()
    assert lines[0].startswith(f"me/mine/{NAME}.safetensors: 1,")
    assert [line.split(":")[0] for line in lines[1:3]] == [f"me/mine/{NAME}.json", "me/mine/README.md"]
    assert f"# {NAME}" in lines
    assert "    restora restore photo.jpg --weights me/mine" in lines
    assert hub.asked == []


@pytest.mark.parametrize("token", ["hf_wrong", None])
def test_without_the_right_to_write_nothing_is_published(hub, restora_command, monkeypatch, token):
    hub.token = "hf_secret"
    if token:
        monkeypatch.setenv("HF_TOKEN", token)
    run = restora_command("publish", f"{NAME}.safetensors", "me/mine")
    assert run.returncode == 2
    assert run.stderr.startswith("restora: me/mine: ")
    assert "hf auth login" in run.stderr
    assert len(run.stderr.splitlines()) == 1
    assert hub.repositories == {}


def test_what_the_hub_does_not_have_is_said(hub, restora_command):
    run = restora_command("inspect", "somebody/nothing")
    assert run.returncode == 2
    assert "restora: somebody/nothing: the hub has no such weights, or they are private" in run.stderr
    hub.repositories["somebody/else"] = {"README.md": b"words"}
    run = restora_command("inspect", "somebody/else")
    assert "should hold one weights card, found none" in run.stderr


def test_offline_a_card_that_was_fetched_is_still_read(hub, restora_command, monkeypatch, tmp_path):
    hub.repositories["me/mine"] = {f"{NAME}.json": (tmp_path / f"{NAME}.json").read_bytes()}
    assert restora_command("inspect", "me/mine").returncode == 0
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert restora_command("inspect", "me/mine").returncode == 0
    run = restora_command("inspect", "me/other")
    assert "me/other: no such file, and the hub cannot be reached" in run.stderr
    run = restora_command("publish", f"{NAME}.safetensors", "me/mine")
    assert (run.returncode, "the hub cannot be reached" in run.stderr) == (2, True)


@pytest.mark.parametrize(
    ("weights", "hub_id", "message"),
    [
        (f"{NAME}.safetensors", "mine", "mine: is no hub id; give owner/name"),
        (f"{NAME}.safetensors", "../mine", "../mine: is no hub id"),
        (
            "best.pt",
            "me/mine",
            "best.pt: only safetensors with a card are published; 'restora convert' makes them",
        ),
        ("none.safetensors", "me/mine", "none.json: the weights card is missing"),
        (
            "other.safetensors",
            "me/mine",
            "other.safetensors: is not the file that its card other.json describes",
        ),
    ],
)
def test_what_cannot_be_published_is_refused_before_anything_is_sent(
    hub, restora_command, tmp_path, weights, hub_id, message
):
    shutil.copy(tmp_path / f"{NAME}.json", tmp_path / "other.json")
    (tmp_path / "other.safetensors").write_bytes(b"something else")
    run = restora_command("publish", weights, hub_id)
    assert run.returncode == 2
    assert f"restora: {message}" in run.stderr
    assert hub.asked == []


def test_weights_of_which_little_is_known_are_published_and_inspected(hub, restora_command, tmp_path):
    little = {"recipe": None, "steps": None, "date": None, "scores": (), "credits": (), "data": "unknown"}
    card = read_card(tmp_path / f"{NAME}.json").model_copy(update=little)
    write_card(tmp_path / f"{NAME}.json", card)
    assert restora_command("publish", f"{NAME}.safetensors", "me/mine").returncode == 0
    assert "None" not in hub.repositories["me/mine"]["README.md"].decode()
    run = restora_command("inspect", "me/mine")
    assert run.returncode == 0
    assert "None" not in run.stdout


def test_inspect_takes_names_of_weights(restora_command):
    card = next(card for card in list_weights() if card.name == NAME)
    run = restora_command("inspect", NAME, "--json")
    assert json.loads(run.stdout)["parameters"] == card.parameters
