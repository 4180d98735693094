"""The table's text, and that the cheap measurements give rows. No test looks at a duration."""

from __future__ import annotations

import pytest

from . import index, log_step
from .child import ChildFailedError, measure_in_child
from .table import NOT_INSTALLED, Row, against, ahead, at_most, format_table, seconds


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0 ns"),
        (5e-9, "5 ns"),
        (5.13e-6, "5.13 µs"),
        (0.0234, "23.4 ms"),
        (0.99999, "1000 ms"),
        (1.0, "1 s"),
        (1234.5, "1234 s"),
        (-0.002, "-2 ms"),
    ],
)
def test_a_duration_is_written_in_the_unit_that_suits_it(value: float, text: str) -> None:
    assert seconds(value) == text


def test_a_ratio_is_held_against_its_target() -> None:
    assert against("m", 1.0, 4.0, 0.25) == Row("m", "1 s", "4 s", 0.25, "ratio ≤ 0.25", True)
    assert against("m", 2.0, 4.0, 0.25).met is False
    assert against("m", 2.0, 4.0).met is None


def test_a_peer_that_is_missing_is_no_failure() -> None:
    row = against("m", 1.0, None, 0.25)
    assert (row.peer, row.ratio, row.met) == (NOT_INSTALLED, None, None)


def test_being_ahead_and_staying_below_a_limit() -> None:
    assert ahead("m", 1.0, 2.0).met is True
    assert ahead("m", 2.0, 2.0).met is False
    assert at_most("m", 0.3, 0.3).met is True
    assert at_most("m", 0.31, 0.3).met is False


def test_columns_stand_below_each_other() -> None:
    lines = format_table(
        [Row("short", "1 s", met=True), Row("a longer measure", "20 ms", "3 s", 1 / 3, met=False)]
    ).split("\n")
    assert lines[0].split() == ["measure", "ours", "peer", "ratio", "target", "met?"]
    assert (
        len({line.index(cell) for line, cell in zip((lines[0], *lines[2:]), ("ours", "1 s", "20 ms"), strict=True)})
        == 1
    )
    assert lines[2].endswith("yes") and lines[3].endswith("NO")
    assert "0.333" in lines[3]


def test_indexing_gives_rows() -> None:
    assert [row.met is not None for row in index.rows(quick=True, steps=200)] == [True] * 3


def test_logging_without_peers_gives_rows() -> None:
    assert [row.ratio is not None for row in log_step.rows(quick=True, peers=())] == [True] * 4 + [False]


def test_a_child_that_fails_says_why() -> None:
    with pytest.raises(ChildFailedError, match="KeyError"):
        measure_in_child("loggers", "no such subject", "1")
