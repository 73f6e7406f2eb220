"""Laws of the input-data report: the order of rows says nothing, nor does how they are parted; a clean log is clean."""

import json
import tempfile
from pathlib import Path
from random import Random

from hypothesis import example, given, settings
from hypothesis import strategies as st

from features.personal_words import is_identity_number, personal_by_name, personal_by_value
from tests.sound_shop import look, sound

rows = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c"]),
        st.integers(0, 300),
        st.integers(-2, 90),
        st.sampled_from(["", "5", "-1", "dear", "0"]),
        st.sampled_from(["order", "visit", ""]),
    ),
    min_size=1,
    max_size=25,
)


def report(drawn: list[tuple[str, int, int, str, str]], root: Path) -> object:
    """What the report says of drawn rows, in JSON."""
    template = sound(2, 1)[0]
    made = []
    for who, day, late_hours, amount, kind in drawn:
        at = template[1].replace(year=2023, month=1 + day % 12, day=1 + day % 28, hour=day % 24)
        made.append((who, at, at.fromtimestamp(at.timestamp() + late_hours * 3600, at.tzinfo), amount, kind))
    try:
        look(root, made)
    except Exception as error:  # noqa: BLE001  # the same refusal, whatever it is, and the same report
        return type(error).__name__, json.loads((root / "artifacts" / "shop" / "ingest" / "report.json").read_text())
    return json.loads((root / "artifacts" / "shop" / "ingest" / "report.json").read_text())


@settings(max_examples=5)
@given(rows, st.randoms(use_true_random=False))
def test_the_order_of_rows_says_nothing(drawn: list[tuple[str, int, int, str, str]], random: Random) -> None:
    shuffled = list(drawn)
    random.shuffle(shuffled)
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        assert report(drawn, Path(first)) == report(shuffled, Path(second))


@settings(max_examples=3)
@given(st.integers(300, 700), st.integers(300, 500))
def test_a_clean_log_gives_no_error_and_no_warning(days: int, customers: int) -> None:
    with tempfile.TemporaryDirectory() as root:
        found = look(Path(root), sound(days, customers))
        assert {one.code for one in found.findings if one.severity != "advice"} <= {"too_few_to_train"}
        assert found.accepted


@given(st.integers(0, 10**17 - 1))
@example(11010519491231002)
def test_one_check_digit_of_eleven_is_right(number: int) -> None:
    """Source: GB 11643-1999: of the eleven endings exactly one passes."""
    text = f"{number:017d}"
    assert sum(is_identity_number(text + ending) for ending in "0123456789X") == 1


@given(st.floats(allow_nan=False, allow_infinity=False).map(str) | st.dates().map(str) | st.datetimes().map(str))
def test_numbers_and_times_are_nobodys(value: str) -> None:
    assert personal_by_value(value) is None or value.isdigit()


@given(st.text(max_size=40))
def test_any_text_can_be_looked_at(text: str) -> None:
    personal_by_name(text)
    personal_by_value(text)
    personal_by_value(text, is_key=True)
