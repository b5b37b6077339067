"""Scores of photographs that do not lie exactly on one another (RealBlur, RSBlur)."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from restora.errors import RestoraError
from restora.metrics.ssim import similarity_map

Image = NDArray[np.float32]
ITERATIONS = 100
BORDER = 5


def align(restored: NDArray[Any], clean: NDArray[Any]) -> tuple[Image, Image, Image]:
    """Scale a restored image in brightness and lay it on the clean one by a homography (ECC).

    Evangelidis and Psarakis, "Parametric image alignment using enhanced correlation coefficient maximization", TPAMI 2008,
    as the evaluation of RealBlur uses it.

    Args:
        restored: (H, W, 3), float in [0, 1].
        clean: The same shape.

    Returns:
        The aligned image, the clean one, both 0 where the aligned one knows nothing, and the mask (H, W, 3) of 0 and 1.

    Raises:
        RestoraError: No alignment was found.

    Example:
        >>> import numpy as np
        >>> clean = np.random.default_rng(0).random((64, 64, 3))
        >>> aligned = align(np.roll(clean, 2, axis=1), clean)
        >>> [part.shape for part in aligned]
        [(64, 64, 3), (64, 64, 3), (64, 64, 3)]
    """
    x, z = clean.astype(np.float32), restored.astype(np.float32)
    z = (np.sum(x * z) / np.sum(z * z) * z).astype(np.float32)
    warp = np.eye(3, dtype=np.float32)
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, ITERATIONS, 0)
    gray: list[Any] = [cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) for image in (x, z)]
    warped: Any
    try:
        _, warped = cv2.findTransformECC(
            gray[0], gray[1], warp, cv2.MOTION_HOMOGRAPHY, criteria, np.ones(gray[0].shape, np.uint8), 5
        )
    except cv2.error as error:
        raise RestoraError(
            "the images could not be aligned (ECC found no homography); are they a pair?"
        ) from error
    height, width = x.shape[:2]
    aligned: Any = cv2.warpPerspective(
        z,
        warped,
        (width, height),
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REFLECT,
    )
    mask: Any = cv2.warpPerspective(
        np.ones_like(x), warped, (width, height), flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT, borderValue=0,
    )  # fmt: skip
    return aligned * mask, x * mask, mask


def aligned_psnr(restored: NDArray[Any], clean: NDArray[Any]) -> float:
    """PSNR with peak 1 over the pixels that the aligned image knows.

    Example:
        >>> import numpy as np
        >>> clean = np.random.default_rng(0).random((64, 64, 3))
        >>> round(aligned_psnr(clean + 0.01, clean), 1)
        46.2
    """
    a, b, mask = align(restored, clean)
    error = float(np.sum((a.astype(np.float64) - b) ** 2) / np.sum(mask, dtype=np.float64))
    return float("inf") if error == 0 else float(-10 * np.log10(error))


def aligned_ssim(restored: NDArray[Any], clean: NDArray[Any]) -> float:
    """`ssim` over the pixels that the aligned image knows, without a border of 5.

    Example:
        >>> import numpy as np
        >>> clean = np.random.default_rng(0).random((64, 64, 3))
        >>> round(aligned_ssim(clean, clean), 3)
        1.0
    """
    a, b, mask = align(restored, clean)
    inner = slice(BORDER, -BORDER)
    known = mask[inner, inner].astype(np.float64)
    similarity = similarity_map(a, b, peak=1)[inner, inner] * known
    return float(np.mean(similarity.sum(axis=(0, 1)) / known.sum(axis=(0, 1))))
