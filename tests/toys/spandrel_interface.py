"""What restora.bridges.spandrel uses of spandrel's documented interface, for machines whose torchvision does not load."""

import enum
from abc import ABC
from dataclasses import dataclass
from typing import Generic, TypeVar

import torch

T = TypeVar("T")


class Architecture(ABC, Generic[T]):
    def __init__(self, *, id, detect, name=None):
        self.id, self.name, self.detect = id, name or id, detect


@dataclass(frozen=True)
class ArchSupport:
    architecture: Architecture
    detect: object
    before: tuple = ()

    @staticmethod
    def from_architecture(arch, before=()):
        return ArchSupport(arch, arch.detect, before)


class ArchRegistry:
    def __init__(self):
        self.supports = []

    def __iter__(self):
        return iter(self.supports)

    def add(self, *supports, ignore_duplicates=False):
        known = {support.architecture.id for support in self.supports}
        if not ignore_duplicates and any(support.architecture.id in known for support in supports):
            raise ValueError("Duplicate architecture")
        added = [support for support in supports if support.architecture.id not in known]
        self.supports = [*added, *self.supports]
        return added

    def load(self, state):
        return next(s.architecture for s in self.supports if s.detect(state)).load(state)


class ModelTiling(enum.Enum):
    SUPPORTED, DISCOURAGED, INTERNAL = 1, 2, 3


@dataclass
class SizeRequirements:
    minimum: int = 0
    multiple_of: int = 1


class ImageModelDescriptor:
    def __init__(self, model, state_dict, architecture, purpose, **facts):
        model.load_state_dict(state_dict)
        self.model, self.architecture, self.purpose = model, architecture, purpose
        vars(self).update(facts)

    def __call__(self, image):
        return self.model(image).detach().clamp(0, 1)


MAIN_REGISTRY = ArchRegistry()


class ModelLoader:
    def load_from_file(self, path):
        return MAIN_REGISTRY.load(torch.load(path, weights_only=True)["params"])
