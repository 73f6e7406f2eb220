"""`churn settings`: every setting with its value and its sentence."""

import json
import re
from typing import Any

from pydantic import BaseModel

from churn.settings import Settings
from cli.outcome import Outcome


def settings(loaded: Settings) -> Outcome:
    """Every setting of every section, as a person reads it and as a machine does."""
    return Outcome(_masked("\n".join(_lines(loaded))), json.loads(_masked(loaded.model_dump_json())))


def _masked(text: str) -> str:
    """A text whose URLs (of stores and sources) have lost their passwords."""
    return re.sub(r"(://[^:/@\s\"]*):[^@\s\"]+@", r"\1:***@", text)


def _lines(loaded: Settings) -> list[str]:
    lines: list[str] = []
    for name in type(loaded).model_fields:
        value: Any = getattr(loaded, name)
        if isinstance(value, BaseModel):
            lines += ["", f"[{name}]", *_section(value)]
        elif name != "source":
            lines.append(f"{name} = {value}")
    lines += ["", *(f"[[source]] {source.path or source.url}" for source in loaded.source)]
    return lines


def _section(section: BaseModel) -> list[str]:
    """The settings of one section; keys are names and digests, never secrets."""
    return [
        f"{name} = {getattr(section, name)}" + (f"  # {field.description}" if field.description else "")
        for name, field in type(section).model_fields.items()
    ]
