# %% [markdown]
# # Repeat a paper's table with an official checkpoint
#
# A number of a paper is repeated by four things: the authors' weights, the benchmark, the way the network is run at test time, and the
# protocol by which the paper scores. restora names all four.
#
# **What stands in here.** Neither the checkpoints nor the benchmarks may be passed on, so that this notebook makes both: weights of the package, written
# in the authors' format, and a small folder laid out as Rain100L is. Put your own in their place, and the rest is as it is.

# %% tags=["parameters"]
CHECKPOINT = None  # the authors' file; "dinat-ir/derain-rain13k" is fetched
RAIN100L = None  # the folder of the benchmark
SIDE = 128  # of the pictures that stand in

# %%
from pathlib import Path

import torch

import restora
from restora.images import Photograph, read

# %% [markdown]
# ## The checkpoint
#
# The authors of ChaIR save a dictionary with the state dict under `model`. `restora inspect FILE` says the same as below.

# %%
if CHECKPOINT is None:
    CHECKPOINT = "Best.pkl"
    torch.save({"model": restora.to_official_state_dict(restora.load_model("derain-chair-tiny"))}, CHECKPOINT)

from restora.checkpoints import inspect_state_dict, read_tensors

found = inspect_state_dict(read_tensors(Path(CHECKPOINT)))
print(found)

# %% [markdown]
# ## The benchmark
#
# `restora benchmarks show rain100l` draws the layouts in which it lies on disks, and warns of what has gone wrong for others.

# %%
if RAIN100L is None:
    from restora.degradations import Rain

    RAIN100L = Path("Rain100L")
    for folder in ("input", "target"):
        (RAIN100L / folder).mkdir(parents=True, exist_ok=True)
    whole = restora.restore(read("examples/colosseum-noisy.png"), task="denoise").pixels
    for number in range(1, 5):
        piece = whole[:SIDE, SIDE * (number - 1) : SIDE * number]
        clean = torch.from_numpy(piece.copy()).permute(2, 0, 1)[None] / 255
        rain = Rain.preset("light")(clean, torch.Generator().manual_seed(number))
        degraded = (255 * rain[0].permute(1, 2, 0)).round().to(torch.uint8).numpy()
        Photograph(piece).save(RAIN100L / f"target/{number}.png", overwrite=True)
        Photograph(degraded).save(RAIN100L / f"input/{number}.png", overwrite=True)

# %%
from restora.evaluation import Case, usual_protocol
from restora.metrics import protocol

case = Case("rain100l", "test", "")
pairs = case.open(RAIN100L)
how = protocol(usual_protocol(case))
print(len(pairs), "pairs;", how.name, "-", how.description)
for remark in pairs.remarks:
    print(remark)

# %% [markdown]
# ## The scores
#
# Of the network, and of the degraded pictures themselves: the second number tells whether the benchmark is the one of the paper before the first
# one can. Networks that pool over the whole picture are run with local statistics where their paper does so:
# `weights_method(CHECKPOINT, local_statistics=256)`.

# %%
from restora.evaluation import baseline_method, evaluate, weights_method
from restora.evaluation.run import Run

methods = [baseline_method("input", task="derain", sigma=None), weights_method(CHECKPOINT)]
evaluations = [
    evaluate(case, pairs, method, how, Run(Path("evaluations") / method.kind)) for method in methods
]
for one in evaluations:
    print(one.method, {metric: round(value, 3) for metric, value in one.means.items()})

# %% [markdown]
# ## Beside the published ones
#
# Each with the protocol that its paper uses; a score by another one is not the same number, and is not to be put into the same column.

# %%
from restora.evaluation import published_for

for paper in published_for("rain100l", "test", "")[-5:]:
    print(f"{paper.model:20} {dict(paper.scores)}  {paper.protocol}")

# %% [markdown]
# `restora evaluate --weights Best.pkl --benchmark rain100l --root Rain100L -o scores` does all this in one command and writes JSON,
# CSV, a report in HTML, and the pictures.
