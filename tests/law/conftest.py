"""Laws are drawn without coverage: it takes a third more of their time, and other tests run the same lines."""

from collections.abc import Iterator

import pytest
from coverage import Coverage


@pytest.fixture(autouse=True, scope="module")
def untraced() -> Iterator[None]:
    """Tracing rests while the tests of a file run, if there is any."""
    tracing = Coverage.current()
    if tracing is None:
        yield
        return
    tracing.stop()
    yield
    tracing.start()
