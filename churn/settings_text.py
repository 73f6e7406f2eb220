"""The text of a churn.toml and of a variable: what they spell, and what `${VARIABLES}` in them stand for.

Reads one file; knows no section. Start reading at `read`.
"""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from churn.errors import SettingsError


def expand(text: str, environ: Mapping[str, str]) -> str:
    """A path or URL with its `${VARIABLES}` filled in.

    Raises:
        SettingsError: a variable is not set.
    """
    for name in _variables(text):
        if name not in environ:
            raise SettingsError(f"{text!r} needs the variable {name}.", mend=f"set it: `export {name}=...`.")
        text = text.replace("${" + name + "}", environ[name])
    return text


def _variables(text: str) -> Iterator[str]:
    for part in text.split("${")[1:]:
        yield part.split("}")[0]


def read(path: Path) -> dict[str, Any]:
    """The values of a toml.

    Raises:
        SettingsError: there is none, or it is no TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, IsADirectoryError) as error:
        raise SettingsError(
            f"There is no settings file {path}.", mend="name one with `-c FILE`; examples/ has three to start from."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{path} is no TOML: {error}.", mend="correct that line; https://toml.io shows the form."
        ) from error


def toml_value(text: str) -> Any:  # as TOML has it
    """A variable's text as the TOML value it spells, or as plain text."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
