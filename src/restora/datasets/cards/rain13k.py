"""Deraining: Rain13K and the five test sets of those who train on it."""

from functools import partial

from restora.datasets.benchmark import Benchmark, Split
from restora.datasets.cards.conventions import VARIANTS_OF_ONE
from restora.datasets.layouts import Folders, Halves, usual_folders
from restora.datasets.rules import Rule

_Y8 = {"Restormer": "derain-y8", "KiT": "derain-y8", "ChaIR": "derain-y8", "DiNAT-IR": "dinat-y"}
_derain = partial(Benchmark, task="derain", protocols=_Y8)
_RAIN100 = Rule("rain-NNN.png -> norain-NNN.png", r"rain-(\d+)", r"norain-(\d+)", "{0}")


def _rain100(letter: str, heavy: str, train: int) -> Benchmark:
    return _derain(
        name=f"rain100{letter.lower()}",
        title=f"Rain100{letter}",
        splits=(Split("test", 100), Split("train", train, folders=(f"RainTrain{letter}",))),
        layouts=(
            Folders(
                "old release, clean images in the folder above", "rainy", ".", _RAIN100, splits=("test",)
            ),
            Folders("old release, one folder", ".", ".", _RAIN100, splits=("train",)),
            Folders("PromptIR", "rainy", "gt", _RAIN100),
            usual_folders(),
        ),
        pairing="rainy/rain-NNN.png -> norain-NNN.png in the folder above; repackaged: the same name",
        size="481x321 and 321x481, or cropped to multiples of 8",
        source="https://www.icst.pku.edu.cn/struct/Projects/joint_rain_removal.html",
        folders=(f"Rain100{letter}",),
        notes=(
            f"{heavy}; not Rain200{letter}, the newer release of the same authors",
            "546 of the 1,800 training images of Rain100H share their background with its test set",
        ),
    )


_RAIN13K = _derain(
    name="rain13k",
    title="Rain13K",
    splits=(Split("train", 13712, circulating=(13711,)),),
    layouts=(usual_folders(),),
    pairing="the same name, whatever the suffixes",
    format="PNG and JPEG, mixed",
    size="mixed",
    protocols={},
    source="https://github.com/kuijiang94/MSPFN",
    folders=("Rain13K",),
    notes=("training images only; its test sets are test100, rain100h, rain100l, test2800 and test1200",),
)

_TEST100 = _derain(
    name="test100",
    title="Test100",
    splits=(Split("test", 100, circulating=(98,), folders=("test_syn",)),),
    layouts=(usual_folders(), Halves("Rain800, side by side", clean_side="left")),
    pairing="the same name; in Rain800 halves of one file, the clean one left",
    format="PNG and JPEG, mixed",
    size="mixed",
    source="https://github.com/hezhangsprinter/ID-CGAN",
    folders=("Test100",),
    notes=("the test part of Rain800; the copy that everybody uses lacks two pairs",),
)

_TEST1200 = _derain(
    name="test1200",
    title="Test1200",
    splits=(Split("test", 1200),),
    layouts=(usual_folders(), Halves("DID-MDN, side by side", clean_side="right", bases=("DID-MDN-test",))),
    pairing="the same name; in DID-MDN halves of one file, the clean one right",
    format="JPEG and PNG",
    size="512x512",
    source="https://github.com/hezhangsprinter/DID-MDN",
    folders=("Test1200",),
    notes=("the test set of DID-Data, scored by another protocol there",),
)

_TEST2800 = _derain(
    name="test2800",
    title="Test2800",
    splits=(Split("test", 2800),),
    layouts=(
        usual_folders(ignore=r".*\(\d+\)"),
        Folders(
            "Rain14000", "rainy_image", "ground_truth", VARIANTS_OF_ONE, shared=True, ignore=r".*\(\d+\)"
        ),
    ),
    pairing="the same name; in Rain14000 I_J.jpg -> I.jpg",
    format="JPEG",
    size="about 512x384",
    source="https://xueyangfu.github.io/projects/cvpr2017.html",
    folders=("Test2800",),
    notes=("an old archive holds 926_10(1).jpg twice over; names with (1) are passed over",),
)

RAIN13K = (
    _RAIN13K,
    _TEST100,
    _rain100("H", "heavy rain in five directions", 1800),
    _rain100("L", "light rain in one direction", 200),
    _TEST2800,
    _TEST1200,
)
