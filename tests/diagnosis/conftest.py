import pytest
from leaves import dead_leaves


@pytest.fixture(scope="session")
def scene():
    return dead_leaves()
