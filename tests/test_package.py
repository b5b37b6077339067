"""The package as a whole: its public names, what importing it costs, what it carries."""

import subprocess
import sys

import restora


def test_public_names() -> None:
    assert sorted(restora.__all__) == [
        "AutoRestorer",
        "BatchRestorer",
        "Cancelled",
        "Diagnosis",
        "ProgressMeter",
        "RestoraError",
        "Restorer",
        "Run",
        "convert_state_dict",
        "create_model",
        "diagnose",
        "list_models",
        "list_weights",
        "load_model",
        "restore",
        "restore_dataset",
        "restore_video",
        "to_official_state_dict",
        "with_local_statistics",
    ]
    for name in restora.__all__:
        assert getattr(restora, name).__module__.startswith("restora.")
    assert set(restora.__all__) < set(dir(restora))


def test_unknown_names_are_attribute_errors() -> None:
    assert not hasattr(restora, "restorer")


def test_importing_restora_imports_nothing_heavy() -> None:
    heavy = ["torch", "numpy", "cv2", "PIL", "tifffile", "imagecodecs", "pydantic", "typer", "rich", "yaml"]
    code = f"import sys, restora; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_shipped_weight_has_a_card_and_loads() -> None:
    cards = restora.list_weights()
    assert cards
    for card in cards:
        model = restora.load_model(card.name)
        assert sum(p.numel() for p in model.parameters()) == card.parameters
        assert card.scores, f"{card.name} was never measured"


def test_shipped_weights_stay_small() -> None:
    from restora.checkpoints.shipped import weights_folder

    sizes = [path.stat().st_size for path in weights_folder().glob("*.safetensors")]
    assert max(sizes) < 6_000_000
    assert sum(sizes) < 45_000_000
