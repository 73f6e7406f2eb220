"""All that is known of one customer now: their rows of the log, and what the inbox holds beyond it.

For whoever asks about one customer and may not bring live events into the log first. Reads one bucket of the log.
Start reading at `history_of`.
"""

from churn.definition import Lifecycle
from churn.errors import DataError
from churn.events import Events
from churn.settings import Settings
from features.live.opening import has_inbox, inbox_of
from features.live.pieces import laid_out, rows_of_log
from features.log import bucket_name, bucket_of, log_folder, read_log_manifest
from features.log_reading import rows_of

TRIES = 3  # a compaction may put its log in place between two looks


class LogBehind(DataError):
    """Live events have left the inbox, and the log that should hold them does not."""

    def __init__(self) -> None:
        super().__init__(
            "The log does not reach as far as the inbox was thinned.",
            mend="run `churn events compact`; if it comes back, the log is older than the inbox: put back both from "
            "one backup.",
        )


def history_of(settings: Settings, customer_id: str, lifecycle: Lifecycle) -> Events:
    """The events of a customer as arrays; none where nobody knows them.

    Args:
        settings: whose customer.
        customer_id: who.
        lifecycle: whose definition says what takes back an order.

    Raises:
        NoLog, BrokenLog: the log cannot be read. InboxUnavailable: nor the inbox. LogBehind: they do not meet.
    """
    for _ in range(TRIES):
        manifest, log = read_log_manifest(settings.folder), log_folder(settings.folder)
        name = bucket_name(bucket_of(customer_id, manifest.buckets))
        tables = [rows_of(log / one, [customer_id]) for one in manifest.files if one == name]
        upto = int(manifest.live.get("upto", 0))
        if has_inbox(settings):
            with inbox_of(settings) as ledger:
                reach, live = ledger.after(upto, [customer_id])
            if reach.thinned_upto > upto:
                continue
            tables.append(rows_of_log(live))
        return laid_out(tables or [rows_of_log([])], lifecycle.definition.taking_back)
    raise LogBehind
