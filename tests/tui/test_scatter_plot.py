"""Pictures of scores against a parameter."""

import numpy as np
import pytest
from curves import NASTY, text_of
from rich.cells import cell_len

from cockpit.tui.chart.picture import Role
from cockpit.tui.chart.scatter import ScatterSettings, draw_scatter


def drawn(x, y, width=50, height=12, **settings):
    return draw_scatter(x, y, ScatterSettings(title="score / lr", **settings), width, height)


def places(picture, role):
    rows, columns = np.nonzero(picture.roles == role)
    return list(zip(rows.tolist(), columns.tolist(), strict=True))


def test_points_lie_where_they_belong():
    found = places(drawn([0.0, 1.0, 2.0], [0.0, 1.0, 2.0]), Role.POINT)
    assert len(found) == 3
    (top, right), (_, middle), (bottom, left) = found
    assert (top, left) == (1, 6) and (bottom, right) == (10, 49)
    assert middle == pytest.approx((left + right) / 2, abs=1)


def test_the_best_point_is_drawn_over_all_others_with_its_score():
    picture = drawn([1.0, 2.0, 2.0], [0.5, 0.9, 0.9], best=1)
    assert "◆" in text_of(picture)[1] and "0.9000" in text_of(picture)[1]
    assert "◆" not in "".join(text_of(drawn([1.0], [0.5])))


@pytest.mark.parametrize("best", [-1, 3, 2])
def test_a_best_point_that_cannot_be_drawn_is_not(best):
    assert "◆" not in "".join(text_of(drawn([1.0, 2.0, None], [0.5, 0.9, 0.9], best=best)))


def test_learning_rates_get_a_logarithmic_axis_of_themselves():
    rates = [10.0**exponent for exponent in np.linspace(-6, -3, 20)]
    assert text_of(drawn(rates, range(20)))[0].endswith("─ log ─")
    columns = sorted(column for _, column in places(drawn(rates, range(20)), Role.POINT))
    assert np.diff(columns).max() <= 4
    assert "log" not in text_of(drawn(rates, range(20), log_x=False))[0]
    assert "log" not in text_of(drawn(list(np.linspace(0.001, 1, 20)), range(20)))[0]
    assert "log" in text_of(drawn([1.0, 2.0], [1, 2], log_x=True))[0]


def test_a_few_values_have_a_tick_each():
    row = text_of(drawn([16, 32, 64, 16, 32], [1, 2, 3, 4, 5]))[-1]
    assert [word for word in row.replace("─", " ").replace("└", " ").split() if word.isdigit()] == ["16", "32", "64"]


@pytest.mark.parametrize(
    ("x", "names"),
    [
        (["sgd", "adamw", "sgd"], ["adamw", "sgd"]),
        ([True, False, True], ["False", "True"]),
        ([1, "a", None], ["1", "a"]),
    ],
)
def test_what_is_no_number_is_a_category(x, names):
    row = text_of(drawn(x, [1, 2, 3]))[-1].replace("─", " ").replace("└", " ")
    assert row.split() == names


def test_what_cannot_be_placed_is_counted():
    row = text_of(drawn([1.0, None, 2.0, -1.0, np.nan], [1.0, 2.0, None, 4.0, 5.0], log_x=True))[0]
    assert "log · 4 left out" in row
    assert "left out" not in text_of(drawn([1.0], [1.0]))[0]


def test_many_points_are_dots():
    generator = np.random.default_rng(0)
    picture = drawn(generator.random(3000).tolist(), generator.random(3000).tolist())
    assert "•" not in "".join(text_of(picture))
    assert len(places(picture, Role.POINT)) > 300


def test_without_points_it_says_what_would_be_there():
    assert any("no scores yet" in row for row in text_of(drawn([], [])))
    assert any("no scores yet" in row for row in text_of(drawn([1.0], [None])))


def test_ascii_is_ascii():
    for x in ([1.0, 2.0, 3.0], ["adamw", "損失", "é"], list(range(500))):
        assert "".join(text_of(drawn(x, [1.0] * len(x), ascii=True, best=0))).isascii()


def test_anything_can_be_drawn_at_any_size():
    generator = np.random.default_rng(6)
    words = ["adamw", "損失" * 9, "", "\x1b[31mred", True, None, (1, 2), 10**400]
    for _ in range(150):
        count = int(generator.choice([0, 1, 2, 30, 2000]))
        numbers = np.array(NASTY)[generator.integers(0, len(NASTY), count)].tolist()
        x = numbers if generator.random() < 0.7 else [words[number] for number in generator.integers(0, 8, count)]
        y = np.array(NASTY)[generator.integers(0, len(NASTY), count)].tolist()
        log_x = [None, True, False][generator.integers(3)]
        for width, height in ((12, 4), (200, 60), (1, 1), (0, 0), (40, 3), (9, 9)):
            picture = drawn(x, y, width, height, log_x=log_x, best=int(generator.integers(-1, 40)))
            assert all(cell_len(row) == width for row in text_of(picture))
            assert all(ord(character) >= 32 for row in text_of(picture) for character in row)
