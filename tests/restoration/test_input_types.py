from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms
from torch import nn

from restora.errors import RestoraError
from restora.images import Metadata, Photograph, write
from restora.input_types import open_image
from restora.restoration import Restorer

MakeNetwork = Callable[..., nn.Module]
MakeImage = Callable[..., np.ndarray]

ARRAY_TYPES = ["uint8", "uint16", ">u2", "float16", "float32", "float64", ">f4"]
SHAPES = [(7, 9), (7, 9, 1), (7, 9, 2), (7, 9, 3), (7, 9, 4)]
TENSOR_TYPES = [torch.uint8, torch.uint16, torch.float16, torch.bfloat16, torch.float32, torch.float64]


@pytest.fixture(scope="module")
def unchanging(identity: MakeNetwork) -> Restorer:
    return Restorer(identity(), device="cpu")


@pytest.fixture(scope="module")
def brightening(brighter: MakeNetwork) -> Restorer:
    return Restorer(brighter(0.25), device="cpu")


def pil_image(mode: str) -> Image.Image:
    """An image of a mode, with all values and with something in its info."""
    random = np.random.default_rng(0)
    rgba = random.integers(0, 256, (7, 9, 4), np.uint8)
    if mode.startswith("I;16"):
        order = ">u2" if mode.endswith("B") else "<u2"
        values = random.integers(0, 65536, (7, 9)).astype(order)
        image = Image.frombytes(mode, (9, 7), values.tobytes())
    elif mode == "I":
        image = Image.fromarray(random.integers(0, 65536, (7, 9)).astype(np.int32))
    elif mode == "F":
        image = Image.fromarray(random.random((7, 9), np.float32))
    elif mode in ("La", "PA"):
        image = Image.fromarray(rgba[..., 2:] if mode == "La" else rgba).convert("LA").convert(mode)
    else:
        image = Image.fromarray(rgba).convert(mode)
    image.info = {"dpi": (300, 300), "comment": b"made by nobody"}
    return image


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", ARRAY_TYPES)
def test_arrays_keep_shape_type_and_alpha(
    unchanging: Restorer, brightening: Restorer, make_image: MakeImage, shape: tuple[int, ...], dtype: str
) -> None:
    image = make_image(shape, dtype)
    before = image.copy()
    same, bright = unchanging(image), brightening(image)
    for result in (same, bright):
        assert type(result) is np.ndarray
        assert result.dtype == image.dtype
        assert result.shape == image.shape
        assert not np.shares_memory(result, image)
    np.testing.assert_array_equal(same, before)
    np.testing.assert_array_equal(image, before)
    colours = {2: 1, 4: 3}.get(shape[-1] if len(shape) == 3 else 1)
    assert (bright[..., :colours] >= before[..., :colours]).all()
    assert (bright[..., :colours] > before[..., :colours]).mean() > 0.9
    if colours is not None:
        np.testing.assert_array_equal(bright[..., colours], before[..., colours])


@pytest.mark.parametrize(
    "view",
    [
        lambda a: a[::2, ::3],
        lambda a: a[::-1, ::-1],
        lambda a: a.transpose(1, 0, 2),
        lambda a: np.asfortranarray(a),
        lambda a: a[..., ::-1],
        lambda a: a[..., 1],
        lambda a: np.broadcast_to(a[:1], a.shape),
    ],
)
def test_arrays_may_lie_in_memory_as_they_like(
    brightening: Restorer, make_image: MakeImage, view: Callable[[np.ndarray], np.ndarray]
) -> None:
    image = view(make_image((12, 15, 4)))
    np.testing.assert_array_equal(brightening(image), brightening(np.ascontiguousarray(image)))


def test_read_only_arrays_are_restored(brightening: Restorer, make_image: MakeImage) -> None:
    image = make_image((5, 6, 3))
    expected = brightening(image)
    image.flags.writeable = False
    result = brightening(image)
    np.testing.assert_array_equal(result, expected)
    assert result.flags.writeable


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", TENSOR_TYPES, ids=str)
def test_tensors_keep_shape_type_and_alpha(
    unchanging: Restorer, brightening: Restorer, channels: int, dtype: torch.dtype
) -> None:
    top = 1 if dtype.is_floating_point else torch.iinfo(dtype).max
    values = torch.rand(channels, 7, 9, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * top
    image = values.to(dtype)
    before = image.clone()
    same, bright = unchanging(image), brightening(image)
    for result in (same, bright):
        assert result.dtype == dtype
        assert result.shape == image.shape
        assert result.device == image.device
        assert result.is_contiguous()
    assert torch.equal(same, before)
    assert torch.equal(image, before)
    colours = 1 if channels < 3 else 3
    assert (bright[:colours].double() > before[:colours].double()).double().mean() > 0.9
    assert torch.equal(bright[colours:], before[colours:])


def test_float8_tensors_are_tensors_too(unchanging: Restorer) -> None:
    image = torch.rand(3, 5, 6).to(torch.float8_e4m3fn)
    result = unchanging(image)
    assert result.dtype == image.dtype
    assert torch.equal(result.float(), image.float())


def test_tensors_that_ask_for_gradients_get_none(unchanging: Restorer) -> None:
    image = torch.rand(3, 5, 6, requires_grad=True)
    result = unchanging(image)
    assert torch.equal(result, image.detach())
    assert not result.requires_grad
    assert image.requires_grad
    assert not unchanging(torch.rand(2, 3, 5, 6, requires_grad=True)).requires_grad


def test_tensors_and_arrays_agree(brightening: Restorer, make_image: MakeImage) -> None:
    image = make_image((11, 6, 4), "float32")
    restored = brightening(torch.from_numpy(image).permute(2, 0, 1))  # not contiguous
    np.testing.assert_array_equal(restored.permute(1, 2, 0).numpy(), brightening(image))


KEPT_MODES = ["L", "LA", "RGB", "RGBA", "I;16", "I", "F"]
CHANGED_MODES = [
    ("1", "L"),
    ("P", "RGB"),
    ("PA", "RGBA"),
    ("La", "LA"),
    ("RGBa", "RGBA"),
    ("RGBX", "RGB"),
    ("CMYK", "RGB"),
    ("YCbCr", "RGB"),
    ("HSV", "RGB"),
    ("I;16B", "I;16"),
    ("I;16L", "I;16"),
]


@pytest.mark.parametrize("mode", KEPT_MODES)
def test_pil_images_keep_mode_alpha_and_info(unchanging: Restorer, brightening: Restorer, mode: str) -> None:
    image = pil_image(mode)
    before, info = np.asarray(image).copy(), dict(image.info)
    same, bright = unchanging(image), brightening(image)
    for result in (same, bright):
        assert isinstance(result, Image.Image)
        assert result.mode == mode
        assert result.size == image.size
        assert result.info == info
        assert result.info is not image.info
    assert image.info == info
    np.testing.assert_array_equal(np.asarray(same), before)
    np.testing.assert_array_equal(np.asarray(image), before)
    assert (np.asarray(bright) > before).mean() > 0.4
    if mode in ("LA", "RGBA"):
        np.testing.assert_array_equal(np.asarray(bright)[..., -1], before[..., -1])


@pytest.mark.parametrize(("mode", "becomes"), CHANGED_MODES)
def test_other_pil_images_come_back_in_the_mode_that_shows_the_same(
    unchanging: Restorer, mode: str, becomes: str
) -> None:
    image = pil_image(mode)
    result = unchanging(image)
    assert result.mode == becomes
    assert result.info == {"dpi": (300, 300), "comment": b"made by nobody"}
    if becomes == "I;16":
        expected = np.frombuffer(image.tobytes(), ">u2" if mode == "I;16B" else "<u2").reshape(7, 9)
    else:
        expected = np.asarray(image.convert(becomes))
    np.testing.assert_array_equal(np.asarray(result), expected)


def palette_image(transparency: int | bytes) -> Image.Image:
    image = Image.frombytes("P", (4, 1), bytes([0, 1, 2, 3]))
    image.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120])
    image.info = {"dpi": (72, 72), "transparency": transparency}
    return image


@pytest.mark.parametrize(
    ("transparency", "alpha"), [(2, [255, 255, 0, 255]), (bytes([0, 128]), [0, 128, 255, 255])]
)
def test_transparent_entries_of_a_palette_become_alpha(
    brightening: Restorer, transparency: int | bytes, alpha: list[int]
) -> None:
    result = brightening(palette_image(transparency))
    assert result.mode == "RGBA"
    assert result.info == {"dpi": (72, 72)}  # the number would mean another colour now
    pixels = np.asarray(result)
    assert pixels[0, :, 3].tolist() == alpha
    assert pixels[0, :, 0].tolist() == [10 + 64, 40 + 64, 70 + 64, 100 + 64]


@pytest.mark.parametrize(
    ("mode", "colour", "becomes"), [("1", 255, "LA"), ("L", 7, "LA"), ("RGB", (7, 8, 9), "RGBA")]
)
def test_a_colour_that_is_declared_transparent_becomes_alpha(
    brightening: Restorer, mode: str, colour: Any, becomes: str
) -> None:
    image = Image.new(mode, (3, 2))
    image.putpixel((1, 0), colour)
    image.info["transparency"] = colour
    result = brightening(image)
    assert result.mode == becomes
    assert "transparency" not in result.info
    assert "transparency" in image.info
    assert np.asarray(result)[..., -1].tolist() == [[255, 0, 255], [255, 255, 255]]


def test_a_colour_profile_is_kept_where_it_still_describes_the_colours(unchanging: Restorer) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for mode in ("RGB", "RGBA", "P"):
        image = pil_image(mode)
        image.info["icc_profile"] = profile
        assert unchanging(image).info["icc_profile"] == profile
    for space in (b"CMYK", b"Lab "):
        image = pil_image("CMYK")
        image.info["icc_profile"] = profile[:16] + space + profile[20:]
        assert unchanging(image).info == {"dpi": (300, 300), "comment": b"made by nobody"}
    image = pil_image("L")
    image.info["icc_profile"] = profile[:16] + b"GRAY" + profile[20:]
    assert unchanging(image).info == image.info


def test_a_file_opened_by_pil_keeps_what_it_said_when_it_is_saved_again(
    unchanging: Restorer, tmp_path: Path
) -> None:
    exif = Image.Exif()
    exif[271] = "Zeiss"
    pil_image("RGB").save(tmp_path / "a.png", dpi=(300, 300), exif=exif)
    with Image.open(tmp_path / "a.png") as image:
        result = unchanging(image)
        result.save(tmp_path / "b.png", dpi=result.info["dpi"], exif=result.info["exif"])
    with Image.open(tmp_path / "b.png") as again:
        assert again.getexif()[271] == "Zeiss"
        assert again.info["dpi"] == pytest.approx((300, 300), abs=0.1)
        np.testing.assert_array_equal(np.asarray(again), np.asarray(pil_image("RGB")))


@pytest.mark.parametrize("alpha", [True, False])
@pytest.mark.parametrize("gray", [True, False])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_photographs_keep_alpha_metadata_and_notes(
    unchanging: Restorer, brightening: Restorer, make_image: MakeImage, dtype: str, gray: bool, alpha: bool
) -> None:
    photograph = Photograph(
        make_image((7, 9) if gray else (7, 9, 3), dtype),
        make_image((7, 9), dtype, seed=1) if alpha else None,
        Metadata(orientation=6, xmp=b"<x/>"),
        ("page 1 of 4 used",),
    )
    same, bright = unchanging(photograph), brightening(photograph)
    for result in (same, bright):
        assert type(result) is Photograph
        assert result.pixels.dtype == photograph.pixels.dtype
        assert result.metadata == photograph.metadata
        assert result.notes == photograph.notes
        if photograph.alpha is None:
            assert result.alpha is None
        else:
            np.testing.assert_array_equal(result.alpha, photograph.alpha)
    np.testing.assert_array_equal(same.pixels, photograph.pixels)
    assert (bright.pixels > photograph.pixels).mean() > 0.9


@pytest.mark.parametrize("as_path", [str, Path])
def test_paths_are_read_as_photographs_and_not_written(
    brightening: Restorer, make_image: MakeImage, tmp_path: Path, as_path: Callable[[Path], str | Path]
) -> None:
    photograph = Photograph(make_image((7, 9, 3), "uint16"), metadata=Metadata(orientation=3))
    path = write(tmp_path / "photo.png", photograph)
    content = path.read_bytes()
    result = brightening(as_path(path))
    assert isinstance(result, Photograph)
    assert result.metadata.orientation == 3
    np.testing.assert_array_equal(result.pixels, brightening(photograph).pixels)
    assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 40),
    st.integers(1, 40),
    st.sampled_from([None, 1, 2, 3, 4]),
    st.sampled_from(ARRAY_TYPES),
)
def test_any_array_comes_back_from_being_taken_apart(
    make_image: MakeImage, height: int, width: int, channels: int | None, dtype: str
) -> None:
    image = make_image((height, width) if channels is None else (height, width, channels), dtype)
    opened = open_image(image)
    assert opened.pixels.shape in {(height, width), (height, width, 3)}
    result = opened.close(opened.pixels.copy())
    assert result.dtype == image.dtype
    np.testing.assert_array_equal(result, image)


GIVE = "give a path, bytes, a file object, a PIL image, a NumPy array or a torch tensor"
TENSOR = r"give \(C, H, W\) or \(B, C, H, W\), 1 to 4 channels"
ARRAY = r"give \(H, W\) or \(H, W, C\) with 1 to 4 channels"


@pytest.mark.parametrize(
    ("thing", "message"),
    [
        (None, f"cannot restore a NoneType; {GIVE}"),
        (5, f"cannot restore a int; {GIVE}"),
        ([[1, 2], [3, 4]], f"cannot restore a list; {GIVE}"),
        (b"photo.jpg", "the given bytes: is not an image that restora knows"),
        (np.float32(0.5), f"cannot restore a float32; {GIVE}"),
        (np.zeros(()), rf"array of shape \(\) is no image; {ARRAY}"),
        (np.zeros(5), rf"array of shape \(5,\) is no image; {ARRAY}"),
        (np.zeros((3, 8, 9)), rf"array of shape \(3, 8, 9\) is no image; {ARRAY}"),
        (np.zeros((8, 9, 0)), rf"array of shape \(8, 9, 0\) is no image; {ARRAY}"),
        (np.zeros((1, 8, 9, 3)), rf"array of shape \(1, 8, 9, 3\) is no image; {ARRAY}"),
        (np.zeros((8, 9), bool), "type bool are not known; give uint8, uint16 or float"),
        (np.zeros((8, 9), int), "type int64 are not known; give uint8, uint16 or float"),
        (np.zeros((8, 9), object), "type object are not known; give uint8, uint16 or float"),
        (np.array([["a", "b"]]), "type <U1 are not known; give uint8, uint16 or float"),
        (np.zeros((0, 9, 3)), r"shape \(0, 9, 3\) has no pixels"),
        (np.zeros((8, 0, 2), np.uint8), r"shape \(8, 0\) has no pixels"),
        (torch.zeros(8), rf"tensor of shape \(8,\) is no image; {TENSOR}"),
        (torch.zeros(8, 9), rf"tensor of shape \(8, 9\) is no image; {TENSOR}"),
        (torch.zeros(8, 9, 3), rf"tensor of shape \(8, 9, 3\) is no image; {TENSOR}"),
        (torch.zeros(1, 1, 3, 8, 9), rf"tensor of shape \(1, 1, 3, 8, 9\) is no image; {TENSOR}"),
        (torch.zeros(2, 8, 9, 3), rf"tensor of shape \(8, 9, 3\) is no image; {TENSOR}"),
        (torch.zeros(3, 8, 9, dtype=torch.int64), "type int64 are not known; give uint8, uint16 or float"),
        (torch.zeros(3, 8, 9, dtype=torch.bool), "type bool are not known; give uint8, uint16 or float"),
        (torch.zeros(3, 0, 9), r"shape \(0, 9, 3\) has no pixels"),
        (torch.full((3, 8, 9), torch.nan), "not finite; replace them first"),
        (torch.full((3, 8, 9), torch.inf, dtype=torch.bfloat16), "not finite; replace them first"),
        (Image.new("RGB", (0, 5)), r"shape \(5, 0, 3\) has no pixels"),
        (Image.new("I", (2, 2), -1), r"leave 0 to 65535; scale them, or give mode F in \[0, 1\]"),
        (Image.new("I", (2, 2), 65536), r"leave 0 to 65535; scale them, or give mode F in \[0, 1\]"),
        (Photograph(np.full((2, 2), np.nan, np.float32)), "not finite; replace them first"),
        ("no-such-file.png", "no-such-file.png: does not exist"),
        (Path("no-such-file.png"), "no-such-file.png: does not exist"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else value[:30],
)
def test_what_is_no_image_is_refused_with_what_to_give(
    unchanging: Restorer, thing: Any, message: str
) -> None:
    with pytest.raises(RestoraError, match=message):
        unchanging(thing)
