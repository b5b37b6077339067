# %% [markdown]
# # Train on your own pairs, in ten minutes on a processor
#
# Two folders hold what the network is given and what it should return, under the same names: scans with and without dust, frames
# in rain and after it, short and long exposures. Starting from weights that know photographs, ten minutes show whether more time
# would help.

# %% tags=["parameters"]
DEGRADED, CLEAN = None, None  # your two folders; without them, pairs are made below
STEPS = 1200  # about ten minutes on one core that is free
PATCH, BATCH = 96, 8
SIDE = 256  # of the pieces, where pairs are made

# %%
from pathlib import Path

import numpy as np
import torch

import restora
from restora.images import Photograph, read

# %% [markdown]
# Without pairs of your own, some are made here: the example, cleaned and reduced, in pieces, and the same with rain drawn over it.
# Six pieces are no training set; they show the way.

# %%
if DEGRADED is None:
    from restora.degradations import Rain

    DEGRADED, CLEAN = Path("pairs/rain"), Path("pairs/clean")
    DEGRADED.mkdir(parents=True, exist_ok=True)
    CLEAN.mkdir(parents=True, exist_ok=True)
    whole = restora.restore(read("examples/colosseum-noisy.png"), task="denoise").pixels
    for number in range(6):
        row, column = SIDE * (number % 2), SIDE * (number // 2)
        piece = whole[row : row + SIDE, column : column + SIDE]
        clean = torch.from_numpy(piece.copy()).permute(2, 0, 1)[None] / 255
        rain = Rain.preset("heavy")(clean, torch.Generator().manual_seed(number))
        degraded = (255 * rain[0].permute(1, 2, 0)).round().to(torch.uint8).numpy()
        Photograph(piece).save(CLEAN / f"{number}.png", overwrite=True)
        Photograph(degraded).save(DEGRADED / f"{number}.png", overwrite=True)

# %% [markdown]
# `restora train --pairs` writes a recipe for them, a file in which everything about the training stands, and trains by it. Here the
# same in Python, with the last pair held back.

# %%
from restora.training import Trainer, load_recipe
from restora.training.own_pairs import write_pairs_recipe

run = Path("runs/pairs")
recipe = load_recipe(
    write_pairs_recipe(Path(DEGRADED), Path(CLEAN), "chair/tiny", folder=run),
    [
        f"stages=[{{steps: {STEPS}, patch: {PATCH}, batch: {BATCH}}}]",
        "optimizer.warmup=20",
        "ema=0.98",
        "compile=false",
        f"validation.every={STEPS}",
    ],
)
losses = []
trainer = Trainer(
    recipe, run, report=lambda facts: losses.append(facts.loss), report_every=max(1, STEPS // 10)
)
trainer.initialise(restora.load_model("derain-chair-tiny").state_dict())
trainer.run()
print([round(loss, 2) for loss in losses])

# %% [markdown]
# The loss is minus the PSNR, weighed over three scales: it falls. The weights are written with a card, and are used by their file's name.

# %%
from restora.training.export import export_weights

weights = export_weights(trainer)
print(weights)

# %%
name = sorted(path.name for path in Path(DEGRADED).iterdir())[-1]
given, wanted = read(Path(DEGRADED) / name), read(Path(CLEAN) / name)
restored = restora.Restorer(weights)(given)
Photograph(np.hstack([given.pixels, restored.pixels, wanted.pixels]))

# %%
from restora.metrics import psnr

for words, one in (("given", given), ("restored", restored)):
    print(f"{words}: {psnr(one.pixels, wanted.pixels, peak=255):.2f} dB")
