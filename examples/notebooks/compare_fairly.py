# %% [markdown]
# # Compare methods fairly
#
# The same pictures, the same noise, the same protocol, and the question whether the difference is one, or was it these pictures.

# %% tags=["parameters"]
PHOTOS = None  # a folder of clean photographs that no method was trained on
SIDE = 128  # of the pieces
SIGMA = 25

# %%
from pathlib import Path

import restora
from restora.images import Photograph, read

if PHOTOS is None:  # pieces of the example stand in
    PHOTOS = Path("photographs")
    PHOTOS.mkdir(exist_ok=True)
    whole = restora.restore(read("examples/colosseum-noisy.png"), task="denoise").pixels
    for number in range(6):
        row, column = SIDE * (number % 2), SIDE * (number // 2)
        Photograph(whole[row : row + SIDE, column : column + SIDE]).save(
            PHOTOS / f"{number}.png", overwrite=True
        )

# %% [markdown]
# The card `photographs` makes a benchmark of a folder: each picture is degraded from a seed that is its name's, so that every method and
# every machine gets the same noise.

# %%
from restora.evaluation import Case, usual_protocol
from restora.metrics import protocol

case = Case("photographs", "test", f"sigma-{SIGMA}")
pairs = case.open(PHOTOS)
how = protocol(usual_protocol(case))
print(how.description)

# %% [markdown]
# Non-local means is told the true strength of the noise, the weights are not: say so beside the numbers, as this table's last column does.

# %%
from restora.evaluation import baseline_method, evaluate, weights_method
from restora.evaluation.run import Run

methods = {
    "as it is": baseline_method("input", task="denoise", sigma=None),
    "told": baseline_method("nlmeans", task="denoise", sigma=SIGMA),
    "blind": weights_method("denoise-chair-tiny"),
}
found = {}
for knows, method in methods.items():
    found[knows] = evaluate(case, pairs, method, how, Run(Path("evaluations") / method.name))
    print(f"{method.name:20} {found[knows].means['psnr']:6.2f} dB  {found[knows].means['ssim']:.3f}  {knows}")

# %% [markdown]
# The mean difference with its bootstrap interval over the pictures. If the interval holds zero, these pictures do not tell which is better.

# %%
from restora.evaluation import difference

gain = difference(found["told"], found["blind"])
print(
    f"{gain.mean:+.2f} dB, {gain.level:.0%} of resamples from {gain.low:+.2f} to {gain.high:+.2f}; better on {gain.wins:.0%}"
)

# %% [markdown]
# Means hide failures. The worst pictures, and a look at them:

# %%
worst = found["blind"].ranked()[0]
print(worst.name, worst.scores)
pair = pairs.only([worst.name])[0]
restored = restora.restore(pair.degraded, task="denoise")

import numpy as np

from restora.pixels import to_uint8

Photograph(np.hstack([to_uint8(one) for one in (pair.degraded, restored, pair.clean)]))
