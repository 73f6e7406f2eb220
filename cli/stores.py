"""Every store of a business: what lies where, for how long, and how it forgets a customer. The one list.

`churn forget` goes through it from top to bottom, `churn prune` and docs/operations.md read it, and a test finds no
file among the artifacts that no store owns. Whoever adds a store adds it here. Start reading at `stores`.
"""

from dataclasses import replace
from functools import partial

from churn.settings import Settings
from cli.stores_of_campaigns import campaign_stores
from cli.versions import VERSIONS
from features.erasure.left_over import sweep
from features.erasure.live import erase_from_inbox, erase_from_index, erase_from_kept
from features.erasure.log import erase_from_log
from features.erasure.rows_of_now import erase_from_current, erase_online, erase_staged
from features.erasure.snapshots import erase_from_snapshots
from features.erasure.store import Store
from serving.audit.keeping import erase_from_audit
from serving.changes.erasing import erase_from_changes
from serving.changes.file import FILE as CHANGES
from serving.erasing import erase_from_batches, erase_from_score_log
from serving.tables.erasing import erase_from_tables, erase_sorted
from serving.webhooks.file import FILE as LETTERS
from serving.webhooks.keeping import erase_from_letters

MATERIALISE = "churn features materialise"
OUT_OF_REACH = (
    "the sources that [[source]] names, and the files of [id_map] and [contacts]: delete the customer there too",
    "backups, and copies of tables and sheets that left this folder (`churn score --out`)",
    "audiences that were uploaded to a platform: `churn campaign audience --list` names those to be replaced there",
)
OUT_OF_REACH_MODELS = (
    "the models named above: they hold no rows, but learned from this customer's; `churn retrain` makes new ones"
)


def stores(settings: Settings) -> tuple[Store, ...]:
    """All stores of a business, in the order in which they forget: first what others are made from."""
    rows_of_now = _rows_of_now(settings)
    door = _door()
    every = (
        *_live(settings), *_history(), *_of_live(), *rows_of_now, *_scores(), *campaign_stores(), *door,
        *_models(settings), *_of_itself(),
    )  # fmt: skip
    return tuple(replace(store, version=VERSIONS.get(store.name, 1)) for store in every)


def _live(settings: Settings) -> tuple[Store, ...]:
    where = "" if settings.live.inbox == "sqlite" else ", in PostgreSQL"
    return (
        Store(
            "inbox", f"live events, as they came{where}", ("live/inbox.db*",), "until they lie in the log",
            erase=partial(erase_from_inbox, settings), is_door=True,
        ),
        Store(
            "kept live events", "live events that lie in the log, for the next ingest", ("live/events/*",),
            "for ever", erase=erase_from_kept, is_door=True,
        ),
    )  # fmt: skip


def _of_live() -> tuple[Store, ...]:
    return (
        Store(
            "index", "the log by customer, for fresh rows", ("live/index.db*",), "until the log changes",
            back_up=False, anew="churn serve", erase=erase_from_index, is_door=True,
        ),
        Store("mark of opt-outs", "that somebody objected, for every worker", ("live/opt_outs",), "for ever"),
        Store("live clock", "how far live events moved the clock of a log", ("live/clock",), "for ever"),
    )  # fmt: skip


def _history() -> tuple[Store, ...]:
    return (
        Store(
            "log", "every event, and the rows that are none", ("log/*", "log.before/*"),
            "until the next `churn ingest`; rejects: `rejects_days`", erase=erase_from_log,
        ),
        Store(
            "snapshots", "what models learned from and are held to", ("snapshots/*/*", "snapshots/*.erased.json"),
            "`snapshots_days`", erase=erase_from_snapshots,
        ),
    )  # fmt: skip


def _rows_of_now(settings: Settings) -> tuple[Store, ...]:
    where = "" if settings.store.online == "sqlite" else f", in {settings.store.online}"
    return (
        Store(
            "features of now", "everybody's newest features", ("features/current.parquet", "features/manifest.json"),
            f"until the next `{MATERIALISE}`", back_up=False, anew=MATERIALISE, erase=erase_from_current,
        ),
        Store(
            "on-line store", f"the same, one key a customer{where}", ("features/online.*",),
            f"until the next `{MATERIALISE}`", back_up=False, anew=MATERIALISE,
            erase=partial(erase_online, settings),
        ),
        Store(
            "staged rows", "what a proof of parity writes and removes", ("staging-*/**/*", "staging.lock"),
            "while it runs", back_up=False, erase=partial(erase_staged, settings),
        ),
        Store(
            "feature registry", "Feast's views", ("features/registry.db*", "features/feature_store.yaml"),
            "for ever", back_up=False, anew=MATERIALISE,
        ),
        Store(
            "parity certificates", "proofs that on-line rows equal those of the log", ("features/parity*",),
            "for ever", back_up=False, anew="churn features parity",
        ),
    )  # fmt: skip


def _scores() -> tuple[Store, ...]:
    return (
        Store(
            "score log", "every answer and what it was made from", ("scores/log/*.jsonl",), "`score_log_days`",
            erase=erase_from_score_log,
        ),
        Store(
            "index of answers", "where each answer lies, by its id", ("scores/index/*",), "as long as the answers",
            back_up=False, anew="churn replay",
        ),
        Store(
            "batches", "everybody's scores, for monitoring and for people", ("scores/batch/*",),
            "`batch_scores_days`", erase=erase_from_batches,
        ),
        Store(
            "changes", "what was told of each customer last, and each change of stage or band", (f"{CHANGES}*",),
            "changes: `changes_days`", erase=erase_from_changes, is_door=True,
        ),
        Store(
            "webhooks", "letters that wait for their receivers, and those that none took", (f"{LETTERS}*",),
            "until they are taken; dead ones: `dead_letters_days`", erase=erase_from_letters, is_door=True,
        ),
        Store(
            "tables", "actions, values, contacts and categories, which other rooms write", ("tables/*.parquet",),
            "until they are written anew", erase=erase_from_tables,
        ),
        Store(
            "sorted tables", "the same, sorted for the service", ("serving/tables/*.arrow",),
            "until the table changes", back_up=False, anew="churn serve", erase=erase_sorted, is_door=True,
        ),
    )  # fmt: skip


def _models(settings: Settings) -> tuple[Store, ...]:
    where = "" if settings.registry.url is None and settings.registry.artifacts is None else "; where [registry] says"
    return (
        Store(
            "models", f"MLflow: versions, cards, pictures; no rows{where}",
            ("mlflow.db*", "mlflow.lock", "mlruns/**/*"), "for ever",
        ),
        Store("tuning", "recipes that were tried and found; no rows", ("tuned/*",), "for ever"),
        Store("champions", "who serves, and who served when", ("champion/*",), "for ever"),
        Store(
            "retrainings", "what each did; lock and journal of the one under way: counts, nobody's row", ("retrain/*",),
            "for ever",
        ),
        Store("back-tests", "their reports: figures of groups, nobody's row", ("backtest/**/*",), "for ever"),
        Store(
            "hunts for leaks", "what features were suspected of: figures, nobody's row", ("leaks/*",),
            "until the next `churn leaks`",
        ),
        Store(
            "pages of reasons", "how far reasons may be trusted: figures of groups, nobody's row", ("reasons/**/*",),
            "for ever", back_up=False, anew="churn explain",
        ),
        Store(
            "archive", "copies of the models that answered, with which answers are made again; no rows",
            ("models/**/*",), "`models_days`",
        ),
        Store(
            "serving", "who was appointed, counts of requests", ("serving/**/*",), "while it serves",
            back_up=False, anew="churn serve",
        ),
        *_monitoring(),
    )  # fmt: skip


def _monitoring() -> tuple[Store, ...]:
    return (
        Store(
            "monitoring", "verdict, history of runs, alerts, what became of answers: counts and bins, nobody's row",
            ("monitoring/*", "monitoring/ledger/**/*"), "for ever",
        ),
        Store(
            "runs of monitoring", "the pages and figures of each run; nobody's row", ("monitoring/runs/**/*",),
            "`runs_days`",
        ),
        Store(
            "caches of monitoring", "what snapshots looked like, and what Evidently's UI shows",
            ("monitoring/cache/**/*", "monitoring/workspace/**/*"), "until the next `churn monitor`", back_up=False,
            anew="churn monitor",
        ),
    )  # fmt: skip


def _door() -> tuple[Store, ...]:
    return (
        Store(
            "keys", "API keys as hashes, secrets of the door; callers, nobody's row", ("keys/*", "keys/used/*"),
            "for ever",
        ),
        Store(
            "audit log", "who asked what when; about whom as keyed hashes", ("audit/*.jsonl",), "`audit_days`",
            erase=erase_from_audit, is_door=True,
        ),
    )  # fmt: skip


def _of_itself() -> tuple[Store, ...]:
    return (
        Store(
            "input report", "what came in: counts, nobody's row", ("ingest/*",), "until the next `churn ingest`",
            back_up=False, anew="churn ingest",
        ),
        Store("versions", "the form of each store", ("stores.json",), "for ever"),
        Store("mark of pseudonyms", "under which key customers were named; no key", ("pseudonyms.json",), "for ever"),
        Store("mark of encryption", "that files are to be encrypted; no key", ("encrypted.json",), "for ever"),
        Store(
            "erasure", "who was forgotten, as salted hashes; requests and receipts", ("erasure/**/*",), "for ever",
        ),
        Store(
            "left-overs", "drafts of processes that were killed, and locks", ("**/.*", "**/.*/**/*"),
            "until the next `churn forget` or `churn prune`", back_up=False, erase=sweep,
        ),
    )  # fmt: skip
