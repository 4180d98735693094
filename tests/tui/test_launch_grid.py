"""Where the cells of the space stand: nothing overlaps, whatever the width."""

import pytest
from test_launch_draft import HEAD, ROWS, draft

from cockpit.tui.launch.grid import lay_out
from cockpit.tui.launch.problem import Spot


def everything():
    rows = "".join(f"  parameter_of_{kind}: {body}\n" for kind, body in ROWS.items())
    return draft(f"{HEAD}parameters:\n{rows}")


def lines(grid):
    for row in grid.rows:
        yield (row.title, *row.cells)
    yield grid.headings


@pytest.mark.parametrize("width", [40, 54, 70, 100, 160])
@pytest.mark.parametrize("make", [draft, everything])
def test_cells_keep_their_distance(make, width):
    for cells in lines(lay_out(make(), None, width, "…")):
        ends = [cell.x + len(cell.text) for cell in cells]
        assert all(cell.x + cell.width <= width for cell in cells)
        assert all(len(cell.text) <= cell.width for cell in cells)
        assert all(end < cell.x for end, cell in zip(ends, cells[1:], strict=False))


def test_the_headings_of_a_wide_and_of_a_narrow_table():
    def headings(width):
        return [cell.text for cell in lay_out(draft(), None, width, "…").headings]

    assert headings(60) == ["parameter", "distribution", "from", "to", "baseline"]
    assert headings(46) == ["name", "kind", "from", "to", "baseline"]
    assert "step" in [cell.text for cell in lay_out(everything(), None, 100, "…").headings]


def test_a_change_is_told_by_a_star_and_a_wrong_cell_by_its_state():
    found = draft().with_cell("x", "max", "2").with_added("delay", "0.1")
    grid = lay_out(found, Spot("x", "max"), 70, "…")
    x = grid.rows[0]
    assert (x.cell("max").text, x.cell("max").state) == ("2*", "wrong")
    assert (x.cell("min").text, x.cell("min").state) == ("-1", "")
    assert lay_out(found, None, 70, "…").rows[0].cell("max").state == "changed"
    assert grid.rows[-1].title.text == "delay*"


def test_a_star_stays_where_a_text_is_cut():
    found = draft().with_cell("batch", "values", ", ".join(map(str, range(1000, 1100))))
    (cell,) = [row.cell("values") for row in lay_out(found, None, 54, "…").rows if row.name == "batch"]
    assert cell.text.endswith("…*")
    assert len(cell.text) <= cell.width


def test_what_is_fixed_has_no_baseline_of_its_own():
    rows = {row.name: row for row in lay_out(draft(), None, 70, "…").rows}
    assert rows["epochs"].cell("baseline") is None
    assert [cell.key for cell in rows["epochs"].cells] == ["distribution", "value"]
    assert rows["x"].cell("baseline").text == "0.0"


def test_the_cell_nearest_to_a_column():
    rows = {row.name: row for row in lay_out(draft(), None, 70, "…").rows}
    for cell in rows["x"].cells:
        assert rows["x"].nearest(cell.x).key == cell.key
    assert rows["epochs"].nearest(rows["x"].cell("baseline").x).key == "value"
    assert rows["x"].nearest(0).key == "distribution"


def test_texts_that_could_steer_the_terminal_are_harmless():
    found = draft().with_cell("x", "min", "1\x1b[2J\n2")
    assert lay_out(found, None, 70, "…").rows[0].cell("min").text == "1 2*"
