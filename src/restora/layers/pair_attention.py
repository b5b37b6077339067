"""Attention between the pixels of pairs of patches, and the likeness of whole patches.

Every chunk of k patches looks at n neighbours: k r^2 x n r^2 scores, 512 for each pixel of the image at the usual sizes.
They are never held for the whole image, neither forwards nor backwards (see `pair_kernel`): memory grows with the
pixels by a few feature maps and not by hundreds. The chunks do not depend on one another, so this changes no result.
"""

import torch
from torch import Tensor

from restora.layers.exporting import is_exporting
from restora.layers.pair_kernel import attended, attention_of_pairs, logits_in_slabs, logits_of_pairs
from restora.layers.patches import PatchGroups
from restora.layers.precision import full_precision


def pair_logits(query: Tensor, key: Tensor, groups: PatchGroups) -> Tensor:
    """Compare whole patches: the dot products of flattened patches in eq. 10, g[a, j] = sum_i,c Q[a, i, c] K[j, i, c].

    Args:
        query: phi of the patches (B, N, r * r, C).
        key: theta of the patches (B, N, r * r, C).
        groups: Who looks at whom.

    Returns:
        (B, h, N, n) by patch number and slot of ``groups.neighbours``, unscaled, at least in float32 (they are sums of
        many products); -inf in empty slots.
    """
    B = len(query)
    with full_precision(query):
        operands = query.flatten(0, 1), key.flatten(0, 1), *_rows(groups)
        logits: Tensor = logits_in_slabs(*operands) if is_exporting() else logits_of_pairs(*operands, B)
    shape = groups.chunks.shape[1], B, groups.chunks.shape[2], *logits.shape[1:]
    logits = logits.view(shape).transpose(0, 1)  # (B, h, N_c, k, n)
    empty = (groups.neighbours < 0)[..., None, :]
    return groups.by_patch(logits.masked_fill(empty, -torch.inf))


def pair_attention(query: Tensor, key: Tensor, value: Tensor, weights: Tensor, groups: PatchGroups) -> Tensor:
    """Attend to each neighbouring patch by itself and add up the results with given weights (eq. 8 and 9).

        o[a] = sum over j of w[a, j] softmax(Q[a] K[j]^T / sqrt(C)) V[j]

    The softmax runs over the r^2 pixels of one neighbour, not over those of all.

    Args:
        query: phi of the patches (B, N, r * r, C).
        key: theta of the patches (B, N, r * r, C).
        value: psi of the patches (B, N, r * r, C).
        weights: w (B, h, N, n) by patch number and slot of ``groups.neighbours``, zero in empty slots.
        groups: Who looks at whom.

    Returns:
        The sum over neighbours and rounds (B, N, r * r, C).
    """
    chunked = groups.by_chunk(weights).transpose(0, 1).flatten(0, 2).to(query.dtype)  # (h * B * N_c, k, n)
    operands = (*(x.flatten(0, 1) for x in (query, key, value)), chunked, *_rows(groups))
    with full_precision(query):
        if is_exporting():
            # Some runtimes lose additions to one address from several threads; a gather and a sum are safe.
            parts = torch.cat([part for _, part in attended(*operands)])  # (h * B * N_c, k p, C)
            B, h, N_c, k = groups.chunks.shape
            rounds = parts.view(h, B, N_c, k, *query.shape[2:]).transpose(0, 1)
            return groups.by_patch(rounds).sum(1)
        out: Tensor = attention_of_pairs(*operands, len(query))
    return out.view(query.shape)


def _rows(groups: PatchGroups) -> tuple[Tensor, Tensor]:
    """Number the patches of all images through: chunks (h, B * N_c, k) and neighbours (h, B * N_c, n).

    An empty slot is -1 less the number of the image's first patch: what stands for it, with weight zero, where slots
    cannot be left out. In exported graphs it is this patch.
    """
    B, _, N = groups.order.shape
    first = torch.arange(B, device=groups.order.device)[:, None, None, None] * N
    chunks, neighbours = (
        torch.where(patches < 0, first if is_exporting() else -1 - first, patches + first)
        .transpose(0, 1)
        .flatten(1, 2)
        for patches in (groups.chunks, groups.neighbours)
    )
    return chunks, neighbours
