"""Which of a champion's features does the log no longer give, though nobody left them out?

A source that ran dry, or a column that is empty throughout since yesterday, takes features away without a word; a
business that leaves features out says so in `[features]`. Told apart by the catalogue: what the champion's settings
would make of its own log and would not make of today's. Reads manifests of snapshots. Start reading at `lost`.
"""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from churn.definition import Lifecycle
from churn.sections import Wanted
from features.catalogue import catalogue


def lost(names: Sequence[str], then: Mapping[str, Any], now: Mapping[str, Any], lifecycle: Lifecycle) -> list[str]:
    """Features of a champion that the log no longer gives.

    Args:
        names: the features of the champion.
        then: `feature_set` of the manifest that it learned from.
        now: the same of its challenger.
        lifecycle: what the business asks.

    Returns:
        In the order of `names`; none where the settings or the program made another set of the same log.
    """
    gone = [one for one in names if one not in now["names"]]
    alive, living = then.get("alive"), now.get("alive")
    if not gone or not alive or not living:
        return []
    wanted, spared = (Wanted(**one.get("settings", {})) for one in (then, now))
    asked = wanted.model_copy(
        update={"own": (), "leave_out": (), "leave_out_attributes": spared.leave_out_attributes}
    )  # own features name their kinds themselves: where one is gone, reading the settings says so
    made, makes = (set(catalogue(list(log), log, lifecycle, asked).names) for log in (alive, living))
    unsaid = [one for one in gone if not any(fnmatchcase(one, pattern) for pattern in spared.leave_out)]
    return [one for one in unsaid if one in made and one not in makes]
