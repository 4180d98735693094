"""The word features of the original sentence model: scikit-learn's counting and projection, fitted and dense.

Counts of character 1- to 3-grams that occur in made-up words, and their sparse random projection to 1120 dimensions.
"""

from __future__ import annotations

import string
from collections.abc import Iterator, Sequence
from typing import Any

from sklearn.feature_extraction.text import CountVectorizer
from sklearn.random_projection import SparseRandomProjection

FEATURES = 1120


def made_up_words() -> Iterator[str]:
    """Every character, every two, and every two with a small letter between, digits apart; each wrapped as a word is.

    In the order of a sorted alphabet, so that every fit is the same.
    """
    yield from (f"<{word}>" for word in _letters_and_digits())


def _letters_and_digits() -> Iterator[str]:
    alphabet = sorted(set(string.printable) - set(string.digits) - {" "})
    yield from alphabet
    yield from (first + last for first in alphabet for last in alphabet)
    for first in alphabet:
        yield from (first + middle + last for middle in string.ascii_lowercase for last in alphabet)
    yield from string.digits
    yield from (first + last for first in string.digits for last in string.digits)


def counter() -> CountVectorizer:
    """Counts n-grams, those of the made-up words only."""
    return CountVectorizer(
        analyzer="char", ngram_range=(1, 3), lowercase=False, min_df=2, max_df=0.99, max_features=10_000_000
    ).fit(made_up_words())


def projection(counting: CountVectorizer, random_state: int = 42) -> SparseRandomProjection:
    """To 1120 dimensions, its density chosen by the number of n-grams."""
    return SparseRandomProjection(FEATURES, random_state=random_state).fit(counting.transform(["<fit>"]))


def dense(counting: CountVectorizer, projecting: SparseRandomProjection, words: Sequence[str]) -> Any:
    """Projected words, float64 (words, 1120)."""
    projected = projecting.transform(counting.transform(words))
    return projected.toarray() if hasattr(projected, "toarray") else projected
