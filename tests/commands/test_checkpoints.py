import json

import numpy as np
import pytest
import torch

from restora.checkpoints import load_model, to_official_state_dict
from restora.images import Photograph, write
from restora.networks import create_model


class Evil:
    def __reduce__(self):
        return (print, ("executed",))


@pytest.fixture
def official(tmp_path):
    torch.manual_seed(0)
    model = create_model("chair", "tiny").eval()
    torch.save({"model": to_official_state_dict(model)}, tmp_path / "Best.pkl")
    return model


def test_inspect_tells_what_a_checkpoint_is(official, restora_command):
    run = restora_command("inspect", "Best.pkl")
    assert run.returncode == 0
    assert run.stdout.splitlines()[0] == "Best.pkl: ChaIR tiny, 762,649 parameters, float32, official keys"
    assert "  width: 16" in run.stdout.splitlines()
    found = json.loads(restora_command("inspect", "Best.pkl", "--json").stdout)
    assert (found["architecture"], found["variant"], found["missing"]) == ("chair", "tiny", [])


def test_inspect_lists_keys_that_do_not_fit(official, restora_command, tmp_path):
    state = to_official_state_dict(official)
    state["extra"] = state.pop("SCM1.main.4.weight")
    torch.save(state, tmp_path / "odd.pth")
    run = restora_command("inspect", "odd.pth")
    assert run.returncode == 1
    assert run.stdout.splitlines()[-2:] == ["missing: SCM1.main.4.weight", "left over: extra"]


def test_convert_writes_weights_with_a_card_that_give_the_same_output(official, restora_command, tmp_path):
    run = restora_command("convert", "Best.pkl", "out", "--name", "mine", "--task", "derain")
    assert (run.returncode, run.stdout) == (0, "out/mine.safetensors\n")
    loaded = load_model(tmp_path / "out/mine.safetensors")
    assert (loaded.card.task, loaded.card.variant, loaded.card.precision) == ("derain", "tiny", "float32")
    x = torch.rand(1, 3, 16, 16)
    with torch.inference_mode():
        assert torch.equal(loaded(x), official(x))


def test_restore_takes_a_published_checkpoint_and_says_what_it_found(official, restora_command, tmp_path):
    write(tmp_path / "photo.png", Photograph(np.full((20, 20, 3), 99, np.uint8)))
    run = restora_command("restore", "photo.png", "--weights", "Best.pkl")
    assert (run.returncode, run.stdout) == (0, "photo-restored.png\n")
    assert run.stderr == "Best.pkl: ChaIR tiny, 762,649 parameters, float32, official keys\n"


@pytest.mark.parametrize("command", [["inspect", "evil.pth"], ["convert", "evil.pth", "out"]])
def test_code_in_a_checkpoint_is_refused_and_not_run(restora_command, tmp_path, command):
    torch.save({"model": Evil()}, tmp_path / "evil.pth")
    run = restora_command(*command)
    assert run.returncode == 2
    assert run.stderr.startswith("restora: evil.pth: refused, because reading it could run code")
    assert "executed" not in run.stdout


def test_unknown_checkpoint_is_one_line(restora_command, tmp_path):
    torch.save({"a.weight": torch.zeros(1)}, tmp_path / "other.pth")
    run = restora_command("inspect", "other.pth")
    assert run.returncode == 2
    (line,) = run.stderr.splitlines()
    assert line.startswith("restora: other.pth: none of the known architectures")
