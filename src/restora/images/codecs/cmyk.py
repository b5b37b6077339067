"""CMYK to RGB: printing inks as a screen shows them."""

import io

import numpy as np

from restora.pixels import Pixels


def cmyk_to_rgb(inks: Pixels, icc: bytes | None) -> tuple[Pixels, str]:
    """Convert cyan, magenta, yellow and black to sRGB.

    Args:
        inks: (H, W, 4) uint8, 255 is full ink.
        icc: The profile of the inks.

    Returns:
        (H, W, 3) uint8 in sRGB, and a note that says how it was made.
    """
    from PIL import Image, ImageCms

    height, width, _ = inks.shape
    image = Image.frombytes("CMYK", (width, height), np.ascontiguousarray(inks).tobytes())
    if icc is not None:
        try:
            converted = ImageCms.profileToProfile(
                image,
                ImageCms.ImageCmsProfile(io.BytesIO(icc)),
                ImageCms.createProfile("sRGB"),
                renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
                outputMode="RGB",
                flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
            )
        except (ImageCms.PyCMSError, OSError, ValueError):
            converted = None
        if converted is not None:
            return np.array(converted), "CMYK converted to RGB through its colour profile"
    return np.array(
        image.convert("RGB")
    ), "CMYK converted to RGB without a profile, so colours are approximate"
