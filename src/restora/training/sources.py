"""The training data that a recipe names."""

from pathlib import Path

from restora.datasets import PairedCrops, PhotoCrops
from restora.datasets.crop_source import Crops
from restora.datasets.drawn_pictures import find_fonts
from restora.datasets.pack import INDEX
from restora.datasets.paired_crops import PairDrawing
from restora.datasets.photo_crops import Drawing
from restora.errors import RestoraError
from restora.training.recipe import Recipe
from restora.training.sections import BenchmarkData, PhotosData
from restora.urls import is_url


def open_crops(recipe: Recipe) -> Crops:
    """Open the recipe's data, with the crops of its first stage.

    Raises:
        RestoraError: The recipe does not say where they lie, or nothing usable is there.
    """
    data, patch, seed = recipe.data, recipe.stages[0].patch, recipe.seed
    if isinstance(data, PhotosData):
        if data.photos is None:
            raise RestoraError("the recipe names no photographs; add --set data.photos=FOLDER")
        drawing = Drawing(
            patch=patch,
            seed=seed,
            reduction=data.reduction,
            enlarged=data.enlarged,
            gray=data.gray,
            flat=data.flat,
            drawn=data.drawn,
            fonts=find_fonts(data.fonts) if data.fonts else (),
            augmentation=data.augmentation,
            permute_channels=data.permute_channels,
        )
        if is_url(data.photos) or (Path(data.photos) / INDEX).is_file():
            return PhotoCrops.from_pack(data.photos, data.cache, **drawing)
        return PhotoCrops.from_folder(data.photos, corrupt=data.corrupt, **drawing)
    pairing = PairDrawing(patch=patch, seed=seed, augmentation=data.augmentation, corrupt=data.corrupt)
    if isinstance(data, BenchmarkData):
        if data.root is None:
            raise RestoraError(f"where does {data.benchmark} lie? add --set data.root=FOLDER")
        return PairedCrops.from_benchmark(
            data.benchmark, data.root, split=data.split, variant=data.variant, **pairing
        )
    if data.pack is not None:
        return PairedCrops.from_pack(data.pack, data.cache, **pairing)
    if data.degraded is None or data.clean is None:
        raise RestoraError(
            "the recipe names no pairs; add --set data.degraded=FOLDER --set data.clean=FOLDER,"
            " or --set data.pack=PACK"
        )
    return PairedCrops.from_folders(data.degraded, data.clean, **pairing)
