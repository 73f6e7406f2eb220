"""The hash of a snapshot: of its rows, however they are parted and ordered, and of what they mean.

Who made a snapshot, from which log, does not belong to it, nor do words. Start reading at `named`.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from churn.definition import Lifecycle
from features.feature_set import FeatureSet
from features.provenance import made_by
from features.snapshot_file import CONTENT_SIZE, content_of, digest, row_groups
from features.snapshot_rows import Question


def named(content: int, manifest: Mapping[str, Any]) -> str:
    """The hash of rows and of what they mean."""
    meaning = {name: manifest[name] for name in ("definition", "cutoffs", "observed_until")}
    return digest(content, manifest["rows"], meaning | {"feature_set_hash": manifest["feature_set"]["hash"]})


def hash_of(rows_path: Path, manifest: Mapping[str, Any]) -> str:
    """The hash that the rows of a file have together with what a manifest says they mean.

    Raises:
        WrongColumns: the file's columns are not those of the manifest.
    """
    names = manifest["feature_set"]["names"]
    content = sum(content_of(group, names) for group in row_groups(rows_path, names)) % CONTENT_SIZE
    return named(content, manifest)


def asked_manifest(features: FeatureSet, lifecycle: Lifecycle, question: Question, rows: int) -> dict[str, Any]:
    """What a snapshot was asked, as it will be read."""
    asked = {
        "definition": lifecycle.as_json(),
        "feature_set": {
            "hash": features.hash,
            "names": list(features.names),
            "alive": dict(features.alive),
            "settings": dict(features.settings),
            "features": features.as_json(),
        },
        "cutoffs": [cutoff.isoformat() for cutoff in question.cutoffs],
        "observed_until": question.observed_until.isoformat(),
        "made_by": made_by(),
        "rows": rows,
        **({"opted_out_customers": len(question.without)} if question.without else {}),
    }
    manifest: dict[str, Any] = json.loads(json.dumps(asked))
    return manifest
