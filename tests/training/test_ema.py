import torch
from torch import nn

from restora.training.ema import ExponentialMovingAverage


def test_average_follows_with_the_warmed_up_decay_and_copies_integers() -> None:
    network = nn.BatchNorm1d(1)
    ema = ExponentialMovingAverage(network, decay=0.5)
    expected = 1.0
    for step in range(1, 6):
        with torch.no_grad():
            network.weight.fill_(float(step))
            network.num_batches_tracked.fill_(step)
        ema.update(network)
        decay = min(0.5, step / (9 + step))
        expected = decay * expected + (1 - decay) * step
    torch.testing.assert_close(ema.state_dict()["weight"], torch.tensor([expected]))
    assert int(ema.state_dict()["num_batches_tracked"]) == 5
    assert network.weight.item() == 5
