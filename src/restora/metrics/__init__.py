"""Scores of restored images, each under a named protocol."""

from restora.metrics.alignment import align, aligned_psnr, aligned_ssim
from restora.metrics.luma import luma, luma8
from restora.metrics.notation import printed, with_unit
from restora.metrics.perceptual import lpips
from restora.metrics.protocols import PROTOCOLS, Protocol, protocol
from restora.metrics.psnr import mean_absolute_error, psnr
from restora.metrics.ssim import (
    pooled_size,
    ssim,
    ssim_downsampled,
    ssim_pooled,
    ssim_replicated,
    ssim_uniform,
    ssim_volume,
)

__all__ = [
    "PROTOCOLS",
    "Protocol",
    "align",
    "aligned_psnr",
    "aligned_ssim",
    "lpips",
    "luma",
    "luma8",
    "mean_absolute_error",
    "pooled_size",
    "printed",
    "protocol",
    "psnr",
    "ssim",
    "ssim_downsampled",
    "ssim_pooled",
    "ssim_replicated",
    "ssim_uniform",
    "ssim_volume",
    "with_unit",
]
