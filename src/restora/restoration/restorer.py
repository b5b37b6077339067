"""The Restorer: image in, image of the same kind out."""

import copy
import logging
import math
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from threading import Lock, local
from typing import Any, Literal, Self, TypeVar, overload

import torch
from torch import nn

from restora.cancellation import Cancel, cancellable, check
from restora.errors import RestoraError
from restora.images import Photograph
from restora.images.reading import Source
from restora.input_types import open_image
from restora.layers.compiled import without_compiled_loops
from restora.networks.contract import RestorationNetwork, as_network
from restora.reproducibility import fixed_options
from restora.restoration.batching import MicroBatched, check_batch
from restora.restoration.blending import check_strength
from restora.restoration.engine import Engine, build_engine
from restora.restoration.engine_choice import EngineChoice
from restora.restoration.ensemble import SelfEnsemble
from restora.restoration.tiled_restoration import Progress, restore_pixels
from restora.restoration.tiling import check_tile, round_up
from restora.threads import Threads, check_threads, chosen_threads, computing_threads

logger = logging.getLogger(__name__)

MEMORY_SHARE = 0.5
CPU_BUDGET = 1024**3
"""Bytes that a tile may take on a CPU: larger tiles are no faster, and other programs need memory too. Twice as many for
networks that match content: their tiles share a wide stretch, which larger ones compute less often."""
AUTO_TILES = (256, 1024)
AUTO_TILE_STEP = 64

Kind = TypeVar("Kind")


class Restorer:
    """Restore images with a network.

    Args:
        model: A network, or what `restora.load_model` takes: the name of weights or a file. The network is
            copied; the caller's own keeps its device, precision and mode.
        tile: Side of the tiles in pixels; ``None`` restores the whole image at once; ``"auto"`` takes the
            largest tile from 256 to 1024 pixels that fits into half of the free memory (and into 1 GiB on a
            CPU, 2 for networks that match content), judged by the layer outputs of a small trial run. Images that fit into a tile are not cut,
            unless the network wants squares: then tiles are no larger than the shorter side of the image.
        overlap: Pixels that neighbouring tiles share at least; ``"auto"`` as in `auto_overlap`.
        ensemble: Average over the eight flips and turns of the image: eight times the time, a little better.
        strength: Share of the restored image in the result, 0 to 1; the rest is the image as it came.
        precision: ``"float32"``, ``"bfloat16"``, ``"float16"``, or ``"auto"``: on a CPU what is faster with these weights at a
            cost within the bounds of `restora.restoration.measuring`, measured once for images of a megapixel
            or more; else as in `build_engine`.
        device: ``"auto"`` or a torch device.
        engine: ``"torch"``, ``"compile"``, ``"openvino"``, ``"onnxruntime"``, or ``"auto"``: the fastest on this machine of those that
            are installed and agree with torch, measured once. They run tiles of one size, compiled once and kept
            in the cache folder; one that does not agree with torch is not used, which is said.
        threads: Threads on a CPU: a number, ``"auto"`` for what is free when an image comes (see
            `restora.threads`), or ``None`` for what torch has been told.
        batch: Tiles of one size, from threads that use the restorer at once, that torch computes together at most. More than 1
            pays on a graphics card; bits then depend on what else is restored. Tiles of ``"auto"`` are smaller for it.
        reproducible: Give the same bytes on every machine with the same versions of restora and torch: all that is
            ``"auto"`` is fixed, and memory that runs out is an error instead of smaller tiles. The environment has
            its part in it, see `restora.reproducibility`.

    Several threads may use one restorer at once: each gets what it would get alone.

    Attributes:
        used: What restored the last image (of this thread, if it has restored any): ``weights`` (their name), ``device``, ``precision``, ``tile`` (side in pixels,
            ``None`` for the whole image), ``engine`` and ``threads``.

    Raises:
        RestoraError: Unknown weights, missing device, impossible value.

    Example:
        >>> import numpy as np
        >>> restorer = Restorer("denoise-chair-tiny")
        >>> restorer(np.full((20, 30, 3), 128, dtype=np.uint8)).shape
        (20, 30, 3)
    """

    def __init__(
        self,
        model: nn.Module | str | Path,
        *,
        tile: int | Literal["auto"] | None = "auto",
        overlap: int | Literal["auto"] = "auto",
        ensemble: bool = False,
        strength: float = 1.0,
        precision: str = "auto",
        device: str | torch.device = "auto",
        engine: str = "auto",
        threads: Threads = "auto",
        batch: int = 1,
        reproducible: bool = False,
    ) -> None:
        check_threads(threads)
        check_strength(strength)
        check_batch(batch)
        if reproducible:
            fixed = fixed_options(precision=precision, device=device, engine=engine, threads=threads)
            precision, device, engine, threads = fixed.values()
        if isinstance(model, nn.Module):
            network = as_network(model)
        else:
            from restora.checkpoints import load_model

            network = load_model(model)
        if not (tile is None or tile == "auto" or (isinstance(tile, int) and tile > 0)):
            raise RestoraError(f"tile must be a number of pixels, 'auto' or None, got {tile!r}")
        if not (overlap == "auto" or (isinstance(overlap, int) and overlap >= 0)):
            raise RestoraError(f"overlap must be a number of pixels or 'auto', got {overlap!r}")
        if ensemble and network.requirements.in_channels != 3:
            raise RestoraError(
                "the self-ensemble turns photographs; views of a dual-pixel sensor cannot be turned"
            )
        if reproducible and tile == "auto":
            tile = network.requirements.engine_side
        self.tile, self.overlap, self.threads, self.reproducible = tile, overlap, threads, reproducible
        self.strength, self.batch = strength, batch
        self.weights = network.card.name if network.card else None
        self._of_thread, self._choosing = local(), Lock()
        self._last_used: dict[str, str | int | None] = {}

        def wrapped(inner: RestorationNetwork) -> RestorationNetwork:
            return SelfEnsemble(inner) if ensemble else inner

        with computing_threads(threads):
            self.engine: Engine = build_engine(wrapped(network), precision=precision, device=device)
        if batch > 1:
            self.engine = replace(self.engine, network=MicroBatched(self.engine.network, batch))
        self.choice = EngineChoice(
            network, wrapped, engine=engine, precision=precision, device=self.engine.device, tile=tile
        )
        needs = self.engine.requirements
        if tile is not None:
            # The smallest tile that "auto" may mean: what is possible must not depend on the free memory.
            side = self._auto_tiles()[0] if tile == "auto" else tile
            shared = 0 if overlap == "auto" else overlap
            check_tile(side, shared, multiple=needs.multiple, min_size=needs.min_size)
        self._auto_tile: int | None = None

    def with_strength(self, strength: float) -> Self:
        """Return a restorer of another strength, which shares network, engines and all that was measured with this one.

        Raises:
            RestoraError: The strength is not from 0 to 1.
        """
        check_strength(strength)
        if strength == self.strength:
            return self
        other = copy.copy(self)
        other.strength = strength
        return other

    @property
    def used(self) -> dict[str, str | int | None]:
        """What restored the last image of this thread; of all threads, where this one has restored none."""
        used: dict[str, str | int | None] = getattr(self._of_thread, "used", self._last_used)
        return used

    @overload
    def __call__(
        self, image: Source, *, progress: Progress | None = None, cancel: Cancel | None = None
    ) -> Photograph: ...
    @overload
    def __call__(
        self, image: Kind, *, progress: Progress | None = None, cancel: Cancel | None = None
    ) -> Kind: ...
    def __call__(self, image: Any, *, progress: Progress | None = None, cancel: Cancel | None = None) -> Any:
        """Restore an image.

        Args:
            image: A path, bytes, a file object, a `Photograph`, a PIL image, an array or a tensor; see `open_image`. A tensor may
                be a batch (B, C, H, W). A network for dual-pixel sensors takes arrays (H, W, 6) or tensors
                (6, H, W), RGB of the left and then of the right view, and gives three channels back.
            progress: Called with the finished fraction of the image or batch, rising to 1; `restora.ProgressMeter`
                tells from it how fast that is. `restora.Run` gives an iterator instead.
            cancel: A `threading.Event`, or what else has ``is_set``: when it is set, from another thread or from
                ``progress``, the work ends: before the next operation where torch computes, before the next tile
                where another engine does.

        Returns:
            The same kind of image: type, depth, shape, alpha and metadata as they came. A file, as a
            path, bytes or a file object, gives a `Photograph`, a palette image its colours. Integers are rounded; floats are limited to [0, 1], or
            to the input's own range where that is wider.

        Raises:
            Cancelled: ``cancel`` was set.
            RestoraError: No image, an unknown type, or memory that runs out.
        """
        with cancellable(cancel):
            check()
            return self._restored(image, progress)

    def _restored(self, image: Any, progress: Progress | None) -> Any:
        if isinstance(image, torch.Tensor) and image.ndim == 4:
            return self._batch(image, progress)
        opened = open_image(image)
        overlap = None if self.overlap == "auto" else self.overlap
        plainly = without_compiled_loops() if self.reproducible else nullcontext()
        threads = chosen_threads(self.threads)
        with plainly:
            with self._choosing, computing_threads(threads):
                engine, tile, name = self._chosen(*opened.pixels.shape[:2])
            self._of_thread.used = self._last_used = {
                "weights": self.weights,
                "device": engine.device.type,
                "precision": str(engine.dtype).removeprefix("torch."),
                "tile": tile,
                "engine": name,
                "threads": threads,
            }
            restored = restore_pixels(
                engine.with_strength(self.strength),
                opened.pixels,
                tile=tile,
                overlap=overlap,
                threads=threads,
                progress=progress,
                smaller=self._smaller,
            )
        return opened.close(restored)

    def _chosen(self, height: int, width: int) -> tuple[Engine, int | None, str]:
        """Choose what restores an image of that size in pixels, the side of its tiles, and the name of the engine."""
        engine = self.choice(height, width)
        if engine is not None:
            return engine, self.choice.side, self.choice.name
        if self.choice.torch_precision is not None:
            self.engine = replace(self.engine, dtype=getattr(torch, self.choice.torch_precision))
        return self.engine, self.auto_tile() if self.tile == "auto" else self.tile, "torch"

    def _smaller(self, side: int) -> None:
        if self.reproducible:
            raise RestoraError(
                f"memory ran out, and a reproducible run takes no smaller tiles by itself; choose tile {side}, which changes"
                " single grey levels, or close other programs"
            )
        logger.warning("memory ran out; going on with tiles of %d pixels", side)
        self.used["tile"] = side

    def _batch(self, images: torch.Tensor, progress: Progress | None) -> torch.Tensor:
        if not len(images):
            raise RestoraError(f"a batch of shape {tuple(images.shape)} has no images")

        def part(i: int) -> Progress | None:
            return progress and (lambda fraction: progress((i + fraction) / len(images)))

        return torch.stack([self(one, progress=part(i)) for i, one in enumerate(images)])

    def auto_tile(self) -> int:
        """Return the side of the tiles that ``"auto"`` means here, in pixels; found once."""
        if self._auto_tile is None:
            budget = self.engine.free_memory() * MEMORY_SHARE / self.batch
            if self.engine.device.type == "cpu":
                budget = min(budget, CPU_BUDGET * (2 if self.engine.requirements.matches_content else 1))
            side = int((budget / self.engine.bytes_per_pixel()) ** 0.5)
            low, high, step = self._auto_tiles()
            self._auto_tile = max(low, min(side, high) // step * step)
        return self._auto_tile

    def _auto_tiles(self) -> tuple[int, int, int]:
        """Return the smallest and the largest tile that ``"auto"`` may choose, and the step between them."""
        needs = self.engine.requirements
        step = math.lcm(AUTO_TILE_STEP, needs.multiple)
        return round_up(max(AUTO_TILES[0], needs.min_size), step), AUTO_TILES[1], step
