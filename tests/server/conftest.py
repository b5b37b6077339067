import pytest
from live_server import Gate, OneOffer, noisy

from restora.images import encode
from restora.restoration import Restorer


@pytest.fixture(scope="session")
def png():
    return encode(noisy())


@pytest.fixture
def gate():
    gate = Gate()
    yield gate
    gate.open.set()  # else its thread never ends


@pytest.fixture
def gated(gate):
    return OneOffer(Restorer(gate, tile=64, device="cpu", engine="torch", precision="float32", threads=1))
