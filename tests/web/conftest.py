import os
from collections.abc import Iterator

import numpy as np
import pytest

from restora.images import Photograph, write


@pytest.fixture
def noisy(tmp_path):
    """Return a function that writes a noisy picture, small enough for a blink."""

    def make(name="photo.png", side=(48, 64), seed=0, **more):
        random = np.random.default_rng(seed)
        smooth = np.linspace(60, 190, side[1])[None, :, None] + np.zeros((*side, 3))
        values = (smooth + random.normal(0, 25, smooth.shape)).clip(0, 255).astype(np.uint8)
        return write(tmp_path / name, Photograph(values, **more), overwrite=True)

    return make


@pytest.fixture(scope="session")
def served(tmp_path_factory) -> Iterator[tuple[str, object]]:
    """Serve a page in this process; its address and the Blocks."""
    pytest.importorskip("gradio")
    from restora.web import build

    folder = tmp_path_factory.mktemp("uploads")
    before = {name: os.environ.get(name) for name in ("GRADIO_TEMP_DIR", "GRADIO_ANALYTICS_ENABLED")}
    os.environ.update(GRADIO_TEMP_DIR=str(folder), GRADIO_ANALYTICS_ENABLED="False")
    blocks = build(threads=1, max_pixels=300_000)
    _, address, _ = blocks.launch(
        prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", max_file_size=8_000_000
    )
    yield address, blocks
    blocks.close()
    for name, value in before.items():
        os.environ.pop(name) if value is None else os.environ.update({name: value})
