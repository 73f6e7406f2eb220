"""A seeded log to race on: heavy-tailed customers over three years, nine kinds of event, in the folder of a business.

Written bucket by bucket, so that 50 million events need no more memory than one bucket. What the operations need is
there (money, items, channels, scores, order numbers); nothing of it means anything. Start reading at `write_log`.
"""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from churn.calendar import DAY_US, from_us, to_us
from features.log import LOG, MANIFEST, SCHEMA, LogManifest, bucket_name, bucket_of
from features.writing import ROWS_A_GROUP

BEGINS, DAYS = datetime(2022, 1, 1, tzinfo=UTC), 1096
ENDS_US = to_us(BEGINS) + DAYS * DAY_US
EVENTS_A_CUSTOMER = 50  # on average; half of the customers have 39 or fewer
SPREAD = 0.7  # of the logarithm of a customer's number of events
KINDS = {  # with their share of the events; sorted
    "complaint": 0.015,
    "email_open": 0.20,
    "order": 0.17,
    "points_earned": 0.12,
    "points_redeemed": 0.03,
    "return": 0.025,
    "support_ticket": 0.03,
    "survey": 0.03,
    "visit": 0.38,
}
ALIVE = {
    "order": ["amount", "channel", "order_id", "category", "quantity", "discount_amount"],
    "points_earned": ["amount"],
    "points_redeemed": ["amount"],
    "return": ["amount"],
    "support_ticket": ["reason_code"],
    "survey": ["score"],
    "visit": ["channel"],
}
TEXTS = {"channel": ["app", "call", "shop", "web", "wechat"], "category": list("abcdefgh"), "reason_code": ["a", "b"]}
Rng = np.random.Generator


def write_log(
    folder: Path,
    events: int,
    *,
    each: int = EVENTS_A_CUSTOMER,
    buckets: int = 16,
    seed: int = 3,
    late_share: float = 0.0,
) -> LogManifest:
    """Write a log of about so many events.

    Args:
        folder: artifacts of the business; the log goes to `log/` in it.
        events: how many, about.
        each: events a customer, on average.
        buckets: files of the log.
        seed: equal seeds, equal logs.
        late_share: share of the events that reach us up to 30 days late.
    """
    ids = np.array([f"c{number:08d}" for number in range(max(events // each, 1))])
    homes = np.array([bucket_of(customer, buckets) for customer in ids.tolist()])
    (folder / LOG).mkdir(parents=True)
    files, kinds = {}, dict.fromkeys(KINDS, 0)
    for bucket in range(buckets):
        mine = ids[homes == bucket]
        if len(mine):
            rows = _rows(mine, each, np.random.default_rng((seed, bucket)), late_share)
            path = folder / LOG / bucket_name(bucket)
            pq.write_table(rows, path, compression="zstd", row_group_size=ROWS_A_GROUP)
            files[path.name] = {"rows": len(rows), "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
            for count in rows["event_type"].value_counts().to_pylist():
                kinds[count["values"]] += count["counts"]
    manifest = _manifest(files, kinds, len(ids), buckets, late_share)
    (folder / LOG / MANIFEST).write_text(json.dumps(manifest.as_json()), encoding="utf-8")
    return manifest


def _rows(ids: NDArray[np.str_], each: int, rng: Rng, late_share: float) -> pa.Table:
    """The events of some customers, sorted as a log is."""
    counts = np.maximum(np.rint(rng.lognormal(np.log(each) - SPREAD**2 / 2, SPREAD, len(ids))), 1)
    customer = np.repeat(np.arange(len(ids)), counts.astype(int))
    time_us = _times(rng, len(ids), customer)
    kind = rng.choice(len(KINDS), p=list(KINDS.values()), size=len(customer)).astype(np.int8)
    order = np.lexsort((kind, time_us, customer))
    customer, time_us, kind = customer[order], time_us[order], kind[order]
    delay_us = rng.integers(1, 30 * DAY_US, len(kind)) * (rng.random(len(kind)) < late_share)
    names = np.array(list(KINDS))
    columns = {
        "customer_id": pa.array(ids).take(pa.array(customer)),
        "event_type": pa.array(names).take(pa.array(kind)),
        "event_timestamp": pa.array(time_us),
        "ingested_at": pa.array(np.minimum(time_us + delay_us, ENDS_US - 1)),
    }
    for name, values in _attributes(rng, len(kind)).items():
        owners = [number for number, one in enumerate(KINDS) if name in ALIVE.get(one, ())]
        columns[name] = _only(values, np.isin(kind, owners))
    empty = {name: pa.nulls(len(kind), SCHEMA.field(name).type) for name in SCHEMA.names if name not in columns}
    return pa.table({name: (columns | empty)[name] for name in SCHEMA.names}).cast(SCHEMA)


def _times(rng: Rng, customers: int, customer: NDArray[np.intp]) -> NDArray[np.int64]:
    """Instants between a customer's first day and the last on which they come; two in three come to the end."""
    first = rng.uniform(0, 0.85, customers)
    life = np.minimum(np.where(rng.random(customers) < 2 / 3, 1.0, rng.exponential(0.3, customers)), 1 - first)
    share = first[customer] + life[customer] * rng.random(len(customer))
    return to_us(BEGINS) + (share * (DAYS * DAY_US - 1)).astype(np.int64)


def _attributes(rng: Rng, rows: int) -> dict[str, pa.Array]:
    """Values of every column that any kind has."""
    amount = np.round(rng.lognormal(3.5, 1.0, rows), 2)
    draw = {name: pa.array(rng.integers(0, len(levels), rows)) for name, levels in TEXTS.items()}
    return {
        "amount": amount,
        "quantity": rng.integers(1, 6, rows).astype(np.float64),
        "discount_amount": np.round(amount * rng.choice([0, 0, 0, 0.1, 0.3], rows), 2),
        "score": rng.integers(1, 6, rows).astype(np.float64),
        "order_id": pa.array(np.char.add("o", rng.integers(10**8, 10**9, rows).astype(str))),
    } | {name: pa.array(TEXTS[name]).take(drawn) for name, drawn in draw.items()}


def _only(values: pa.Array | NDArray[np.float64], there: NDArray[np.bool_]) -> pa.Array:
    """Values where a kind has them, null elsewhere."""
    return pc.if_else(pa.array(there), pa.array(values), pa.scalar(None, pa.array(values).type))


def _manifest(files: dict[str, Any], kinds: dict[str, int], customers: int, buckets: int, late: float) -> LogManifest:
    return LogManifest(
        log_hash=hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest(),
        events=sum(kinds.values()),
        customers=customers,
        kinds=kinds,
        columns={kind: ALIVE.get(kind, []) for kind in kinds},
        first_event_at=BEGINS,
        last_event_at=from_us(ENDS_US - 1),
        observed_until=from_us(ENDS_US),
        clock="log",
        now=from_us(ENDS_US),
        timezone="Asia/Shanghai",
        is_bulk_import=not late,
        rows=sum(kinds.values()),
        rejected={},
        buckets=buckets,
        files=files,
        sources=[],
        taken_back_by=["return", "refund", "cancellation", "cancel"],
        orders=["order"],
    )
