# %% [markdown]
# # What the networks look at
#
# The four networks differ in where a pixel of the result comes from. Each has something that can be drawn. With fresh weights the
# drawings show how a network is built, with trained ones what it learnt.

# %% tags=["parameters"]
PHOTO = "examples/colosseum-noisy.png"
SIDE = 256  # of the part that is looked at
POINT = (128, 128)  # column and row of the pixel in question

# %%
import numpy as np
import torch

import restora
from restora.explanation import drawn, receptive_field
from restora.images import Photograph, read

picture = read(PHOTO).pixels[:SIDE, :SIDE]
Photograph(picture)

# %% [markdown]
# ## Receptive field
#
# The gradient of one pixel of the result by all pixels of the picture, drawn brighter where it is stronger. Convolutions reach a little way;
# pooling over the whole picture adds a faint part from everywhere.

# %%
network = restora.load_model("denoise-chair-tiny")
Photograph(drawn("receptive-field", network, picture, [POINT]))

# %%
field = receptive_field(network, picture, POINT)
rows, columns = np.mgrid[: field.shape[0], : field.shape[1]]
distance = np.hypot(columns - POINT[0], rows - POINT[1])
for radius in (4, 16, 64):
    print(f"within {radius:2} pixels: {field[distance <= radius].sum() / field.sum():.0%}")

# %% [markdown]
# ## Neighbours: KiT
#
# Patches attend to the patches that look most alike, wherever they are; these are the ones that the patch in question was grouped with.

# %%
Photograph(drawn("neighbours", restora.load_model("denoise-kit-tiny"), picture, [POINT]))

# %% [markdown]
# ## Offsets: DeRestormer
#
# Deformable convolutions shift each of their nine samples. Fresh weights shift nothing; a trained checkpoint (`restora.load_model(FILE)`)
# shows where it looks.

# %%
torch.manual_seed(0)
derestormer = restora.create_model("derestormer", "tiny").eval()
Photograph(drawn("offsets", derestormer, picture, [POINT]))

# %% [markdown]
# ## Channels: ChaIR
#
# Each channel is mixed with those beside it, and frequency bands are weighed: which, depends on the picture.

# %%
Photograph(drawn("channels", network, picture, [POINT]))

# %% [markdown]
# ## Dilation: DiNAT-IR
#
# Attention to every n-th pixel around: the receptive field has a grid in it.

# %%
torch.manual_seed(0)
Photograph(drawn("receptive-field", restora.create_model("dinat_ir", "tiny").eval(), picture, [POINT]))
