"""Input types: every kind of image that restora takes, as pixels, and the way back: in kind, as it came."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from restora.errors import RestoraError
from restora.images import Photograph, read
from restora.pixels import Pixels
from restora.tensors import to_pixels

_BYTES = bytes | bytearray | memoryview


@dataclass(frozen=True)
class Opened:
    """An image taken apart.

    Attributes:
        pixels: (H, W) gray or (H, W, 3) RGB: what the network restores.
        close: Puts restored pixels of the same shape and type back into an image of the kind that came in.
    """

    pixels: Pixels
    close: Callable[[Pixels], Any]


def loaded(image: Any) -> Any:
    """Return the `Photograph` in a file, which is given by its path, as bytes or as a file object; all else as it is.

    Raises:
        RestoraError: The file cannot be read.
    """
    is_file = isinstance(image, str | Path | _BYTES) or hasattr(image, "read")
    return read(image) if is_file else image


def in_memory(image: Any) -> bool:
    """Tell whether something is an image by itself, and not the path of one, or several."""
    kinds = Photograph | Image.Image | np.ndarray | torch.Tensor | _BYTES
    return isinstance(image, kinds) or hasattr(image, "read")


def open_image(image: Any) -> Opened:
    """Take an image apart.

    Args:
        image: A file (its path, its bytes or a file object; read as a `Photograph`), a `Photograph`, a PIL image, an array (H, W) or (H, W, C) with
            C = 1 gray, 2 gray and alpha, 3 RGB, 4 RGB and alpha, of uint8, uint16 or float in [0, 1], or a
            tensor (C, H, W) with the same C, of uint8 or float in [0, 1]. Alpha passes through as it is.

            PIL images keep their mode where it is L, LA, RGB, RGBA, F or 16-bit gray (I;16, I), and their
            ``info``. Black and white comes back as L; palettes, CMYK and other colour spaces as RGB; a
            palette with transparency, or a colour that is declared transparent, as RGBA or LA.

    Raises:
        RestoraError: Something else, or a shape that is no image.
    """
    image = loaded(image)
    if isinstance(image, Photograph):
        photograph = image
        return Opened(photograph.pixels, photograph.with_pixels)
    if isinstance(image, Image.Image):
        return _open_pil(image)
    if isinstance(image, torch.Tensor):
        return _open_tensor(image)
    if isinstance(image, np.ndarray):
        return _open_array(image)
    raise RestoraError(
        f"cannot restore a {type(image).__name__}; give a path, bytes, a file object, a PIL image, a NumPy array or a torch tensor"
    )


def _open_array(array: Pixels) -> Opened:
    if array.ndim == 2:
        return Opened(array, lambda restored: restored)
    if array.ndim != 3 or array.shape[2] not in (1, 2, 3, 4, 6):
        raise RestoraError(
            f"an array of shape {array.shape} is no image; give (H, W) or (H, W, C) with 1 to 4 channels,"
            " or 6 of two views"
        )
    channels = array.shape[2]
    if channels in (3, 6):
        return Opened(array, lambda restored: restored)
    colour = array[..., 0] if channels < 3 else array[..., :3]

    def close(restored: Pixels) -> Pixels:
        layers = restored[..., None] if channels < 3 else restored
        return np.concatenate([layers, array[..., layers.shape[2] :]], axis=2, dtype=array.dtype)

    return Opened(colour, close)


def _open_tensor(tensor: torch.Tensor) -> Opened:
    if tensor.ndim != 3 or tensor.shape[0] not in (1, 2, 3, 4, 6):
        raise RestoraError(
            f"a tensor of shape {tuple(tensor.shape)} is no image; give (C, H, W) or (B, C, H, W), 1 to 4 channels,"
            " or 6 of two views"
        )
    opened = _open_array(to_pixels(tensor))

    def close(restored: Pixels) -> torch.Tensor:
        array = np.ascontiguousarray(opened.close(restored).transpose(2, 0, 1))
        return torch.from_numpy(array).to(tensor.device, tensor.dtype)

    return Opened(opened.pixels, close)


_PLAIN = {"1": "L", "L": "L", "LA": "LA", "La": "LA", "RGBA": "RGBA", "RGBa": "RGBA", "PA": "RGBA"}
_TRANSPARENT = {"1": "LA", "L": "LA", "P": "RGBA", "RGB": "RGBA"}
"""Modes that an image is restored in; all others become RGB."""


def _outdated(image: Image.Image) -> set[str]:
    """Name what an image's ``info`` must not say of its restoration."""
    outdated = {"transparency"}  # has become alpha; its number would mean another colour now
    profile = image.info.get("icc_profile") or b""
    if profile[16:20] in (b"CMYK", b"Lab "):  # the image has become RGB
        outdated.add("icc_profile")
    return outdated


def _open_pil(image: Image.Image) -> Opened:
    mode = image.mode
    transparent = "transparency" in image.info
    if mode.startswith("I;16") or mode == "I":
        array = np.asarray(image)
        if mode == "I":
            if array.size and (array.min() < 0 or array.max() > 65535):
                raise RestoraError(
                    "a PIL image of mode I is taken as 16-bit gray, but its values leave 0 to 65535; "
                    "scale them, or give mode F in [0, 1]"
                )
            array = array.astype(np.uint16)
        opened = _open_array(np.ascontiguousarray(array, dtype=np.uint16))
    elif mode == "F":
        opened = _open_array(np.asarray(image))
    else:
        mode = _TRANSPARENT[mode] if mode in _TRANSPARENT and transparent else _PLAIN.get(mode, "RGB")
        opened = _open_array(np.asarray(image.convert(mode)))

    def close(restored: Pixels) -> Image.Image:
        array = opened.close(restored)
        result = Image.fromarray(array.astype(np.int32) if mode == "I" else array)
        result.info = {key: value for key, value in image.info.items() if key not in _outdated(image)}
        return result

    return Opened(opened.pixels, close)
