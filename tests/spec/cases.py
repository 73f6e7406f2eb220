"""What churn means, drawn: one table for the tests and for docs/definitions.md.

Each case is a timeline in the language of tests/timeline.py, and what must be said of that customer at `|`, where the
log is complete up to the end of the drawing: the stage, the model that asks about them, and the outcome; `-` is none.
"""

from tests.spec.chapter import Case, Chapter

CHAPTERS = (
    Chapter(
        "Churn is silence for a whole horizon",
        "Of customers who are not lapsed the churn model says whether they churn: no qualifying event in "
        "`[cutoff, cutoff + horizon)`. While the horizon is not over, nobody has a label.",
        '[definition]\nhorizon_days = 7\nlapse = { rule = "silence", days = 7 }',
        (
            Case("o..o..|.......", "new", "churn", "churned"),
            Case("o..o..|o......", "new", "churn", "stayed", "the first day of the horizon"),
            Case("o..o..|......o", "new", "churn", "stayed", "back on the last day"),
            Case("o..o..|.......o", "new", "churn", "churned", "back a day too late"),
            Case("o..o..|..v..x.", "new", "churn", "churned", "only qualifying events count"),
            Case("o..o..|......", "new", "churn", "immature", "the horizon has another day"),
            Case("o..o..|o.....", "new", "churn", "immature", "not even a stayer is labelled early"),
            Case("o..o..|", "new", "churn", "immature"),
        ),
    ),
    Chapter(
        "The gap is left to act in",
        "With a gap the horizon begins later: `[cutoff + gap, cutoff + gap + horizon)`.",
        '[definition]\nhorizon_days = 4\ngap_days = 3\nlapse = { rule = "silence", days = 7 }',
        (
            Case("o..o..|.......", "new", "churn", "churned"),
            Case("o..o..|..o....", "new", "churn", "churned", "an order within the gap is not waited for"),
            Case("o..o..|...o...", "new", "churn", "stayed", "the first day after the gap"),
            Case("o..o..|......o", "new", "churn", "stayed", "the last day"),
            Case("o..o..|.......o", "new", "churn", "churned", "a day too late"),
            Case("o..o..|......", "new", "churn", "immature", "gap and horizon must both be over"),
            Case("o.......|...o...", "lapsed", "reactivation", "reactivated"),
            Case("o.......|..o....", "lapsed", "reactivation", "away", "came back within the gap"),
        ),
    ),
    Chapter(
        "One-time buyers",
        "A single order makes a customer like any other: they can churn, lapse and come back.",
        '[definition]\nhorizon_days = 7\nlapse = { rule = "silence", days = 7 }',
        (
            Case("o|.......", "new", "churn", "churned"),
            Case("o|...o...", "new", "churn", "stayed"),
            Case("o......|......o", "lapsing", "churn", "stayed", "silent for 7 days, and no longer"),
            Case("o.......|......o", "lapsed", "reactivation", "reactivated"),
            Case("o.......|.......", "lapsed", "reactivation", "away"),
            Case("o.......|......", "lapsed", "reactivation", "immature"),
            Case("v..x|.......", "prospect", "-", "-", "nothing that qualifies yet"),
            Case("v..x|..o....", "prospect", "-", "-", "their first order is no return"),
            Case("|..o....", "-", "-", "-", "nothing is known of them yet"),
        ),
    ),
    Chapter(
        "Lapsed by silence",
        "Lapsed is whoever has no qualifying event in `[midnight so many days before the cutoff's day, cutoff)`.",
        '[definition]\nhorizon_days = 7\nlapse = { rule = "silence", days = 7 }',
        (
            Case("o..o......|.......", "lapsing", "churn", "churned", "the window still reaches the order"),
            Case("o..o.......|.......", "lapsed", "reactivation", "away"),
            Case("o..o.......|...o...", "lapsed", "reactivation", "reactivated"),
            Case("o..o..vvvvv|.......", "lapsed", "reactivation", "away", "a visit breaks no silence"),
        ),
    ),
    Chapter(
        "Lapsed by one's own cadence",
        "The usual gap is the mean number of days between the days with a qualifying event. Lapsed is whoever is "
        "silent for longer than `times` that gap, though never before `min_days`, and always after `max_days`. Who "
        "has ordered on one day only has no gap yet and is given `max_days`.",
        '[definition]\nhorizon_days = 7\nlapse = { rule = "own_cadence", times = 2.0, min_days = 3, max_days = 10 }',
        (
            Case("o.o.o...|.......", "lapsing", "churn", "churned", "gap 2, so 4 days are allowed"),
            Case("o.o.o....|.......", "lapsed", "reactivation", "away"),
            Case("o.o.o....|o......", "lapsed", "reactivation", "reactivated"),
            Case("o....o....|.......", "new", "churn", "churned", "gap 5, so 10 days are allowed"),
            Case("o....o....|....o..", "new", "churn", "stayed"),
            Case("o...o..........|.......", "lapsed", "reactivation", "away", "gap 4: 8 days"),
            Case("ooooo..|.......", "lapsing", "churn", "churned", "gap 1: 2 days, raised to 3"),
            Case("ooooo...|.......", "lapsed", "reactivation", "away"),
            Case("o.......o.........|.......", "lapsing", "churn", "churned", "gap 8: 16 days, cut to 10"),
            Case("o.......o..........|.......", "lapsed", "reactivation", "away"),
            Case("o.........|.......", "lapsing", "churn", "churned", "a one-time buyer is given 10 days"),
            Case("o..........|.......", "lapsed", "reactivation", "away"),
        ),
    ),
    Chapter(
        "Lapsed by the end of a subscription",
        "A renewal pays for `quantity` days, or for `term_days` where it says none; what was paid before is not added "
        "up. A cancellation ends it on its own day. Lapsed is whoever has not renewed within `grace_days` after the "
        "end; lapsing, whoever is within them. Churned is whoever is lapsed, by this rule, when the horizon is over.",
        '[definition]\nqualifying = ["renewal"]\nhorizon_days = 7\n'
        'lapse = { rule = "subscription", grace_days = 3, term_days = 7 }',
        (
            Case("s...|.......", "new", "churn", "churned", "over on day 7, lapsed on day 10, asked on day 11"),
            Case("s...|...s...", "new", "churn", "stayed", "renewed in time"),
            Case("s...|....s..", "new", "churn", "stayed", "renewed within the grace"),
            Case("s..|.......", "new", "churn", "churned", "lapsed on the day on which the horizon ends"),
            Case("s.|.......", "new", "churn", "stayed", "still within the grace when the horizon ends"),
            Case("s......|.......", "lapsing", "churn", "churned", "over, within the grace"),
            Case("s........|.......", "lapsing", "churn", "churned", "the last day of the grace"),
            Case("s.........|.......", "lapsed", "reactivation", "away"),
            Case("s.........|..s....", "lapsed", "reactivation", "reactivated"),
            Case("s..n.|.......", "lapsing", "churn", "churned", "a cancellation ends it at once"),
            Case("s..n.|.s.....", "lapsing", "churn", "stayed", "they changed their mind"),
            Case("s..n..|.......", "lapsed", "reactivation", "away"),
            Case("s..|n......", "new", "churn", "churned", "canceled within the horizon"),
            Case("n.s|.......", "new", "churn", "stayed", "a cancellation before the payment ends nothing"),
            Case("ss...|.......", "new", "churn", "churned", "two payments do not add up"),
            Case("s...|......", "new", "churn", "immature"),
        ),
    ),
    Chapter(
        "The seven stages",
        "Each customer is in exactly one: lapsed > won back > lapsing > loyal > new > active; a prospect has no "
        "qualifying event yet.",
        '[definition]\nhorizon_days = 7\nlapse = { rule = "silence", days = 10 }\n\n[stages]\nnew_days = 3\n'
        "loyal_orders = 3\nloyal_days = 8\nlapsing_share = 0.6\nwon_back_days = 4",
        (
            Case("v|.......", "prospect", "-", "-"),
            Case("o|.......", "new", "churn", "churned"),
            Case("o..|.......", "new", "churn", "churned", "the first order is 3 days old"),
            Case("o...|.......", "active", "churn", "churned"),
            Case("o....|.......", "active", "churn", "churned", "silent for 5 days"),
            Case("o.....|.......", "lapsing", "churn", "churned", "6 days are 0.6 of 10"),
            Case("o.........|.......", "lapsing", "churn", "churned"),
            Case("o..........|.......", "lapsed", "reactivation", "away"),
            Case("o...o..o|.......", "loyal", "churn", "churned", "3 orders within 8 days"),
            Case("o...o...o|.......", "active", "churn", "churned", "2 orders within 8 days"),
            Case("ooo|.......", "loyal", "churn", "churned", "loyal > new"),
            Case("ooo.....|.......", "lapsing", "churn", "churned", "lapsing > loyal"),
            Case("o.........o|.......", "active", "churn", "churned", "had not lapsed yet"),
            Case("o..........o|.......", "won_back", "churn", "churned"),
            Case("o..........o...|.......", "won_back", "churn", "churned", "back for 4 days"),
            Case("o..........o....|.......", "active", "churn", "churned", "back for 5 days"),
            Case("o..........ooo|.......", "won_back", "churn", "churned", "won back > loyal"),
            Case("o..........o..........|.......", "lapsed", "reactivation", "away", "and lapsed again"),
        ),
    ),
    Chapter(
        "Lapsed again",
        "Who came back and fell silent again is lapsed, however recent the comeback.",
        '[definition]\nhorizon_days = 3\nlapse = { rule = "silence", days = 3 }\n\n[stages]\nwon_back_days = 30',
        (
            Case("o...o..|...", "won_back", "churn", "churned", "won back > lapsing"),
            Case("o...o...|...", "lapsed", "reactivation", "away", "lapsed > won back"),
            Case("o..o..o|...", "new", "churn", "churned", "never lapsed"),
        ),
    ),
    Chapter(
        "Orders that are taken back",
        "A return, refund or cancellation that names an order takes it back from the moment we knew it; an order "
        "taken back in full does not qualify any more. What the past could not know does not change it.",
        '[definition]\nhorizon_days = 7\nlapse = { rule = "silence", days = 7 }',
        (
            Case("or|.......", "prospect", "-", "-", "their only order is gone"),
            Case("o|r......", "new", "churn", "churned", "at the cutoff we saw an order"),
            Case("o..|or.....", "new", "churn", "churned", "came back, and sent it back"),
            Case("o..|o......r", "new", "churn", "churned", "judged by what is known by the end of the log"),
            Case("o..|oro....", "new", "churn", "stayed", "kept the second"),
            Case("o...or..|.......", "lapsed", "reactivation", "away", "silent since the order that stands"),
        ),
    ),
    Chapter(
        "What reached us too late",
        "Only what had reached us before the cutoff makes stage and cohort; only what had reached us before the end "
        "of the log makes labels.",
        '[definition]\nhorizon_days = 7\nlapse = { rule = "silence", days = 7 }',
        (
            Case("o..b....|.......", "lapsed", "reactivation", "away"),
            Case("o..|...b...", "new", "churn", "churned"),
            Case("b..|.......", "-", "-", "-"),
        ),
    ),
    Chapter(
        "What is corrected later, and who is merged later",
        "A withdrawn order counted until we knew; orders under another id count once we know that it is theirs.",
        '[definition]\nhorizon_days = 7\nlapse = { rule = "silence", days = 7 }',
        (
            Case("o.....ow|.......", "lapsed", "reactivation", "away", "silent since the order that stands"),
            Case("o.....o|w......", "new", "churn", "churned", "at the cutoff we saw the second order"),
            Case("ow|.......", "-", "-", "-", "there never was a customer"),
            Case("o..|ow.....", "new", "churn", "churned", "the order of the horizon was none"),
            Case("o.......qj|.......", "won_back", "churn", "churned", "they had come back under the other id"),
            Case("o.......q|j......", "lapsed", "reactivation", "away", "at the cutoff nobody knew"),
            Case("o..|q...j..", "new", "churn", "stayed", "judged by what is known by the end of the log"),
        ),
    ),
    Chapter(
        "Conditions on events",
        "An entry of `qualifying` is a kind of event, with or without a condition on its columns. Samples do not "
        "count here, while orders without a channel do: `not` is the plain opposite.",
        "[definition]\nqualifying = [\"order where not channel = 'sample'\"]\nhorizon_days = 7\n"
        'lapse = { rule = "silence", days = 7 }',
        (
            Case("p|.......", "prospect", "-", "-"),
            Case("o..|p......", "new", "churn", "churned"),
            Case("o..|po.....", "new", "churn", "stayed"),
            Case("o..pppppp|.......", "lapsed", "reactivation", "away"),
        ),
    ),
    Chapter(
        "Comparisons with null are false",
        "The orders drawn as `o` name no channel, so nobody can say that it is another one.",
        "[definition]\nqualifying = [\"order where channel != 'sample'\"]\nhorizon_days = 7\n"
        'lapse = { rule = "silence", days = 7 }',
        (Case("o|.......", "prospect", "-", "-"),),
    ),
    Chapter(
        "Did and did not",
        "In an entry of `qualifying` the window lies before the event itself: here an order counts unless the customer "
        "had complained on its day or within the two days before.",
        '[definition]\nqualifying = ["order where did not complaint within 2 days"]\nhorizon_days = 7\n'
        'lapse = { rule = "silence", days = 7 }',
        (
            Case("x.o|.......", "prospect", "-", "-"),
            Case("x..o|.......", "new", "churn", "churned"),
            Case("ox|.......", "new", "churn", "churned"),
        ),
    ),
    Chapter(
        "Who is eligible",
        "`eligible` is a condition on customers at the cutoff. Who does not meet it has a stage, and no model asks "
        "about them.",
        '[definition]\neligible = "did not complaint within 3 days"\nhorizon_days = 7\n'
        'lapse = { rule = "silence", days = 7 }',
        (
            Case("o.x|.......", "new", "-", "-"),
            Case("ox..|.......", "new", "-", "-", "the midnight 3 days before still lies before the complaint"),
            Case("ox...|.......", "lapsing", "churn", "churned"),
            Case("o......x|.......", "lapsed", "-", "-"),
        ),
    ),
    Chapter(
        "How long ago one may have lapsed",
        "With `win_back_within_days` the reactivation model asks only about customers who lapsed at most so long ago. "
        "Without it, about every lapsed one.",
        '[definition]\nhorizon_days = 7\nlapse = { rule = "silence", days = 3 }\nwin_back_within_days = 3',
        (
            Case("o...|.......", "lapsed", "reactivation", "away", "lapsed today"),
            Case("o......|.......", "lapsed", "reactivation", "away", "3 days ago"),
            Case("o.......|.......", "lapsed", "-", "-", "4 days ago"),
        ),
    ),
)
