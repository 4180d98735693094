from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from tests.bench.sgnn_reference import counter, dense, projection
from trainers.data.word_features import NONZERO, WordFeatures

PAIRS = (
    ("start", "started"), ("prioritize", "priority"), ("twitter", "tweet"),
    ("Great", "great"), ("boat", "cow"), ("orange", "chewbacca"),
)  # fmt: skip
WORDS = [f"<{word}>" for pair in PAIRS for word in pair]
# Cosines before and after the projection that the original's author reports for these pairs.
REPORTED = ((0.873, 0.854), (0.846, 0.850), (0.544, 0.483), (0.801, 0.818), (0.169, 0.102), (0.149, 0.202))


def cosines(rows: Any) -> np.ndarray[Any, Any]:
    """Of the first row and the second, of the third and the fourth, and so on."""
    units = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray((units[0::2] * units[1::2]).sum(1))


def ngram_cosines(words: Sequence[str], longest: int = 3) -> np.ndarray[Any, Any]:
    """Of the exact counts of all n-grams."""
    counts = [
        Counter(word[at : at + size] for size in range(1, longest + 1) for at in range(len(word) - size + 1))
        for word in words
    ]
    every = sorted(set().union(*counts))
    return cosines(np.array([[count[ngram] for ngram in every] for count in counts], float))


def root_mean_square(differences: Any) -> float:
    return float(np.sqrt(np.square(differences).mean()))


def test_an_ngram_has_one_sign_in_each_block_and_counts_as_often_as_it_occurs() -> None:
    features = WordFeatures(longest=1)
    one, three, other = features(["a", "aaa", "b"]).astype(int)
    assert set(np.abs(one)) == {0, 1}
    assert [int(np.abs(block).sum()) for block in np.split(one, NONZERO)] == [1] * NONZERO
    assert (three == 3 * one).all()
    assert (features(["ab"])[0] == one + other).all()
    assert features.scale == pytest.approx(NONZERO**-0.5), "so that the vector of an n-gram has length 1"


def test_what_repeats_too_often_is_cut_off() -> None:
    assert np.abs(WordFeatures(longest=1)(["a" * 200])).max() == 127


@pytest.mark.parametrize(("longest", "ngrams"), [(1, 4), (2, 7), (3, 9), (4, 10)])
def test_all_sizes_of_ngrams_count_and_only_within_a_word(longest: int, ngrams: int) -> None:
    hashes, owners = WordFeatures(longest=longest)._ngrams(["abcd", "e", "", "abcd"])
    assert Counter(owners.tolist()) == {0: ngrams, 1: 1, 3: ngrams}
    assert len(set(hashes.tolist())) == ngrams + 1


def test_every_alphabet_has_features() -> None:
    rows = WordFeatures()(["<été>", "<ete>", "<東京>", "<😀>", "<\ud800>", ""])
    assert (np.abs(rows[:5]).sum(1) > 0).all()
    assert not rows[5].any()
    assert len({row.tobytes() for row in rows}) == 6


def test_the_seed_decides_and_nothing_else() -> None:
    assert (WordFeatures()(WORDS) == WordFeatures()(WORDS[::-1])[::-1]).all()
    assert (WordFeatures(seed=1)(WORDS) != WordFeatures(seed=2)(WORDS)).any()
    # The same on every machine and in every version.
    assert int((WordFeatures()(WORDS).astype(int) * np.arange(1120)).sum()) == 8323


def test_cosines_are_kept_as_well_as_by_scikit_learn() -> None:
    """The root mean square error over pairs and seeds, against the original's pipeline and what is reported of it."""
    exact = ngram_cosines(WORDS)
    ours = root_mean_square([cosines(WordFeatures(seed=seed)(WORDS).astype(float)) - exact for seed in range(12)])
    counting = counter()
    counted = cosines(counting.transform(WORDS).toarray().astype(float))
    theirs = root_mean_square(
        [cosines(dense(counting, projection(counting, state), WORDS)) - counted for state in range(3)]
    )
    reported = root_mean_square([before - after for before, after in REPORTED])
    assert ours < theirs
    assert ours < reported
    # No alphabet to be fitted to: the pipeline knows one n-gram of this word.
    assert counting.transform(["<été>"]).nnz == 1


def test_cosines_are_right_on_average() -> None:
    found = np.mean([cosines(WordFeatures(seed=seed)(WORDS).astype(float)) for seed in range(30)], axis=0)
    assert found == pytest.approx(ngram_cosines(WORDS), abs=0.03)


def counted(features: WordFeatures, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many words are computed at each call."""
    calls: list[int] = []
    compute: Callable[..., Any] = features._compute
    monkeypatch.setattr(features, "_compute", lambda words: (calls.append(len(words)), compute(words))[1])
    return calls


def test_a_word_is_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    features = WordFeatures()
    calls = counted(features, monkeypatch)
    first = features([*WORDS, *WORDS])
    assert (features(WORDS[::2]) == first[: len(WORDS) : 2]).all()
    features([*WORDS, "<new>"])
    assert calls == [len(WORDS), 1]
    assert len(features) == len(WORDS) + 1


def test_the_cache_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    features = WordFeatures(features=100, cache_bytes=100 * 8)
    plenty = WordFeatures(features=100)
    words = [f"<{number}>" for number in range(30)]
    for start in range(0, 30, 5):
        assert (features(words[start : start + 5]) == plenty(words[start : start + 5])).all()
        assert len(features) <= 8
    # More than fit at all are computed and not kept.
    assert (features(words) == plenty(words)).all()
    assert len(features) <= 8
    calls = counted(features, monkeypatch)
    features(words[:5])
    features(words[:5])
    assert calls == [5]
