"""Whoever refused is on no list, of whatever events in whatever order; nor is any detail of theirs."""

import tempfile
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from campaigns.audiences.forms import GOOGLE
from campaigns.audiences.normalised import email_hash, phone_hash
from tests import audience_shop
from tests.audience_shop import contact, exported, lapsed, lines, on_the_list
from tests.campaign_shop import event, scored

PEOPLE = ("c1", "c2", "c3")
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(PEOPLE), st.sampled_from(["opt_out", "opt_in", "campaign_contact"]), st.integers(1, 60),
        st.sampled_from([None, "contact", "audience", "sms", "email", "scoring"]),
    ), max_size=8,
)  # fmt: skip
CONSENTS = st.tuples(*(st.sampled_from(["yes", "no", ""]) for _ in PEOPLE))
Told = list[tuple[str, str, int, str | None]]


@settings(max_examples=12, deadline=None)
@example(told=[("c1", "opt_out", 3, None)], mail=("yes",) * 3, tel=("yes",) * 3, kind="exclude_loyal")
@example(told=[("c1", "opt_out", 3, "email")], mail=("yes",) * 3, tel=("no",) * 3, kind="win_back")
@given(told=EVENTS, mail=CONSENTS, tel=CONSENTS, kind=st.sampled_from(["win_back", "exclude_loyal"]))
def test_nobody_who_refused_is_on_a_list(told: Told, mail: tuple[str, ...], tel: tuple[str, ...], kind: str) -> None:
    people = [lapsed(one) if kind == "win_back" else scored(one, stage="loyal") for one in PEOPLE]
    contacts = [contact(one, ok_mail=mail[n], ok_tel=tel[n]) for n, one in enumerate(PEOPLE)]
    events = [event(who, what, days, category=of) for who, what, days, of in told]
    filler = lapsed("f1") if kind == "win_back" else scored("f1", stage="loyal")
    with tempfile.TemporaryDirectory() as folder:
        business = audience_shop.written(Path(folder), *people, filler, contacts=contacts, events=events, fillers=())
        done = exported(business, kind, fewest_rows=1)
        cells = {cell for row in lines(done) for cell in row}
        listed = on_the_list(business, done)
    for number, who in enumerate(PEOPLE):
        out = {of for of in ("contact", "audience", "sms", "email") if refused(told, who, of)}
        by_mail = mail[number] == "yes" and not out & {"contact", "audience", "email"}
        by_phone = tel[number] == "yes" and not out & {"contact", "audience", "sms"}
        assert (email_hash(audience_shop.email(who), GOOGLE) in cells) == by_mail
        assert (phone_hash(audience_shop.phone(who), GOOGLE, "CN") in cells) == by_phone
        assert (who in listed) == (by_mail or by_phone)


def refused(told: Told, who: str, what: str) -> bool:
    """Whether the last word of somebody about something was no; of one day, no counts."""
    mine = [(-days, kind == "opt_out") for one, kind, days, of in told
            if one == who and kind in ("opt_out", "opt_in") and (of or "contact") == what]  # fmt: skip
    return bool(mine) and max(mine)[1]
