"""Whole pictures of lines: what must be seen, what must be said, and that nothing makes them raise."""

import numpy as np
import pytest
from curves import curve, falling, nasty, text_of
from rich.cells import cell_len

from cockpit.tui.chart.labels import label_margin
from cockpit.tui.chart.picture import Role, colored
from cockpit.tui.chart.plot import Line, LinePlot, Settings, extent_of
from cockpit.tui.chart.window import Extent, Window

BLANK_BRAILLE = "⠀"


def drawn(lines, width=60, height=14, plot=None, **settings):
    return (plot or LinePlot()).draw(lines, Settings(title="loss", **settings), width, height)


def lines_of(*curves):
    return [Line(f"t{number:03d}", number, each) for number, each in enumerate(curves)]


def is_dots(text):
    return any(BLANK_BRAILLE < character <= "⣿" for character in text)


def columns_with(picture, character):
    return sorted(set(np.nonzero(picture.codes == ord(character))[1].tolist()))


def test_title_axes_and_labels():
    rows = text_of(drawn(lines_of(falling(2300))))
    assert rows[0].startswith("─ loss ─") and rows[0].endswith("─")
    assert rows[-1].startswith("     └0─") and "1k" in rows[-1] and "2k" in rows[-1]
    labels = [row[:5].strip() for row in rows[1:-1] if row[5] == "┤"]
    assert 3 <= len(labels) <= 5
    assert [float(label) for label in labels] == sorted(map(float, labels), reverse=True)
    assert any("t000" in row for row in rows)


def test_the_title_says_how_values_are_shown():
    given = lines_of(falling())
    assert "ema 0.9" in text_of(drawn(given, smoothing=0.9))[0]
    assert text_of(drawn(given, log=True))[0].endswith("─ log ─")
    assert "100–300" in text_of(drawn(given, window=Window(100, 300, 200)))[0]
    assert "ema 0.6 · log · 500–1k" in text_of(drawn(given, smoothing=0.6, log=True, window=Window(500, None)))[0]


def test_what_does_not_fit_into_the_title_is_left_out():
    row = text_of(drawn(lines_of(falling()), width=16, smoothing=0.9))[0]
    assert row == "─ loss ─────────"
    assert text_of(LinePlot().draw([], Settings(title="validation_loss"), 12, 5))[0] == "─ validat… ─"


def test_one_spike_in_fifty_thousand_steps_is_seen():
    steps = np.arange(0, 50_000, 32)
    mean = np.full(len(steps), 0.1)
    high = mean.copy()
    high[700] = 5.0
    picture = drawn(lines_of(curve(steps, mean, mean, high)), smoothing=0.97)
    heights = (picture.codes[1:-1, 6:] > 0x2800).sum(axis=0)
    assert heights.max() == 12 and np.count_nonzero(heights > 2) == 1
    assert (picture.roles == colored(Role.ENVELOPE, 0)).any()


def test_a_line_crosses_the_plot_without_a_hole():
    picture = drawn(lines_of(falling(5000, noise=0.0)))
    plot = picture.roles[1:-1, 6:] == colored(Role.LINE, 0)
    covered = np.flatnonzero(plot.any(axis=0))
    assert covered[0] == 0 and covered[-1] >= 45
    assert np.all(np.diff(covered) == 1)


def test_a_gap_is_left_open_and_marked_on_the_bottom_row():
    values = np.linspace(1, 2, 1000)
    values[400:600] = np.nan
    picture = drawn(lines_of(curve(np.arange(1000), values)))
    rows = text_of(picture)
    crosses = [column for column, character in enumerate(rows[-2]) if character == "×"]
    assert crosses == list(range(crosses[0], crosses[-1] + 1)) and len(crosses) > 5
    inner = slice(crosses[1], crosses[-1])
    assert not any(is_dots(row[inner]) for row in rows[1:-2])
    assert not is_dots(rows[-2][inner])


def test_infinite_values_do_not_stretch_the_axis():
    values = np.linspace(1, 2, 100)
    values[50] = np.inf
    picture = drawn(lines_of(curve(np.arange(100), values, missing=np.zeros(100))))
    assert "×" in text_of(picture)[-2]
    labels = [row[:5].strip() for row in text_of(picture)[1:-1] if row[5] == "┤"]
    assert float(labels[0]) <= 2.2


def test_a_single_point_is_seen_and_named():
    rows = text_of(drawn(lines_of(curve([5], [0.95]))))
    assert any("•t000" in row for row in rows)
    assert any("•" in row for row in text_of(drawn(lines_of(curve([5], [0.0])), width=12, height=4)))


def test_few_points_are_marked_many_are_not():
    steps = np.arange(0, 1000, 100)
    assert columns_with(drawn(lines_of(curve(steps, steps / 1000))), "•")
    assert not columns_with(drawn(lines_of(falling())), "•")


def test_where_lines_meet_the_later_one_is_seen():
    same = falling()
    picture = drawn(lines_of(same, same))
    assert (picture.roles == colored(Role.LINE, 1)).any()
    assert not ((picture.roles == colored(Role.LINE, 0)) & (picture.codes > 0x2800)).any()


def test_every_line_is_named_once_where_there_is_room():
    curves = [curve(np.arange(1000), np.full(1000, value)) for value in np.linspace(0, 1, 8)]
    text = "\n".join(text_of(drawn(lines_of(*curves), height=30)))
    assert [text.count(f"t{number:03d}") for number in range(8)] == [1] * 8


def test_labels_of_lines_that_end_together_evade_each_other():
    curves = [curve(np.arange(1000), np.linspace(0, 1 + number / 1000, 1000)) for number in range(3)]
    text = "\n".join(text_of(drawn(lines_of(*curves))))
    assert [text.count(f"t{number:03d}") for number in range(3)] == [1] * 3


def test_lines_without_names_leave_no_margin():
    assert label_margin(["", ""]) == 0 and label_margin([]) == 0
    assert label_margin(["t000", "t00"]) == 5
    plot = LinePlot()
    drawn([Line("", 0, falling())], plot=plot)
    assert plot.place.margin == 0


@pytest.mark.parametrize(
    ("lines", "settings", "message"),
    [
        ([], {}, "no values yet"),
        ([], {"message": "reading…"}, "reading…"),
        (lines_of(curve([], [])), {}, "no values yet"),
        (lines_of(curve([1, 2], [np.nan, np.nan])), {}, "no finite values"),
        (lines_of(curve([1, 2], [-1.0, 0.0])), {"log": True}, "no values above 0"),
        (lines_of(curve([1, 2], [1.0, 2.0])), {"window": Window(50, 90, 40)}, "no values in these steps"),
    ],
)
def test_an_empty_plot_says_why(lines, settings, message):
    assert any(message in row for row in text_of(drawn(lines, **settings)))


def test_a_logarithmic_axis_says_that_something_is_left_out():
    picture = drawn(lines_of(curve(np.arange(4), [1.0, -1.0, 10.0, 100.0])), log=True)
    assert "log, values ≤ 0 left out" in text_of(picture)[0]


def test_a_window_shows_its_steps_only():
    values = np.concatenate([np.full(500, 100.0), np.linspace(1, 2, 500)])
    plot = LinePlot()
    picture = drawn(lines_of(curve(np.arange(1000), values)), plot=plot, window=Window(600, 800, 200))
    assert (plot.across.low, plot.across.high) == (600, 800)
    labels = [float(row[:5]) for row in text_of(picture)[1:-1] if row[5] == "┤"]
    assert max(labels) < 3


def test_cells_and_steps_go_together():
    plot = LinePlot()
    drawn(lines_of(falling(2300)), plot=plot)
    for column in (0, 7, plot.place.columns - 1):
        assert plot.column_of(plot.step_of(column)) == column
    assert plot.column_of(-1e9) == -1 and plot.column_of(1e9) == plot.place.columns


def test_the_cursor_is_a_line_with_a_table():
    plot = LinePlot()
    given = lines_of(falling(), falling(seed=1))
    picture = drawn(given, plot=plot, cursor=250)
    column = plot.place.left + plot.column_of(250)
    assert "│" in [row[column] for row in text_of(picture)]
    text = "\n".join(text_of(picture))
    assert "step 250" in text
    assert f"▌t001 {given[1].curve.mean[250]:.4f}" in text


def test_a_cursor_out_of_view_is_not_drawn():
    given = lines_of(falling())
    assert text_of(drawn(given, cursor=250, window=Window(500, 600, 100))) == text_of(
        drawn(given, window=Window(500, 600, 100))
    )


def test_a_small_chart_has_the_readout_in_its_title():
    given = lines_of(falling())
    assert text_of(drawn(given, width=20, height=5, cursor=250))[0].startswith(f"─ 250 {given[0].curve.mean[250]:.4f}")


def test_smoothed_readings_follow_the_line():
    given = lines_of(curve([0, 1, 2], [0.0, 10.0, 0.0]))
    assert "5.2632" in "\n".join(text_of(drawn(given, cursor=1, smoothing=0.9)))


def test_the_axis_of_values_stays_while_values_stream_in():
    plot, seen = LinePlot(), set()
    for count in range(300, 2000, 10):
        picture = drawn([Line("t000", 0, falling(count))], plot=plot)
        seen.add(tuple(row[:6] for row in text_of(picture)[1:-1]))
    assert len(seen) <= 6


def test_other_lines_get_an_axis_of_their_own():
    plot = LinePlot()
    drawn([Line("t000", 0, curve([0, 1], [0.0, 10.0]))], plot=plot)
    kept = drawn([Line("t000", 0, curve([0, 1], [0.0, 7.0]))], plot=plot)
    other = drawn([Line("t001", 0, curve([0, 1], [0.0, 7.0]))], plot=plot)
    assert text_of(kept)[1] != text_of(other)[1]


def test_a_picture_depends_on_nothing_but_what_it_shows():
    plot = LinePlot()
    given = lines_of(falling(), falling(seed=2))
    for settings in ({}, {"smoothing": 0.9}, {"log": True}, {"cursor": 30}):
        again = drawn(given, plot=plot, **settings)
        assert drawn(given, plot=plot, **settings).changes(again) == []
        assert drawn(given, plot=LinePlot(), **settings).changes(again) == []


@pytest.mark.parametrize("lines", [lines_of(falling()), lines_of(*[falling(seed=n) for n in range(8)]), []])
def test_ascii_is_ascii(lines):
    for settings in ({}, {"log": True, "smoothing": 0.9, "window": Window(10, 600, 590)}, {"cursor": 40}):
        text = "".join(text_of(drawn(lines, ascii=True, **settings)))
        assert text.isascii()


def test_lines_of_ascii_are_numbered_so_that_they_can_be_told_apart():
    curves = [curve(np.arange(100), np.full(100, float(value))) for value in range(3)]
    text = "\n".join(text_of(drawn(lines_of(*curves), ascii=True)))
    assert "1111111t000" in text and "2222222t001" in text and "3333333t002" in text
    assert "*******t000" in "\n".join(text_of(drawn(lines_of(curves[0]), ascii=True)))


def test_extents():
    assert extent_of([]) is None
    assert extent_of(lines_of(curve([], []))) is None
    assert extent_of(lines_of(curve([3, 4], [1.0, 1]), curve([], []), curve([-2], [1.0]))) == Extent(-2, 4)


SIZES = [(12, 4), (200, 60), (80, 24), (1, 1), (0, 0), (3, 9), (40, 2), (40, 3), (11, 5), (13, 4), (26, 7)]


def test_anything_can_be_drawn_at_any_size():
    generator = np.random.default_rng(5)
    plots = {size: LinePlot() for size in SIZES}
    labels = ["t000", "", "損失", "a very long label of a line", "x\u0301"]
    for _ in range(60):
        lines = [
            Line(str(generator.choice(labels)), int(generator.integers(-3, 20)), nasty(generator))
            for _ in range(generator.integers(0, 9))
        ]
        first = int(generator.choice([-(2**60), -100, 0, 150, 2**60]))
        window = [None, Window(first, None, 5), Window(first, first + int(generator.integers(0, 1000)))]
        settings = Settings(
            title=str(generator.choice(["loss", "", "損失" * 30])),
            smoothing=float(generator.choice([0, 0.5, 0.99])),
            log=bool(generator.integers(2)),
            window=window[generator.integers(3)],
            cursor=[None, first, 7][generator.integers(3)],
            ascii=bool(generator.integers(2)),
        )
        for (width, height), plot in plots.items():
            picture = plot.draw(lines, settings, width, height)
            assert (picture.width, picture.height) == (width, height)
            assert {cell_len(row) for row in text_of(picture)} <= {width}, (text_of(picture), settings)
            assert all(ord(character) >= 32 for row in text_of(picture) for character in row)


def test_a_smoothed_line_is_in_view_where_it_lies_outside_of_all_values():
    values = np.concatenate([np.full(100, 100.0), np.full(100, 1.0)])
    picture = drawn(lines_of(curve(np.arange(200), values)), smoothing=0.99, window=Window(150, 200, 50))
    assert (picture.roles[1:-1] == colored(Role.LINE, 0)).sum() > 20
