"""The cards of what no paper knows: a user's own pairs, and clean photographs that restora degrades."""

from dataclasses import replace

from restora.datasets.benchmark import Benchmark, Split
from restora.datasets.layouts import CleanFolder, usual_folders

OWN = Benchmark(
    name="folders",
    title="your own pairs",
    task="any",
    splits=(Split("all", None),),
    layouts=(usual_folders(),),
    pairing="the same name in both folders, whatever the suffixes",
    bits=8,
    format="any",
    size="any",
    protocols={},
    licence="yours",
    source="your disk",
    folders=(),
)

PHOTOGRAPHS = replace(
    OWN,
    name="photographs",
    title="photographs",
    splits=(Split("test", None),),
    layouts=(CleanFolder("a folder of images"),),
    pairing="every clean image is degraded by restora, from a seed that is its name's",
    variants=(
        "sigma-25",
        "sensor-weak",
        "sensor-strong",
        "sensor-strong-jpeg-75",
        "haze-outdoor",
        "haze-indoor",
        "haze-night",
        "rain-light",
        "rain-heavy",
        "snow-small",
        "snow-medium",
        "snow-large",
        "motion-light",
        "motion-heavy",
        "defocus-disc",
        "defocus-depth",
        "clean",
    ),
    more_variants=r"[a-z]+-[a-z0-9.]+(-[a-z]+-[a-z0-9.]+)*",
    notes=(
        "for weights and methods of one's own: the numbers depend on the photographs and on restora's degradations, so that"
        " they compare with nothing but others on the same",
        "a variant is a chain of presets of 'restora degrade', such as rain-heavy-jpeg-75, or clean to see what is spoilt",
    ),
)
