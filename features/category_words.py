"""What codes of categories say: the texts that a snapshot's rows hold as codes, as far as many customers share them.

A row keeps a text as a code (features/operations.py), which tells people nothing. A snapshot's manifest keeps the texts
of its commonest codes, so that a reason can name them; a text of fewer than twenty customers stays out, since it may
tell who they are. Reads events and rows; start reading at `tally`.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from churn.events import TEXTS, Events
from features.operations import text_code

LEAST_CUSTOMERS = 20
MOST_WORDS = 200  # of a feature, the commonest
Tally = dict[str, dict[str, int]]  # feature to text to customers
Words = dict[str, dict[str, str]]  # feature to code, as JSON's keys are texts, to text


def tally(frame: pd.DataFrame, names: Sequence[str], events: Events) -> Tally:
    """How many customers of a part have each text, at any cutoff.

    Args:
        frame: rows of the part: customer_id and the features.
        names: features that are codes of texts.
        events: what the rows were made from.
    """
    texts: dict[int, set[str]] = {}  # of one code there may be two: both are counted, so that neither is told
    for text in {text for column in TEXTS for text in getattr(events, column).levels} if names else ():
        texts.setdefault(text_code(text), set()).add(text)
    told: Tally = {}
    for name in names:
        one = frame[["customer_id", name]].drop_duplicates()[name].dropna().to_numpy()
        codes, customers = np.unique(one.astype(np.int64), return_counts=True)
        pairs = zip(codes.tolist(), customers.tolist(), strict=True)
        told[name] = {text: count for code, count in pairs for text in texts.get(code, ())}
    return told


def add(whole: Tally, part: Tally) -> None:
    """Count the customers of one more part into the whole; each part has customers of its own."""
    for name, texts in part.items():
        mine = whole.setdefault(name, {})
        for text, customers in texts.items():
            mine[text] = mine.get(text, 0) + customers


def words_of(whole: Tally) -> Words:
    """The texts that enough customers share, by their codes; of two with one code neither."""
    return {name: _known(texts) for name, texts in sorted(whole.items())}


def _known(texts: Mapping[str, int]) -> dict[str, str]:
    of_code = Counter(text_code(text) for text in texts)
    shared = sorted(text for text, customers in texts.items() if customers >= LEAST_CUSTOMERS)
    commonest = sorted(shared, key=lambda text: -texts[text])[:MOST_WORDS]
    return {str(text_code(text)): text for text in commonest if of_code[text_code(text)] == 1}


def known_words(words: Words, categories: Mapping[str, Sequence[int]]) -> dict[str, dict[int, str]]:
    """Those words of a manifest that stand for codes which a model knows, by the code."""
    found = {
        name: {code: words[name][str(code)] for code in codes if str(code) in words[name]}
        for name, codes in categories.items()
        if name in words
    }
    return {name: texts for name, texts in found.items() if texts}


def usual_words(columns: Mapping[str, np.ndarray], words: Mapping[str, Mapping[int, str]]) -> dict[str, str]:
    """The commonest text of each feature among some rows; none where the commonest code has no text.

    Args:
        columns: feature to its codes, NaN where there is none. Each of shape (n,).
        words: feature to code to text.
    """
    found = {}
    for name, codes in columns.items():
        known, counts = np.unique(codes[~np.isnan(codes)], return_counts=True)
        word = words.get(name, {}).get(int(known[counts.argmax()])) if len(known) else None
        if word is not None:
            found[name] = word
    return found
