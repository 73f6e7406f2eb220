"""Seals: every changed byte of a line is noticed; with a key, a changed line under a new seal too."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.seal import ALTERED, AS_WRITTEN, UNSEALED, Seal

ROW = '{"score_id":"ab","customer_id":"客户-3","probability":0.25}'.encode()
KEYED, PLAIN = Seal(b"k" * 32), Seal()


@pytest.mark.parametrize("seal", [KEYED, PLAIN])
@given(place=st.integers(0, 200), bit=st.integers(0, 7))
def test_every_changed_bit_is_noticed(seal: Seal, place: int, bit: int) -> None:
    line = bytearray(seal.on(ROW))
    assert seal.state(bytes(line)) == AS_WRITTEN
    line[place % len(line)] ^= 1 << bit
    assert seal.state(bytes(line)) != AS_WRITTEN


def test_a_key_cannot_be_gone_around() -> None:
    changed = ROW.replace(b"0.25", b"0.75")
    assert KEYED.state(Seal(b"x" * 32).on(changed)) == ALTERED
    assert KEYED.state(PLAIN.on(changed)) == UNSEALED, "whoever has no key can make it look old, not whole"
    assert PLAIN.state(PLAIN.on(changed)) == AS_WRITTEN


def test_a_line_of_before_there_were_seals_is_unsealed() -> None:
    assert KEYED.state(ROW) == PLAIN.state(ROW) == PLAIN.state(b"{}") == UNSEALED
    assert PLAIN.state(KEYED.on(ROW)) == UNSEALED
