"""The log in parts with what the inbox holds beyond it: all that is known of everybody now.

    log/bucket=003.parquet + live events of its customers --laid out as one--> Part

For whoever goes by today's events and may not bring them into the log first, such as the list of who is due. Files of
customers without a live event are read as they are. Start reading at `parts_of_now`.
"""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from churn.events import Events
from churn.orders import TakingBack
from churn.settings import Settings
from features.live.inbox import Row
from features.live.opening import has_inbox, inbox_of
from features.live.pieces import AT, laid_out, rows_of_log
from features.log import bucket_name, bucket_of, log_folder, read_log_manifest
from features.log_reading import rows_of
from features.one_customer import TRIES, LogBehind
from features.parts import Bucket, Part, ReplacedLog


@dataclass(frozen=True)
class Joined:
    """One file of the log, if there is one, and live events of its customers.

    Args:
        folder: the artifacts of a business.
        name: the file in its `log/`; None where these customers are not in the log yet.
        log_hash: of the log that is meant.
        live: rows of the log's schema.
        taking_back: kinds that are orders, and that take them back.
    """

    folder: Path
    name: str | None
    log_hash: str
    live: pa.Table
    taking_back: TakingBack

    def read(self) -> Events:
        """The events of these customers.

        Raises:
            NoLog, BrokenLog: the file cannot be read. ReplacedLog: it is another log by now.
        """
        there = [] if self.name is None else [rows_of(log_folder(self.folder) / self.name)]
        if read_log_manifest(self.folder).log_hash != self.log_hash:
            raise ReplacedLog(self.folder)
        return laid_out([*there, self.live], self.taking_back)


def parts_of_now(settings: Settings) -> list[Part]:
    """The log of a business and its inbox, one part a file of the log, as its definition takes orders back.

    Raises:
        NoLog, BrokenLog: the log cannot be read. InboxUnavailable: nor the inbox. LogBehind: they do not meet.
    """
    for _ in range(TRIES):
        manifest = read_log_manifest(settings.folder)
        rows: list[Row] = []
        if has_inbox(settings):
            upto = int(manifest.live.get("upto", 0))
            with inbox_of(settings) as ledger:
                reach, rows = ledger.after(upto)
            if reach.thinned_upto > upto:
                continue  # a compaction put its log in place between the two looks
        mine: defaultdict[str, list[Row]] = defaultdict(list)
        for row in rows:
            mine[bucket_name(bucket_of(row[AT["customer_id"]], manifest.buckets))].append(row)
        takes = settings.definition.taking_back
        return [
            Joined(
                settings.folder, name if name in manifest.files else None, manifest.log_hash,
                rows_of_log(mine[name]), takes,
            ) if name in mine else Bucket(settings.folder, name, manifest.log_hash, takes)
            for name in sorted({*manifest.files, *mine})
        ]  # fmt: skip
    raise LogBehind
