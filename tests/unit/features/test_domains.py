"""Each domain of the catalogue on a log of one customer that a person can check with a pencil."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from churn.definition import Lifecycle
from churn.events import NUMBERS, TEXTS, Events
from churn.sections import Features
from churn.settings import load
from features.catalogue import catalogue
from features.compute import compute

CUTOFF = datetime(2024, 7, 1, tzinfo=UTC)
Row = tuple[float, str, dict[str, Any]]


def row_of(*rows: Row, wanted: Features = Features()) -> dict[str, float]:
    """The features of a customer who did this: days before the cutoff, kind, columns."""
    told = [{"event_timestamp": CUTOFF - timedelta(days=ago), "event_type": kind} | more for ago, kind, more in rows]
    frame = pd.DataFrame(told).assign(customer_id="a")
    frame["event_timestamp"] = frame["event_timestamp"].astype("datetime64[us, UTC]")
    alive = {
        str(kind): {name for name in (*NUMBERS, *TEXTS) if name in part and part[name].notna().any()}
        for kind, part in frame.groupby("event_type")
    }
    features = catalogue(list(alive), alive, Lifecycle(), wanted)
    cells = compute(Events.from_frame(frame), [CUTOFF], features, Lifecycle())[0, 0]
    return dict(zip(features.names, map(float, cells), strict=True))


ORDER: Row = (100, "order", {"amount": 10.0})


def agree(row: dict[str, float], expected: dict[str, float]) -> None:
    found = {name: row[name] for name in expected}
    assert found == pytest.approx(expected, nan_ok=True)


def test_points_that_were_earned_spent_lost_and_are_about_to_go() -> None:
    row = row_of(
        ORDER,
        (90, "points_earned", {"amount": 100.0}),
        (60, "points_redeemed", {"amount": 30.0}),
        (50, "points_expired", {"amount": 20.0}),
        (10, "points_expiring", {"amount": 25.0, "quantity": 30.0}),
    )
    agree(row, {"points_balance": 50, "points_redeemed_share": 0.3, "points_gone": 0, "points_expiring": 25})
    agree(row, {"points_expiring_share": 0.5, "points_expiring_days_until": 20, "points_expired_total_365d": 20})


def test_points_redeemed_to_zero() -> None:
    earned, spent = (90, "points_earned", {"amount": 100.0}), (60, "points_redeemed", {"amount": 100.0})
    agree(row_of(ORDER, earned, spent), {"points_balance": 0, "points_gone": 1, "points_redeemed_share": 1})
    nothing = row_of(ORDER, (-5, "points_earned", {"amount": 1.0}), (-4, "points_redeemed", {"amount": 1.0}))
    agree(nothing, {"points_balance": 0, "points_gone": np.nan})  # who never earned has redeemed nothing to zero


def test_a_tier_its_next_and_its_downgrade() -> None:
    row = row_of(
        ORDER,
        (200, "tier_status", {"category": "gold", "score": 3.0, "amount": 10.0, "quantity": 100.0}),
        (30, "tier_status", {"category": "silver", "score": 2.0, "amount": 400.0, "quantity": 90.0}),
    )
    expected = {"tier_rank": 2, "tier_ranks_lost": 1, "tier_points_to_next": 400, "tier_days_to_downgrade": 60}
    agree(row, expected | {"tier_status_days_since": 30})
    assert row["tier"] == row_of(ORDER, (9, "tier_status", {"category": "silver"}))["tier"]


def test_where_a_subscription_stands() -> None:
    row = row_of(
        ORDER,
        (65, "subscription_start", {"amount": 10.0, "quantity": 30.0}),
        (35, "renewal", {"amount": 10.0, "quantity": 30.0}),
        (5, "renewal", {"amount": 12.0, "quantity": 30.0}),
    )
    expected = {"subscription_age_days": 65, "subscription_renewals_count": 2, "subscription_days_to_end": 25}
    agree(row, expected | {"subscription_price_change": 1.2, "renewal_days_since": 5})


def test_tickets_by_rows_that_say_what_was_done() -> None:
    why = {"reason_code": "late"}
    row = row_of(
        ORDER,
        (40, "support_ticket", why),
        (38, "support_ticket", {"reason_code": "replied"}),
        (30, "support_ticket", {"reason_code": "solved"}),
        (8, "support_ticket", why),
        (6, "support_ticket", why),
    )
    expected = {"support_ticket_open_90d": 2, "support_ticket_unsolved_oldest_days": 8}
    agree(row, expected | {"support_ticket_answer_days_mean_365d": 2})


def test_cases_by_events_of_their_own() -> None:
    row = row_of(
        ORDER,
        *((40, "complaint", {}), (37, "complaint_answered", {}), (20, "complaint_solved", {}), (4, "complaint", {})),
    )
    expected = {"complaint_open_90d": 1, "complaint_unsolved_oldest_days": 4, "complaint_answer_days_mean_365d": 3}
    agree(row, expected)


def test_what_was_asked_and_not_answered() -> None:
    row = row_of(
        ORDER,
        (80, "survey_sent", {}),
        (78, "survey", {"score": 4.0}),
        (60, "survey_sent", {}),
        (5, "survey_sent", {}),
        (70, "review", {"score": 1.0}),
        (3, "review", {"score": 5.0}),
    )
    agree(row, {"survey_sent_then_survey_30d_share_365d": 0.5, "survey_sent_without_survey_count_90d": 2})
    agree(row, {"review_bad_count_365d": 1, "review_bad_days_since": 70, "review_score_mean_ever": 3})
    strict = row_of(ORDER, (9, "review", {"score": 3.0}), wanted=Features(bad_score=3))
    agree(strict, {"review_bad_count_365d": 1, "review_bad_days_since": 9})


def test_campaigns_and_their_response_by_channel() -> None:
    mail, text = {"channel": "email"}, {"channel": "sms"}
    row = row_of(
        ORDER,
        *((90, "campaign_contact", mail), (85, "campaign_response", mail)),
        *((60, "campaign_contact", text), (40, "campaign_contact", text), (3, "campaign_contact", mail)),
        wanted=Features(channels=("email", "sms", "phone")),
    )
    ends = "14d_share_365d"
    agree(row, {f"campaign_contact_then_campaign_response_{ends}": 1 / 3, "campaign_contact_days_since": 3})
    agree(row, {f"campaign_contact_email_then_campaign_response_email_{ends}": 1})  # the newest is not over
    agree(row, {f"campaign_contact_sms_then_campaign_response_sms_{ends}": 0})
    agree(row, {f"campaign_contact_phone_then_campaign_response_phone_{ends}": np.nan})
    agree(row, {f"order_then_campaign_contact_{ends}": 1, f"campaign_contact_then_order_{ends}": 0})


def test_mail_and_member_events() -> None:
    row = row_of(
        ORDER,
        *((day, "email_sent", {}) for day in (10, 20, 30, 40)),
        *((9, "email_open", {}), (19, "email_open", {}), (9, "email_click", {})),
        *((60, "event_invitation", {}), (200, "event_invitation", {}), (50, "event_attendance", {})),
    )
    agree(row, {"email_open_share_90d": 0.5, "email_click_share_90d": 0.25, "email_sent_days_since": 10})
    agree(row, {"event_attendance_share_365d": 0.5, "event_attendance_days_since": 50})


def test_referrals_made_and_received() -> None:
    row = row_of(ORDER, (50, "referral", {}), (20, "referral", {}), (99, "referred", {}))
    agree(
        row, {"referral_count_ever": 2, "referral_days_since": 20, "referred_count_ever": 1, "referred_days_since": 99}
    )


def test_a_mix_that_moved_and_a_streak() -> None:
    bought = [(ago, "order", {"amount": 1.0, "channel": "store", "category": "toys"}) for ago in (300, 200)]
    row = row_of(*bought, *((ago, "order", {"amount": 1.0, "channel": "app", "category": "toys"}) for ago in (40, 10)))
    agree(row, {"order_channel_main_share_365d": 0.5, "order_channel_shift_90d_365d": 0.5})
    agree(row, {"order_category_main_share_365d": 1, "order_category_shift_90d_365d": 0, "order_streak_months": 2})


def test_the_environment_may_add_a_feature(tmp_path: Path) -> None:
    (tmp_path / "churn.toml").write_text("", encoding="utf-8")
    environ = {"CHURN_FEATURES__OWN": '["order.count[14]"]', "CHURN_FEATURES__WINDOWS_DAYS": "[7, 28]"}
    wanted = load(tmp_path / "churn.toml", environ=environ).features
    assert (wanted.own, wanted.windows_days) == (("order.count[14]",), (7, 28))
