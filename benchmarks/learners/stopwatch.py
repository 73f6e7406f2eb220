"""How long did a function take that somebody else calls? Replaced while the block runs, put back after it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass
class Spent:
    """CPU and wall seconds so far, and how many calls."""

    cpu_s: float = 0.0
    wall_s: float = 0.0
    calls: int = 0

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count what the block takes."""
        cpu, wall = time.process_time(), time.perf_counter()
        try:
            yield
        finally:
            self.cpu_s += time.process_time() - cpu
            self.wall_s += time.perf_counter() - wall
            self.calls += 1


@contextmanager
def watched(home: Any, name: str, spent: Spent) -> Iterator[Spent]:
    """Count every call of a function through one name of a module or class."""
    original = getattr(home, name)

    def counting(*args: Any, **named: Any) -> Any:
        with spent.counted():
            return original(*args, **named)

    setattr(home, name, counting)
    try:
        yield spent
    finally:
        setattr(home, name, original)
