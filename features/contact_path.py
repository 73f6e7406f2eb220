"""The file of contact details is no source of events: ingest refuses it before it reads a line.

Knows the path alone; the reader is features/contact_details.py. Start reading at `refuse_contacts`.
"""

import glob
from collections.abc import Mapping
from pathlib import Path

from churn.errors import SettingsError
from churn.settings import Settings, expand


class ContactsAsSource(SettingsError):
    """A [[source]] reads the file of contact details."""

    def __init__(self, source: str) -> None:
        super().__init__(
            f"The [[source]] {source!r} reads the file of [contacts], whose details must not become events.",
            mend="give events, and profiles without contact details, in a file of their own.",
        )


def refuse_contacts(settings: Settings, environ: Mapping[str, str]) -> None:
    """Refuse settings whose sources reach the file of contact details.

    Raises:
        ContactsAsSource: one does, by its name or by its glob.
    """
    if settings.contacts.path is None:
        return
    contacts = (settings.root / expand(settings.contacts.path, environ)).resolve()
    for source in settings.source:
        if source.path is None:
            continue
        wanted = str(settings.root / expand(source.path, environ))
        reached = [wanted, *(glob.glob(wanted, recursive=True) if glob.has_magic(wanted) else [])]  # noqa: PTH207
        if contacts in {Path(path).resolve() for path in reached}:
            raise ContactsAsSource(source.path)
