import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image, ImageOps

from restora.errors import RestoraError
from restora.images import Metadata, Photograph, read
from restora.pixels import to_uint8


@pytest.mark.parametrize("orientation", range(1, 9))
def test_upright_turns_as_another_program_does(orientation, make_photograph):
    photograph = make_photograph(alpha=True, metadata=Metadata(orientation=orientation, dpi=(300.0, 150.0)))
    image = Image.fromarray(np.dstack([photograph.pixels, photograph.alpha]))
    image.getexif()[274] = orientation
    expected = np.asarray(ImageOps.exif_transpose(image))
    turned = photograph.upright()
    assert_array_equal(turned.pixels, expected[..., :3], strict=True)
    assert_array_equal(turned.alpha, expected[..., 3], strict=True)
    assert turned.pixels.flags.c_contiguous
    assert turned.metadata.orientation == 1
    transposes = expected.shape[:2] != photograph.pixels.shape[:2]
    assert turned.metadata.dpi == ((150.0, 300.0) if transposes else (300.0, 150.0))
    gray = Photograph(photograph.pixels[..., 0], metadata=photograph.metadata)
    assert_array_equal(gray.upright().pixels, expected[..., 0])


def test_upright_puts_the_orientation_in_xmp_right(make_photograph, xmp):
    turned = make_photograph(metadata=Metadata(orientation=6, xmp=xmp)).upright()
    assert turned.metadata.xmp == xmp.replace(b'Orientation="6"', b'Orientation="1"')
    assert turned.upright() is turned


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_other_pixels_keep_everything_else(make_photograph, dtype):
    photograph = make_photograph("uint16", alpha=True, metadata=Metadata(xmp=b"x", orientation=3))
    new = make_photograph(dtype, gray=True).pixels
    changed = photograph.with_pixels(new)
    assert changed.pixels is new
    assert changed.metadata == photograph.metadata
    assert changed.alpha.dtype == dtype
    full = {"uint8": 255, "uint16": 65535, "float32": 1}
    error = np.abs(changed.alpha / full[dtype] - photograph.alpha / full["uint16"]).max()
    assert error <= (0.5001 / 255 if dtype == "uint8" else 1e-7)


@pytest.mark.parametrize(
    ("pixels", "words"),
    [
        (np.zeros((9, 12, 3), np.uint8), "must be 9 x 13 like the old ones"),
        (np.zeros((9, 13, 4), np.uint8), r"must have shape \(H, W\) or \(H, W, 3\)"),
        (np.zeros((9, 13, 3), np.int16), "must be uint8, uint16 or float32, got int16"),
        (np.zeros((9, 13), np.float64), "got float64"),
    ],
)
def test_other_pixels_that_do_not_fit(make_photograph, pixels, words):
    for alpha in (False, True):
        with pytest.raises(RestoraError, match=words):
            make_photograph(alpha=alpha).with_pixels(pixels)


@pytest.mark.parametrize(
    ("shape", "dtype"), [((0, 3), "uint8"), ((3, 0, 3), "uint8"), ((3,), "uint8"), ((3, 3, 1), "uint8")]
)
def test_shapes_that_are_no_photograph(shape, dtype):
    with pytest.raises(RestoraError, match="pixels must have shape"):
        Photograph(np.zeros(shape, dtype))


@pytest.mark.parametrize("alpha", [np.zeros((2, 4), np.uint8), np.zeros((2, 3), np.uint16)])
def test_alpha_that_does_not_fit(alpha):
    with pytest.raises(RestoraError, match=r"alpha must be uint8 of shape \(2, 3\)"):
        Photograph(np.zeros((2, 3, 3), np.uint8), alpha)


def test_size_in_words(make_photograph):
    photograph = make_photograph("float32", gray=True, size=(20, 50))
    assert (photograph.megapixels, photograph.is_gray, photograph.depth) == (0.001, True, "float")


@pytest.mark.parametrize("gray", [False, True])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_shown_are_the_pixels_on_white(make_photograph, dtype, gray):
    photograph = make_photograph(dtype, gray=gray, alpha=True)
    white = 1 if dtype == "float32" else np.iinfo(dtype).max
    pixels = photograph.pixels[..., None] if gray else photograph.pixels
    alpha = photograph.alpha[..., None] / white
    shown = photograph.shown()
    assert (shown.dtype, shown.shape) == (np.float32, (9, 13, 3))
    rounding = 0 if dtype == "float32" else 0.5 / white
    expected = np.broadcast_to(pixels / white * alpha + 1 - alpha, shown.shape)
    np.testing.assert_allclose(shown, expected, rtol=0, atol=rounding + 1e-6)


def test_what_is_no_intensity_is_shown_as_the_nearest_one():
    pixels = np.array([[-0.5, 0.25, 1.5, np.nan]], np.float32)
    assert Photograph(pixels).shown()[0, :, 0].tolist() == [0, 0.25, 1, 0]


def test_a_photograph_is_told_in_words(make_photograph):
    pixels = np.zeros((4, 6, 3), np.uint16)
    assert repr(Photograph(pixels)) == "<Photograph of 6 x 4 pixels, 16-bit RGB>"
    of_file = Photograph(pixels[..., 0], pixels[..., 0], Metadata(format="PNG"))
    assert repr(of_file) == "<Photograph of 6 x 4 pixels, 16-bit gray with alpha, from a PNG file>"


def test_save_writes_and_does_not_overwrite_unasked(tmp_path, make_photograph):
    photograph = make_photograph(alpha=True, metadata=Metadata(orientation=6))
    path = photograph.save(tmp_path / "new" / "a.png")
    assert_array_equal(read(path).pixels, photograph.pixels)
    assert read(path).metadata.orientation == 6
    with pytest.raises(RestoraError, match="exists already"):
        photograph.save(path)
    assert photograph.save(path, overwrite=True) == path


def test_notebooks_get_the_upright_picture_in_8_bits_with_its_profile(make_photograph, icc):
    pixels = np.random.default_rng(0).integers(0, 65536, (7, 5, 3)).astype(np.uint16)
    photograph = Photograph(pixels, pixels[..., 0], Metadata(orientation=6, icc=icc, comments=(b"private",)))
    shown = read(photograph._repr_png_())
    assert_array_equal(shown.pixels, to_uint8(photograph.upright().pixels))
    assert_array_equal(shown.alpha, to_uint8(photograph.upright().alpha))
    assert (shown.metadata.icc, shown.metadata.orientation, shown.metadata.comments) == (icc, 1, ())


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((1, 9000), (1, 2048)), ((4096, 2048, 3), (2048, 1024, 3)), ((3, 2, 3), (3, 2, 3))],
)
def test_notebooks_get_a_large_picture_reduced(shape, expected):
    assert read(Photograph(np.zeros(shape, np.uint8))._repr_png_()).pixels.shape == expected


def test_show_hands_the_picture_to_the_viewer(monkeypatch, make_photograph):
    seen = []
    monkeypatch.setattr(Image.Image, "show", lambda image: seen.append(np.asarray(image)))
    photograph = make_photograph()
    photograph.show()
    assert_array_equal(seen[0], photograph.pixels)
