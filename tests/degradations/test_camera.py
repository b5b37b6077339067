import torch

from restora.degradations.camera import Cameras, inverse_tone, process, tone, unprocess


def test_the_tone_curve_and_its_inverse():
    values = torch.linspace(0, 1, 101)
    torch.testing.assert_close(inverse_tone(tone(values)), values, atol=1e-4, rtol=0)
    assert (tone(values).diff() > 0).all()
    assert tone(torch.tensor(0.25)) < 0.25


def test_there_and_back_is_the_same_image(generator):
    clean = 0.2 + 0.4 * torch.rand(6, 3, 8, 8)  # neither clipped in the sensor nor outside of its colours
    clean = 0.9 * clean.mean(1, keepdim=True) + 0.1 * clean
    cameras = Cameras.draw(clean, generator(0))
    torch.testing.assert_close(process(unprocess(clean, cameras), cameras), clean, atol=1e-4, rtol=0)


def test_the_sensor_sees_less_red_and_blue_than_green_and_white_as_full(generator):
    cameras = Cameras.draw(torch.zeros(50, 3, 4, 4), generator(0))
    red, green, blue = unprocess(torch.full((50, 3, 4, 4), 0.5), cameras).mean((2, 3)).unbind(1)
    assert (red < green).all()
    assert (blue < green).all()
    torch.testing.assert_close(
        unprocess(torch.ones(50, 3, 4, 4), cameras), torch.ones(50, 3, 4, 4), atol=1e-3, rtol=0
    )


def test_gray_stays_gray_and_cameras_are_as_published(generator):
    clean = torch.rand(200, 1, 4, 4).expand(-1, 3, -1, -1) * 0.8
    cameras = Cameras.draw(clean, generator(0))
    torch.testing.assert_close(cameras.matrix.sum(2), torch.ones(200, 3))
    back = process(unprocess(clean, cameras), cameras)
    torch.testing.assert_close(back[:, 0], back[:, 2], atol=1e-4, rtol=0)
    balance = cameras.gains / cameras.gains[:, 1:2]
    assert 1.9 <= balance[:, 0].min() < 2.0
    assert 2.3 < balance[:, 0].max() <= 2.4
    assert balance[:, 2].min() >= 1.5
    assert balance[:, 2].max() <= 1.9
    assert cameras.pattern.unique().tolist() == [0, 1, 2, 3]
