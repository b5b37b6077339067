"""The ways in which benchmarks lie on disk."""

from restora.datasets.layouts.clean_folder import CleanFolder
from restora.datasets.layouts.dnd_images import DndImages
from restora.datasets.layouts.folders import Folders, usual_folders
from restora.datasets.layouts.halves import Halves
from restora.datasets.layouts.lists import ListFile
from restora.datasets.layouts.sidd_blocks import SiddBlocks
from restora.datasets.layouts.sorted_folders import SortedFolders

__all__ = [
    "CleanFolder",
    "DndImages",
    "Folders",
    "Halves",
    "ListFile",
    "SiddBlocks",
    "SortedFolders",
    "usual_folders",
]
