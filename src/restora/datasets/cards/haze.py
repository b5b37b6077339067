"""Dehazing: RESIDE (ITS, OTS, SOTS), Haze4K, Dense-Haze and NHR."""

from functools import partial

from restora.datasets.benchmark import Benchmark, Download, Split
from restora.datasets.cards.conventions import LUMA, POOLED
from restora.datasets.layouts import Folders, usual_folders
from restora.datasets.rules import Rule

_RESIDE = "https://sites.google.com/view/reside-dehaze-datasets"
_dehaze = partial(Benchmark, task="dehaze", protocols={**POOLED, "DehazeFormer": "pooled"})
_DECODERS = "JPEG files: another version of the decoder changes the pixels and the score"

_PREFIX = Rule("what stands before the first _ is the clean name", r"([^/_]+)_[^/]*", r"([^/_]+)")
_PREFIX_BELOW = Rule(_PREFIX.words, r"(?:.*/)?([^/_]+)_[^/]*", r"([^/_]+)")
_BORDER = 10
"""The raw clean images of RESIDE are 640x480, the hazy ones 620x460: ten pixels more on every side."""

_ITS = _dehaze(
    name="its",
    title="RESIDE ITS",
    splits=(
        Split("train", 13990, circulating=(13000, 100000, 110000)),
        Split("val", 990, circulating=(10000,)),
    ),
    layouts=(
        Folders("authors", "{ITS_haze,haze}", "{ITS_clear,clear}", _PREFIX, border=_BORDER),
        Folders("c-yn", "hazy", "{gt,clear}", _PREFIX, border=_BORDER),
        usual_folders(border=_BORDER),
    ),
    pairing="1_1_0.90179.png -> 1.png: what stands before the first _",
    size="hazy 620x460, clear 640x480",
    protocols={},
    source=_RESIDE,
    folders=("ITS", "reside-indoor", "RESIDE-IN", "ITS_v2", "indoor"),
    notes=("clean images of 640x480 are cut by 10 pixels on every side, never resized",),
)

_OTS = _dehaze(
    name="ots",
    title="RESIDE OTS",
    splits=(Split("train", 72135, circulating=(313950,)),),
    layouts=(
        Folders("authors", "{OTS,hazy,haze}", "{clear/clear_images,clear}", _PREFIX_BELOW, recursive=True),
        Folders("c-yn", "hazy", "gt", _PREFIX),
        usual_folders(),
    ),
    pairing="0005_0.8_0.04.jpg -> 0005.jpg: what stands before the first _",
    format="JPEG",
    size="about 550x413",
    protocols={},
    source=_RESIDE,
    folders=("OTS_ALPHA", "OTS_BETA", "reside-outdoor", "RESIDE-OUT", "outdoor"),
    notes=(
        "two versions circulate, 2,061 and 8,970 clean images with 35 hazy ones each: only the count tells them apart",
        _DECODERS,
    ),
)


def _sots(place: str, folders: tuple[str, ...], notes: tuple[str, ...], **words: str) -> Benchmark:
    return _dehaze(
        name=f"sots-{place}",
        title=f"SOTS-{place.capitalize()}",
        splits=(Split("test", 500, circulating=(492,) if place == "outdoor" else ()),),
        layouts=(
            Folders("authors", "{hazy,haze}", "{gt,clear}", _PREFIX, border=_BORDER),
            usual_folders(border=_BORDER),
        ),
        pairing=words["pairing"],
        format=words["format"],
        size=words["size"],
        source=_RESIDE,
        folders=folders,
        notes=(*notes, LUMA),
    )


_HAZE4K = _dehaze(
    name="haze4k",
    title="Haze4K",
    splits=(Split("test", 1000), Split("train", 3000)),
    layouts=(
        Folders("authors", "haze", "gt", _PREFIX),
        Folders("DEA-Net", "hazy", "{clear,gt}", _PREFIX),
        usual_folders(),
    ),
    pairing="1_0.89_1.56.png -> 1.png: what stands before the first _",
    size="400x400",
    source="https://github.com/liuye123321/DMT-Net",
    folders=("Haze4K",),
    notes=("its scenes overlap with those of RESIDE", LUMA),
)

_DENSE = _dehaze(
    name="dense-haze",
    title="Dense-Haze",
    splits=(Split("test", 5, numbers=(51, 55)), Split("train", 50, numbers=(1, 50)), Split("all", 55)),
    layouts=(
        Folders(
            "authors",
            "hazy",
            "GT",
            Rule("NN_hazy.png -> NN_GT.png", r"(\d+)_hazy", r"(\d+)_GT"),
            numbered=True,
        ),
        usual_folders(),
    ),
    pairing="hazy/NN_hazy.png -> GT/NN_GT.png",
    size="1600x1200",
    source="https://data.vision.ee.ethz.ch/cvl/ntire19/dense-haze/",
    folders=("Dense_Haze_NTIRE19", "Dense-Haze"),
    notes=(
        "papers train on 01 to 50 and test on 51 to 55; the challenge divided it 45 / 5 / 5",
        "DeHamer cuts the test images to a multiple of 16, which changes the score",
    ),
    downloads=(
        Download("https://data.vision.ee.ethz.ch/cvl/ntire19/dense-haze/files/Dense_Haze_NTIRE19.zip"),
    ),
)

_NIGHT = Rule(
    "ID_NighttimeHazy_1 -> ID_lowLight_1", r"(?:.*/)?([^/]+)_NighttimeHazy_1", r"(?:.*/)?([^/]+)_lowLight_1"
)

_NHR = _dehaze(
    name="nhr",
    title="NHR",
    splits=(Split("test", 897, folders=("val",)), Split("train", 8073), Split("all", 8970)),
    layouts=(
        Folders("authors", ".", ".", _NIGHT),
        Folders("c-yn", "{hazy,input}", "{gt,target}", _NIGHT),
        usual_folders(),
    ),
    pairing="ID_NighttimeHazy_1 -> ID_lowLight_1",
    format="JPEG and PNG",
    size="about 550x413",
    source="https://github.com/chaimi2013/3R",
    folders=("NHR",),
    notes=(
        "the target is the image by low light, not the one by day",
        "16,146 / 1,794 in some papers counts hazy and clean images together",
        "the copy of c-yn gives other results than the authors' files",
    ),
)

HAZE = (
    _ITS,
    _OTS,
    _sots(
        "indoor",
        ("SOTS/indoor", "nyuhaze500", "reside-indoor", "RESIDE-IN", "indoor"),
        ("raw clean images of 640x480 are cut by 10 pixels on every side, never resized",),
        pairing="1400_1.png -> 1400.png: what stands before the first _",
        format="PNG",
        size="620x460",
    ),
    _sots(
        "outdoor",
        ("SOTS/outdoor", "reside-outdoor", "RESIDE-OUT", "outdoor"),
        ("500 hazy images of 492 clean ones: who goes through the clean folder scores 492 only", _DECODERS),
        pairing="0001_0.8_0.2.jpg -> 0001.png: what stands before the first _",
        format="hazy JPEG, clean PNG",
        size="about 550x400",
    ),
    _HAZE4K,
    _DENSE,
    _NHR,
)
