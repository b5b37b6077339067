"""Weights on disk: reading them safely, telling what they are, and the cards that describe them."""

from restora.checkpoints.cards import Score, WeightsCard
from restora.checkpoints.loading import load_model
from restora.checkpoints.official import convert_state_dict, to_official_state_dict
from restora.checkpoints.reading import read_tensors
from restora.checkpoints.shipped import list_weights, weights_for_task
from restora.checkpoints.writing import save_weights

__all__ = [
    "Score",
    "WeightsCard",
    "convert_state_dict",
    "list_weights",
    "load_model",
    "read_tensors",
    "save_weights",
    "to_official_state_dict",
    "weights_for_task",
]
