"""Tasks: each has a recipe, and what is asked for is what is loaded."""

import pytest

from restora.checkpoints import list_weights
from restora.checkpoints.published import PUBLISHED
from restora.checkpoints.tasks import TASKS, best_of, load_for_task, weights_for_task
from restora.errors import RestoraError
from restora.training.bundled import list_recipes

SHIPPED = {card.task for card in list_weights()}


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS.keys())
def test_a_recipe_trains_it(task):
    assert task.recipe in list_recipes()


def test_all_weights_are_for_known_tasks():
    assert TASKS.keys() >= SHIPPED
    assert {published.task for published in PUBLISHED.values()} <= TASKS.keys()


@pytest.mark.parametrize("task", sorted(SHIPPED))
def test_the_weights_of_a_task_are_for_it(task):
    assert load_for_task(task).card.task == task


@pytest.mark.parametrize("task", sorted(TASKS.keys() - SHIPPED))
def test_without_weights_recipe_and_published_weights_are_named(task):
    with pytest.raises(RestoraError) as error:
        weights_for_task(task)
    assert f"'restora train {TASKS[task].recipe}'" in str(error.value)
    fetchable = [name for name, published in PUBLISHED.items() if published.task == task and published.file]
    assert all(f"--weights {name}" in str(error.value) for name in fetchable[:1])


def test_an_unknown_task_names_the_nearest():
    with pytest.raises(
        RestoraError, match=r"unknown task 'deblurr'; did you mean deblur\? there are: denoise"
    ):
        weights_for_task("deblurr")


def test_task_and_weights_must_agree():
    name = weights_for_task("denoise")
    assert load_for_task("denoise", name).card.name == name
    with pytest.raises(
        RestoraError, match=f"{name} are for the task denoise, but dehaze is asked for; give one"
    ):
        load_for_task("dehaze", name)


def better(card, by, **changes):
    """Return a card of weights that are better everywhere, in dB."""
    scores = tuple(score.model_copy(update={"psnr": score.psnr + by}) for score in card.scores)
    return card.model_copy(update={"scores": scores, **changes})


def test_the_best_weights_are_taken_the_faster_if_they_are_as_good_larger_ones_by_name():
    chair = next(card for card in list_weights() if card.name == "derain-chair-tiny")
    small = better(chair, 1.0, name="small", variant="small")
    assert best_of([small, chair]).name == "derain-chair-tiny"
    assert best_of([small]).name == "small"
    for by, wins in ((0.09, chair.name), (0.11, "other"), (-0.1, chair.name)):
        other = better(chair, by, name="other", architecture="dinat_ir")
        assert best_of([other, chair]).name == best_of([chair, other]).name == wins
