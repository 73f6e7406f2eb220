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
        name, version, serves, role (learned from, judged on, or both), oldest first.
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


def _role(version: Version, hashes: Collection[str]) -> str:
    short = {PurePath(str(version.facts.get(f"{role}_snapshot"))).name: role for role in ("train", "test")}
    told = {"train": "learned from", "test": "judged on"}
    roles = [told[role] for name, role in short.items() if any(one.startswith(name) for one in hashes)]
    if version.bundle.snapshot_hash in hashes and told["train"] not in roles:
        roles.insert(0, told["train"])
    return " and ".join(roles)
