"""Sorting and filtering rows: numbers as numbers, nothing last, and nobody's place lost."""

import math
import random

import pytest

from cockpit.store.filter import EVERYTHING, parse
from cockpit.tui.ordering import Sort, ordered

NAN = math.nan


class Row:
    def __init__(self, name, **values):
        self.name, self.values = name, values

    def words(self):
        return (self.name,)

    def field(self, name, /):
        return self.values.get(name)


def names(rows, sort, line=""):
    return [row.name for row in ordered(rows, parse(line, ("x", "y")), sort)]


def column(*values):
    return [Row(str(place), x=value) for place, value in enumerate(values)]


def test_without_an_order_rows_stay_as_they_come():
    rows = column(3, 1, 2)
    assert ordered(rows, EVERYTHING, None) == rows
    assert ordered(rows, EVERYTHING, None) is not rows
    assert ordered(iter(rows), EVERYTHING, Sort("x")) == [rows[1], rows[2], rows[0]]


@pytest.mark.parametrize(
    ("values", "ascending", "descending"),
    [
        ((10, 9.5, 100), "102", "201"),
        ((1, None, 3, NAN, 2), "04213", "24013"),
        ((-math.inf, math.inf, 0.0), "021", "120"),
        (("b", "A", "c"), "102", "201"),
        (("t10", "t9", "T100"), "102", "201"),
        (("a", 5, None, "B", 1), "41032", "30142"),
        ((1, 1, 0, 1), "2013", "0132"),
        (("a", "A", "a"), "012", "012"),
        ((True, False, 3), "102", "201"),
        ((None, NAN, None), "012", "012"),
        (([2, 1], [10, 1]), "01", "10"),
        (("9" * 5000, "1"), "10", "01"),
    ],
)
def test_order(values, ascending, descending):
    rows = column(*values)
    assert "".join(names(rows, Sort("x"))) == ascending
    assert "".join(names(rows, Sort("x", descending=True))) == descending


def test_the_filter_goes_before_the_order():
    rows = [Row("a", x=3, y="p"), Row("b", x=1, y="q"), Row("c", x=2, y="p"), Row("d", y="p")]
    assert names(rows, Sort("x"), "y=p") == ["c", "a", "d"]
    assert names(rows, Sort("x"), "y=p has:x -c") == ["a"]
    assert names(rows, None, "y:nothing") == []


def test_sorting_agrees_with_a_plain_sort_of_the_numbers():
    generator = random.Random(0)
    values = [generator.choice((generator.random(), generator.randint(0, 3), None, NAN)) for _ in range(2000)]
    rows = column(*values)
    found = [row.field("x") for row in ordered(rows, EVERYTHING, Sort("x"))]
    finite = sorted(value for value in values if value is not None and value == value)
    assert found[: len(finite)] == finite
    assert all(value is None or value != value for value in found[len(finite) :])
