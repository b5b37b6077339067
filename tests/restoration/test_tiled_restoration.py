import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from restora.errors import RestoraError
from restora.networks.contract import Requirements
from restora.pixels import full_scale
from restora.restoration.engine import Engine, build_engine
from restora.restoration.tiled_restoration import Range, restore_pixels
from restora.restoration.tiling import plan_axis

MakeNetwork = Callable[..., nn.Module]
MakeImage = Callable[..., np.ndarray]

OUT_OF_MEMORY = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
    MemoryError("Unable to allocate 3.00 GiB for an array"),
    RuntimeError(
        "[enforce fail at alloc_cpu.cpp:121] DefaultCPUAllocator: can't allocate memory: you tried ..."
    ),
    RuntimeError("[enforce fail at alloc_cpu.cpp:75] DefaultCPUAllocator: not enough memory: you tried ..."),
    RuntimeError("MPS backend out of memory (MPS allocated: 17.00 GB)"),
    RuntimeError("could not create a primitive"),  # oneDNN
]


class Local(nn.Module):
    """Mixes pixels no farther away than its receptive field, in blocks of ``multiple`` pixels."""

    def __init__(self, multiple: int) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(multiple)
            self.layers = nn.Sequential(
                nn.PixelUnshuffle(multiple),
                nn.Conv2d(3 * multiple**2, 8, 3, padding=1),
                nn.GELU(),
                nn.Conv2d(8, 3 * multiple**2, 3, padding=1),
                nn.PixelShuffle(multiple),
            )
        self.requirements = Requirements(multiple=multiple, receptive_field=3 * multiple - 1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x)


class Sharpener(nn.Module):
    """A convolution and nothing added to the image; what it changes is exactly nothing all the same."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)
        nn.init.zeros_(self.conv.weight)
        nn.init.zeros_(self.conv.bias)
        self.requirements = Requirements(precisions=("float32", "bfloat16"))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv(x)


class Scarce(nn.Module):
    """Another network on a machine whose memory suffices for so many pixels, after a while for fewer.

    `rows` collects the first and the last row of each tile that succeeded, for images as from `numbered`; `sizes`
    the sides of all that were tried.
    """

    def __init__(self, network: nn.Module, error: BaseException, limits: list[int], calls: int = 1) -> None:
        super().__init__()
        self.network, self.error, self.limits, self.calls = network, error, limits, calls
        self.requirements = network.requirements
        self.rows: list[tuple[float, float]] = []
        self.sizes: list[tuple[int, int]] = []

    def __deepcopy__(self, memo: object) -> "Scarce":
        return self  # for the test to see what the engine's copy collects

    def forward(self, x: Tensor) -> Tensor:
        self.sizes.append((x.shape[2], x.shape[3]))
        if x.shape[2] * x.shape[3] > self.limits[min(len(self.rows) // self.calls, len(self.limits) - 1)]:
            raise self.error
        self.rows.append((1024 * float(x[0, 0, 0, 0]), 1024 * float(x[0, 0, -1, 0])))
        return self.network(x)


def ready(network: nn.Module, precision: str = "float32") -> Engine:
    return build_engine(network, precision=precision, device="cpu")


@st.composite
def images(
    draw: st.DrawFn, dtypes: tuple[str, ...] = ("uint8", "uint16", "float32", "float64")
) -> np.ndarray:
    shape: tuple[int, ...] = draw(st.tuples(st.integers(1, 70), st.integers(1, 70)))
    dtype, random = np.dtype(draw(st.sampled_from(dtypes))), np.random.default_rng(draw(st.integers(0, 99)))
    shape = shape if draw(st.booleans()) else (*shape, 3)
    if dtype.kind == "u":
        return random.integers(0, full_scale(dtype), shape, endpoint=True).astype(dtype)
    scale, offset = draw(st.sampled_from([(1, 0), (1e-30, 0), (3, -1), (1e20, -1e19)]))
    return (random.random(shape) * scale + offset).astype(dtype)


@st.composite
def cuts(draw: st.DrawFn, multiple: int, smallest: int, least_overlap: int = 0) -> dict[str, Any]:
    """A tile and an overlap that are possible."""
    tile = draw(st.integers(-(-max(smallest, least_overlap + multiple) // multiple), 20)) * multiple
    return draw(
        st.sampled_from(
            [
                {"tile": None, "overlap": None},
                {"tile": tile, "overlap": draw(st.integers(least_overlap, tile - multiple))},
            ]
        )
    )


needs_of_identity = st.sampled_from(
    [
        {},
        {"multiple": 4, "min_size": 8},
        {"multiple": 4, "min_size": 8, "receptive_field": 5},
        {"multiple": 3, "receptive_field": 2},
        {"min_size": 9, "global_context": True},
    ]
)


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_what_the_network_leaves_alone_comes_back_bit_for_bit(
    identity: MakeNetwork, data: st.DataObject
) -> None:
    needs, image = data.draw(needs_of_identity), data.draw(images())
    cut = data.draw(cuts(needs.get("multiple", 1), max(needs.get("min_size", 1), 6)))
    before = image.copy()
    restored = restore_pixels(ready(identity(**needs)), image, **cut)
    assert restored.dtype == image.dtype
    assert restored.shape == image.shape
    assert restored.tobytes() == before.tobytes() == image.tobytes()
    assert not np.shares_memory(restored, image)


@settings(max_examples=40, deadline=None)
@given(images(), cuts(1, 16), st.sampled_from(["float32", "bfloat16"]))
def test_an_image_keeps_its_bits_in_any_precision(
    image: np.ndarray, cut: dict[str, Any], precision: str
) -> None:
    restored = restore_pixels(ready(Sharpener(), precision), image, **cut)
    assert restored.tobytes() == image.tobytes()


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_network_of_known_reach_gives_the_same_in_tiles_as_in_one_piece(data: st.DataObject) -> None:
    multiple, image = data.draw(st.sampled_from([1, 2, 4])), data.draw(images(("uint8", "float32")))
    image = np.clip(image, 0, 1) if image.dtype.kind == "f" else image
    engine = ready(Local(multiple))
    reach = engine.requirements.receptive_field or 0
    cut = data.draw(cuts(multiple, 1, least_overlap=2 * reach))
    whole = restore_pixels(engine, image, tile=None, overlap=None)
    tiled = restore_pixels(engine, image, **cut)
    worst = np.abs(whole.astype(np.float64) - tiled).max()
    assert worst <= (1 if image.dtype == np.uint8 else 1e-5)


@pytest.mark.parametrize("multiple", [1, 2, 4])
def test_the_chosen_overlap_suffices_for_a_known_reach(multiple: int, make_image: MakeImage) -> None:
    image, engine = make_image((150, 170, 3), "float32"), ready(Local(multiple))
    whole = restore_pixels(engine, image, tile=None, overlap=None)
    assert np.abs(whole - image).max() > 0.05
    np.testing.assert_allclose(restore_pixels(engine, image, tile=64, overlap=None), whole, rtol=0, atol=1e-5)
    too_little = restore_pixels(engine, image, tile=64, overlap=0)
    assert np.abs(too_little - whole).max() > 1e-3  # the comparison above can fail


@settings(max_examples=60, deadline=None)
@given(images(), st.floats(-1.2, 1.2), cuts(4, 8))
def test_a_constant_change_is_exact_limited_and_rounded(
    brighter: MakeNetwork, image: np.ndarray, change: float, cut: dict[str, Any]
) -> None:
    image = np.clip(image, 0, 1) if image.dtype.kind == "f" else image
    restored = restore_pixels(ready(brighter(change, multiple=4, min_size=8)), image, **cut)
    scale = np.iinfo(image.dtype).max if image.dtype.kind == "u" else 1.0
    expected = np.clip(image + change * scale, 0, scale)
    # Half a level is what rounding takes; float32 in [0, 1] adds an error that uint16 can just see.
    tolerance = 0.5 + 2e-7 * scale * 2 if image.dtype.kind == "u" else 5e-7
    assert np.abs(restored - expected).max() <= tolerance


@pytest.mark.parametrize("dtype", ["uint8", "uint16", ">u2"])
def test_integers_are_rounded_to_the_nearest_and_saturate(brighter: MakeNetwork, dtype: str) -> None:
    top = np.iinfo(dtype).max
    image = np.array([[0, 1, 7, top - 1, top]], dtype)

    def restored(levels: float) -> list[int]:
        result = restore_pixels(ready(brighter(levels / top)), image, tile=None, overlap=None)
        assert result.dtype == image.dtype
        return result[0].tolist()

    assert restored(1.4) == [1, 2, 8, top, top]
    assert restored(1.6) == [2, 3, 9, top, top]
    assert restored(-1.4) == [0, 0, 6, top - 2, top - 1]
    assert restored(-1.6) == [0, 0, 5, top - 3, top - 2]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", ">f4"])
def test_floats_are_limited_to_the_unit_range_or_to_their_own(brighter: MakeNetwork, dtype: str) -> None:
    def restored(values: list[float], change: float) -> list[float]:
        image = np.array([values], dtype)
        result = restore_pixels(ready(brighter(change)), image, tile=None, overlap=None)
        assert result.dtype == image.dtype
        return result[0].tolist()

    assert restored([0.25, 0.75], 0.5) == [0.75, 1]
    assert restored([0.25, 0.75], -0.5) == [0, 0.25]
    assert restored([-0.5, 0, 1.5], 0.25) == [-0.25, 0.25, 1.5]
    assert restored([-0.5, 0, 1.5], -0.25) == [-0.5, -0.25, 1.25]


@settings(max_examples=30, deadline=None)
@given(st.tuples(*[st.floats(-0.2, 0.2)] * 3), cuts(1, 8))
def test_gray_changes_by_the_mean_of_the_three_channels(
    brighter: MakeNetwork, make_image: MakeImage, change: tuple[float, float, float], cut: dict[str, Any]
) -> None:
    image = make_image((40, 23), "float64") * 0.5 + 0.25
    restored = restore_pixels(ready(brighter(change)), image, **cut)
    np.testing.assert_allclose(restored - image, np.mean(change), atol=1e-6)


def test_gray_reaches_the_network_as_three_equal_channels(make_image: MakeImage) -> None:
    gray = make_image((30, 45), "float32") * 0.2 + 0.4  # the network's changes do not reach the limits
    engine = ready(Local(1))
    colour = restore_pixels(engine, np.repeat(gray[..., None], 3, axis=2), tile=20, overlap=6)
    assert np.abs(colour[..., 0] - colour[..., 1]).max() > 1e-3
    np.testing.assert_allclose(
        restore_pixels(engine, gray, tile=20, overlap=6), colour.mean(axis=2), atol=1e-6
    )


def test_floats_outside_of_the_unit_range_reach_the_network_as_they_are() -> None:
    class Recorder(nn.Module):
        seen: list[float]

        def forward(self, x: Tensor) -> Tensor:
            Recorder.seen = x[0, 0, 0].tolist()
            return x

    restore_pixels(ready(Recorder()), np.array([[-0.5, 0.5, 1.5]], np.float32), tile=None, overlap=None)
    assert Recorder.seen == [-0.5, 0.5, 1.5]


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((4, 4), bool), "images of type bool are not known; give uint8, uint16 or float"),
        (np.zeros((4, 4), np.int16), "type int16"),
        (np.zeros((4, 4), np.uint32), "type uint32"),
        (np.zeros((4, 4), np.complex64), "type complex64"),
        (np.array([[0.5, np.nan]]), "not finite; replace them first"),
        (np.array([[0.5, np.inf]]), "not finite; replace them first"),
        (np.array([[0.5, -np.inf]]), "not finite; replace them first"),
        (np.array([[0.5, 1e300]]), "beyond float32; scale it"),
        (np.array([[0.5, -1e300]]), "beyond float32; scale it"),
        (np.zeros((0, 4), np.uint8), r"shape \(0, 4\) has no pixels"),
        (np.zeros((4, 0, 3), np.uint8), r"shape \(4, 0, 3\) has no pixels"),
    ],
)
def test_what_holds_no_image_is_refused(identity: MakeNetwork, image: np.ndarray, message: str) -> None:
    with pytest.raises(RestoraError, match=message):
        restore_pixels(ready(identity()), image, tile=None, overlap=None)


def test_the_range_of_an_image_does_not_depend_on_its_byte_order() -> None:
    assert Range.of(np.zeros(1, ">u2")) == Range.of(np.zeros(1, "<u2")) == Range(65535, 0, 65535)
    assert Range.of(np.array([-2, 3], ">f8")) == Range(1, -2, 3)


def test_tiles_that_cannot_be_are_refused(identity: MakeNetwork, make_image: MakeImage) -> None:
    engine = ready(identity(multiple=4))
    with pytest.raises(RestoraError, match="multiple of 4, got 30; try 28 or 32"):
        restore_pixels(engine, make_image((64, 64)), tile=30, overlap=8)
    with pytest.raises(RestoraError, match="overlap must be at most 28 for a tile of 32, got 30"):
        restore_pixels(engine, make_image((64, 64)), tile=32, overlap=30)


@pytest.mark.parametrize(("tile", "steps"), [(None, 1), (16, 4 * 6)])
def test_progress_rises_to_one(
    identity: MakeNetwork, make_image: MakeImage, tile: int | None, steps: int
) -> None:
    told: list[float] = []
    restore_pixels(ready(identity()), make_image((50, 70)), tile=tile, overlap=4, progress=told.append)
    assert len(told) == steps
    assert told == sorted(set(told))
    assert told[0] > 0
    assert told[-1] == 1


def numbered(height: int, width: int) -> np.ndarray:
    """An image whose first channel holds the number of each row, in 1024ths."""
    image = np.random.default_rng(0).random((height, width, 3), np.float32)
    image[..., 0] = np.arange(height)[:, None] / 1024
    return image


@pytest.mark.parametrize(
    "error", OUT_OF_MEMORY, ids=lambda error: f"{type(error).__name__} {str(error)[-20:]}"
)
def test_the_tile_is_halved_until_memory_suffices(error: BaseException) -> None:
    image, local = numbered(300, 280), Local(4)
    scarce = Scarce(local, error, [100 * 100])
    told: list[float] = []
    restored = restore_pixels(ready(scarce), image, tile=None, overlap=None, progress=told.append)
    assert scarce.sizes[:3] == [(300, 280), (148, 148), (72, 72)]
    assert set(scarce.sizes[2:]) == {(72, 72)}
    assert told == sorted(told)
    assert told[-1] == 1
    whole = restore_pixels(ready(local), image, tile=None, overlap=None)
    np.testing.assert_allclose(restored, whole, rtol=0, atol=1e-5)


@pytest.mark.parametrize("overlap", [None, 24, 60])
def test_finished_rows_are_not_computed_again_when_memory_runs_out(overlap: int | None) -> None:
    image, local = numbered(1000, 120), Local(1)
    scarce = Scarce(local, MemoryError(), [128 * 128, 64 * 128], calls=4)
    told: list[float] = []
    restored = restore_pixels(ready(scarce), image, tile=128, overlap=overlap, progress=told.append)

    sides = [min(size) for size in scarce.sizes]
    assert sides == [120] * 5 + [64] * (
        len(sides) - 5
    )  # four succeed, the fifth fails, and 128 is not tried again
    finished = plan_axis(1000, 128, overlap or 32).starts[4]
    assert min(first for first, _ in scarce.rows[4:]) == finished - min(overlap or 32, 32)
    assert told == sorted(told)
    assert told[-1] == 1
    whole = restore_pixels(ready(local), image, tile=None, overlap=None)
    np.testing.assert_allclose(restored, whole, rtol=0, atol=1e-5)


@settings(max_examples=25, deadline=None)
@given(
    height=st.integers(257, 700),
    calls=st.integers(1, 5),
    overlap=st.none() | st.integers(0, 120),
    multiple=st.sampled_from([1, 4, 16]),
    dtype=st.sampled_from(["uint8", "uint16", "float64"]),
)
def test_weights_sum_to_one_across_any_interruption(
    brighter: MakeNetwork,
    make_image: MakeImage,
    height: int,
    calls: int,
    overlap: int | None,
    multiple: int,
    dtype: str,
) -> None:
    image = make_image((height, 70), dtype)
    image = image // 2 if image.dtype.kind == "u" else image / 2
    overlap = None if overlap is None else min(overlap, 256 - multiple)
    limits = [256 * 80, 128 * 80, 64 * 80]
    scarce = Scarce(brighter(0.25, multiple=multiple), MemoryError(), limits, calls)
    restored = restore_pixels(ready(scarce), image, tile=256, overlap=overlap)
    scale = np.iinfo(dtype).max if image.dtype.kind == "u" else 1
    np.testing.assert_allclose(restored, image + 0.25 * scale, rtol=0, atol=0.51 if scale > 1 else 1e-6)


def test_what_is_left_alone_survives_an_interruption_bit_for_bit(identity: MakeNetwork) -> None:
    image = numbered(400, 90)
    scarce = Scarce(identity(), MemoryError(), [128 * 96, 64 * 96], calls=2)
    assert restore_pixels(ready(scarce), image, tile=128, overlap=None).tobytes() == image.tobytes()
    assert (64, 64) in scarce.sizes


@pytest.mark.parametrize("error", OUT_OF_MEMORY[:3], ids=lambda error: type(error).__name__)
@pytest.mark.parametrize(("tile", "last"), [(None, 75), (128, 64), (64, 64)])
def test_too_little_memory_for_the_smallest_tile_is_said_with_a_remedy(
    identity: MakeNetwork, error: BaseException, tile: int | None, last: int
) -> None:
    scarce = Scarce(identity(), error, [10])
    message = (
        f"memory ran out even with tiles of {last} pixels; close other programs or choose a smaller network"
    )
    with pytest.raises(RestoraError, match=message) as caught:
        restore_pixels(ready(scarce), numbered(300, 200), tile=tile, overlap=None)
    assert caught.value.__cause__ is error


def test_a_halved_tile_stays_one_that_the_network_takes(identity: MakeNetwork) -> None:
    scarce = Scarce(identity(multiple=48, min_size=70), MemoryError(), [10])
    with pytest.raises(RestoraError, match="tiles of 96 pixels"):
        restore_pixels(ready(scarce), numbered(500, 400), tile=480, overlap=None)
    assert {max(size) for size in scarce.sizes} == {480, 240, 96}


def test_other_errors_of_the_network_pass_through(identity: MakeNetwork) -> None:
    for error in (
        RuntimeError("mat1 and mat2 shapes cannot be multiplied"),
        ValueError("memory of an elephant"),
    ):
        scarce = Scarce(identity(), error, [10])
        with pytest.raises(type(error)) as caught:
            restore_pixels(ready(scarce), numbered(200, 200), tile=None, overlap=None)
        assert caught.value is error
        assert len(scarce.sizes) == 1


@pytest.mark.parametrize(("dtype", "channels"), [("uint8", 3), ("uint16", 1), ("float32", 3)])
def test_memory_does_not_grow_with_the_height_of_the_image(
    identity: MakeNetwork, make_image: MakeImage, dtype: str, channels: int
) -> None:
    engine = ready(identity(multiple=4, receptive_field=4))

    def extra(height: int) -> int:
        image = make_image((height, 200, 3) if channels == 3 else (height, 200), dtype)
        tracemalloc.start()
        restored = restore_pixels(engine, image, tile=64, overlap=16)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak - restored.nbytes

    extra(100)  # what is allocated once
    short, tall = extra(400), extra(4000)
    per_row = (tall - short) / 3600
    assert (
        per_row < 40
    )  # a few numbers for the geometry of each row; a float32 row of the image has 800 at least


class Matching(nn.Module):
    """Leaves more noise in all of a tile the more texture it holds, as a network does that looks for similar places."""

    def __init__(self, matches_content: bool) -> None:
        super().__init__()
        self.requirements = Requirements(multiple=4, global_context=True, matches_content=matches_content)

    def forward(self, x: Tensor) -> Tensor:
        return 0.5 + (x - 0.5) * (2 * x.std()).clamp(max=1)


def steepest_change_of_noise(matches_content: bool) -> float:
    """Return the largest change over 16 columns, as a part of the difference between the outermost tiles."""
    image = 0.5 + 0.1 * np.random.default_rng(0).choice([-1.0, 1.0], (64, 900, 3))
    image[:32, 480:] = 0.5 + 5 * (
        image[:32, 480:] - 0.5
    )  # texture; the lower half has the same noise all along
    restored = restore_pixels(ready(Matching(matches_content)), image, tile=480, overlap=None)
    noise = np.abs(restored[40:] - 0.5).mean(axis=(0, 2))
    assert noise[-1] > 2 * noise[0]  # the last tile leaves more than the first
    return float(np.abs(noise[16:] - noise[:-16]).max() / (noise.max() - noise.min()))


def test_noise_that_differs_from_tile_to_tile_changes_slowly() -> None:
    assert steepest_change_of_noise(matches_content=True) < 0.25
    assert steepest_change_of_noise(matches_content=False) > 0.5  # the bound above can fail


class OnlySquares(nn.Module):
    """Brightens squares and refuses anything else."""

    requirements = Requirements(multiple=4, min_size=8, global_context=True, square=True)

    def __init__(self) -> None:
        super().__init__()
        self.sides: list[int] = []

    def forward(self, x: Tensor) -> Tensor:
        assert x.shape[2] == x.shape[3]
        self.sides.append(x.shape[2])
        return x + 0.25


@pytest.mark.parametrize(
    ("height", "width", "tile", "side"),
    [
        (90, 130, None, 92),
        (130, 90, None, 92),
        (90, 130, 40, 40),
        (3, 150, None, 64),
        (5, 6, None, 8),
        (90, 130, 512, 92),
    ],
)
def test_a_network_that_wants_squares_sees_squares(
    height: int, width: int, tile: int | None, side: int
) -> None:
    network = OnlySquares()
    engine = Engine(network, torch.device("cpu"), torch.float32)
    image = np.full((height, width, 3), 0.5, np.float32)
    for overlap in (None, 16):
        np.testing.assert_allclose(restore_pixels(engine, image, tile=tile, overlap=overlap), 0.75, atol=1e-5)
    assert set(network.sides) == {side}


def test_a_network_of_squares_takes_smaller_ones_when_memory_runs_out() -> None:
    class Small(OnlySquares):
        def forward(self, x: Tensor) -> Tensor:
            if x.shape[2] > 64:
                raise OUT_OF_MEMORY[0]
            return super().forward(x)

    network = Small()
    engine = Engine(network, torch.device("cpu"), torch.float32)
    restored = restore_pixels(engine, np.full((128, 200, 3), 0.5, np.float32), tile=None, overlap=None)
    np.testing.assert_allclose(restored, 0.75, atol=1e-5)
    assert set(network.sides) == {64}
