"""Child of `sentences`: turns the words of Python's language reference into features in several ways.

`python -m tests.bench.sentence_words FOLDER TOKENS` leaves the tokens a second of each round, and the share of new
words.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from trainers.data.corpus import load_texts
from trainers.data.sentences import split_sentences, split_words
from trainers.data.word_features import WordFeatures

from .child import leave_result
from .sgnn_reference import counter, dense, projection

ROUNDS = 5
AT_ONCE = 2048  # tokens, about as many as a batch of the trainer has


def text(count: int) -> list[str]:
    words = [
        word
        for texts in load_texts("").values()
        for paragraph in texts
        for sentence in split_sentences(paragraph)
        for word in split_words(sentence)
    ]
    return words[:count]


def rate(work: Callable[[Sequence[str]], Any], words: Sequence[str]) -> float:
    began = time.perf_counter()
    for start in range(0, len(words), AT_ONCE):
        work(words[start : start + AT_ONCE])
    return len(words) / (time.perf_counter() - began)


def main() -> None:
    folder, count = Path(sys.argv[1]), int(sys.argv[2])
    words = text(count)
    different = list(dict.fromkeys(words))
    counting = counter()
    projecting = projection(counting)
    known = WordFeatures()
    known(words)
    scale = np.float32(known.scale)
    ways: dict[str, Callable[[], float]] = {
        "scikit": lambda: rate(lambda some: dense(counting, projecting, some), words),
        "text": lambda: rate(WordFeatures(), words),
        "new": lambda: rate(WordFeatures(), different),
        "warm": lambda: rate(known, words),
        "float": lambda: rate(lambda some: known(some) * scale, words),
    }
    result: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(ROUNDS):
        for way, measure in ways.items():
            result[way].append(measure())
    leave_result(folder, **result, share_new=len(different) / len(words))


if __name__ == "__main__":
    main()
