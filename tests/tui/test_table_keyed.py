"""Where a row is after others came, went or changed places."""

import random

import pytest

from cockpit.tui.widgets.keyed import Keyed, followed


def keyed(letters):
    return Keyed(tuple(letters), str)


@pytest.mark.parametrize(
    ("old", "at", "new", "now"),
    [
        ("abcd", "c", "abcd", "c"),
        ("abcd", "c", "xyabcd", "c"),
        ("abcd", "c", "dcba", "c"),
        ("abcd", "b", "acd", "c"),
        ("abcd", "d", "abc", "c"),
        ("abcde", "c", "ae", "e"),
        ("abcde", "c", "xa", "a"),
        ("abc", "b", "xyz", "y"),
        ("abc", "c", "x", "x"),
        ("a", "a", "bc", "b"),
    ],
)
def test_a_row_is_followed_or_else_its_nearest_neighbour(old, at, new, now):
    assert new[followed(old.index(at), keyed(old), keyed(new))] == now


def test_rows_are_found_near_where_they_were_or_anywhere():
    rows = keyed("abcdef")
    assert [rows.find(letter, near) for letter, near in (("c", 2), ("c", 0), ("f", 99), ("a", -3))] == [2, 2, 5, 0]
    assert rows.find("x") is None
    assert keyed("").find("a") is None


def test_nobody_that_stays_is_lost():
    generator = random.Random(0)
    for _ in range(500):
        old = generator.sample("abcdefghijklmnop", generator.randint(1, 16))
        new = generator.sample("abcdefghijklmnop", generator.randint(1, 16))
        index = generator.randrange(len(old))
        found = followed(index, keyed(old), keyed(new))
        stayed = [place for place, letter in enumerate(old) if letter in new]
        if stayed:
            nearest = min(abs(place - index) for place in stayed)
            assert abs(old.index(new[found]) - index) == nearest
        else:
            assert found == min(index, len(new) - 1)
