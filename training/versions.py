"""What a registry of models is: versions, and which of them serves. `MemoryRegistry` is the twin that tests use.

`training/registry.py` is the same over MLflow; both pass one contract test. Start reading at `Registry`.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol

from churn.bundle import Bundle, model_hash
from churn.errors import DataError

BUNDLE, BOOSTER, FACTS = "bundle.json", "booster.txt", "facts.json"
JUDGED_BUNDLE, JUDGED_BOOSTER = "judged.json", "judged.txt"  # of the sibling that was judged
NONE: Mapping[str, str] = MappingProxyType({})


class NoChallenger(DataError):
    """No version of a model was trained yet, or not the one asked for."""

    def __init__(self, name: str, version: int | None = None) -> None:
        which = "no version" if version is None else f"no version {version}"
        mend = "train one with `churn train`." if version is None else "name one that `churn mlflow` shows, or none."
        super().__init__(f"The registry has {which} of {name!r}.", mend=mend)


@dataclass(frozen=True)
class Judged:
    """The sibling that was judged: same recipe, but learned from what was known by the first test cutoff.

    Args:
        bundle: all but the trees. booster: the trees.
    """

    bundle: Bundle
    booster: str


@dataclass(frozen=True)
class Version:
    """One registered model.

    Args:
        name: registered name, `churn-<slug>` or `reactivation-<slug>`.
        version: number within the name, from 1.
        bundle: all but the trees. booster: the trees.
        facts: whole_snapshot, train_snapshot and test_snapshot (folders below the artifacts of the business), which
            the model, its judged sibling and its judgement stand on; known_until and judged_known_until (labels of
            the model and of the sibling knew what had reached us before); results, params, card (training/shown.py).
        judged: the sibling that the figures are of; None: the model itself was judged.
    """

    name: str
    version: int
    bundle: Bundle
    booster: str
    facts: dict[str, Any]
    judged: Judged | None = None

    @property
    def hash(self) -> str:
        """Hash of booster and bundle."""
        return model_hash(self.bundle.to_json(), self.booster)

    @property
    def sibling(self) -> Judged:
        """The model that the figures are of: the judged sibling, or the model itself where there is none."""
        return self.judged or Judged(self.bundle, self.booster)

    @property
    def learned_snapshot(self) -> str:
        """The folder of the snapshot that the model learned from, below the artifacts of the business."""
        return str(self.facts.get("whole_snapshot") or self.facts["train_snapshot"])

    @property
    def texts(self) -> dict[str, str]:
        """The files that a version consists of, by name."""
        facts = json.dumps(self.facts, ensure_ascii=False, default=str)
        texts = {BUNDLE: self.bundle.to_json(), BOOSTER: self.booster, FACTS: facts}
        if self.judged is None:
            return texts
        return texts | {JUDGED_BUNDLE: self.judged.bundle.to_json(), JUDGED_BOOSTER: self.judged.booster}

    @classmethod
    def read(cls, name: str, version: int, texts: Mapping[str, str]) -> "Version":
        """A version from its files."""
        bundle, facts, judged = Bundle.from_json(texts[BUNDLE]), json.loads(texts[FACTS]), None
        if JUDGED_BUNDLE in texts:
            judged = Judged(Bundle.from_json(texts[JUDGED_BUNDLE]), texts[JUDGED_BOOSTER])
        return cls(name, version, bundle, texts[BOOSTER], facts, judged)


@dataclass(frozen=True)
class Files:
    """What is kept beside a model.

    Args:
        texts: for people, file name to content. pictures: the same.
        tags: what versions are looked for by.
        snapshots: what it learned from and was judged on, by role: hash, path, rows, ...
    """

    texts: dict[str, str] = field(default_factory=dict)
    pictures: dict[str, bytes] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    snapshots: dict[str, dict[str, Any]] = field(default_factory=dict)


class Registry(Protocol):
    """Versions of models by name, and the champion of each."""

    def together(self, name: str, facts: Mapping[str, Any] = NONE) -> AbstractContextManager[None]:
        """Models that are registered in this block belong together: one `churn train`."""
        ...

    def register(
        self, name: str, bundle: Bundle, booster: str, facts: dict[str, Any], files: Files, judged: Judged | None = None
    ) -> Version:
        """Keep a model as the next version of its name."""
        ...

    def latest(self, name: str) -> int | None:
        """The number of the version registered last."""
        ...

    def newest(self, name: str) -> Version:
        """The version registered last. Raises NoChallenger."""
        ...

    def get(self, name: str, version: int) -> Version:
        """A version. Raises NoChallenger."""
        ...

    def champion(self, name: str) -> int | None:
        """The version that serves."""
        ...

    def crown(self, name: str, version: int) -> None:
        """Let a version serve."""
        ...

    def challenger(self, name: str) -> int | None:
        """The version that would serve: the newest that is whole, until it is crowned or dismissed."""
        ...

    def nominate(self, name: str, version: int | None) -> None:
        """Make a version the challenger; None: there is none."""
        ...

    def certify(self, name: str, version: int, certificate: Mapping[str, Any]) -> None:
        """Attach a certificate of parity to a version; it replaces the one before."""
        ...

    def annotate(
        self, name: str, version: int, *, texts: Mapping[str, str] = NONE, tags: Mapping[str, str] = NONE
    ) -> None:
        """Put files beside a version's card, and tags onto it; each replaces its namesake. Raises NoChallenger."""
        ...

    def annotation(self, name: str, version: int, file: str) -> str | None:
        """The content of a file that was put beside a version; None where none was. Raises NoChallenger."""
        ...

    def tags(self, name: str) -> dict[int, dict[str, str]]:
        """The tags of each version of a name, by its number."""
        ...


class MemoryRegistry:
    """A registry that forgets when the process ends."""

    def __init__(self) -> None:
        self._versions: dict[str, list[Version]] = {}
        self._champions: dict[str, int] = {}
        self._challengers: dict[str, int | None] = {}
        self.texts: dict[tuple[str, int, str], str] = {}
        self.tagged: dict[tuple[str, int], dict[str, str]] = {}
        self.certificates: dict[tuple[str, int], Mapping[str, Any]] = {}

    @contextmanager
    def together(self, name: str, facts: Mapping[str, Any] = NONE) -> Iterator[None]:
        """Models that are registered in this block belong together."""
        del name, facts
        yield

    def register(
        self, name: str, bundle: Bundle, booster: str, facts: dict[str, Any], files: Files, judged: Judged | None = None
    ) -> Version:
        """Keep a model as the next version of its name."""
        mine = self._versions.setdefault(name, [])
        mine.append(Version(name, len(mine) + 1, bundle, booster, facts, judged))
        self.annotate(name, len(mine), texts=files.texts, tags=files.tags)
        self.nominate(name, len(mine))
        return mine[-1]

    def latest(self, name: str) -> int | None:
        """The number of the version registered last."""
        return len(self._versions.get(name, [])) or None

    def newest(self, name: str) -> Version:
        """The version registered last."""
        if not self._versions.get(name):
            raise NoChallenger(name)
        return self._versions[name][-1]

    def get(self, name: str, version: int) -> Version:
        """A version."""
        if not 0 < version <= len(self._versions.get(name, [])):
            raise NoChallenger(name, version)
        return self._versions[name][version - 1]

    def champion(self, name: str) -> int | None:
        """The version that serves."""
        return self._champions.get(name)

    def crown(self, name: str, version: int) -> None:
        """Let a version serve."""
        self._champions[name] = self.get(name, version).version
        if self.challenger(name) == version:
            self.nominate(name, None)

    def challenger(self, name: str) -> int | None:
        """The version that would serve."""
        return self._challengers.get(name)

    def nominate(self, name: str, version: int | None) -> None:
        """Make a version the challenger; None: there is none."""
        self._challengers[name] = None if version is None else self.get(name, version).version

    def certify(self, name: str, version: int, certificate: Mapping[str, Any]) -> None:
        """Attach a certificate of parity to a version."""
        self.certificates[name, self.get(name, version).version] = certificate

    def annotate(
        self, name: str, version: int, *, texts: Mapping[str, str] = NONE, tags: Mapping[str, str] = NONE
    ) -> None:
        """Put files beside a version's card, and tags onto it."""
        self.tagged.setdefault((name, self.get(name, version).version), {}).update(tags)
        self.texts |= {(name, version, file): text for file, text in texts.items()}

    def annotation(self, name: str, version: int, file: str) -> str | None:
        """The content of a file that was put beside a version."""
        return self.texts.get((name, self.get(name, version).version, file))

    def tags(self, name: str) -> dict[int, dict[str, str]]:
        """The tags of each version of a name."""
        return {number: told for (mine, number), told in self.tagged.items() if mine == name}
