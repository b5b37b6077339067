"""Deraining beside the Rain13K family: Rain200, DID, DDN and SPA."""

from functools import partial

from restora.datasets.benchmark import Benchmark, Split
from restora.datasets.cards.conventions import VARIANTS_OF_ONE
from restora.datasets.layouts import Folders, Halves, ListFile, usual_folders
from restora.datasets.rules import Rule

_FOUR = {"DRSformer": "derain-y8", "DeRestormer": "derain-y8"}
_DOUBLE = {"DRSformer": "derain-y-double", "DeRestormer": "derain-y-double"}
_derain = partial(Benchmark, task="derain", protocols=_FOUR)

_RAIN200 = Rule("norain-Nx2.png -> norain-N.png", r"norain-(\d+)x2", r"norain-(\d+)", "{0}")


def _rain200(letter: str, word: str) -> Benchmark:
    official = (
        Folders(
            "authors",
            "rain/X2",
            "norain",
            _RAIN200,
            bases=(
                f"rain_data_test_{word}/rain_{word.lower()}_test",
                f"rain_{word.lower()}_test",
                f"rain_data_test_{word}",
            ),
            splits=("test",),
        ),
        Folders(
            "authors", "rain/X2", "norain", _RAIN200, bases=(f"rain_data_train_{word}",), splits=("train",)
        ),
    )
    return _derain(
        name=f"rain200{letter.lower()}",
        title=f"Rain200{letter}",
        splits=(Split("test", 200), Split("train", 1800)),
        layouts=(*official, usual_folders()),
        pairing="rain/X2/norain-Nx2.png -> norain/norain-N.png; repackaged: the same name",
        size="481x321 and 321x481",
        source="https://www.icst.pku.edu.cn/struct/Projects/joint_rain_removal.html",
        folders=(f"Rain200{letter}",),
        notes=("the names of the rainy images begin with norain, too",),
    )


_DID = _derain(
    name="did",
    title="DID-Data",
    splits=(
        Split("test", 1200, folders=("DID-MDN-test",)),
        Split("train", 12000, folders=("DID-MDN-training",)),
    ),
    layouts=(
        usual_folders(),
        Halves("authors", clean_side="right", bases=("DID-MDN-test",), splits=("test",)),
        Halves(
            "authors",
            clean_side="right",
            bases=("DID-MDN-training",),
            recursive=True,
            rule=Rule(
                "Rain_Heavy/train2018new/N.jpg", r"Rain_([A-Za-z]+)/[^/]+/([^/]+)", naming="Rain_{0}_{1}"
            ),
            splits=("train",),
        ),
    ),
    pairing="halves of one file: rainy left, clean right; repackaged: the same name",
    format="JPEG",
    size="512x512, in files of 1024x512",
    protocols=_DOUBLE,
    source="https://github.com/hezhangsprinter/DID-MDN",
    folders=("DID-Data", "DID"),
    notes=(
        "4,000 training images each of heavy, medium and light rain",
        "splitting the files into JPEG again changes the pixels",
    ),
)

_DDN = _derain(
    name="ddn",
    title="DDN-Data",
    splits=(Split("test", 1400, folders=("testing",)), Split("train", 12600, folders=("training",))),
    layouts=(Folders("authors", "rainy_image", "ground_truth", VARIANTS_OF_ONE), usual_folders()),
    pairing="rainy_image/I_J.jpg -> ground_truth/I.jpg, J = 1...14",
    format="JPEG",
    size="about 512x384",
    protocols=_DOUBLE,
    source="https://xueyangfu.github.io/projects/cvpr2017.html",
    folders=("DDN-Data", "DDN", "Rain1400"),
    notes=(
        "some tables print 14,000 / 1,400",
        "its training images 801...900 are backgrounds of Test2800, so a network trained on it has seen them",
    ),
)

_SPA = _derain(
    name="spa",
    title="SPA-Data",
    splits=(
        Split("test", 1000, folders=("real_test_1000",)),
        Split("train", 638492, circulating=(638493, 638500), certain=False),
    ),
    layouts=(
        Folders(
            "authors",
            "rain",
            "gt",
            Rule("rain/NNN.png -> gt/NNNgt.png", r"(.+)", r"(.+)gt"),
            bases=("real_test_1000",),
            splits=("test",),
        ),
        ListFile("authors' list", ("real_test_1000.txt",), first="degraded", splits=("test",)),
        ListFile(
            "authors' list",
            ("real_world.txt",),
            first="degraded",
            rule=Rule("name of the rainy image", r".*?([^/]+)", naming="{0}"),
            splits=("train",),
        ),
        Folders(
            "authors, without the list",
            "real_world",
            "real_world_gt",
            Rule(
                "real_world/NNN/NNN-f/NNN-f_x_y.png -> real_world_gt/NNN/NNN_x_y.png",
                r"([^/]+)/\1-[^/]+/\1-[^/_]+_(\d+_\d+)",
                r"([^/]+)/\1_(\d+_\d+)",
            ),
            recursive=True,
            splits=("train",),
        ),
        usual_folders(),
    ),
    pairing="test: rain/NNN.png -> gt/NNNgt.png; training: a list, the rainy path first, several to one clean image",
    size="256x256 for training, about 512x512 for the test",
    licence="BSD-like licence of the repository; none for the data alone",
    source="https://github.com/stevewongv/SPANet",
    folders=("SPA-Data", "SPA"),
    notes=("the paths of the lists begin with a slash and are relative all the same",),
)

RAIN = (_rain200("H", "Heavy"), _rain200("L", "Light"), _DID, _DDN, _SPA)
