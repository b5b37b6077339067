from restora.datasets.epochs import EpochOrder


def test_every_image_comes_once_an_epoch_in_another_order() -> None:
    order = EpochOrder(20, seed=3)
    epochs = [[order[i] for i in range(start, start + 20)] for start in (0, 20, 40)]
    assert all(sorted(epoch) == list(range(20)) for epoch in epochs)
    assert epochs[0] != epochs[1] != epochs[2]


def test_any_crop_can_be_asked_for_at_any_time() -> None:
    expected = [EpochOrder(7, seed=1)[i] for i in range(40)]
    order = EpochOrder(7, seed=1)
    for i in (39, 3, 20, 12, 38, 0, 3):
        assert order[i] == expected[i]
    assert expected != [EpochOrder(7, seed=2)[i] for i in range(40)]
