"""From a recipe to weights.

A loss in a file of its own is registered by an import here.
"""

from restora.training.loop import Report, Trainer
from restora.training.recipe import Recipe, load_recipe

__all__ = ["Recipe", "Report", "Trainer", "load_recipe"]
