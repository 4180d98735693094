"""How columns share the width of a table, and how texts stand in them."""

import random
from itertools import pairwise

import pytest
from rich.cells import cell_len

from cockpit.tui.glyphs import ASCII, UNICODE
from cockpit.tui.ordering import Sort
from cockpit.tui.widgets.arrangement import Arrangement
from cockpit.tui.widgets.columns import MARGIN, Cell, Column, cut, fit, joined, measured, place
from cockpit.tui.widgets.table_lines import empty_lines, heading_line, row_line

ID = Column("id", "id", right=False)
WHY = Column("why", "why", right=False, priority=5, least=8, grow=True)


def text_of(line):
    return line.mark.text + "".join(cell.text for cell in line.cells)


def shown(columns, found):
    return [columns[slot.column].key for slot in found.slots]


def numbers(*priorities):
    return [ID, *(Column(f"c{place}", "x", priority=priority) for place, priority in enumerate(priorities))]


def test_the_lowest_priority_goes_first_and_of_equals_the_rightmost():
    columns = numbers(5, 1, 1, 9)
    widths = [4, 6, 6, 6, 6]
    everything = 2 * MARGIN + 4 + 4 * (2 + 6)
    assert shown(columns, fit(columns, widths, everything)) == ["id", "c0", "c1", "c2", "c3"]
    assert shown(columns, fit(columns, widths, everything - 1)) == ["id", "c0", "c1", "c3"]
    assert shown(columns, fit(columns, widths, everything - 9)) == ["id", "c0", "c3"]
    assert shown(columns, fit(columns, widths, everything - 17)) == ["id", "c3"]
    assert shown(columns, fit(columns, widths, 3)) == ["id"]
    assert fit(columns, widths, everything - 9).hidden == (2, 3)


def test_a_number_is_hidden_and_never_cut():
    columns = numbers(1, 1)
    for width in range(5, 60):
        found = fit(columns, [4, 6, 9], width)
        assert all(slot.width == [4, 6, 9][slot.column] for slot in found.slots if slot.column)


def test_a_growing_column_takes_what_is_left_and_no_more_than_it_needs():
    columns = [ID, WHY, Column("n", "n")]
    assert [slot.width for slot in fit(columns, [4, 30, 5], 60).slots] == [4, 30, 5]
    assert [slot.width for slot in fit(columns, [4, 30, 5], 2 + 4 + 2 + 12 + 2 + 5).slots] == [4, 12, 5]
    assert shown(columns, fit(columns, [4, 30, 5], 2 + 4 + 2 + 7 + 2 + 5)) == ["id", "why"]
    two = [ID, WHY, Column("note", "note", right=False, least=6, grow=True)]
    assert [slot.width for slot in fit(two, [4, 90, 10], 2 + 4 + 2 + 20 + 2 + 10).slots] == [4, 20, 10]


def test_more_room_than_needed_makes_wider_gaps_up_to_a_limit():
    columns = numbers(1, 1)
    needed = 2 * MARGIN + 4 + 2 * (2 + 6)
    assert [slot.x for slot in fit(columns, [4, 6, 6], needed).slots] == [1, 7, 15]
    assert [slot.x for slot in fit(columns, [4, 6, 6], needed + 2).slots] == [1, 8, 17]
    assert [slot.x for slot in fit(columns, [4, 6, 6], 200).slots] == [1, 9, 19]


def test_slots_never_overlap_and_never_leave_the_line():
    generator = random.Random(0)
    for _ in range(500):
        columns = [ID]
        for number in range(generator.randint(0, 12)):
            grow = generator.random() < 0.2
            columns.append(Column(str(number), "heading"[: generator.randint(1, 7)], grow=grow,
                                  priority=generator.randint(0, 3), least=generator.randint(1, 9)))  # fmt: skip
        arranged = Arrangement(columns)
        row = [measured("x" * generator.randint(0, 20)) for _ in columns]
        width = generator.randint(4, 150)
        arranged.widen([row], width)
        for _ in range(generator.randint(0, 5)):
            arranged.shift(generator.choice((-1, 1)))
        slots, hidden = arranged.fit.slots, arranged.fit.hidden
        assert sorted([*(slot.column for slot in slots), *hidden]) == list(range(len(columns)))
        assert slots[0].column == 0
        assert all(before.x + before.width + 2 <= after.x for before, after in pairwise(slots))
        assert slots[-1].x + slots[-1].width <= width - MARGIN
        for line in (row_line(arranged, row, "", False, UNICODE), heading_line(arranged, None, width, UNICODE)):
            assert cell_len(text_of(line)) <= width


def test_shifting_brings_hidden_columns_in_while_the_first_one_stays():
    arranged = Arrangement(numbers(5, 4, 3, 2, 1))
    arranged.widen([[measured("x" * 6)] * 6], 2 + 6 + 2 * 8)
    seen = [[column.key for column in arranged.shown]]
    while arranged.shift(1):
        seen.append([column.key for column in arranged.shown])
    assert seen == [["id", "c0", "c1"], ["id", "c1", "c2"], ["id", "c2", "c3"], ["id", "c3", "c4"]]
    assert arranged.hidden == ("c0", "c1", "c2")
    while arranged.shift(-1):
        pass
    assert [column.key for column in arranged.shown] == seen[0]
    assert not arranged.shift(-1)


def test_columns_widen_and_narrow_only_when_told_to_forget():
    arranged = Arrangement([ID, Column("n", "n")])
    arranged.widen([[measured("t0"), measured("1234567")]], 80)
    assert [slot.width for slot in arranged.fit.slots] == [3, 7]
    arranged.widen([[measured("t0"), measured("1")]], 80)
    assert [slot.width for slot in arranged.fit.slots] == [3, 7]
    arranged.forget()
    arranged.widen([[measured("t0"), measured("1")]], 80)
    assert [slot.width for slot in arranged.fit.slots] == [3, 3]


def test_wide_characters_keep_columns_aligned():
    arranged = Arrangement([Column("id", "id", right=False), Column("n", "n"), Column("m", "m")])
    rows = [[measured(text), measured(number), measured("1")] for text, number in
            (("t000", "0.5"), ("日本", "12.25"), ("✅ ok", "日"), ("é́", "1"))]  # fmt: skip
    arranged.widen(rows, 40)
    lines = [text_of(row_line(arranged, row, "", False, UNICODE)) for row in rows]
    assert {cell_len(line) for line in lines} == {cell_len(lines[0])}


@pytest.mark.parametrize(
    ("text", "width", "kept"),
    [
        ("asha rung 1: 0.9431", 30, "asha rung 1: 0.9431"),
        ("asha rung 1: 0.9431", 18, "asha rung 1…"),
        ("asha rung 1: 0.9431", 13, "asha rung 1…"),
        ("asha rung", 8, "asha…"),
        ("incomprehensibilities", 10, "incompreh…"),
        ("a incomprehensibility", 10, "a incompr…"),
        ("日本語テキスト", 6, "日本…"),
        ("日本語テキスト", 7, "日本語…"),
        ("word", 1, "…"),
        ("word", 0, ""),
    ],
)
def test_a_long_text_is_cut_between_words_where_that_is_cheap(text, width, kept):
    found = cut(text, width, "…") if cell_len(text) > width else text
    assert found == kept
    assert cell_len(found) <= width


def test_texts_are_safe_and_keep_the_blanks_that_align_them():
    assert measured("  t003") == ("  t003", "", 6)
    assert measured("  é\x1b[31mred\nnext").text == "  éred next"
    assert measured(Cell("\tx", "bold")) == ("x", "bold", 1)
    assert measured("a\u202eb\u200bc").text == "abc"
    assert measured("[/bold]").text == "[/bold]"


def test_neighbours_of_one_style_are_one_piece():
    slots = fit([ID, Column("a", "a"), Column("b", "b")], [4, 4, 4], 18).slots
    cells = [measured("t1"), measured("1"), measured(Cell("2", "bold"))]
    spans = [place(cell, slot, slot.column > 0, "…") for cell, slot in zip(cells, slots, strict=True)]
    assert joined(spans, MARGIN) == (Cell("t1       1     "), Cell("2", "bold"))


def headings(columns, width, sort=None, glyphs=UNICODE, shifts=0):
    arranged = Arrangement(columns)
    arranged.widen((), width)
    for _ in range(shifts):
        arranged.shift(1)
    return text_of(heading_line(arranged, sort, width, glyphs))


def test_the_order_stands_beside_its_heading_and_moves_nothing():
    columns = [ID, Column("loss", "loss"), Column("lr", "lr", least=7), Column("why", "why", right=False)]
    plain = headings(columns, 40)
    assert plain == " id     loss         lr    why"
    assert headings(columns, 40, Sort("loss")) == " id     loss▲        lr    why"
    assert headings(columns, 40, Sort("lr", True)) == " id     loss         lr▼   why"
    assert headings(columns, 40, Sort("id"), ASCII) == " id^    loss         lr    why"
    assert headings(columns, 40, Sort("why")) == " id     loss         lr    why▲"
    assert headings(columns, 40, Sort("elsewhere")) == plain


def test_the_edges_say_that_there_are_further_columns():
    columns = numbers(5, 4, 3)
    assert headings(columns, 40)[-1] != "›"
    assert headings(columns, 14) == " id     x    ›"
    assert headings(columns, 14, shifts=1) == "‹id     x    ›"
    assert headings(columns, 14, glyphs=ASCII, shifts=1) == "<id     x    >"


def test_long_headings_are_cut_unless_their_values_are_as_long():
    name = "model.classifier_dropout_rate"
    assert headings([ID, Column("n", name)], 60) == " id     model.classifie…"
    arranged = Arrangement([ID, Column("n", name)])
    arranged.widen([[measured("t"), measured("x" * 40)]], 60)
    assert text_of(heading_line(arranged, None, 60, UNICODE)).endswith(name)


def test_a_mark_is_a_bar_in_the_first_cell():
    arranged = Arrangement([ID])
    arranged.widen([[measured("t003")]], 20)
    assert text_of(row_line(arranged, [measured("t003")], "#ff0000", False, UNICODE)) == "▌t003"
    assert text_of(row_line(arranged, [measured("t003")], "#ff0000", False, ASCII)) == "|t003"
    assert text_of(row_line(arranged, [measured("t003")], "", False, ASCII)) == " t003"
    assert row_line(arranged, [measured("t003")], "#ff0000", True, UNICODE).kind == "cursor"


def test_an_empty_table_has_its_text_in_the_middle():
    lines = [text_of(line).rstrip() for line in empty_lines("no trial\n\nn starts one", 20, 7, UNICODE)]
    assert lines == ["", "", "      no trial", "", "    n starts one"]
    assert [text_of(line) for line in empty_lines("a b c\nd", 6, 1, UNICODE)] == [" a b…"]
    assert {text_of(line).strip() for line in empty_lines("", 20, 4, UNICODE)} == {""}
