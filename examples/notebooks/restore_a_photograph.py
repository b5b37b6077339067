# %% [markdown]
# # Restore a photograph
#
# What is wrong with it, what helps, and what comes back. Everything here works without a network.

# %% tags=["parameters"]
PHOTO = "examples/colosseum-noisy.png"  # or one of yours, of any format that restora reads

# %%
import restora
from restora.images import Photograph, read

photograph = read(PHOTO)
photograph  # a notebook shows it

# %% [markdown]
# A diagnosis says what is wrong and how sure that is. Damages are told one by one: several may be there, or none.

# %%
diagnosis = restora.diagnose(photograph)
print(diagnosis)

# %% [markdown]
# `AutoRestorer` restores what was found with the weights that fit it, and leaves a clean photograph as it is. With `task=` or with
# the name of weights you choose yourself. The kind that goes in comes out: a photograph with its depth, profile and metadata.

# %%
by_itself = restora.AutoRestorer()(photograph)
chosen = restora.restore(photograph, task="denoise")
chosen

# %% [markdown]
# Before and after, side by side, at the pixels of a detail. Fine texture that looks like noise goes with the noise; a strength below
# 1 leaves some of both.

# %%
import numpy as np

half = restora.restore(photograph, task="denoise", strength=0.5)
detail = np.s_[100:260, 300:500]
Photograph(np.hstack([one.pixels[detail] for one in (photograph, half, chosen)]))

# %% [markdown]
# How much was changed, in grey levels of 255: about as much as the noise that the diagnosis found.

# %%
change = np.sqrt(np.mean((chosen.pixels.astype(float) - photograph.pixels) ** 2))
print(f"{change:.1f} grey levels; the diagnosis said {diagnosis.noise_level:.1f}")

# %% [markdown]
# `save` writes it with everything that belongs to it. Many files, folders and pipes are the work of `restora restore`.

# %%
chosen.save("colosseum-restored.png", overwrite=True)
