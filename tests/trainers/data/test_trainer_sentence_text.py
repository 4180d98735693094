from __future__ import annotations

import pytest

from trainers.data.sentences import split_sentences, split_words


def test_sentences_end_at_marks_and_lines() -> None:
    text = "Is that the truth? It is the truth!  Short. First half of it;second half of it\nA last line without a mark"
    assert split_sentences(text) == [
        "Is that the truth?",
        "It is the truth!",
        "First half of it;",
        "second half of it",
        "A last line without a mark",
    ]


def test_short_pieces_are_left_out_and_long_ones_cut() -> None:
    assert split_sentences("nine char. ten chars.") == ["nine char.", "ten chars."]
    assert split_sentences("123456789") == []
    pieces = split_sentences("a" * 405 + "." + "b" * 210)
    assert [len(piece) for piece in pieces] == [200, 200, 200, 10]
    assert pieces[-1] == "b" * 10, "the first one's rest of six characters is too short to be kept"


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("A well-known  word", ["<A>", "<well>", "<-known>", "<word>"]),
        ("and/or http://a", ["<and>", "</or>", "<http:>", "</a>"]),
        ("", []),
        ("Übergröße 東京", ["<Übergröße>", "<東京>"]),
    ],
)
def test_words_stand_between_blanks_and_begin_at_hyphens_and_slashes(sentence: str, words: list[str]) -> None:
    assert split_words(sentence) == words
