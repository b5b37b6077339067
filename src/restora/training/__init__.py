"""From a recipe to weights."""

from restora.training.loop import Report, Trainer
from restora.training.recipe import Recipe, load_recipe

__all__ = ["Recipe", "Report", "Trainer", "load_recipe"]
