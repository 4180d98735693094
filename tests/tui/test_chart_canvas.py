"""Dots: packed into characters, in layers, and joined to lines."""

import numpy as np
import pytest

from cockpit.tui.chart.canvas import ASCII_DOTS, BRAILLE, Canvas, joined


def shown(canvas, upper=0):
    codes, _ = canvas.flattened(upper)
    return ["".join(map(chr, row)) for row in codes]


def spans(pairs):
    """One layer of (top, bottom)."""
    return tuple(np.array([part], dtype=np.int16) for part in zip(*pairs, strict=True))


def test_every_dot_of_a_cell_has_its_bit_of_braille():
    expected = {(0, 0): "⠁", (0, 1): "⠂", (0, 2): "⠄", (0, 3): "⡀", (1, 0): "⠈", (1, 1): "⠐", (1, 2): "⠠", (1, 3): "⢀"}
    for (column, row), character in expected.items():
        canvas = Canvas(1, 1, 1)
        canvas.points(0, np.array([column]), np.array([row]))
        assert shown(canvas) == [character]


@pytest.mark.parametrize(("rows", "character"), [([0], "'"), ([1], "."), ([0, 1], ":"), ([], " ")])
def test_ascii_has_two_dots_a_cell(rows, character):
    canvas = Canvas(1, 1, 1, ASCII_DOTS)
    canvas.points(0, np.zeros(len(rows), np.int64), np.array(rows, dtype=np.int64))
    assert shown(canvas) == [character]


@pytest.mark.parametrize("dots", [BRAILLE, ASCII_DOTS], ids=["braille", "ascii"])
def test_spans_are_the_same_as_their_dots(dots):
    generator = np.random.default_rng(0)
    for _ in range(30):
        width, height, layers = generator.integers(1, 6, 3).tolist()
        spanned, dotted = Canvas(width, height, layers, dots), Canvas(width, height, layers, dots)
        shape = (layers, spanned.columns)
        top = generator.integers(-3, spanned.rows + 3, shape).astype(np.int16)
        bottom = generator.integers(-3, spanned.rows + 3, shape).astype(np.int16)
        spanned.spans(top, bottom)
        for layer in range(layers):
            for column in range(dotted.columns):
                rows = np.arange(top[layer, column], bottom[layer, column] + 1)
                dotted.points(layer, np.full(len(rows), column), rows)
        assert shown(spanned) == shown(dotted)
        assert np.array_equal(spanned.flattened()[1], dotted.flattened()[1])


def test_no_spans_and_points_outside_change_nothing():
    canvas = Canvas(2, 1, 1)
    canvas.spans(*spans([(1, 0)] * 4))
    canvas.points(0, np.array([-1, 4, 0, 0]), np.array([0, 0, -1, 4]))
    assert shown(canvas) == ["  "]


def test_dots_unite_and_the_last_layer_gives_the_colour():
    canvas = Canvas(2, 1, 2)
    canvas.points(0, np.array([0, 2]), np.array([0, 0]))
    canvas.points(1, np.array([1]), np.array([0]))
    codes, layers = canvas.flattened()
    assert [chr(code) for code in codes[0]] == ["⠉", "⠁"]
    assert layers.tolist() == [[1, 0]]


def test_upper_layers_hide_the_dots_of_lower_ones_in_their_cells():
    canvas = Canvas(2, 1, 2)
    canvas.points(0, np.array([0, 2]), np.array([0, 0]))
    canvas.points(1, np.array([1]), np.array([0]))
    codes, layers = canvas.flattened(upper=1)
    assert [chr(code) for code in codes[0]] == ["⠈", "⠁"]
    assert layers.tolist() == [[1, 0]]
    assert Canvas(2, 1, 2).flattened(1)[1].tolist() == [[-1, -1]]


def test_a_line_without_holes():
    """Between any two columns, some dots are neighbours, be it at a corner."""
    generator = np.random.default_rng(1)
    rows = np.cumsum(generator.normal(0, 9, (5, 200)), axis=1)
    top, bottom = joined(rows)
    near = np.rint(rows)
    assert np.all(top <= near) and np.all(near <= bottom)
    assert np.all(top[:, 1:] <= bottom[:, :-1] + 1) and np.all(top[:, :-1] <= bottom[:, 1:] + 1)


def test_a_flat_line_is_one_dot_high_and_a_rise_is_shared():
    top, bottom = joined(np.array([[3.0, 3.0, 4.0, 8.0]]))
    assert top.tolist() == [[3, 3, 4, 7]]
    assert bottom.tolist() == [[3, 3, 6, 8]]


def test_gaps_are_not_joined():
    top, bottom = joined(np.array([[0.0, np.nan, 9.0, np.nan]]))
    assert (top <= bottom).tolist() == [[True, False, True, False]]
    assert bottom.tolist()[0][0] == 0 and top.tolist()[0][2] == 9


def test_rows_far_away_are_no_trouble():
    top, bottom = joined(np.array([[-1e12, 1e12, 5.0, np.inf]]))
    canvas = Canvas(2, 2, 1)
    canvas.spans(top, bottom)
    assert shown(canvas)[0] != "  "
