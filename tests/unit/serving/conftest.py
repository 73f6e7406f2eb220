"""What several tests of this folder stand on."""

from collections.abc import Iterator

import pytest

from tests.webhook_receiver import Clock, Endpoint, endpoint


@pytest.fixture
def here() -> Iterator[Endpoint]:
    """A receiver of webhooks."""
    with endpoint() as made:
        yield made


@pytest.fixture
def clock() -> Clock:
    """A clock for couriers."""
    return Clock()
