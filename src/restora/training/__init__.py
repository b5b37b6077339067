"""From a recipe to weights."""

from restora.training.loop import Report, Trainer
from restora.training.recipe import Recipe, load_recipe
from restora.training.validation import gaussian_validation

__all__ = ["Recipe", "Report", "Trainer", "gaussian_validation", "load_recipe"]
