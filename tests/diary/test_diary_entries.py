"""Many entries are put in at once as they would be one after the other, and everything around them stays."""

import random

import pytest

from cockpit.diary.entries import Entry, find, markers, places, put, put_all
from cockpit.store.folder import FolderError

NAMES = [f"exp{number:03d}" for number in range(1, 7)]
DAYS = ["2026-11-20", "2026-11-21"]
HABITS = [
    "## exp002_2 · by hand ✅\n",
    "  * ❌ ReLU → Sigmoid\n",
    "![img](curves.png)\r\n",
    "- [ ] TODO sub-centers\n",
    "# 2026-11-20 rainy\n",
    "caf\udce9\n",
    "\n\n",
    "no line end",
    "<!-- cockpit:begin exp9 --> in a line\n",
    "```\ncode\n```\r\n",
]


def refuse(_, error):
    raise error


def generated(dice, name):
    begin, end = markers(name)
    return "\n".join([begin, *dice.choices(["## exp", "| a |", "", "words"], k=3), end])


@pytest.mark.parametrize("seed", range(150))
def test_what_stands_around_entries_stays_when_many_are_put_in(seed):
    dice = random.Random(seed)
    there = dice.sample(NAMES, 3)
    around = ["".join(dice.choices(HABITS, k=dice.randint(0, 4))) + "\n" for _ in range(4)]
    parts = [generated(dice, name) + "\n" + words for name, words in zip(there, around[1:], strict=True)]
    text = "".join([around[0], *parts])
    entries = [Entry(name, f"new {name}\nline", dice.choice(DAYS)) for name in dice.sample(NAMES, 4)]
    longer = put_all(text, entries, refuse)
    rest = longer
    for name in {*there, *(entry.experiment for entry in entries)}:
        place = find(rest, name)
        rest = rest[: place[0]] + rest[place[1] :]
    expected = around[0] + "".join("\n" + words for words in around[1:])
    assert rest.startswith(expected)
    assert set(rest[len(expected) :].split()) <= {"#", *DAYS}
    one_by_one = text
    for entry in entries:
        one_by_one = put(one_by_one, *entry)
    assert longer == one_by_one
    assert put_all(longer, entries, refuse) == longer


def test_damaged_markers_are_told_and_left_and_the_others_go_on():
    begin, _ = markers("exp001")
    text = f"mine\n{begin}\nhalf\n"
    refused = {}
    longer = put_all(text, [Entry("exp001", "new", DAYS[0]), Entry("exp002", "two", DAYS[0])], refused.__setitem__)
    assert list(refused) == ["exp001"]
    assert isinstance(refused["exp001"], FolderError)
    assert longer.startswith(text)
    assert find(longer, "exp002") is not None


def test_an_entry_that_was_moved_into_another_one_comes_out_at_the_end():
    (begin, end), (inner, inner_end) = markers("exp001"), markers("exp002")
    text = f"{begin}\nold\n{inner}\nold\n{inner_end}\n{end}\nmine\n"
    longer = put_all(text, [Entry("exp001", "one", DAYS[0]), Entry("exp002", "two", DAYS[0])], refuse)
    assert longer == f"{begin}\none\n{end}\nmine\n\n# {DAYS[0]}\n\n{inner}\ntwo\n{inner_end}\n"


def test_places_are_found_in_one_look():
    text = put_all("", [Entry(name, name, DAYS[0]) for name in NAMES], refuse)
    known = places(text)
    assert list(known) == NAMES
    assert all(name in text[slice(*known[name])] for name in NAMES)


def test_headings_of_days_never_go_back():
    days = {"exp001": "2026-11-20", "exp002": "2020-02-05", "exp003": "2026-11-20", "exp004": "2026-11-21"}
    text = put_all("", [Entry(name, name, day) for name, day in days.items()], refuse)
    assert [line for line in text.splitlines() if line.startswith("# ")] == ["# 2026-11-20", "# 2026-11-21"]
    assert put_all(text, [Entry("exp005", "late", "2019-01-01")], refuse).startswith(text)
