"""The ways in which benchmarks lie on disk."""

from restora.datasets.layouts.folders import Folders, usual_folders
from restora.datasets.layouts.halves import Halves
from restora.datasets.layouts.lists import ListFile

__all__ = ["Folders", "Halves", "ListFile", "usual_folders"]
