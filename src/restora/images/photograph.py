"""Photograph in memory: pixels, transparency and everything its file carried."""

from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from restora.errors import RestoraError
from restora.images.metadata import Metadata
from restora.pixels import DEPTH_NAMES, Pixels, convert_depth, full_scale, gray_to_rgb, to_float, to_uint8

__all__ = ["Metadata", "Photograph", "Pixels"]

SHOWN = 2048
"""Pixels of the longer side of a photograph in a notebook."""

_ROWS = 256  # rows composited at a time, so that temporaries stay small beside a large photograph


@dataclass(frozen=True, eq=False, repr=False)
class Photograph:
    """Pixels in stored order with what belongs to them.

    The orientation tag is *not* applied to the pixels: it stays in the metadata and is written back, so that
    viewers show the result exactly as they showed the input. `upright` applies it. Notebooks show the picture.

    Attributes:
        pixels: (H, W) gray or (H, W, 3) RGB; uint8, uint16 or float32.
        alpha: (H, W) opacity of the same dtype as `pixels`, not premultiplied; None if all is opaque.
        metadata: Colour profile, EXIF, XMP, resolution, orientation, and how the file was encoded.
        notes: What reading had to do, in words, such as "page 1 of 4 used".

    Raises:
        RestoraError: The arrays do not have one of these shapes and dtypes.

    Example:
        >>> photograph = Photograph(np.zeros((4, 6, 3), np.uint16))
        >>> photograph.height, photograph.width, photograph.depth, photograph.is_gray
        (4, 6, '16-bit', False)
    """

    pixels: Pixels
    alpha: Pixels | None = None
    metadata: Metadata = field(default_factory=Metadata)
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        kind = f"{self.depth} {'gray' if self.is_gray else 'RGB'}{' with alpha' if self.alpha is not None else ''}"
        name = self.metadata.format or ""
        came_from = f", from {'an' if name.startswith('A') else 'a'} {name} file" if name else ""
        return f"<Photograph of {self.width} x {self.height} pixels, {kind}{came_from}>"

    def __post_init__(self) -> None:
        shape, dtype = self.pixels.shape, self.pixels.dtype
        if not (len(shape) == 2 or (len(shape) == 3 and shape[2] == 3)) or 0 in shape:
            raise RestoraError(f"pixels must have shape (H, W) or (H, W, 3) with H, W >= 1, got {shape}")
        if dtype.name not in DEPTH_NAMES:
            raise RestoraError(f"pixels must be uint8, uint16 or float32, got {dtype}; convert them first")
        if self.alpha is not None and (self.alpha.shape != shape[:2] or self.alpha.dtype != dtype):
            raise RestoraError(
                f"alpha must be {dtype} of shape {shape[:2]} like the pixels, "
                f"got {self.alpha.dtype} of shape {self.alpha.shape}"
            )

    @property
    def height(self) -> int:
        """Rows of stored pixels."""
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        """Columns of stored pixels."""
        return int(self.pixels.shape[1])

    @property
    def megapixels(self) -> float:
        """Millions of pixels."""
        return self.height * self.width / 1e6

    @property
    def is_gray(self) -> bool:
        """Whether there is one channel instead of three."""
        return self.pixels.ndim == 2

    @property
    def depth(self) -> str:
        """Depth of a channel in words: "8-bit", "16-bit" or "float"."""
        return DEPTH_NAMES[self.pixels.dtype.name]

    def with_pixels(self, pixels: Pixels) -> "Photograph":
        """Return the same photograph with other pixels of the same height and width.

        Args:
            pixels: (H, W) or (H, W, 3); uint8, uint16 or float32. When the dtype differs from before,
                the alpha channel is converted to it.

        Returns:
            A new photograph with the metadata and notes of this one.

        Raises:
            RestoraError: Height or width differ, or shape or dtype are not those of a photograph.
        """
        if pixels.shape[:2] != self.pixels.shape[:2]:
            raise RestoraError(
                f"the new pixels must be {self.height} x {self.width} like the old ones, got {pixels.shape}"
            )
        alpha = self.alpha
        if alpha is not None and pixels.dtype.name in DEPTH_NAMES:
            alpha = convert_depth(alpha, pixels.dtype)
        return replace(self, pixels=pixels, alpha=alpha)

    def upright(self) -> "Photograph":
        """Turn the pixels as the orientation says, and set the tag to 1."""
        if self.metadata.orientation == 1:
            return self
        return replace(
            self,
            pixels=_turn(self.pixels, self.metadata.orientation),
            alpha=None if self.alpha is None else _turn(self.alpha, self.metadata.orientation),
            metadata=self.metadata.upright(),
        )

    def over_white(self) -> "Photograph":
        """Lay the photograph over white paper, so that it needs no alpha."""
        if self.alpha is None:
            return self
        white = full_scale(self.alpha.dtype)
        composite = np.empty_like(self.pixels)
        for start in range(0, self.height, _ROWS):
            rows = slice(start, start + _ROWS)
            weight = np.clip(self.alpha[rows].astype(np.float64) / white, 0, 1)
            weight = weight if self.is_gray else weight[..., None]
            mixed = self.pixels[rows] * weight + white * (1 - weight)
            composite[rows] = mixed if composite.dtype.kind == "f" else np.rint(mixed)
        return replace(self, pixels=composite, alpha=None)

    def shown(self) -> NDArray[np.float32]:
        """Return what a viewer shows of the stored pixels: (H, W, 3) in [0, 1], on white if transparent."""
        return np.clip(np.nan_to_num(to_float(gray_to_rgb(self.over_white().pixels))), 0, 1)

    def save(self, path: str | Path, *, quality: int | None = None, overwrite: bool = False) -> Path:
        """Write the photograph with everything it carries; see `restora.images.write`."""
        from restora.images.writing import write

        return write(path, self, quality=quality, overwrite=overwrite)

    def show(self) -> None:
        """Show the photograph in the viewer of the system."""
        from PIL import Image

        Image.open(BytesIO(self._repr_png_())).show()

    def _repr_png_(self) -> bytes:
        """Return a PNG for notebooks."""
        return self.preview()

    def preview(self, longest: int = SHOWN) -> bytes:
        """Return a PNG to look at: upright, 8 bits, in the photograph's own profile.

        Args:
            longest: Pixels of the longer side; a larger photograph is reduced.
        """
        import cv2  # takes as long to import as all of `restora.images`

        from restora.images.writing import encode

        upright = self.upright()
        scale = min(1.0, longest / max(upright.height, upright.width))
        size = max(1, round(scale * upright.width)), max(1, round(scale * upright.height))

        def reduced(pixels: Pixels) -> Pixels:
            values = to_uint8(pixels)
            return (
                values if scale == 1 else np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA))
            )

        alpha = None if upright.alpha is None else reduced(upright.alpha)
        return encode(Photograph(reduced(upright.pixels), alpha, Metadata(icc=self.metadata.icc)), "png")


def _turn(array: Pixels, orientation: int) -> Pixels:
    """Apply an EXIF orientation (EXIF 2.32, tag 274) to an array of shape (H, W) or (H, W, 3)."""
    turned = {
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.swapaxes(0, 1),
        6: lambda a: a[::-1].swapaxes(0, 1),
        7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
        8: lambda a: a[:, ::-1].swapaxes(0, 1),
    }[orientation](array)
    return np.ascontiguousarray(turned)
