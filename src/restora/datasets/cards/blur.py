"""Motion deblurring (GoPro, HIDE, RealBlur, RSBlur) and defocus deblurring (DPDD)."""

from functools import partial

from restora.datasets.benchmark import Benchmark, Split
from restora.datasets.cards.conventions import LUMA
from restora.datasets.layouts import Folders, ListFile, SortedFolders, usual_folders
from restora.datasets.rules import Rule
from restora.datasets.sources import HighByteImage

_RGB = {
    "Restormer": "rgb8",
    "NAFNet": "rgb8",
    "DiNAT-IR": "rgb8",
    "ChaIR": "rgb-float",
    "DeRestormer": "derain-y8",
}
_deblur = partial(Benchmark, task="deblur", protocols=_RGB)
_BLUR_TO_GT = Rule("blur in the name -> gt", r"(.*)blur(.*)", r"(.*)gt(.*)")


def _gopro_scenes(folder: str) -> Folders:
    # Every scene begins with GOPR; without that, valid/blur of a repackaged copy would pass for a scene.
    return Folders(
        "authors",
        ".",
        ".",
        Rule(
            f"SCENE/{folder}/N.png -> SCENE/sharp/N.png",
            rf"(GOPR[^/]+)/{folder}/([^/]+)",
            r"(GOPR[^/]+)/sharp/([^/]+)",
            "{0}-{1}",
        ),
        recursive=True,
        variants=(folder,),
    )


_GOPRO = _deblur(
    name="gopro",
    title="GoPro",
    splits=(Split("test", 1111, folders=("valid",)), Split("train", 2103)),
    layouts=(
        _gopro_scenes("blur"),
        _gopro_scenes("blur_gamma"),
        usual_folders(variants=("blur",)),
        Folders("ConvIR", "blur", "{sharp,gt}", _BLUR_TO_GT, variants=("blur",)),
    ),
    pairing="SCENE/blur/N.png -> SCENE/sharp/N.png; repackaged: SCENE-N.png in both folders",
    size="1280x720",
    licence="CC BY 4.0",
    source="https://seungjunnah.github.io/Datasets/gopro",
    folders=("GOPRO_Large", "GoPro"),
    variants=("blur", "blur_gamma"),
    notes=(
        "blur (linear response) and blur_gamma (gamma 2.2) are two inputs for the same sharp frames; papers use blur",
        "LMDB copies are to be unpacked first",
        LUMA,
    ),
)

_ANYWHERE = Rule("the same name, in any folder below", r"(?:.*/)?([^/]+)", r"(?:.*/)?([^/]+)")

_HIDE = _deblur(
    name="hide",
    title="HIDE",
    splits=(Split("test", 2025, folders=("valid",)), Split("train", 6397)),
    layouts=(
        Folders("authors", "test", "GT", _ANYWHERE, recursive=True, shared=True, splits=("test",)),
        Folders("authors", "train", "GT", _ANYWHERE, recursive=True, shared=True, splits=("train",)),
        usual_folders(),
    ),
    pairing="test/test-close-ups/NAME and test/test-long-shot/NAME -> GT/NAME, one folder for all",
    size="1280x720",
    licence="no formal licence; academic use",
    source="https://github.com/joanshen0508/HA_deblur",
    folders=("HIDE_dataset", "HIDE"),
    notes=(
        "networks trained on GoPro alone are tested on it; its training images are not used",
        "incomplete copies with 1,079 or 942 images circulate",
        LUMA,
    ),
)


def _realblur(letter: str, official: str, what: str) -> Benchmark:
    scenes = Rule(
        "sceneNNN/blur/blur_K.png -> sceneNNN/gt/gt_K.png",
        r"(?:.*/)?([^/]+)/blur/blur_(\d+)",
        r"(?:.*/)?([^/]+)/gt/gt_(\d+)",
        "{0}_blur_{1}",
    )
    return _deblur(
        name=f"realblur-{letter.lower()}",
        title=f"RealBlur-{letter}",
        splits=(Split("test", 980), Split("train", 3758), Split("all", 4738)),
        layouts=(
            ListFile(
                "authors' list",
                (f"RealBlur_{letter}_{{split}}_list.txt",),
                first="clean",
                rule=scenes,
                splits=("test", "train"),
            ),
            Folders("authors, without a list", ".", ".", scenes, recursive=True, splits=("all",)),
            usual_folders(),
            Folders("repackaged, blur and gt in the names", "{input,blur}", "{target,gt}", _BLUR_TO_GT),
            SortedFolders("repackaged, paired by order", ("input",), "target"),
        ),
        pairing="a list, the clean path first; sceneNNN/blur/blur_K.png -> sceneNNN/gt/gt_K.png",
        size="about 680x773",
        protocols={"Restormer": "aligned", "MPRNet": "aligned"},
        licence="CC BY 4.0",
        source="https://github.com/rimchang/RealBlur",
        folders=(official, f"RealBlur_{letter}", f"RealBlur-{letter}"),
        notes=(
            what,
            "the authors' folders hold all 4,738 pairs: only the lists tell training from test",
            "3,758 is the number of training pairs, though a paper gives it for the test",
            "networks trained on GoPro and networks trained on RealBlur belong into different tables",
            "the authors' script looks for the predictions of scene244 under scene244_reflect",
        ),
    )


_RSBLUR_SCENES = Rule(
    "DAY/SCENE/real_blur/real_blur.png -> DAY/SCENE/gt/gt_sharp.png",
    r"(?:.*/)?([^/]+)/([^/]+)/real_blur/real_blur",
    r"(?:.*/)?([^/]+)/([^/]+)/gt/gt_sharp",
    "{0}_{1}_real_blur",
)

_RSBLUR = _deblur(
    name="rsblur",
    title="RSBlur",
    splits=(Split("test", 3360), Split("train", 8878), Split("val", 1120), Split("all", 13358)),
    layouts=(
        ListFile(
            "authors' list",
            ("RSBlur_real_{split}.txt", "RSBlur*{split}*.txt"),
            first="clean",
            rule=_RSBLUR_SCENES,
            splits=("test", "train", "val"),
        ),
        Folders("authors, without a list", ".", ".", _RSBLUR_SCENES, recursive=True, splits=("all",)),
        usual_folders(),
    ),
    pairing="a list, the clean path first; DAY/SCENE/real_blur/real_blur.png -> DAY/SCENE/gt/gt_sharp.png",
    size="about 1920x1200",
    protocols={"RSBlur": "aligned", "SFNet": "aligned"},
    licence="CC BY 4.0",
    source="https://github.com/rimchang/RSBlur",
    folders=("RSBlur",),
    notes=(
        "of the test pairs 1,626 are saturated and 1,734 are not",
        "its authors clip both images to [0, 1] after aligning them",
        "avg65_img holds averaged frames, another input than real_blur",
    ),
)


_LABELS = (("test-indoor", "indoor_labels.npy"), ("test-outdoor", "outdoor_labels.npy"))


def _dpdd(
    name: str, combined: str, views: tuple[str, str], clean: str, splits: tuple[str, ...]
) -> list[SortedFolders]:
    """One arrangement of folders, read in the three ways."""
    return [
        SortedFolders(
            name,
            (combined,),
            clean,
            source=HighByteImage,
            labels=_LABELS,
            splits=splits,
            variants=("single",),
        ),
        SortedFolders(name, (combined,), clean, labels=_LABELS, splits=splits, variants=("single-16",)),
        SortedFolders(name, views, clean, labels=_LABELS, splits=splits, variants=("dual",)),
    ]


def _dpdd_authors(split: str, *splits: str) -> list[SortedFolders]:
    views = (f"{split}_l/source", f"{split}_r/source")
    return _dpdd("authors", f"{split}_c/source", views, f"{split}_c/target", (split, *splits))


_DPDD = Benchmark(
    name="dpdd",
    title="DPDD",
    task="defocus",
    splits=(
        Split("test", 76),
        Split("test-indoor", 37, folders=("test",), certain=False),
        Split("test-outdoor", 39, folders=("test",), certain=False),
        Split("train", 350),
        Split("val", 74),
    ),
    layouts=(
        *_dpdd_authors("test", "test-indoor", "test-outdoor"),
        *_dpdd_authors("train"),
        *_dpdd_authors("val"),
        *_dpdd("Restormer", "inputC", ("inputL", "inputR"), "target", ()),
    ),
    pairing="the i-th file of source and of target in sorted order; their names differ by one or two shots",
    bits=16,
    size="1680x1120",
    protocols={"Restormer": "dpdd", "DiNAT-IR": "dpdd"},
    licence="not stated for the data",
    source="https://github.com/Abdullah-Abuolaim/defocus-deblurring-dual-pixel",
    folders=("dd_dp_dataset_canon", "DPDD"),
    variants=("single", "dual", "single-16"),
    notes=(
        "single reads 8 bits, the lower byte dropped, as Restormer's script does; single-16 reads all 16",
        "dual reads the left and the right view as six channels of 16 bits",
        "indoor and outdoor are told apart by the label files of Restormer's copy, counted from 1",
        "28.94 dB of DiNAT-IR (single image) is the indoor figure, 26.29 dB of ChaIR the one of all 76",
    ),
)

BLUR = (
    _GOPRO,
    _HIDE,
    _realblur("J", "RealBlur-J_ECC_IMCORR_centroid_itensity_ref", "the camera's own JPEG images"),
    _realblur("R", "RealBlur-R_BM3D_ECC_IMCORR_centroid_itensity_ref", "converted from raw, darker"),
    _RSBLUR,
    _DPDD,
)
