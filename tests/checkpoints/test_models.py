import pytest

from restora import RestoraError, create_model, list_models
from restora.checkpoints import models


def test_weights_by_task_are_those_of_the_architecture():
    assert create_model("kit", weights="denoise").card.name == "denoise-kit-tiny"
    assert create_model("chair/tiny", weights="denoise").card.architecture == "chair"
    network = create_model("chair", weights="deblur-chair-tiny")
    assert network.card.task == "deblur"
    assert not network.training
    assert create_model("chair", "tiny").training


def test_weights_that_do_not_come_with_restora_are_the_authors(monkeypatch):
    asked = []
    monkeypatch.setattr(
        models, "load_model", lambda name: asked.append(name) or create_model("dinat_ir/tiny")
    )
    create_model("dinat_ir", weights="derain")
    assert asked == ["dinat-ir/derain-rain13k"]


@pytest.mark.parametrize(
    ("name", "weights", "message"),
    [
        (
            "kit",
            "dehaze",
            "no weights of kit for dehaze are known; of that network there are: denoise-kit-tiny",
        ),
        ("chair/base", "denoise", "no weights of chair/base for denoise are known"),
        ("kit", "denoise-chair-tiny", "the weights denoise-chair-tiny are not of KiT; load_model takes them"),
        ("chair/base", "denoise-chair-tiny", "are not of ChaIR \\(base\\)"),
        ("chair", "no-such-weights", "no such file, and no such weights"),
    ],
)
def test_weights_that_do_not_fit_are_refused(name, weights, message):
    with pytest.raises(RestoraError, match=message):
        create_model(name, weights=weights)


def test_models_are_listed_by_pattern():
    assert list_models("*/tiny") == ["chair/tiny", "dinat_ir/tiny", "kit/tiny", "derestormer/tiny"]
    assert list_models("none*") == []
    assert len(list_models()) > 10
