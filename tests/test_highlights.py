"""Light above white, restored and kept; by the library and through files of floats and half floats."""

import struct

import numpy as np
import pytest
import tifffile
from PIL import ImageCms
from torch import nn

from restora.commands.app import main
from restora.images import losses, read
from restora.images.profile import is_linear
from restora.networks.contract import Requirements
from restora.pixels import HIGHLIGHTS
from restora.restoration import Restorer


class Seeing(nn.Module):
    """Keeps the largest value that it sees, and adds 0.1 to everything."""

    requirements = Requirements()
    largest = 0.0

    def forward(self, x):
        Seeing.largest = max(Seeing.largest, float(x.max()))
        return x + 0.1


@pytest.mark.parametrize("shape", [(20, 30), (20, 30, 3)])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_light_above_white_is_kept_and_white_to_the_network(dtype, shape):
    Seeing.largest = 0.0
    light = np.random.default_rng(0).random(shape).astype(dtype)
    light[5:10] *= 40
    restored = Restorer(Seeing(), engine="torch", tile=16, overlap=4)(light)
    assert restored.dtype == np.dtype(dtype)
    assert Seeing.largest == 1
    assert restored == pytest.approx(np.minimum(light + 0.1, light.max()), rel=2e-3)


class Nothing(nn.Module):
    """Changes nothing."""

    requirements = Requirements()

    def forward(self, x):
        return x


def test_where_nothing_changes_the_light_is_the_same_to_the_last_bit():
    light = (np.random.default_rng(0).random((20, 30, 3)) * 1000).astype(np.float32)
    assert np.array_equal(Restorer(Nothing(), engine="torch")(light), light)


def test_noise_above_white_is_given_as_it_is():
    Seeing.largest = 0.0
    light = np.full((20, 30), 0.5, np.float32)
    light[3, 4] = HIGHLIGHTS
    Restorer(Seeing(), engine="torch")(light)
    assert Seeing.largest == HIGHLIGHTS


def noisy_scene(dtype, size=96):
    """Dark and light fields, the lightest at 24 times white, with noise."""
    random = np.random.default_rng(0)
    clean = np.full((size, size, 3), 0.3)
    clean[:, size // 2 :] = 0.7
    clean[size // 4 : size // 2, size // 4 : 3 * size // 4] = 24
    return clean, (clean + 0.08 * random.normal(size=clean.shape)).astype(dtype)


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_command_keeps_and_restores_light_above_white(tmp_path, dtype, monkeypatch, capsys):
    clean, noisy = noisy_scene(dtype)
    source, target = tmp_path / "a.tif", tmp_path / "b.tif"
    tifffile.imwrite(source, noisy, photometric="rgb", metadata=None)
    words = ["restore", source, "-o", target, "--task", "denoise", "--engine", "torch", "--threads", "1"]
    monkeypatch.setattr("sys.argv", ["restora", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    assert (
        f"values up to {noisy.max():.4g}, of which 1 is taken for white and those above it are kept"
        in capsys.readouterr().err
    )
    restored = tifffile.imread(target)
    assert (restored.dtype, restored.shape) == (noisy.dtype, noisy.shape)

    def error(values, part):
        return float(np.std(values[part].astype(float) - clean[part]))

    for part in np.s_[60:, :40], np.s_[60:, 56:]:
        assert error(restored, part) < 0.3 * error(noisy, part)
    light = np.s_[28:44, 28:68]
    assert restored[light].astype(float) == pytest.approx(noisy[light].astype(float), abs=0.1)
    assert losses(target.with_suffix(".png"), read(target))[0].endswith("values outside 0 to 1 are clipped")


def profile(curve):
    """A colour profile with another curve of red."""
    made = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    place = 132 + 12 * next(i for i in range(20) if made[132 + 12 * i :][:4] == b"rTRC")
    struct.pack_into(">II", made, place + 4, len(made), len(curve))
    return bytes(made) + curve


@pytest.mark.parametrize(
    ("curve", "linear"),
    [
        (b"curv\0\0\0\0\0\0\0\0", True),
        (b"curv\0\0\0\0\0\0\0\1\1\0", True),
        (b"curv\0\0\0\0\0\0\0\1\2\x33", False),
        (b"curv\0\0\0\0\0\0\0\2\0\0\xff\xff", False),
        (b"para\0\0\0\0\0\0\0\0\0\1\0\0", True),
        (b"para\0\0\0\0\0\0\0\0\0\2\x33\x33", False),
        (b"para\0\0\0\0\0\3\0\0\0\1\0\0", False),
        (b"cur", False),
    ],
)
def test_linear_light_is_named(tmp_path, curve, linear):
    icc = profile(curve)
    assert is_linear(icc) == linear
    tags = [(34675, 7, len(icc), icc, True)]
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((4, 4), np.float32), extratags=tags, metadata=None)
    named = ("linear light, by its colour profile, taken as it is stored",)
    assert read(tmp_path / "a.tif").notes == (named if linear else ())


def test_profile_that_is_damaged_says_nothing():
    icc = profile(b"curv\0\0\0\0\0\0\0\0")
    assert not any(is_linear(icc[:length]) for length in (0, 100, 130, 200))
    assert not is_linear(None)
