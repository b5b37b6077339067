"""Training on one's own pairs, without a recipe."""

import pytest
from recipes import write_photos

from restora.errors import RestoraError
from restora.networks import list_models
from restora.training import load_recipe
from restora.training.own_pairs import write_pairs_recipe

NAMES = ("noisy: 'a' {b} #", "clean")


@pytest.mark.parametrize("network", [name for name in list_models() if "dual" not in name])
def test_a_recipe_for_every_network_is_valid(tmp_path, network):
    degraded, clean = (write_photos(tmp_path / name) for name in NAMES)
    file = write_pairs_recipe(degraded, clean, network, folder=tmp_path / "run")
    recipe = load_recipe(file)
    assert (recipe.data.degraded, recipe.data.clean) == (degraded, clean)
    assert f"{recipe.model.architecture}/{recipe.model.variant}" == network
    assert f"restora train {file}\n" in file.read_text()
    assert write_pairs_recipe(degraded, clean, network, folder=tmp_path / "run") == file  # resumed


def test_settings_are_written_and_comments_stay_where_nothing_changes(tmp_path):
    degraded, clean = (write_photos(tmp_path / name) for name in NAMES)
    settings = ["stages.0.steps=7", "compile=false", "validation.every=9", "seed=3"]
    plain = write_pairs_recipe(degraded, clean, folder=tmp_path / "plain").read_text()
    file = write_pairs_recipe(degraded, clean, settings=settings, folder=tmp_path / "run")
    recipe = load_recipe(file)
    assert (recipe.stages[0].steps, recipe.compile, recipe.validation.every, recipe.seed) == (7, False, 9, 3)
    assert recipe == load_recipe(tmp_path / "plain/recipe.yaml", settings)
    comments = {line.partition("#")[2] for line in plain.splitlines()[3:] if "#" in line}
    kept = {line.partition("#")[2] for line in file.read_text().splitlines()[3:] if "#" in line}
    assert sorted(comments - kept) == sorted(
        c for c in comments if c.startswith((" most of", " a minute", " add"))
    )
    with pytest.raises(
        RestoraError, match=r"^the recipe for --pairs: stages\.0\.patch: ChaIR takes multiples of"
    ):
        write_pairs_recipe(degraded, clean, settings=["stages.0.patch=17"], folder=tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_what_does_not_fit_is_refused_before_anything_is_written(tmp_path):
    degraded, clean = (write_photos(tmp_path / name) for name in NAMES)
    run = tmp_path / "run"
    for network, words in (
        ("dinat_ir/dual_pixel", "two views of a dual-pixel sensor"),
        ("nosuch/tiny", "nosuch"),
        ("chair/tinny", "tinny"),
    ):
        with pytest.raises(RestoraError, match=words):
            write_pairs_recipe(degraded, clean, network, folder=run)
    (clean / "1.png").unlink()
    with pytest.raises(RestoraError, match=r"1\.png: has no partner"):
        write_pairs_recipe(degraded, clean, folder=run)
    assert not run.exists()
    (clean / "1.png").write_bytes((clean / "0.png").read_bytes())
    file = write_pairs_recipe(degraded, clean, folder=run)
    file.write_text("mine: yes\n")
    with pytest.raises(RestoraError, match="is there and says something else; train it with restora train "):
        write_pairs_recipe(degraded, clean, folder=run)
    assert file.read_text() == "mine: yes\n"
