"""What several cards say alike."""

from restora.datasets.rules import Rule

POOLED = {
    "ChaIR": "pooled-4",
    "SFNet": "pooled-8",
    "FSNet": "pooled-8",
    "ConvIR": "pooled-32",
    "DeRestormer": "derain-y8",
}
"""How papers score haze and snow: SSIM behind a pooling that depends on the size."""

LUMA = "DeRestormer's script takes the luma whatever the task: its figures here are not to be compared with RGB ones"
"""Note on sets whose other scores are of RGB."""

VARIANTS_OF_ONE = Rule("I_J.jpg -> I.jpg", r"(\d+)_\d+", r"(\d+)")
"""Several degraded images to a clean one."""
