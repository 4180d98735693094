"""Pictures: writing into them, what has changed, and runs of one role."""

import numpy as np
import pytest
from curves import text_of
from rich.cells import cell_len

from cockpit.tui.chart.picture import COLORS, Picture, Role, cells_of, colored, fitted


def test_what_is_written_lies_where_it_was_put():
    picture = Picture(8, 2)
    picture.write(1, 2, "loss", Role.TITLE)
    assert text_of(picture) == ["        ", "  loss  "]
    assert (picture.width, picture.height) == (8, 2)
    assert picture.roles[1].tolist() == [0, 0, *[Role.TITLE] * 4, 0, 0]


@pytest.mark.parametrize(
    ("row", "column", "shown"),
    [(0, -2, "ss  "), (0, 2, "  lo"), (0, 4, "    "), (0, -4, "    "), (1, 0, "    "), (-1, 0, "    ")],
)
def test_what_lies_outside_is_cut_off(row, column, shown):
    picture = Picture(4, 1)
    picture.write(row, column, "loss", Role.TITLE)
    assert text_of(picture) == [shown]


def test_wide_characters_take_two_cells_and_marks_none():
    assert cells_of("a損b") == [ord("a"), ord("損"), 0, ord("b")]
    assert cells_of("e\u0301") == [ord("e")]
    picture = Picture(6, 1)
    picture.write(0, 0, "損失x", Role.TITLE)
    assert text_of(picture) == ["損失x "]
    assert cell_len(text_of(picture)[0]) == 6


@pytest.mark.parametrize("column", [-1, -2, -3, 3, 4])
def test_half_a_wide_character_never_shows(column):
    picture = Picture(4, 1)
    picture.write(0, column, "損失", Role.TITLE)
    assert cell_len(text_of(picture)[0]) == 4


@pytest.mark.parametrize(("width", "shown"), [(4, "loss"), (3, "lo…"), (1, "…"), (0, ""), (-1, "")])
def test_texts_are_fitted_with_an_ellipsis(width, shown):
    assert "".join(map(chr, fitted(cells_of("loss"), width, "…"))) == shown


def test_half_of_a_wide_character_before_the_ellipsis_becomes_blank():
    assert fitted(cells_of("損失"), 2, "…") == [ord(" "), ord("…")]
    assert fitted(cells_of("損失"), 3, "…") == [ord("損"), 0, ord("…")]


def test_changes_name_rows_and_the_columns_between():
    before = Picture(6, 3)
    after = before.copy()
    assert after.changes(before) == []
    after.write(1, 2, "x", Role.TITLE)
    after.write(1, 4, "y", Role.TITLE)
    after.roles[2, 0] = Role.FRAME
    assert after.changes(before) == [(1, 2, 5), (2, 0, 1)]


def test_a_blank_joins_a_neighbour_so_that_there_are_few_runs():
    picture = Picture(9, 1)
    picture.write(0, 2, "ab", Role.TICK)
    picture.write(0, 6, "cd", Role.FRAME)
    assert picture.runs == [[("  ab  ", Role.TICK), ("cd ", Role.FRAME)]]
    assert Picture(3, 2).runs == [[("   ", Role.PLAIN)], [("   ", Role.PLAIN)]]
    assert Picture(0, 2).runs == [[], []]


@pytest.mark.parametrize("role", [Role.READOUT, colored(Role.READING, 3)])
def test_a_blank_does_not_join_a_table_which_has_a_background(role):
    picture = Picture(6, 1)
    picture.write(0, 2, "ab", role)
    assert picture.runs == [[("  ", Role.PLAIN), ("ab", role), ("  ", Role.PLAIN)]]


def test_roles_of_colours_do_not_meet():
    roles = [colored(role, number) for role in (Role.LINE, Role.ENVELOPE, Role.READING) for number in range(COLORS)]
    assert len(set(roles)) == len(roles)
    assert not set(roles) & {role for role in Role if role < Role.LINE}
    assert colored(Role.LINE, COLORS) == Role.LINE
    assert colored(Role.LINE, -1) == Role.LINE + COLORS - 1


def test_weight_grows_with_bytes_and_runs():
    picture = Picture(4, 2)
    picture.write(1, 0, "⣿⣿", Role.TICK)
    picture.write(1, 2, "ab", Role.TITLE)
    plain, dots = picture.weight([0]), picture.weight([1])
    assert picture.weight([0, 1]) == plain + dots
    assert dots - 2 * (plain - 4) == len("⣿⣿ab".encode())


def test_to_ascii_leaves_nothing_else():
    picture = Picture(8, 1)
    picture.write(0, 0, "a…—≤é⣿", Role.TITLE)
    picture.to_ascii()
    assert text_of(picture) == ["a~-<??  "]
    assert np.all(picture.codes < 127)


@pytest.mark.parametrize("column", range(6))
def test_what_is_written_over_half_a_wide_character_takes_all_of_it(column):
    picture = Picture(6, 1)
    picture.write(0, 1, "損失", Role.TITLE)
    picture.write(0, column, "x", Role.TICK)
    assert cell_len(text_of(picture)[0]) == 6
    assert text_of(picture)[0].count("x") == 1


def test_to_ascii_keeps_the_width():
    picture = Picture(6, 1)
    picture.write(0, 1, "損失", Role.TITLE)
    picture.to_ascii()
    assert text_of(picture) == [" ???? "]
