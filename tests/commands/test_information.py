import json

import restora


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
