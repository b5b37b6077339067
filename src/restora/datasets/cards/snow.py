"""Desnowing: CSD, SRRS and Snow100K."""

from functools import partial

from restora.datasets.benchmark import Benchmark, Split
from restora.datasets.cards.conventions import LUMA, POOLED
from restora.datasets.layouts import Folders, usual_folders
from restora.datasets.rules import Rule

_desnow = partial(Benchmark, task="desnow", protocols=POOLED)
_C_YN = Folders("c-yn", "Snow", "Gt")

_CSD = _desnow(
    name="csd",
    title="CSD",
    splits=(
        Split("test", 2000, folders=("test2000",)),
        Split("train", 8000, circulating=(2500,), folders=("train2500",)),
    ),
    layouts=(Folders("authors", "Snow", "Gt"), usual_folders()),
    pairing="Snow/N.tif -> Gt/N.tif",
    format="TIFF",
    size="640x480",
    source="https://github.com/weitingchen83/ICCV2021-Single-Image-Desnowing-HDCWNet",
    folders=("CSD",),
    notes=("TIFF files: loaders that look for PNG and JPEG alone see nothing", LUMA),
)

_SRRS = _desnow(
    name="srrs",
    title="SRRS",
    splits=(
        Split("test", 2000, folders=("test2000",)),
        Split("train", 2500, folders=("train2500",), certain=False),
        Split("all", 15005, certain=False),
    ),
    layouts=(
        Folders(
            "authors", "Syn", "gt", Rule("Syn/STEM.* -> gt/STEM.jpg"), bases=("SRRS-2021",), splits=("all",)
        ),
        _C_YN,
        usual_folders(),
    ),
    pairing="STEM.tif or STEM.jpg -> STEM.jpg",
    format="TIFF and JPEG, mixed",
    size="mixed",
    source="https://github.com/weitingchen83/JSTASR-DesnowNet-ECCV-2020",
    folders=("SRRS-2021", "SRRS"),
    notes=(
        "its authors do not divide it; the 2,000 test images of the papers come from the copy of c-yn",
        LUMA,
    ),
)


def _subset(letter: str) -> Folders:
    return Folders(
        "authors", "synthetic", "gt", anywhere=f"Snow100K-{letter}", splits=("test",), variants=(letter,)
    )


_SNOW100K = _desnow(
    name="snow100k",
    title="Snow100K",
    splits=(
        Split("test", 2000, folders=("test2000",), variants=("2000",)),
        Split("test", 16611, variants=("S",)),
        Split("test", 16588, variants=("M",)),
        Split("test", 16801, variants=("L",)),
        Split("train", 2500, folders=("train2500",), variants=("2000",), certain=False),
        Split("train", 50000, folders=("all",), variants=("all",)),
    ),
    layouts=(
        _subset("S"),
        _subset("M"),
        _subset("L"),
        Folders("authors", "synthetic", "gt", splits=("train",), variants=("all",)),
        Folders("c-yn", "Snow", "Gt", variants=("2000",)),
        usual_folders(variants=("2000",)),
    ),
    pairing="synthetic/NAME.jpg -> gt/NAME.jpg",
    format="JPEG",
    size="up to about 640 pixels",
    source="https://sites.google.com/view/yunfuliu/desnownet",
    folders=("Snow100K",),
    variants=("2000", "S", "M", "L", "all"),
    notes=(
        "the 2,000 images of the papers have no published list: only the copy of c-yn fixes them",
        "whole subsets S, M and L are scored by others, by other protocols: not comparable",
        LUMA,
    ),
)

SNOW = (_CSD, _SRRS, _SNOW100K)
