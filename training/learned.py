"""Which models learned from a snapshot, or were judged on it? Asked when rows had to go. Start at `learned_from`."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import PurePath
from typing import Any

from training.versions import NoChallenger, Registry, Version


def learned_from(registry: Registry, names: Sequence[str], hashes: Collection[str]) -> list[dict[str, Any]]:
    """The versions that learned from these snapshots or were judged on them.

    Args:
        registry: where the versions are.
        names: registered names.
        hashes: of the snapshots.

    Returns:
        name, version, serves, role (learned from, its judged sibling learned from, judged on), oldest first.
    """
    return [
        {"name": name, "version": version.version, "serves": registry.champion(name) == version.version, "role": role}
        for name in names
        for version in _versions(registry, name)
        if (role := _role(version, hashes))
    ]


def _versions(registry: Registry, name: str) -> Iterator[Version]:
    try:
        newest = registry.newest(name).version
    except NoChallenger:
        return
    for number in range(1, newest + 1):
        try:
            yield registry.get(name, number)
        except NoChallenger:  # a person deleted it
            continue


ROLES = {"whole": "learned from", "train": "its judged sibling learned from", "test": "judged on"}


def _role(version: Version, hashes: Collection[str]) -> str:
    facts = version.facts
    named = {role: facts[f"{role}_snapshot"] for role in ROLES if facts.get(f"{role}_snapshot")}
    named = {"whole": version.learned_snapshot} | named if named else named  # a version of before has no whole
    if named.get("train") == named.get("whole"):
        named.pop("train", None)
    roles = [role for role, path in named.items() if any(one.startswith(PurePath(str(path)).name) for one in hashes)]
    if version.bundle.snapshot_hash in hashes and "whole" not in roles:
        roles.insert(0, "whole")
    return " and ".join(ROLES[role] for role in roles)
