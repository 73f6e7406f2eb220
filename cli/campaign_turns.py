"""Commands on campaigns: one chooses customers at a time, and none brings back who was forgotten meanwhile.

Start reading at `choosing`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cli.single_flight import CAMPAIGNS, in_turn


@contextmanager
def choosing(folder: Path, command: str) -> Iterator[None]:
    """Wait for whoever plans, exports, imports or cancels, then be alone: two plans would choose the same people.

    Args:
        folder: the artifacts of the business.
        command: what is run, for whoever comes second.

    Raises:
        AlreadyRunning: somebody else has been at it for half an hour.
    """
    with in_turn(folder, command, lock=CAMPAIGNS), minding(folder):
        yield


@contextmanager
def minding(folder: Path) -> Iterator[None]:
    """Write lists and tables of customers; whoever was forgotten meanwhile is dropped from them at the end.

    Raises:
        Busy: a request to forget takes too long.
    """
    from features.erasure.campaigns import erase_from_campaigns
    from features.erasure.due import erase_from_due
    from features.erasure.turns import without_who_goes
    from serving.tables.erasing import erase_from_tables

    with without_who_goes(folder, erase_from_campaigns, erase_from_due, erase_from_tables):
        yield
