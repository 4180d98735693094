"""Tables at any width."""

import random

import pytest
from rich.cells import cell_len

from cockpit.cli.layout import Layout, folded

HEADINGS = ["trial", "status", "batch_size", "score", "last", "ended"]
ROWS = [
    ["t000 ◆", "✓ finished", "32", "0.6360", "0.6360", ""],
    ["t001", "✂ pruned", "128", "0.1395", "0.1395", "asha rung 1: 0.1395 < 0.4847 (4th of 4)"],
]
LEFT = ("trial", "status", "ended")


def table(width, rows=ROWS, headings=HEADINGS, optional=("last",), last_folds=True, left=LEFT):
    layout = Layout(headings, rows, width, left, optional, last_folds)
    return [layout.header(), *(line for row in rows for line in layout.lines(row))], layout.left_out


def test_a_table_that_fits_has_one_line_a_row():
    lines, left_out = table(200)
    assert lines == [
        "trial   status      batch_size   score    last  ended",
        "t000 ◆  ✓ finished          32  0.6360  0.6360",
        "t001    ✂ pruned           128  0.1395  0.1395  asha rung 1: 0.1395 < 0.4847 (4th of 4)",
    ]
    assert left_out == []


def test_the_last_column_folds_beside_its_row_where_there_is_room():
    lines, _ = table(80)
    assert lines[2:] == [
        "t001    ✂ pruned           128  0.1395  0.1395  asha rung 1: 0.1395 < 0.4847",
        "                                                (4th of 4)",
    ]


def test_the_last_column_goes_below_its_row_where_there_is_none():
    lines, _ = table(60)
    assert lines == [
        "trial   status      batch_size   score    last",
        "t000 ◆  ✓ finished          32  0.6360  0.6360",
        "t001    ✂ pruned           128  0.1395  0.1395",
        "    asha rung 1: 0.1395 < 0.4847 (4th of 4)",
    ]


def test_optional_columns_go_first_and_are_told():
    lines, left_out = table(40)
    assert lines[0] == "trial   status      batch_size   score"
    assert left_out == ["last"]


def test_an_optional_column_that_says_nothing_is_not_missed():
    rows = [[*row[:4], "—", row[5]] for row in ROWS]
    assert table(40, rows)[1] == []


def test_long_headings_are_cut_before_columns_are():
    lines, _ = table(37)
    assert lines[0] == "trial   status      batch…   score"
    assert lines[2] == "t001    ✂ pruned       128  0.1395"


def test_headings_are_not_cut_until_they_look_alike():
    lines, left_out = table(24, [["1", "2", "3"]], ["row_f1_lower", "row_f1_higher", "recall"], last_folds=False)
    assert lines[0] == "row_f1_l…  row_f1_h…"
    assert left_out == ["recall"]


def test_long_words_are_cut_and_numbers_never():
    rows = [["a very long name of a model", "12345.678901", "0.5"]]
    lines, _ = table(34, rows, ["name", "number", "score"], last_folds=False, left=("name",))
    assert lines[1] == "a very long …  12345.678901    0.5"


@pytest.mark.parametrize("seed", range(30))
def test_no_line_is_ever_wider_than_the_terminal_and_columns_stay_in_place(seed):
    dice = random.Random(seed)
    count = dice.randint(2, 12)
    headings = [f"h{number}" + "x" * dice.randint(0, 15) for number in range(count)]
    words = ["ab", "", "—", "0.1234", "größe", "日本語のテキスト", "a long text of many words " * 3]
    rows = [[dice.choice(words) for _ in headings] for _ in range(6)]
    width = dice.randint(30, 120)
    lines, left_out = table(
        width, rows, headings, optional=headings[2:4], last_folds=dice.random() < 0.5, left=headings[:1]
    )
    assert max(map(cell_len, lines)) <= width
    assert headings[0] not in left_out


def test_later_rows_stand_under_earlier_ones_and_widen_them():
    layout = Layout(["step", "loss"], [["1", "0.5"]], 80)
    assert layout.header() == "step  loss"
    assert list(layout.lines(["2", "0.25"])) == ["   2  0.25"]
    assert list(layout.lines(["3", "0.0625"])) == ["   3  0.0625"]
    assert list(layout.lines(["4", "0.5"])) == ["   4     0.5"]


def test_text_that_steers_a_terminal_is_made_harmless():
    lines, _ = table(80, [["\x1b[2Jt000", "a\nb", "1", "2", "3", "x\ty"]])
    assert lines[1].split() == ["t000", "a", "b", "1", "2", "3", "x", "y"]
    assert len(lines) == 2


def test_an_empty_table_is_its_headings():
    assert table(80, [])[0] == ["trial  status  batch_size  score  last  ended"]


def test_wide_characters_fold_within_the_width():
    assert max(map(cell_len, folded("日本語 " * 40, 60, "    "))) <= 60
