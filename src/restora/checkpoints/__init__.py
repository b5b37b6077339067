"""Weights on disk: reading them safely, telling what they are, and the cards that describe them."""

from restora.checkpoints.cards import Score, WeightsCard
from restora.checkpoints.conversion import convert_checkpoint
from restora.checkpoints.hub import fetch_card, prepare_publication, publish
from restora.checkpoints.inspection import Inspection, inspect_state_dict
from restora.checkpoints.loading import LoadedCheckpoint, load_model, read_checkpoint
from restora.checkpoints.models import create_model
from restora.checkpoints.official import convert_state_dict, to_official_state_dict
from restora.checkpoints.reading import read_tensors
from restora.checkpoints.shipped import list_weights
from restora.checkpoints.tasks import TASKS, load_for_task, weights_for_task
from restora.checkpoints.writing import save_weights

__all__ = [
    "TASKS",
    "Inspection",
    "LoadedCheckpoint",
    "Score",
    "WeightsCard",
    "convert_checkpoint",
    "convert_state_dict",
    "create_model",
    "fetch_card",
    "inspect_state_dict",
    "list_weights",
    "load_for_task",
    "load_model",
    "prepare_publication",
    "publish",
    "read_checkpoint",
    "read_tensors",
    "save_weights",
    "to_official_state_dict",
    "weights_for_task",
]
