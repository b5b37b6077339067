"""Denoising: real noise (SIDD, DND), and clean sets for synthetic noise."""

from restora.datasets.benchmark import Benchmark, Download, Split
from restora.datasets.layouts import CleanFolder, DndImages, Folders, SiddBlocks, usual_folders
from restora.datasets.rules import Rule

_OWNERS = "academic use; the photographs belong to their owners"

_SIDD = Benchmark(
    name="sidd",
    title="SIDD",
    task="denoise",
    splits=(
        Split("val", 1280, folders=("valid", "validation")),
        Split("benchmark", 1280),
        Split("train", 320),
    ),
    layouts=(
        SiddBlocks(
            "authors' blocks", "ValidationNoisyBlocksSrgb.mat", "ValidationGtBlocksSrgb.mat", splits=("val",)
        ),
        SiddBlocks("authors' blocks", "BenchmarkNoisyBlocksSrgb.mat", "", splits=("benchmark",)),
        Folders(
            "authors",
            ".",
            ".",
            Rule(
                "NNNN_NOISY_SRGB_010.PNG -> NNNN_GT_SRGB_010.PNG in the same folder",
                r"(?:.*/)?(\d+)_NOISY_SRGB_(\d+)",
                r"(?:.*/)?(\d+)_GT_SRGB_(\d+)",
            ),
            bases=("SIDD_Medium_Srgb/Data", "SIDD_Medium_Srgb", "Data"),
            recursive=True,
            splits=("train",),
        ),
        Folders("Restormer, HINet", "input_crops", "{target_crops,gt_crops}", splits=("val",)),
        usual_folders(),
    ),
    pairing="NOISY -> GT in the name; blocks by their place in the two files",
    format="PNG; MATLAB files of blocks",
    size="about 5328x3000; blocks of 256x256",
    protocols={"Restormer": "rgb-float", "MPRNet": "rgb-float"},
    licence="said to be MIT-like; see the site",
    source="https://abdokamel.github.io/sidd/",
    folders=("SIDD",),
    notes=(
        "what papers call SIDD is its validation set unless they name the server, which alone scores the benchmark blocks",
        "two families of SSIM are printed, 0.957 (MATLAB) and 0.970 (scikit-image): only PSNR is comparable",
        "LMDB copies are to be unpacked first",
    ),
)

_DND = Benchmark(
    name="dnd",
    title="DND",
    task="denoise",
    splits=(Split("test", 1000),),
    layouts=(DndImages("authors"),),
    pairing="none: the clean images are withheld",
    bits=32,
    format="HDF5 (MATLAB 7.3)",
    size="1,000 boxes of 512x512 in 50 photographs",
    protocols={"all": "server"},
    licence="non-commercial research; see the site",
    source="https://noise.visinf.tu-darmstadt.de",
    folders=("dnd_2017", "DND"),
    notes=("only its server can score; networks trained on SIDD are submitted",),
)


def _clean(
    title: str,
    split: Split,
    size: str,
    source: str,
    *others: str,
    name: str = "",
    bases: tuple[str, ...] = (),
    format: str = "PNG",
    notes: tuple[str, ...] = (),
    downloads: tuple[str, ...] = (),
) -> Benchmark:
    """Return the card of a set of clean images: its folder is called like it or like one of the `others`."""
    return Benchmark(
        name=name.lower() or title.lower(),
        title=title,
        task="denoise",
        splits=(split,),
        layouts=(CleanFolder("a folder of images", bases),),
        pairing="noise is added to every clean image, from the same seed",
        format=format,
        size=size,
        protocols={"Restormer": "gaussian-rgb8", "DRUNet": "gaussian-rgb8"} if split.name == "test" else {},
        licence=_OWNERS,
        source=source,
        folders=(name or title, *others),
        variants=("sigma-25", "sigma-15", "sigma-50"),
        more_variants=r"sigma-\d+(\.\d+)?",
        notes=notes,
        downloads=tuple(map(Download, downloads)),
    )


_BSDS = "https://www2.eecs.berkeley.edu/Research/Projects/CS/vision/bsds/"
_LANDSCAPE = "481x321 and 321x481"

NOISE = (
    _SIDD,
    _DND,
    _clean("CBSD68", Split("test", 68), _LANDSCAPE, _BSDS, bases=("CBSD68/original_png", "original_png")),
    _clean(
        "Kodak24",
        Split("test", 24),
        "768x512 and 512x768",
        "https://r0k.us/graphics/kodak/",
        "Kodak",
        notes=("copies cropped to 500x500 circulate under the same name: look at the sizes",),
        downloads=tuple(f"https://r0k.us/graphics/kodak/kodak/kodim{n:02}.png" for n in range(1, 25)),
    ),
    _clean(
        "McMaster",
        Split("test", 18),
        "500x500",
        "https://www4.comp.polyu.edu.hk/~cslzhang/CDM_Dataset.htm",
        "McM",
        format="TIFF",
    ),
    _clean("Urban100", Split("test", 100), "about 1000x800", "https://github.com/jbhuang0604/SelfExSR"),
    _clean(
        "DIV2K",
        Split("train", 800, numbers=(1, 800)),
        "about 2040x1356",
        "https://data.vision.ee.ethz.ch/cvl/DIV2K/",
        "DIV2K_train_HR",
        bases=("DIV2K/DIV2K_train_HR", "DIV2K_train_HR"),
        notes=("an archive in use also holds its 100 validation images; only 0001 to 0800 are taken",),
        downloads=("https://data.vision.ee.ethz.ch/cvl/DIV2K/DIV2K_train_HR.zip",),
    ),
    _clean(
        "Flickr2K",
        Split("train", 2650),
        "about 2040x1356",
        "https://github.com/limbee/NTIRE2017",
        "Flickr2K_HR",
        bases=("Flickr2K/Flickr2K_HR", "Flickr2K_HR"),
    ),
    _clean(
        "BSD400",
        Split("train", 400),
        _LANDSCAPE,
        _BSDS,
        format="JPEG or PNG",
        notes=("must not hold the 68 images of CBSD68",),
    ),
    _clean(
        "Waterloo Exploration Database",
        Split("train", 4744),
        "mixed",
        "https://kedema.org/project/exploration/index.html",
        "WaterlooED",
        "pristine_images",
        name="WED",
        bases=("WED/pristine_images", "pristine_images"),
        format="BMP",
    ),
)
