"""Scores of restored images, each under a named protocol."""

from restora.metrics.alignment import align, aligned_psnr, aligned_ssim
from restora.metrics.luma import luma, luma8
from restora.metrics.no_reference import NO_REFERENCE, brisque, niqe, no_reference_metric
from restora.metrics.notation import printed, with_unit
from restora.metrics.perceptual import dists, lpips
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
    "NO_REFERENCE",
    "PROTOCOLS",
    "Protocol",
    "align",
    "aligned_psnr",
    "aligned_ssim",
    "brisque",
    "dists",
    "lpips",
    "luma",
    "luma8",
    "mean_absolute_error",
    "niqe",
    "no_reference_metric",
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
