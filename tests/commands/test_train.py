from recipes import write_photos

from restora.checkpoints import load_model
from restora.training import load_recipe

FEW = (
    "stages.0.steps=1",
    "stages.1.steps=1",
    "stages.0.patch=16",
    "stages.1.patch=16",
    "compile=false",
    "precision=float32",
)


def test_pairs_are_trained_on_in_one_command(tmp_path, restora_command):
    degraded, clean = (write_photos(tmp_path / name) for name in ("noisy", "clean"))
    settings = [word for setting in FEW for word in ("--set", setting)]
    run = restora_command("train", "--pairs", degraded, clean, "--network", "kit/tiny", *settings)
    assert run.returncode == 2  # crops of 16 are too small for this network
    assert "KiT takes multiples of 32" in run.stderr
    run = restora_command("train", "--pairs", degraded, clean, *settings)
    assert run.returncode == 0, run.stderr
    file = "runs/pairs-chair-tiny/recipe.yaml"
    assert f"{file}:\n{(tmp_path / file).read_text()}" in run.stderr
    assert load_recipe(tmp_path / file) == load_recipe(tmp_path / file, list(FEW))  # they are in it
    assert not (tmp_path / "runs/pairs-kit-tiny").exists()
    assert run.stdout == "runs/pairs-chair-tiny/pairs-chair-tiny.safetensors\n"
    assert load_model(tmp_path / run.stdout.strip()).card.recipe
    for wrong in ((), (file, "--pairs", degraded, clean), (file, "--network", "chair/tiny")):
        assert "name a recipe, or the two folders of --pairs" in restora_command("train", *wrong).stderr
