"""Scores of restored images, each under a named protocol."""

from restora.metrics.protocols import PROTOCOLS, Protocol, protocol
from restora.metrics.psnr import psnr

__all__ = ["PROTOCOLS", "Protocol", "protocol", "psnr"]
