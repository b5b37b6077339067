"""Images in memory: `restora.restore`, restorers, runs and diagnoses take what a `Restorer` takes."""

import io

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from PIL import Image

import restora
from restora.errors import RestoraError
from restora.images import Metadata, Photograph, encode, read

PIXELS = np.random.default_rng(0).normal(128, 25, (40, 56, 3)).clip(0, 255).astype(np.uint8)
OPTIONS = {"task": "denoise", "device": "cpu", "tile": 64}


@pytest.fixture(scope="module")
def expected():
    return restora.Restorer("denoise-chair-tiny", device="cpu", tile=64)(PIXELS)


def pixels_of(image):
    if isinstance(image, Photograph):
        return image.pixels
    return image.permute(1, 2, 0).numpy() if isinstance(image, torch.Tensor) else np.asarray(image)


@pytest.mark.parametrize(
    "image",
    [PIXELS, Image.fromarray(PIXELS), torch.from_numpy(PIXELS).permute(2, 0, 1), Photograph(PIXELS)],
    ids=lambda image: type(image).__name__,
)
def test_restore_gives_an_image_back_in_kind(image, expected):
    restored = restora.restore(image, **OPTIONS)
    assert isinstance(restored, type(image))
    assert_array_equal(pixels_of(restored), expected)


@pytest.mark.parametrize("kind", [bytes, io.BytesIO], ids=lambda kind: kind.__name__)
def test_files_in_memory_give_photographs_with_what_they_carried(kind, expected):
    content = encode(Photograph(PIXELS, metadata=Metadata(orientation=6)), "tif")
    restored = restora.restore(kind(content), **OPTIONS)
    assert isinstance(restored, Photograph)
    assert_array_equal(restored.pixels, expected)
    assert read(encode(restored)).metadata.format == "TIFF"
    assert restored.metadata.orientation == 6


def test_a_batch_is_restored(expected):
    batch = torch.from_numpy(np.stack([PIXELS, PIXELS[::-1]])).permute(0, 3, 1, 2)
    assert_array_equal(pixels_of(restora.restore(batch, **OPTIONS)[0]), expected)


def test_progress_of_an_image_in_memory_is_its_fraction():
    told = []
    restora.restore(PIXELS, task="denoise", device="cpu", tile=32, overlap=16, progress=told.append)
    assert told[-1] == 1
    assert told == sorted(told)


def test_without_a_task_an_image_is_diagnosed():
    noisy = np.random.default_rng(0).normal(128, 25, (96, 96, 3)).clip(0, 255).astype(np.uint8)
    stream = io.BytesIO(encode(Photograph(noisy)))
    assert restora.diagnose(noisy).found == restora.diagnose(stream).found
    stream.seek(0)
    assert restora.restore(stream, device="cpu").pixels.std() < 0.5 * noisy.std()


def test_a_file_object_is_read_once(expected):
    restorer = restora.Restorer("denoise-chair-tiny", device="cpu", tile=64)
    with restora.Run(restorer, io.BytesIO(encode(Photograph(PIXELS)))) as run:
        assert_array_equal(run.result().pixels, expected)


@pytest.mark.parametrize(
    ("inputs", "options", "message"),
    [
        (PIXELS, {"output": "a.png"}, "a ndarray is given back restored, not written"),
        (b"", {"overwrite": True}, "a bytes is given back restored, not written"),
        (b"", {}, "the given bytes: is empty"),
        (3, {}, "cannot restore a int; give paths, or an array"),
        (None, {}, "cannot restore a NoneType"),
        ([PIXELS, PIXELS], {}, "ndarray is no path; give images in memory one at a time"),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused(inputs, options, message):
    with pytest.raises(RestoraError, match=message):
        restora.restore(inputs, task="denoise", device="cpu", **options)
