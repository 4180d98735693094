from __future__ import annotations

import zlib

from trainers.data.ngrams import ngram_ids


def test_ids_are_hashes_of_ngrams_of_wrapped_words() -> None:
    expected = [1 + zlib.crc32(piece) % 99 for piece in (b"<a", b"a>", b"<a>")]
    assert ngram_ids("A", length=5, buckets=100) == [*expected, 0, 0]


def test_any_title_gives_exactly_the_length_asked_for() -> None:
    for title in ("", "   ", "short", "long " * 100, "日本語 🎉 İstanbul"):
        ids = ngram_ids(title, length=16, buckets=64)
        assert len(ids) == 16
        assert all(0 <= number < 64 for number in ids)
    assert ngram_ids("", length=4, buckets=64) == [0, 0, 0, 0]
