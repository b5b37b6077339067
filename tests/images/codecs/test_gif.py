import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image

from restora.errors import RestoraError
from restora.images import losses, read, write


def test_colours(tmp_path, smooth):
    Image.fromarray(smooth).convert("P").save(tmp_path / "a.gif")
    photograph = read(tmp_path / "a.gif")
    with Image.open(tmp_path / "a.gif") as image:
        assert_array_equal(photograph.pixels, np.asarray(image.convert("RGB")), strict=True)
    assert (photograph.alpha, photograph.notes) == (None, ())


def test_gray(tmp_path, make_photograph):
    original = make_photograph(gray=True)
    Image.fromarray(original.pixels).save(tmp_path / "a.gif")
    assert_array_equal(read(tmp_path / "a.gif").pixels, original.pixels, strict=True)


def test_transparency(tmp_path):
    image = Image.new("P", (4, 1))
    image.putdata([0, 1, 2, 1])
    image.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    image.save(tmp_path / "a.gif", transparency=1)
    photograph = read(tmp_path / "a.gif")
    assert photograph.alpha.tolist() == [[255, 0, 255, 0]]
    assert photograph.pixels[0, [0, 2]].tolist() == [[255, 0, 0], [0, 0, 255]]


def test_first_frame_of_an_animation(tmp_path, make_photograph):
    frames = [Image.fromarray(make_photograph(gray=True, seed=i).pixels) for i in range(3)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:], loop=0, comment=b"hello")
    photograph = read(tmp_path / "a.gif")
    assert photograph.notes == ("frame 1 of 3 used",)
    assert_array_equal(photograph.pixels, np.asarray(frames[0]))


@pytest.mark.parametrize(
    ("place", "byte", "words"),
    [(13 + 768, 0x77, "cut short"), (6, 1, r"damaged \(a frame is larger than the picture\)")],
)
def test_damage(tmp_path, make_photograph, place, byte, words):
    path = tmp_path / "a.gif"
    Image.fromarray(make_photograph(gray=True, size=(20, 30)).pixels).save(path)
    data = bytearray(path.read_bytes())
    assert data[10] & 7 == 7  # 256 colours
    data[place] = byte
    path.write_bytes(data)
    with pytest.raises(RestoraError, match=f"a.gif: the file is {words}; get a complete copy"):
        read(path)


def test_file_without_a_picture(tmp_path):
    (tmp_path / "a.gif").write_bytes(b"GIF89a\1\0\1\0\0\0\0;")
    with pytest.raises(RestoraError, match=r"the file is damaged \(no more images in GIF file\)"):
        read(tmp_path / "a.gif")


def test_comment_goes_into_a_format_that_holds_one(tmp_path):
    comment = "Stra\xdfe ".encode() * 100
    Image.new("L", (5, 4)).save(tmp_path / "a.gif", comment=comment)
    photograph = read(tmp_path / "a.gif")
    assert photograph.metadata.comments == (comment,)
    with Image.open(write(tmp_path / "a.png", photograph)) as image:
        image.load()
        assert image.info["Comment"] == comment.decode()
    with Image.open(write(tmp_path / "a.jpg", photograph)) as image:
        assert image.info["comment"] == comment
    assert losses("a.tif", photograph) == ("the comment left out, because TIFF cannot hold it",)


def test_extensions_and_shape_of_pixels(tmp_path):
    Image.new("P", (5, 4)).save(tmp_path / "a.gif")
    data = bytearray((tmp_path / "a.gif").read_bytes())
    data[12] = 64 * 2 - 15  # pixels twice as wide as high
    body = 13 + (6 << (data[10] & 7))
    data[body:body] = b"!\xff\x0bXMP DataXMP\1x\0"
    (tmp_path / "a.gif").write_bytes(data)
    photograph = read(tmp_path / "a.gif")
    assert photograph.notes == ("GIF extensions 'XMP Data' left out",)
    assert photograph.metadata.density == (64, 128)


def test_comment_before_the_end(tmp_path):
    Image.new("L", (5, 4)).save(tmp_path / "a.gif")
    data = (tmp_path / "a.gif").read_bytes()
    (tmp_path / "a.gif").write_bytes(data[:-1] + b"\0!\xfe\1x\0;")
    assert read(tmp_path / "a.gif").metadata.comments == (b"x",)
    (tmp_path / "a.gif").write_bytes(data[:-1] + b"!\xfe\1x\0")
    with pytest.raises(RestoraError, match="the file is cut short"):
        read(tmp_path / "a.gif")


def test_frame_larger_than_the_picture_is_refused_before_anything_is_decoded(tmp_path, recwarn):
    Image.new("L", (5, 4)).save(tmp_path / "a.gif")
    data = bytearray((tmp_path / "a.gif").read_bytes())
    frame = data.index(b",\0\0\0\0\5\0\4\0")
    data[frame + 5 : frame + 9] = b"\x10\x27\x10\x27"
    (tmp_path / "a.gif").write_bytes(data)
    with pytest.raises(RestoraError, match="a frame is larger than the picture"):
        read(tmp_path / "a.gif")
    assert not recwarn  # Pillow would warn of an attack
