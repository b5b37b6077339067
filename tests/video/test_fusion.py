from threading import Event

import numpy as np
import pytest
from films import PHOTOGRAPH, panning, write_clip

import restora
from restora.video.fusion import TemporalFusion


def error(image, clean):
    return float(np.sqrt(np.mean((image - clean)[8:-8, 8:-8] ** 2)))


@pytest.mark.parametrize("step", [0, 2])
def test_noise_is_averaged_along_the_motion(step):
    fusion = TemporalFusion()
    fused = [fusion(frame) for frame in panning(12, (128, 96), step, noise=0.02)]
    clean = list(panning(12, (128, 96), step))
    errors = [error(image, truth) for image, truth in zip(fused, clean, strict=True)]
    assert errors[0] == pytest.approx(0.02, rel=0.1)
    assert errors[-1] < 0.45 * errors[0]
    move = -step if step else None
    flicker = error(fused[-1][:, :move], fused[-2][:, step:])
    assert flicker < 0.4 * 0.02 * 2**0.5


def test_nothing_of_a_scene_before_a_cut_remains():
    fusion = TemporalFusion()
    for frame in panning(4, (128, 96), noise=0.02):
        fusion(frame)
    after = PHOTOGRAPH[300:396, 0:128]
    assert error(fusion(after), after) < 0.01


def test_gray_frames_and_ones_that_do_not_change():
    gray = PHOTOGRAPH[:64, :64, 0]
    fusion = TemporalFusion()
    fusion(gray)
    assert error(fusion(gray), gray) < 1e-3


def test_a_fused_film_that_was_cancelled_goes_on_to_the_same_bytes(tmp_path):
    source, whole, parts, single = (tmp_path / f"{name}.mp4" for name in ("in", "whole", "parts", "single"))
    write_clip(source, panning(12, (64, 48), noise=0.1))
    options = {"task": "denoise", "threads": 1, "segment": 3}
    restora.restore_video(source, whole, **options, temporal=True)
    stop = Event()
    with pytest.raises(restora.Cancelled):
        restora.restore_video(
            source,
            parts,
            **options,
            temporal=True,
            progress=lambda done, _: done == 8 and stop.set(),
            cancel=stop,
        )
    assert restora.restore_video(source, parts, **options, temporal=True).resumed == 6
    assert parts.read_bytes() == whole.read_bytes()
    restora.restore_video(source, single, **options)
    assert single.read_bytes() != whole.read_bytes()
