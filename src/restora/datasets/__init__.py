"""Folders of pictures as data."""

from restora.datasets.photo_crops import PhotoCrops

__all__ = ["PhotoCrops"]
