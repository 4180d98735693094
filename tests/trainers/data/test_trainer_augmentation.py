from __future__ import annotations

from random import Random

import pytest

from trainers.data.augmentation import Augmenter, Lines
from trainers.data.cleaning import STEPS, clean, sentences, steps_named

LINES = Lines({"en": ["calm"], "es": ["tranquilo"]}, {"en": ["RUDE"]})


def words(text: str) -> int:
    return len(text.split())


def augmenter(how: str = "often", steps: tuple[str, ...] = (), longest: int = 200, mix: bool = False) -> Augmenter:
    return Augmenter(how, steps, LINES, words, longest, mix)


@pytest.mark.parametrize(
    ("step", "before", "after"),
    [
        ("urls", "see http://t.co/x?y=1 or www.a.org/b now", "see or now"),
        ("users", "@you and me@home.org", "and me@home.org"),
        ("hashtags", "#one two# C#3 #deux!", "two# C#3 !"),
        ("numbers", "in 2020, 7th", "in , th"),
        ("quotes", 'the "best" «un» “deux”', "the best un deux"),
        ("duplicates", "Go away. go away! Stay? GO AWAY.", "Go away. Stay?"),
    ],
)
def test_each_step_takes_out_its_own_and_nothing_else(step: str, before: str, after: str) -> None:
    assert clean(before, [step]) == after
    assert clean("  Plain   words, only.\n", [step]) == "Plain words, only."


def test_a_comment_is_never_cleaned_away() -> None:
    assert clean("@you #x http://t.co", steps_named(",".join(STEPS))) == "@you #x http://t.co"


def test_steps_are_done_in_one_order_however_they_are_named() -> None:
    assert steps_named("users, urls") == ("urls", "users")
    assert steps_named("none") == steps_named("") == ()


def test_sentences_end_in_many_scripts() -> None:
    assert sentences("One. Two! ¿Tres?\nFour؟ five। six") == ["One.", "Two!", "¿Tres?", "Four؟", "five।", "six"]
    assert sentences("3.5 is e.g.a number") == ["3.5 is e.g.a number"]


def test_short_comments_get_company_half_of_the_time() -> None:
    seen = [augmenter()("hello", "en", False, Random(seed)) for seed in range(400)]
    assert not any(toxic for _, toxic in seen)
    longer = [text for text, _ in seen if text != "hello"]
    assert 160 < len(longer) < 240
    assert {words(text) - 1 for text in longer} == {1, 2, 3, 4, 5}
    assert {word for text in longer for word in text.split()} == {"hello", "calm"}
    assert {text.split().index("hello") for text in longer} == {0, 1, 2, 3, 4, 5}


def test_toxic_comments_get_both_kinds_and_stay_toxic() -> None:
    seen = [augmenter()("hello", "en", True, Random(seed)) for seed in range(400)]
    assert all(toxic for _, toxic in seen)
    counts = {(text.split().count("calm"), text.split().count("RUDE")) for text, _ in seen}
    assert counts == {(0, 0), *((calm, rude) for calm in (0, 1, 2) for rude in (1, 2, 3))}


def test_mixing_makes_harmless_comments_toxic_where_there_are_toxic_lines() -> None:
    mixed = [augmenter(mix=True)("hello", "en", False, Random(seed)) for seed in range(400)]
    assert all(toxic == ("RUDE" in text) for text, toxic in mixed)
    assert 60 < sum(toxic for _, toxic in mixed) < 140
    assert not any(toxic for _, toxic in (augmenter(mix=True)("hola", "es", False, Random(s)) for s in range(50)))
    assert augmenter(mix=True)("merhaba", "tr", False, Random(0)) == ("merhaba", False), "no lines in that language"


def test_middling_comments_get_company_with_low_only() -> None:
    text = "word " * 99 + "end"
    for how, expected in (("often", 0), ("often+low", 120)):
        changed = sum(augmenter(how)(text, "en", False, Random(seed))[0] != text for seed in range(400))
        assert abs(changed - expected) < 40 * bool(expected) + 1


def test_long_comments_get_their_sentences_in_another_order() -> None:
    text = "One two three. Four five. Six seven."
    seen = {augmenter(longest=8)(text, "en", True, Random(seed)) for seed in range(40)}
    assert len(seen) == 6
    assert all(toxic and sorted(sentences(shown)) == sorted(sentences(text)) for shown, toxic in seen)


def test_cleaning_is_done_nearly_always() -> None:
    shown = [augmenter("none", ("users",))("@you " + "word " * 70, "en", False, Random(s))[0] for s in range(400)]
    assert 2 < sum("@you" in text for text in shown) < 50
    assert augmenter(steps=("users",))("@you", "en", False, Random(1))[0].split().count("@you") == 1
