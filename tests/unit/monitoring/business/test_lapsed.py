"""The lapsed of now by age, value, reason and consent: each in one cell of every table."""

from pathlib import Path

import numpy as np
import pytest

from churn.sections import Contacts
from churn.settings import Settings
from features.consents import NoConsents, consents
from monitoring.business.lapsed import AGES, NOT_STATED, REACHES, REASONS, SIGNS, Lapsed
from monitoring.business.segments import TOTAL
from tests import drawn_business
from tests.drawn_business import DAYS, of


def rows(who: str, *orders: tuple[float, float], said: tuple[float, str] | None = None) -> list:
    found = [(who, "order", day, "tea", amount) for day, amount in orders]
    return [*found, (who, "complaint", said[0], said[1], np.nan)] if said else found


def test_each_by_hand() -> None:
    drawn = of(
        [
            *rows("long", (10, 500.0), (400, 5.0), said=(20, "price")),  # lapsed 258 days ago; the complaint is too old
            *rows("new", (610, 100.0), (630, 50.0), said=(640, "太贵")),  # 29 days ago
            *rows("here", (700, 70.0), said=(701, "price")),
            *rows("free", (100, 0.0), said=(500, "we moved house")),
        ]
    )
    told = Lapsed(drawn.edges, drawn.segmentation, reach={"long": 1, "new": 0}, tells_solutions=True)
    drawn.walk(told)
    assert told.total == 3
    ages = dict(zip([name for _, name in AGES], told.counts["age"].sum(axis=1), strict=True))
    assert ages == {"0-29": 1, "30-89": 0, "90-179": 0, "180-364": 1, "365+": 1}
    reasons = {name: n for name, n in zip(REASONS, told.counts["reason"].sum(axis=1), strict=True) if n}
    assert reasons == {"price": 1, "other": 1, NOT_STATED: 1}
    reach = {name: n for name, n in zip(REACHES, told.counts["reach"].sum(axis=1), strict=True) if n}
    assert reach == {"email_and_phone": 1, "email": 1, "not_listed": 1}
    assert list(told.counts["complaint_open"].sum(axis=1)) == [0, 3], "nothing was ever solved"
    assert told.money_of("age").tolist() == [150.0, 0.0, 0.0, 5.0, 0.0], "of the year before the last order alone"
    assert told.by_value("age")[-1].tolist() == [1, 0, 0, 0]


def test_signs_of_the_last_days() -> None:
    kinds = {"both": ("visit", "email_open"), "reads": ("email_click",), "comes": ("event_attendance",)}
    told_rows = [row for who in (*kinds, "gone", "early") for row in rows(who, (10, 5.0))]
    told_rows += [(who, kind, 631.0, None, np.nan) for who, signs in kinds.items() for kind in signs]
    told_rows += [("early", "visit", 629.5, None, np.nan), ("gone", "email_sent", 700.0, None, np.nan)]
    drawn = of([*told_rows, *rows("here", (700, 70.0)), ("here", "visit", 701.0, None, np.nan)])
    told = Lapsed(drawn.edges, drawn.segmentation, tells_signs=True)
    drawn.walk(told)
    assert dict(zip(SIGNS, told.counts["sign"].sum(axis=1), strict=True)) == {
        "message_and_visit": 1, "message": 1, "visit": 1, "none": 2,
    }  # fmt: skip
    silent = Lapsed(drawn.edges, drawn.segmentation)
    drawn.walk(silent)
    assert "sign" not in silent.counts, "a log without such events does not say that nobody gives a sign"


def test_tables_and_parts_add_up() -> None:
    drawn = drawn_business.draw(300, seed=6)
    whole, parts = (Lapsed(drawn.edges, drawn.segmentation, reach={}) for _ in range(2))
    drawn.walk(whole)
    drawn.walk(parts, parts=4)
    assert whole.total > 100
    assert DAYS == 720
    for table, counts in whole.counts.items():
        assert counts.sum() == whole.total
        assert np.array_equal(counts, parts.counts[table])
        assert whole.money[table].sum() == pytest.approx(whole.money[TOTAL].sum())
        assert whole.by_value(table).sum() == whole.total
    none, *thirds = whole.by_value(TOTAL)[0]
    assert none == 0
    assert max(thirds) < 0.45 * whole.total


def test_without_a_file_nobody_is_unreachable() -> None:
    drawn = drawn_business.draw(50, seed=6)
    told = Lapsed(drawn.edges, drawn.segmentation)
    drawn.walk(told)
    assert "reach" not in told.counts
    assert "complaint_open" not in told.counts


def settings(folder: Path, text: str, **contacts: str) -> Settings:
    (folder / "people.csv").write_text(text, encoding="utf-8")
    return Settings(root=folder, contacts=Contacts(path="people.csv", **contacts))


def test_consents_and_nothing_else(tmp_path: Path) -> None:
    text = "customer_id,email,may,call\n007,a@example.com,yes,0\n8,b@example.com,,TRUE\n"
    told = consents(settings(tmp_path, text, may_email="may", may_phone="call"), {})
    assert told is not None
    assert told.to_dict("index") == {
        "007": {"may_email": True, "may_phone": False}, "8": {"may_email": False, "may_phone": True},
    }  # fmt: skip
    assert consents(settings(tmp_path, text), {}) is None, "no consent is named"
    assert consents(Settings(), {}) is None


def test_a_file_that_cannot_be_read_says_how_to_mend_it(tmp_path: Path) -> None:
    with pytest.raises(NoConsents) as told:
        consents(settings(tmp_path, "customer_id,email\n1,secret@example.com\n", may_email="may"), {})
    assert "may_email" in told.value.mend
    assert "secret" not in str(told.value)
