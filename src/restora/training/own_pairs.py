"""A recipe for one's own pairs, written out so that it can be read, changed and repeated."""

import re
from collections.abc import Sequence
from pathlib import Path

import yaml

from restora.atomic import write_file
from restora.datasets.folder_pair import open_folder_pair
from restora.errors import RestoraError, printable
from restora.networks import architecture
from restora.training.recipe import apply_setting, checked
from restora.training.recipe_yaml import parse_yaml

NETWORK = "chair/tiny"
"""The network that is trained where none is named: the fastest."""

_TEMPLATE = """\
# {pairs} pairs of {degraded} and {clean}. Change what you like and repeat it with
#   restora train {file}
# Every key: restora recipes reference
name: {name}
task: own # what the weights are for: derain, deblur, ... (restora weights)
source: restora train --pairs
model: {{architecture: {architecture}, variant: {variant}}}
data:
  kind: pairs
  degraded: {degraded_value}
  clean: {clean_value}
losses:
  - {{kind: psnr}}
scale_weights: {scale_weights} # of the loss at each scale of the output
optimizer: {{learning_rate: 1.0e-3, warmup: 300}}
stages: # most of the steps on small crops, the last ones on larger crops
  - {{steps: 4500, patch: 64, batch: 16}}
  - {{steps: 1500, patch: 96, batch: 8}}
ema: 0.999
compile: {compiled} # a minute or more for each stage, then faster; needs a C++ compiler
validation: # add degraded: and clean:, folders of other pairs, to have them scored
  every: 500
"""


def write_pairs_recipe(
    degraded: Path,
    clean: Path,
    network: str = NETWORK,
    *,
    settings: Sequence[str] = (),
    folder: Path | None = None,
) -> Path:
    """Write a recipe that trains a network on the pairs of two folders.

    Args:
        degraded: Folder of what the network is given.
        clean: Folder of what it should return, under the same names.
        network: Architecture and variant, such as ``"chair/tiny"``.
        settings: Changes, as `load_recipe` takes them.
        folder: Where ``recipe.yaml`` goes, the folder of the run; ``runs/NAME`` by default.

    Returns:
        The file.

    Raises:
        RestoraError: An unknown network or one for two views, a setting that does not fit, an image without a partner,
            or the file is there and says something else.
    """
    name, _, variant = network.partition("/")
    arch = architecture(name)
    needs = arch.requirements(arch.variant(variant or "base"))
    if needs.in_channels != 3:
        raise RestoraError(f"{network}: takes two views of a dual-pixel sensor, not pairs of two folders")
    run = f"pairs-{name}-{variant or 'base'}".replace("_", "-")
    file = (folder or Path("runs") / run) / "recipe.yaml"
    text = _with_settings(
        settings,
        _TEMPLATE.format(
            pairs=len(open_folder_pair(degraded, clean)),
            degraded=printable(degraded),
            clean=printable(clean),
            file=printable(file),
            name=run,
            architecture=name,
            variant=variant or "base",
            degraded_value=_scalar(degraded),
            clean_value=_scalar(clean),
            scale_weights=[1.0] if needs.scales == 1 else [0.05, 0.1, 1.0],
            compiled="true" if name == "chair" else "false",
        ),
    )
    if file.exists() and file.read_text(encoding="utf-8") != text:
        raise RestoraError(
            f"{file}: is there and says something else; train it with restora train {file}, or choose another --run"
        )
    return write_file(file, text)


def _with_settings(settings: Sequence[str], text: str) -> str:
    """Return a recipe with changes, and with the comments of all keys whose values stay."""
    before, after = parse_yaml(text), parse_yaml(text)
    for setting in settings:
        apply_setting(after, setting)
    checked(after, "the recipe for --pairs")
    header, *blocks = re.split(r"^(?=\w)", text, flags=re.MULTILINE)
    written = {block.partition(":")[0]: block for block in blocks}
    for key, value in after.items():
        if key not in before or before[key] != value:
            written[key] = yaml.safe_dump({key: value}, sort_keys=False, allow_unicode=True)
    return header + "".join(written.values())


def _scalar(path: Path) -> str:
    """Write a path as a value of YAML, whatever is in it."""
    return yaml.safe_dump(str(path), default_style='"', width=1_000_000, allow_unicode=True).strip()
