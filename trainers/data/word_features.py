"""Words as vectors without a vocabulary: hashed character n-grams under a sparse random projection.

A self-governing neural network (Ravi and Kozareva 2018) needs no embedding table: a word's features are computed from
its characters. Here they are the counts x of its n-grams, projected to P·x by a matrix P that a seed decides: a hash of
the n-gram chooses its column. So nothing is fitted, nothing has to be saved, and every alphabet works. Nothing here
imports torch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from threading import Lock

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array

FEATURES = 80 * 14  # T projections of d dimensions in the paper's terms
# Entries of a column that are not 0. Scikit-learn's density for 11,190 n-grams gives 1120 / √11190 = 10.6 on average.
NONZERO = 10
CACHE_BYTES = 2**28
_WORDS_AT_ONCE = 512  # so that the sums stay within the processor's cache
# So many bits of an n-gram's hash choose its column. Two n-grams with one column are rarer than two whose columns
# happen to overlap, which a random projection lives with.
_BUCKET_BITS = 16
_MOST = 127  # int8

# Odd constants of splitmix64 (Steele, Lea and Flood 2014), whose finaliser spreads every bit over all others.
_STEP = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)

Rows = NDArray[np.int8]


class WordFeatures:
    """Features of words, computed once for each word and kept up to `cache_bytes`.

    A column of P has ±1/√k at one place in each of k = `NONZERO` blocks and 0 elsewhere (the block construction of
    sparse Johnson-Lindenstrauss transforms, Kane and Nelson 2014), so that E[Px·Py] = x·y. Rows hold √k·P·x: whole
    numbers, which fit a byte each; an n-gram would have to repeat 127 times to be cut off. `scale` is 1/√k.
    Calls from several threads wait for each other.
    """

    def __init__(
        self, features: int = FEATURES, longest: int = 3, seed: int = 42, cache_bytes: int = CACHE_BYTES
    ) -> None:
        self.features = features
        self.longest = longest
        self.seed = seed
        blocks = min(NONZERO, features)
        self.scale = 1.0 / math.sqrt(blocks)
        self._columns, self._signs = _projection(features, blocks, seed)
        self._capacity = max(1, cache_bytes // features)
        self._places: dict[str, int] = {}
        self._rows: Rows = np.empty((min(1024, self._capacity), features), np.int8)
        self._lock = Lock()

    def __call__(self, words: Sequence[str]) -> Rows:
        """One row for each word, int8, shape (words, features)."""
        with self._lock:
            places = self._look_up(words)
            if places is None:
                new = [word for word in dict.fromkeys(words) if word not in self._places]
                if len(self._places) + len(new) > self._capacity:
                    self._places.clear()
                    new = list(dict.fromkeys(words))
                if len(new) > self._capacity:
                    return self._compute_all(words)
                self._learn(new)
                places = self._look_up(words)
            rows: Rows = self._rows.take(places, axis=0)  # type: ignore[arg-type]
            return rows

    def __len__(self) -> int:
        """Words in the cache."""
        return len(self._places)

    def _look_up(self, words: Sequence[str]) -> NDArray[np.intp] | None:
        try:
            return np.fromiter(map(self._places.__getitem__, words), np.intp, len(words))
        except KeyError:
            return None

    def _learn(self, new: Sequence[str]) -> None:
        known = len(self._places)
        if known + len(new) > len(self._rows):
            grown = np.empty((min(self._capacity, 2 * (known + len(new))), self.features), np.int8)
            grown[:known] = self._rows[:known]
            self._rows = grown
        self._rows[known : known + len(new)] = self._compute_all(new)
        self._places.update(zip(new, range(known, known + len(new)), strict=True))

    def _compute_all(self, words: Sequence[str]) -> Rows:
        pieces = [self._compute(words[at : at + _WORDS_AT_ONCE]) for at in range(0, len(words), _WORDS_AT_ONCE)]
        return np.concatenate(pieces) if pieces else np.empty((0, self.features), np.int8)

    def _compute(self, words: Sequence[str]) -> Rows:
        hashes, owners = self._ngrams(words)
        buckets = (hashes >> np.uint64(64 - _BUCKET_BITS)).astype(np.intp)
        places = self._columns.take(buckets, axis=0).ravel()
        signs = self._signs.take(buckets, axis=0).ravel()
        rows = np.repeat(owners.astype(np.int32), self._columns.shape[1])
        # Entries of one cell add up, at most to as many as a word has n-grams: a byte, unless it is a very long one.
        fits = max(map(len, words)) * self.longest <= _MOST
        signs = signs if fits else signs.astype(np.int32)
        sums = coo_array((signs, (rows, places)), shape=(len(words), self.features)).toarray()
        features: Rows = sums if fits else np.clip(sums, -_MOST, _MOST).astype(np.int8)
        return features

    def _ngrams(self, words: Sequence[str]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        """The hash of every n-gram of every word, each as often as it occurs, and the number of its word."""
        characters = np.frombuffer("".join(words).encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
        lengths = np.array([len(word) for word in words])
        owners = np.repeat(np.arange(len(words)), lengths)
        left = np.repeat(lengths.cumsum(), lengths) - np.arange(len(characters))  # characters up to the word's end
        spread = _mix(characters + _STEP)
        hashes = np.full(len(characters), self.seed, np.uint64)
        found_hashes, found_owners = [], []
        for size in range(1, self.longest + 1):
            # The hash of n characters from that of the first n - 1 and the last one.
            hashes = _mix(hashes[: len(characters) - size + 1] * _STEP + spread[size - 1 :])
            whole = left[: len(hashes)] >= size
            found_hashes.append(hashes[whole])
            found_owners.append(owners[: len(hashes)][whole])
        return np.concatenate(found_hashes), np.concatenate(found_owners)


def _projection(features: int, blocks: int, seed: int) -> tuple[NDArray[np.int32], NDArray[np.int8]]:
    """For each bucket of n-grams the place in each block, and the sign there; both of shape (buckets, blocks)."""
    edges = np.arange(blocks + 1) * features // blocks
    buckets = _mix(np.arange(2**_BUCKET_BITS, dtype=np.uint64) + _mix(np.full(1, seed, np.uint64) + _STEP))
    drawn = _mix(buckets[:, None] + np.arange(1, blocks + 1, dtype=np.uint64) * _STEP)
    # The upper half of the bits as a fraction of the block; the lowest bit is the sign.
    within = ((drawn >> np.uint64(32)) * np.diff(edges).astype(np.uint64)) >> np.uint64(32)
    signs = 1 - 2 * (drawn & np.uint64(1)).astype(np.int8)
    return (edges[:-1] + within.astype(np.int64)).astype(np.int32), signs


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    values = (values ^ (values >> np.uint64(30))) * _FIRST
    values = (values ^ (values >> np.uint64(27))) * _SECOND
    mixed: NDArray[np.uint64] = values ^ (values >> np.uint64(31))
    return mixed
