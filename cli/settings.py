"""`churn settings`: every setting with its value and its sentence."""

import json
from typing import Any

from pydantic import BaseModel

from churn.settings import Settings
from cli.outcome import Outcome
from features.registry_place import shown


def settings(loaded: Settings) -> Outcome:
    """Every setting of every section, as a person reads it and as a machine does."""
    return Outcome(shown("\n".join(_lines(loaded))), json.loads(shown(loaded.model_dump_json())))


def _lines(loaded: Settings) -> list[str]:
    lines: list[str] = []
    for name in type(loaded).model_fields:
        value: Any = getattr(loaded, name)
        if isinstance(value, BaseModel):
            lines += ["", f"[{name}]", *_section(value)]
        elif name not in ("source", "action"):
            lines.append(f"{name} = {value}")
    lines += ["", *(f"[[source]] {source.path or source.url}" for source in loaded.source)]
    return lines + [f"[[action]] {one.code}: {one.kind} by {one.channel}" for one in loaded.action]


def _section(section: BaseModel) -> list[str]:
    """The settings of one section; keys are names and digests, never secrets."""
    return [
        f"{name} = {getattr(section, name)}" + (f"  # {field.description}" if field.description else "")
        for name, field in type(section).model_fields.items()
    ]
