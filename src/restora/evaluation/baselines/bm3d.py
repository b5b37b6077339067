"""BM3D: the best of the classical denoisers."""

import numpy as np
from numpy.typing import NDArray

from restora.errors import RestoraError


def bm3d(image: NDArray[np.floating], sigma: float) -> NDArray[np.float64]:
    """Denoise with the authors' own package: half a minute for a megapixel and longer.

    Dabov et al., "Image denoising by sparse 3-D transform-domain collaborative filtering", IEEE TIP 2007.

    Args:
        image: (H, W, 3) RGB in [0, 1], noise beyond included.
        sigma: Of the noise in grey levels of 255.

    Raises:
        RestoraError: The package is not installed.
    """
    try:
        from bm3d import bm3d_rgb
    except ImportError as error:
        raise RestoraError(
            "method bm3d: needs the authors' package (its licence is non-commercial); pip install bm3d"
        ) from error
    return np.asarray(bm3d_rgb(image.astype(np.float64), sigma / 255), dtype=np.float64)
