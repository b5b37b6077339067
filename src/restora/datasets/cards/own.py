"""The card of pairs that no paper knows: a user's own."""

from restora.datasets.benchmark import Benchmark, Split
from restora.datasets.layouts import usual_folders

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
