"""Cells of CSV files for people: a spreadsheet that opens one runs nothing that a customer's id may say.

Knows no table. Start reading at `harmless`.
"""

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # how what a spreadsheet would run begins
SIGNS = "+-"


def harmless(text: str) -> str:
    """A text that no spreadsheet runs: one that looks like a formula gets an apostrophe before it.

    A number with its sign is none: a phone number may be somebody's id.

    >>> [harmless(one) for one in ("C1", "=1+1", "-2+3", "+8613800000000", "-")]
    ['C1', "'=1+1", "'-2+3", '+8613800000000', "'-"]
    """
    is_number = text[:1] in SIGNS and text[1:].isascii() and text[1:].isdigit()
    return f"'{text}" if text.startswith(FORMULA) and not is_number else text
