import shutil

import pytest
import torch

from restora.checkpoints import load_model, publish
from restora.checkpoints.hub import weights_in
from restora.checkpoints.shipped import weights_folder
from restora.errors import RestoraError

NAME = "denoise-chair-tiny"


@pytest.fixture
def folder(tmp_path):
    """Weights with their card, as they lie on a hub."""
    target = tmp_path / "weights"
    target.mkdir()
    for suffix in (".safetensors", ".json"):
        shutil.copy(weights_folder() / (NAME + suffix), target)
    return target


def test_folder_is_loaded(folder):
    assert load_model(folder).card.name == NAME


def test_folder_with_none_or_several_is_refused(folder, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(RestoraError, match="should hold one file of weights with its card, found none"):
        load_model(tmp_path / "empty")
    for suffix in (".safetensors", ".json"):
        shutil.copy(folder / (NAME + suffix), folder / ("other" + suffix))
    with pytest.raises(
        RestoraError, match=r"found denoise-chair-tiny\.safetensors, other\.safetensors; name a file"
    ):
        weights_in(folder)


def cached(folder, cache):
    """The hub's own cache after a download of somebody/denoiser."""
    commit = "a" * 40
    repository = cache / "models--somebody--denoiser"
    shutil.copytree(folder, repository / "snapshots" / commit)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(commit)


def test_hub_id_is_loaded_from_the_cache_when_offline(folder, tmp_path, monkeypatch):
    from huggingface_hub import constants

    cached(folder, tmp_path / "cache")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("huggingface_hub._snapshot_download.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    model, own = load_model("somebody/denoiser"), load_model(NAME)
    assert model.card == own.card
    x = torch.rand(1, 3, 8, 8)
    with torch.inference_mode():
        assert torch.equal(model(x), own(x))
    with pytest.raises(RestoraError, match="somebody/else: no such file, and the hub cannot be reached"):
        load_model("somebody/else")


def test_names_that_are_no_hub_ids_never_reach_the_hub(monkeypatch):
    def reached(*_, **__):
        raise AssertionError("the hub was asked")

    monkeypatch.setattr("huggingface_hub.snapshot_download", reached)
    for name in ("nothing", "folder/missing.pth", "a/b/c"):
        with pytest.raises(RestoraError, match="no such file"):
            load_model(name)


def test_weights_without_a_card_are_not_published(folder):
    (folder / f"{NAME}.json").unlink()
    with pytest.raises(RestoraError, match="the weights card is missing"):
        publish(folder / f"{NAME}.safetensors", "me/mine")
