import json

from restora.training.bundled import find_recipe, list_recipes
from restora.training.reference import recipe_reference


def test_every_recipe_is_listed(restora_command):
    rows = json.loads(restora_command("recipes", "--json").stdout)
    assert [row["name"] for row in rows] == list_recipes()
    laptop = next(row for row in rows if row["name"] == "photos/denoise-laptop")
    assert laptop == {
        "name": "photos/denoise-laptop",
        "task": "denoise",
        "network": "chair/tiny",
        "data": "photos",
        "steps": 13500,
    }


def test_a_recipe_and_the_reference_are_printed_as_they_are(restora_command):
    run = restora_command("recipes", "show", "recipes/photos/denoise-laptop.yaml")
    assert run.stdout == find_recipe("photos/denoise-laptop").read_text()
    assert restora_command("recipes", "reference").stdout == recipe_reference()
    assert "photos/denoise-laptop" in restora_command("recipes", "show", "nothing").stderr
