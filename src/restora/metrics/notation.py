"""How scores are printed: names, units and decimals, as papers have them."""

import math

UNITS = {"psnr": "PSNR, dB"}
"""Name of a metric -> its name with its unit, for axes and heads; others are their own name in capitals."""
DIGITS = {"psnr": 2, "mae": 4}
"""Name of a metric -> decimals; three of others."""


def printed(metric: str, value: float) -> str:
    """Print a score with the decimals that papers print: two of a PSNR, three of an SSIM.

    Example:
        >>> printed("psnr", 31.456), printed("ssim", 0.91249), printed("psnr", math.inf)
        ('31.46', '0.912', '∞')
    """
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    return f"{value:.{DIGITS.get(metric, 3)}f}"


def with_unit(metric: str) -> str:
    """Name a metric with its unit.

    Example:
        >>> with_unit("psnr"), with_unit("ssim")
        ('PSNR, dB', 'SSIM')
    """
    return UNITS.get(metric, metric.upper())
