"""Engines and precisions, measured: how fast each is here, how far from torch in float32, and which one to take."""

import json
import logging
import platform
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

import torch
from torch import Tensor

from restora.atomic import write_file
from restora.cancellation import Cancelled, check
from restora.layers.precision import computes_in_bfloat16
from restora.networks.contract import RestorationNetwork
from restora.restoration.engine import Engine, build_engine
from restora.restoration.runtimes import installed_runtimes, runtime_class
from restora.restoration.serving import ServedNetwork, served_folder

logger = logging.getLogger(__name__)

LARGEST_ERROR = {"float32": 1e-4, "bfloat16": 2 / 255}
"""What an engine may differ from torch in float32 at any pixel, of a range of 1."""
LARGEST_LOSS = 0.02
"""Decibels that half precision may cost."""
ROUNDS = 3
NOISE = 25 / 255


@dataclass(frozen=True)
class Measurement:
    """An engine in a precision, with weights, at one size.

    Attributes:
        engine: ``"torch"`` or the name of a runtime.
        precision: ``"float32"`` or ``"bfloat16"``.
        seconds: For a tile, the fastest of a few.
        ratio: How many times as fast as torch in float32, the median of tiles that took turns.
        error: Largest difference to torch in float32, of a range of 1.
        loss: PSNR that it costs on the test picture, in dB.
        fault: Why it must not be used; empty where it may.
    """

    engine: str
    precision: str
    seconds: float
    ratio: float
    error: float
    loss: float
    fault: str = ""


def measure(
    network: RestorationNetwork, side: int, *, engines: Iterable[str] | None = None
) -> list[Measurement]:
    """Measure engines and precisions with the weights of a network; what was measured before on this machine is kept.

    The bounds: beyond `LARGEST_ERROR` at any pixel, or `LARGEST_LOSS`, an engine is not to be used in that precision.
    Everything runs with as many threads as torch has been told.

    Args:
        network: One that `can_be_served`.
        side: Height and width of a tile in pixels.
        engines: Names of engines; by default torch and all that are installed and compile within seconds.

    Returns:
        Torch in float32, then all others.
    """
    wanted = [("torch", "float32")]
    for engine in engines if engines is not None else ["torch", *installed_runtimes()]:
        wanted += [
            (engine, precision) for precision in precisions_of(engine) if (engine, precision) != wanted[0]
        ]
    known = _known(network, side)
    missing = [pair for pair in wanted if _key(*pair) not in known]
    if missing:
        name = network.card.name if network.card else type(network).__name__
        others = dict.fromkeys(
            e if e != "torch" else f"torch in {p}" for e, p in missing if (e, p) != wanted[0]
        )
        if others:
            words = ", ".join(others)
            logger.info("%s: compares %s with torch, once for these weights on this machine", name, words)
        known |= {_key(found.engine, found.precision): found for found in _measured(network, side, missing)}
        rows = {key: asdict(found) for key, found in known.items()}
        write_file(_file(network, side), json.dumps(rows, indent=1))
    return [known[_key(*pair)] for pair in wanted]


def measured(network: RestorationNetwork, side: int, engines: Iterable[str]) -> bool:
    """Tell whether `measure` has its answer already."""
    known = _known(network, side)
    return all(_key(engine, p) in known for engine in engines for p in precisions_of(engine))


def fastest(measurements: Iterable[Measurement], *, precision: str = "auto") -> Measurement | None:
    """Return the fastest of what may be used, or nothing.

    Args:
        measurements: To choose from.
        precision: One that is asked for, or ``"auto"``: any that stayed within the bounds.
    """
    passed = [found for found in measurements if not found.fault and precision in ("auto", found.precision)]
    return max(passed, key=lambda found: found.ratio, default=None)


def precisions_of(engine: str) -> tuple[str, ...]:
    """Return the precisions in which an engine computes on this processor, never emulated."""
    known = ("float32", "bfloat16") if engine == "torch" else runtime_class(engine).precisions
    return known if computes_in_bfloat16(torch.device("cpu")) else tuple(p for p in known if p != "bfloat16")


def engine_for(network: RestorationNetwork, engine: str, precision: str, side: int) -> Engine:
    """Build an engine of that name for tiles of one size on the CPU."""
    if engine != "torch":
        network = ServedNetwork(network, engine, precision, side)
    return build_engine(network, precision=precision, device="cpu")


def trial_picture(side: int, channels: int = 3, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Draw slopes, edges and textures, and add noise, drawn with a seed.

    Returns:
        The noisy picture (1, channels, side, side), and the clean one in three channels.
    """
    y, x = torch.meshgrid(*2 * [torch.linspace(0, 1, side)], indexing="ij")
    slope = 0.3 + 0.4 * x * y
    edges = 0.25 * ((x - 0.4) ** 2 + (y - 0.6) ** 2 < 0.06) - 0.2 * ((x + 0.5 * y) % 0.25 < 0.03)
    texture = 0.08 * torch.sin(side * 0.5 * x) * torch.sin(side * 0.3 * y * (1 + x)) * (y > 0.5)
    clean = torch.stack([slope + edges + texture * t for t in (1.0, 0.7, -0.5)]).clamp(0, 1)[None]
    noise = torch.randn(1, channels, side, side, generator=torch.Generator().manual_seed(seed))
    return clean.repeat(1, channels // 3, 1, 1) + NOISE * noise, clean


def _measured(network: RestorationNetwork, side: int, pairs: list[tuple[str, str]]) -> Iterator[Measurement]:
    noisy, clean = trial_picture(side, network.requirements.in_channels)
    exact = engine_for(network, "torch", "float32", side)
    expected = exact.residual(noisy)
    for engine, precision in pairs:
        check()
        try:
            run = engine_for(network, engine, precision, side).residual
            answer = run(noisy)
        except Cancelled:
            raise
        except Exception as problem:
            # Whatever a compiler of somebody else's stumbles over, torch restores the picture.
            yield Measurement(
                engine, precision, 0.0, 0.0, 0.0, 0.0, " ".join(f"fails: {problem}".split())[:300]
            )
            continue
        error = float((answer - expected).abs().max())
        loss = psnr(noisy[:, :3] + expected, clean) - psnr(noisy[:, :3] + answer, clean)
        seconds = [(_seconds(exact.residual, noisy), _seconds(run, noisy)) for _ in range(ROUNDS)]
        ratio = statistics.median(theirs / ours for theirs, ours in seconds)
        fault = ""
        if error > LARGEST_ERROR[precision]:
            fault = f"differs from torch by {error:.1e} of 1, {LARGEST_ERROR[precision]:.1e} are allowed"
        elif loss > LARGEST_LOSS:
            fault = f"costs {loss:.3f} dB, {LARGEST_LOSS} are allowed"
        yield Measurement(engine, precision, min(ours for _, ours in seconds), ratio, error, loss, fault)


def _seconds(run: Callable[[Tensor], Tensor], x: Tensor) -> float:
    start = time.perf_counter()
    run(x)
    return time.perf_counter() - start


def psnr(restored: Tensor, clean: Tensor) -> float:
    """Return the peak signal-to-noise ratio of an image in [0, 1], in dB."""
    return float(-10 * (restored.clamp(0, 1) - clean).square().mean().log10())


def _key(engine: str, precision: str) -> str:
    """Name a measurement; another version of the engine, or another processor, makes it another one."""
    packages = ("torch",) if engine == "torch" else runtime_class(engine).packages
    return " ".join([engine, precision, *map(version, packages), processor()])


@cache
def processor() -> str:
    """Return the model of the processor, as well as the system knows it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.partition(": ")[2] for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):  # not Linux, or not a processor that has a name
        return platform.processor() or platform.machine()


def _file(network: RestorationNetwork, side: int) -> Path:
    return served_folder(network, side) / "measurements.json"


def _known(network: RestorationNetwork, side: int) -> dict[str, Measurement]:
    """Read what was measured; what cannot be read is measured again."""
    try:
        rows = json.loads(_file(network, side).read_text(encoding="utf-8"))
        return {key: Measurement(**row) for key, row in rows.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
