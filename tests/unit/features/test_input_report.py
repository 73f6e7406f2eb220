"""What an ingest says of what came in: each finding where it is due, none where it is not, in files that hold no id."""

import json
import os
from collections.abc import Callable
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from pathlib import Path
from string import Formatter

import pytest

from features.input_codes import CODES
from features.input_finding import finding
from features.input_findings import channel_findings
from features.input_report import InputReport
from features.refusing import EmptyLog, TooManyRejects
from features.sources import ingest
from tests.orders_csv import run, shop
from tests.sound_shop import START, Row, gone, late, look, midnight, repriced, shifted, sound

GOLDEN = Path(__file__).parents[2] / "golden" / "input_report.json"


def told(found: InputReport, *severities: str) -> set[tuple[str, str]]:
    """Codes and places of the findings of these severities; of all where none is given."""
    return {(one.code, one.where) for one in found.findings if not severities or one.severity in severities}


def test_a_sound_log_has_nothing_to_say(tmp_path: Path) -> None:
    found = look(tmp_path, sound())
    assert told(found) == set()
    assert found.accepted
    assert [one.why for one in found.readiness] == [None, None]


FAULTS: dict[str, tuple[Callable[[list[Row]], list[Row]], str, str]] = {  # what is done to a sound log: code, place
    "a failed export": (lambda rows: gone(rows, 300, 320), "gap_in_time", "orders"),
    "another zone": (lambda rows: shifted(rows, 10), "night_activity", "orders"),
    "days alone": (lambda rows: [midnight(row) for row in rows], "dates_only", "orders"),
    "days of another zone": (lambda rows: [midnight(row, 16) for row in rows], "dates_shifted", "orders"),
    "read twice": (lambda rows: rows + rows[:200], "rows_repeated", "orders"),
    "a few twice": (lambda rows: rows + rows[:3], "some_rows_repeated", "orders"),
    "loaded late": (lambda rows: late(rows, 20, days=45), "late_arrivals", "orders"),
    "known before": (lambda rows: late(rows, 50, hours=-3), "known_before_event", "orders"),
    "negative": (lambda rows: repriced(rows, 20, "-4"), "negative_amounts", "order"),
    "bad rows": (lambda rows: repriced(rows, 40, "dear"), "rows_refused", "orders"),
    "a few bad rows": (lambda rows: repriced(rows, 500, "dear"), "some_rows_refused", "orders"),
    "no amounts": (lambda rows: repriced(rows, 1, ""), "column_empty", "orders.amount"),
    "few amounts": (lambda rows: [(*r[:3], r[3] * (n % 5 == 0), r[4]) for n, r in enumerate(rows)],
                    "column_sparse", "orders.amount"),
    "empty times": (lambda rows: [*rows, ("c001", datetime(1970, 1, 1, tzinfo=UTC), START, "5", "order")],
                    "times_implausible", "orders"),
    "a house account": (lambda rows: rows + [("shop", *r[1:]) for r in rows],
                        "busy_customer", ""),
    "ids with spaces": (lambda rows: [(r[0] + " " * (n % 50 == 0), *r[1:]) for n, r in enumerate(rows)],
                        "ids_alike", ""),
    "ids in capitals": (lambda rows: [(r[0].upper() if n % 50 == 0 else r[0], *r[1:]) for n, r in enumerate(rows)],
                        "ids_alike", ""),
    "ids of nobody": (lambda rows: [("NULL" if n % 50 == 0 else r[0], *r[1:]) for n, r in enumerate(rows)],
                      "ids_of_nobody", ""),
    "new ids at each visit": (lambda rows: [(f"c{n}", *r[1:]) for n, r in enumerate(rows)], "few_come_back", "order"),
    "a short history": (lambda rows: [r for r in rows if (r[1] - START).days < 200], "history_too_short", ""),
    "a rather short history": (lambda rows: [r for r in rows if (r[1] - START).days < 400], "history_short", ""),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_told_where_it_is(tmp_path: Path, fault: str) -> None:
    change, code, where = FAULTS[fault]
    assert (code, where) in told(look(tmp_path, change(sound())))


@pytest.mark.parametrize(
    ("mapping", "definition", "code", "where"),
    [
        ({"ingested_at": None}, {}, "no_arrival_times", "orders"),
        ({"amount": None}, {}, "amount_missing", "order"),
        ({}, {"qualifying": ("purchase",)}, "kind_missing", "purchase"),
        ({"event_id": "customer_id", "ingested_at": None}, {}, "ids_repeated", "orders"),
        ({}, {"observed_until": date(2024, 12, 1)}, "source_stale", "orders"),
        ({"channel": "nullif('', '')"}, {}, "column_empty", "orders.channel"),
    ],
)
def test_settings_that_do_not_fit_are_told(
    tmp_path: Path, mapping: dict[str, object], definition: dict[str, object], code: str, where: str
) -> None:
    assert (code, where) in told(look(tmp_path, sound(), mapping, **definition))


def test_a_shop_that_closes_at_the_same_time_of_each_year_has_no_gap(tmp_path: Path) -> None:
    found = look(tmp_path, gone(gone(sound(800), 200, 212), 567, 579))
    assert "gap_in_time" not in {code for code, _ in told(found)}


def test_a_shop_that_closes_on_sundays_has_no_gap(tmp_path: Path) -> None:
    found = look(tmp_path, [row for row in sound() if row[1].weekday() != 6])
    assert told(found, "error", "warning") == set()


def test_a_column_that_no_kind_of_several_fills_is_advice(tmp_path: Path) -> None:
    rows = [(*row[:3], "", "visit" if n % 2 else "order") for n, row in enumerate(sound())]
    assert ("column_never_filled", "orders.amount") in told(look(tmp_path, rows), "advice")


def test_a_model_without_enough_to_learn_from_is_told(tmp_path: Path) -> None:
    found = look(tmp_path, sound(600, 12))
    assert ("too_few_to_train", "churn") in told(found, "warning")
    assert found.readiness[0].why is not None
    assert "fewer than 200" in found.readiness[0].why


def test_unknown_channels_are_named_with_the_nearest_code() -> None:
    counts = {"phone": 9, "FB": 70, "13812345678": 4} | {f"own{place}": place + 5 for place in range(12)}
    (one,) = channel_findings(counts)
    assert one.what["en"].startswith("Channels that no published code stands for: FB (70, facebook?), own11 (16), ")
    assert one.what["en"].count("own") == 7
    assert "138" not in one.what["en"]
    assert list(channel_findings({"phone": 9})) == []


def test_channels_of_a_log_are_advised_upon(tmp_path: Path) -> None:
    found = look(tmp_path, sound(), {"channel": "'Wechat'"})
    assert ("unknown_channels", "") in told(found, "advice")


@pytest.mark.parametrize(
    ("rows", "error", "code"),
    [([], EmptyLog, "no_events"), (repriced(sound(), 2, "dear"), TooManyRejects, "too_many_rejects")],
)
def test_a_refused_log_has_its_report_too(tmp_path: Path, rows: list[Row], error: type[Exception], code: str) -> None:
    look(tmp_path, sound())
    folder = tmp_path / "artifacts" / "shop"
    before = (folder / "log" / "manifest.json").read_bytes()
    settings = shop(tmp_path, max_rejected_share=0.05)
    with pytest.raises(error) as raised:
        strict(tmp_path, rows, settings.ingest.max_rejected_share)
    assert str(folder / "ingest" / "report.html") in str(raised.value)
    report = json.loads((folder / "ingest" / "report.json").read_text())
    assert report["accepted"] is False
    assert report["findings"][0]["code"] == code
    assert report["readiness"] == []
    assert (folder / "log" / "manifest.json").read_bytes() == before


def strict(root: Path, rows: list[Row], share: float) -> None:
    """Ingest these rows where no more than a share may be refused."""
    lines = "".join(f"{c},{a.isoformat()},{amount}\n" for c, a, _, amount, _ in rows)
    (root / "orders.csv").write_text("customer_id,at,amount\n" + lines, encoding="utf-8")
    source = {"path": "orders.csv", "customer_id": "customer_id", "event_type": "'order'", "event_timestamp": "at"}
    ingest(shop(root, {**source, "amount": "amount"}, max_rejected_share=share), environ={})


class Page(HTMLParser):
    """What a browser would ask for, and whether every element is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.outside: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.outside += [str(value) for name, value in attrs if name in {"src", "href", "srcset", "action"}]


def test_the_page_loads_nothing_and_escapes_what_it_shows(tmp_path: Path) -> None:
    rows = [(*row[:4], "<script>alert(1)</script>") for row in sound()]
    look(tmp_path, rows)
    text = (tmp_path / "artifacts" / "shop" / "ingest" / "report.html").read_text()
    page = Page()
    page.feed(text)
    assert page.outside == []
    assert "script" not in page.tags
    assert "url(" not in text
    assert "&lt;script&gt;" in text
    assert text.count('class="en"') == text.count('class="zh"')


def test_the_report_holds_no_customer(tmp_path: Path) -> None:
    look(tmp_path, [("needle-in-hay", *row[1:]) if n < 3 else row for n, row in enumerate(sound())])
    for name in ("report.html", "report.json"):
        assert "needle-in-hay" not in (tmp_path / "artifacts" / "shop" / "ingest" / name).read_text()


def test_golden(tmp_path: Path) -> None:
    rows = [row for n, row in enumerate(sound(90, 4)) if n % 4 == 0]
    look(tmp_path, rows)
    text = (tmp_path / "artifacts" / "shop" / "ingest" / "report.json").read_text(encoding="utf-8")
    if os.environ.get("CHURN_TEST_WRITE_GOLDEN"):
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


def test_the_terminal_is_told_the_worst_and_where_to_read_on(tmp_path: Path) -> None:
    found = look(tmp_path, late(repriced(sound(), 40, "dear"), 20, days=45))
    first, *rest = found.summary(tmp_path)
    assert first == f"Input data: 0 error, 2 warning, 0 advice; the report is {tmp_path / 'ingest' / 'report.html'}."
    assert [line.split()[:2] for line in rest] == [["warning", "orders:"]] * 2


def test_findings_that_the_terminal_leaves_out_are_counted(tmp_path: Path) -> None:
    rows = repriced(late(shifted(gone(sound(), 300, 320), 10), 20, days=45), 20, "-4")
    loud = [one for one in look(tmp_path, rows).findings if one.severity != "advice"]
    assert list(look(tmp_path, rows).summary(tmp_path))[-1] == f"  and {len(loud) - 3} more"


def test_days_are_those_of_the_business_and_what_is_missing_is_told_in_both_languages(tmp_path: Path) -> None:
    lines = "".join(f"a{n},2024-{n % 12 + 1:02d}-01 00:30,1\n" for n in range(24))
    report = run(tmp_path, "customer_id,date,amount\n" + lines, {"timezone": "Asia/Shanghai"}, timezone="Asia/Shanghai")
    assert "2024-01-01 to 2024-12-01" in report.as_text()
    page = (tmp_path / "artifacts" / "shop" / "ingest" / "report.html").read_text(encoding="utf-8")
    assert "<td>2024-01-01</td><td>2024-12-01</td>" in page
    assert '<span class="zh">否（' in page
    assert "少于 200" in page


@pytest.mark.parametrize("code", CODES)
def test_every_code_speaks_both_languages_and_mends(code: str) -> None:
    told = CODES[code]
    texts = f"{told.en} {told.zh} {told.mend_en} {told.mend_zh}"
    facts: dict[str, object] = dict.fromkeys(filter(None, (name for _, name, _, _ in Formatter().parse(texts))), 7)
    facts.pop("where", None)
    one = finding(code, "orders.channel", **facts)
    for language in ("en", "zh"):
        assert one.what[language]
        assert one.mend[language]
    assert any("\u4e00" <= letter <= "\u9fff" for letter in one.what["zh"])
    assert any("\u4e00" <= letter <= "\u9fff" for letter in one.mend["zh"])
