"""The rules that make weights and inputs of DiNAT-IR's golden vectors."""

import json
import zlib
from collections.abc import Mapping
from math import prod

import numpy as np
import torch
from golden import DATA
from numpy.typing import NDArray
from torch import nn

from restora.checkpoints import convert_state_dict, to_official_state_dict
from restora.networks import DiNATIR, DiNATIRConfig

REDUCED = {"width": 16, "blocks": (1, 1, 1, 1), "refinement_blocks": 1}


def published_shapes(variant: str) -> dict[str, list[int]]:
    """Return the shape of every official key of a published network, ``"base"`` or ``"dual_pixel"``."""
    published = json.loads((DATA / "dinat_ir/keys_published.json").read_text())
    shapes: dict[str, list[int]] = published["single"]
    return shapes | (published["dual_pixel_differs"] if variant == "dual_pixel" else {})


def hashed(key: str, count: int) -> NDArray[np.float64]:
    """Return ``count`` numbers in [-1, 1) that depend on the key."""
    x = np.arange(count, dtype=np.uint32) * np.uint32(0x9E3779B1) + np.uint32(zlib.crc32(key.encode()))
    x ^= x >> 16
    x *= np.uint32(0x7FEB352D)
    x ^= x >> 15
    x *= np.uint32(0x846CA68B)
    x ^= x >> 16
    return x / 2**31 - 1


def filled(key: str, shape: tuple[int, ...]) -> torch.Tensor:
    """Return the parameter of an official key, float32."""
    u = hashed(key, prod(shape))
    if key.endswith(("norm1.body.weight", "norm2.body.weight")):
        u = 1 + 0.1 * u
    elif key.endswith("bias"):
        u = 0.1 * u
    elif key.endswith("rpb"):
        u = 0.5 * u
    elif len(shape) != 3:
        u = 1.5 * u / prod(shape[1:]) ** 0.5
    return torch.from_numpy(u.astype(np.float32).reshape(shape))


def fill(module: nn.Module, official: Mapping[str, str]) -> nn.Module:
    """Fill a module; ``official`` holds the official key of each of its own."""
    state = {
        ours: filled(official[ours], tuple(value.shape)).to(value.dtype)
        for ours, value in module.state_dict().items()
    }
    module.load_state_dict(state)
    return module.eval()


def network(**config: object) -> DiNATIR:
    """Return the network of a configuration, filled through the conversion of official keys."""
    model = DiNATIR(DiNATIRConfig(**config))  # type: ignore[arg-type]
    official = to_official_state_dict(model)
    filled_state = {key: filled(key, tuple(value.shape)) for key, value in official.items()}
    model.load_state_dict(convert_state_dict("dinat_ir", filled_state))
    return model.eval()


def tens(shape: tuple[int, ...], key: str, scale: float) -> torch.Tensor:
    """Return an input of a module, float32."""
    return torch.from_numpy((scale * hashed(key, prod(shape))).astype(np.float32).reshape(shape))


def image(batch: int, channels: int, height: int, width: int, key: str = "input") -> torch.Tensor:
    """Return an input of a network, float64."""
    b, c, y, x = np.ogrid[:batch, :channels, :height, :width]

    def tri(n: NDArray[np.int64], period: int | NDArray[np.int64]) -> NDArray[np.float64]:
        return np.abs(2 * (n % period) / period - 1)

    noise = hashed(key, batch * channels * height * width).reshape(batch, channels, height, width)
    value = 0.3 * tri(x + 3 * c + 11 * b, 23) + 0.3 * tri(y + 5 * c, 31) + 0.25 * tri(x + y, 47 + 2 * c)
    return torch.from_numpy(value + 0.075 * (noise + 1))
