"""CONTACTS: who was contacted when, as the service tells it beside a score.

    campaign_contact events of the log and the inbox --> tables/contacts.parquet

What was planned is no contact: it is one once the log tells of it. Start reading at `write_contacts`.
"""

from pathlib import Path

import pyarrow as pa

from churn.settings import Settings
from churn.tables import CONTACTS, check
from features import parquet
from features.atomic import write_whole
from features.kind_rows import rows_of_kinds

FILE = Path("tables") / "contacts.parquet"
CONTACT = "campaign_contact"
NAMED = {"event_timestamp": "contacted_at", "reason_code": "action"}


def write_contacts(settings: Settings) -> int:
    """Write the table anew, from all that is known; nothing where the log tells of no contact.

    Args:
        settings: whose.

    Returns:
        How many contacts it holds.

    Raises:
        NoLog, BrokenLog: the log cannot be read. InboxUnavailable: nor the inbox.
    """
    rows = rows_of_kinds(settings, (CONTACT,)).rename(columns=NAMED)[CONTACTS.names]
    if rows.empty:
        return 0
    table = pa.Table.from_pandas(check(CONTACTS, rows.drop_duplicates(list(CONTACTS.key))), preserve_index=False)
    write_whole(settings.folder / FILE, lambda draft: parquet.write_table(table, draft))
    return len(table)
