from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from restora.diagnosis.network import Answer
from restora.training.diagnosis.learning import answers_for, calibrate, loss_of, train
from restora.training.diagnosis.training_set import TrainingSet, fill

NAN = float("nan")


@pytest.fixture(scope="module")
def pictures(scene, tmp_path_factory):
    folder = tmp_path_factory.mktemp("diagnosis")
    for number in range(12):
        cv2.imwrite(str(folder / f"set__leaves{number}.png"), np.roll(scene, 40 * number, 0)[:280, :300])
    pictures = TrainingSet.open(folder / "made", 24)
    fill(pictures, sorted(folder.glob("*.png")), range(24))
    return pictures


def test_a_set_is_made_once_and_each_picture_depends_on_its_number_alone(pictures):
    assert set(pictures.held_out.tolist()) == {0, 1}
    kept = pictures.windows[5].copy()
    calls = []
    fill(pictures, [], range(24), calls.append)  # nothing left to do: no photograph is opened
    assert not calls
    pictures.held_out[5], pictures.windows[5] = 2, 0
    fill(pictures, sorted(Path(pictures.windows.filename).parents[1].glob("*.png")), range(24), calls.append)
    assert calls == [5]
    assert (pictures.windows[5] == kept).all()


def test_training_learns_these_few_pictures(pictures):
    losses = []
    network = train(pictures, steps=100, batch=6, rate=3e-3, report=lambda step, loss: losses.append(loss))
    assert losses[-1] < 0.8 * losses[0]
    answers, labels, noise = answers_for(network, pictures, np.arange(24))
    assert answers.shape == (24, 10)
    assert labels.shape == (24, 8)
    assert noise.shape == (24, 2)


def test_unsure_labels_do_not_teach():
    logits = torch.zeros(2, 8, requires_grad=True)
    labels = torch.zeros(2, 8)
    labels[0, 3] = NAN
    answer = Answer(logits, torch.zeros(2, requires_grad=True), torch.zeros(2, requires_grad=True))
    loss_of(answer, labels, torch.tensor([[16.0, NAN], [NAN, 1.0]])).backward()
    assert logits.grad[0, 3] == 0
    assert (logits.grad[1] > 0).all()
    assert answer.level.grad[0] < 0
    assert answer.level.grad[1] == 0
    assert answer.coarse.grad[0] == 0
    assert answer.coarse.grad[1] < 0


def test_calibration_finds_scale_and_offset():
    random = np.random.default_rng(0)
    logits = random.normal(0, 3, (20_000, 8))
    truth = 1 / (1 + np.exp(-(0.5 * logits - 1)))
    labels = (random.random(truth.shape) < truth).astype(np.float32)
    labels[:100] = NAN
    calibration = calibrate(logits, labels)
    assert np.allclose(calibration.scales, 0.5, atol=0.05)
    assert np.allclose(calibration.offsets, -1, atol=0.1)
