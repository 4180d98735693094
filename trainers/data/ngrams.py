"""Titles as hashed character n-grams: no vocabulary to fit, so no vocabulary to lose. Standard library only."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

SIZES = (2, 3, 4)


def ngram_ids(title: str, length: int, buckets: int, sizes: Sequence[int] = SIZES) -> list[int]:
    """`length` numbers from 1 to `buckets` - 1, one per n-gram of the lower-cased title, filled up with 0.

    Words are wrapped as `<word>`, so that their beginnings and ends count, as in fastText (Bojanowski et al. 2017).
    CRC-32 gives the same number on every machine. What does not fit into `length` is left out from the end.
    """
    ids = [
        1 + zlib.crc32(word[start : start + size].encode()) % (buckets - 1)
        for word in (f"<{part}>" for part in title.lower().split())
        for size in sizes
        for start in range(len(word) - size + 1)
    ]
    return (ids + [0] * length)[:length]
