# ruff: noqa: E501  (lines of Markdown)
"""The data contract as a page for people: docs/data-contract.md, with every finding and its mend.

Printed by scripts/docs.py; a test holds it to the code. Reads no event. Start reading at `contract_page`.
"""

import re
from typing import Final

from features.input_code import SEVERITIES, Code
from features.input_codes import CODES

NOTE: Final = "<!-- Printed from the code by `make docs`; change it there. -->"
TEXT: Final = """# The data contract: what may come in, and what is said of it

{note}

`churn ingest` looks at everything that comes in before anything is trained, and writes what it found to
`ingest/report.html` and `ingest/report.json` below the artifacts of the business, also where it refuses. The page loads
nothing from outside and speaks English and Chinese; neither file holds a customer's id or a value of one.

- An **error** keeps the log that was there: `churn ingest` ends with exit code 10 and names the report.
- A **warning** says that a model or a figure will suffer. **Advice** is worth a look. Both let the log in.

## What is looked at

| | |
| --- | --- |
| rows | of each source: read, refused by reason, events that came of them |
| completeness | of each mapped column; values that are no numbers |
| freshness | newest event against now, by the business's clock, and against the source's own rhythm |
| history | the days of the log against what training takes, see below |
| customers | events and customers of each kind; how many customers came at two times or more |
| gaps | days without events: thrice as long as nearly every other silence and, by the weeks around it, twenty events too many to be chance; not where the shop is shut at that time of every year |
| repeated rows | rows under an `event_id` that came before; without one, events that equal another in everything |
| clock | activity by hour: plain quiet hours (six of them under a tenth of all events) that lie by day are those of another time zone; everything at midnight is days without a time |
| late arrivals | `ingested_at` against `event_timestamp`, and the share later than `[training] every_days` |
| readiness | rows and outcomes of each model at the cutoffs that `churn train` would take, against `min_rows` and `min_positives`. Counted bucket by bucket until both are reached, so that a page may say "at least" |

**How long a history?** Twice the outcome window (`gap_days + horizon_days`): one for the cutoff that is learned from, one
after it for the cutoff that is tested on. Before them `min_history_days`; less than that is a warning, for nothing can be
trained. With a whole `lookback_days` before them no feature is cut short; less is advice.

## Details of people

Names, phones, e-mails, addresses and identity numbers are no attributes of events and no features. A column is refused
by its name (`phone`, `customer_name`, `手机号`, `身份证`; not `product_name`, `phone_model` or `has_email`) and by its values:
a tenth of its distinct values are or hold e-mail addresses, phone numbers (mainland Chinese, E.164, written with gaps), identity
numbers with a right check digit, street addresses, or seven in ten are names of people. This holds for `event_type`,
`channel`, `category`, `reason_code`, `order_id` and the attributes of profiles. Columns that are not mapped are never
looked at, nor kept: rejects leave out those that are named so.

- **Mend**: leave the column out; or map a hash, `md5(x)`, where only equality matters; or a condition, `email <> ''`. The
  attribute needs a name of its own then (`has_email`): it is the name of a feature.
- **Wrong?** `[ingest] allow_personal = ["orders.category"]` lets a column in, and the report says so.
- **Live events** are looked at one by one: an attribute that is an e-mail address, an identity number or a mobile or
  international phone number, and a profile attribute named like one, is rejected with `personal_data`.
- A `customer_id` made of e-mails or phones is a warning: it is your key, and it would stand in every answer.
- `text` is kept for people and is never a feature; what it holds of this kind is a warning.

## Contact details

How customers can be reached stands in a file of its own, which only the export of an audience reads. No `[[source]]` may
name it; no feature, model, score or page knows it.

```toml
[contacts]
path = "contacts.csv"        # CSV or Parquet, one row a customer
customer_id = "customer_id"
email = "email"
phone = "phone"
name = "name"
language = "language"
may_email = "may_email"      # true or false; empty is no consent
may_phone = "may_phone"
```

## Every finding

{findings}
"""
TITLES: Final = {"error": "Errors", "warning": "Warnings", "advice": "Advice"}


def contract_page() -> str:
    """docs/data-contract.md."""
    return TEXT.format(note=NOTE, findings="\n".join(_severity(severity) for severity in SEVERITIES).rstrip())


def _severity(severity: str) -> str:
    rows = "".join(_row(name, one) for name, one in sorted(CODES.items()) if one.severity == severity)
    return f"### {TITLES[severity]}\n\n| Code | Says | To mend it | 说明 | 处理 |\n|{' --- |' * 5}\n{rows}"


def _row(name: str, one: Code) -> str:
    cells = (f"`{name}`", _plain(one.en), _plain(one.mend_en), _plain(one.zh), _plain(one.mend_zh))
    return "| " + " | ".join(cells).replace("\n", " ") + " |\n"


def _plain(text: str) -> str:
    """A template with its facts as N, and no bar that would end a cell."""
    return re.sub(r"\{(\w+)(:[^}]*)?\}", lambda found: _FACTS.get(found[1], "…"), text).replace("|", "\\|")


_FACTS: Final = {
    "where": "source.column",
    "kind_en": "e-mails, phones ...",
    "kind_zh": "邮箱、电话等",
    "expression": "x",
}
