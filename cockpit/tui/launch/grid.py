"""Where the cells of the space stand in a table of a given width. No Textual here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rich.cells import cell_len

from cockpit.events.text import one_line
from cockpit.tui.launch.draft import Draft
from cockpit.tui.launch.parameter import BASELINE, DISTRIBUTION, Parameter
from cockpit.tui.launch.problem import Spot
from cockpit.tui.widgets.columns import cut

NAME, FROM, TO, STEP = "name", "from", "to", "step"
HEADINGS = {NAME: "parameter", DISTRIBUTION: "distribution", FROM: "from", TO: "to", STEP: "step", BASELINE: "baseline"}
SHORT_HEADINGS = {**HEADINGS, NAME: "name", DISTRIBUTION: "kind"}
LEAST = {NAME: 5, DISTRIBUTION: 5, FROM: 4, TO: 4, STEP: 3, BASELINE: 4}
MARGIN, GAP, MOST_GAP = 1, 2, 4
CHANGED, WRONG = "changed", "wrong"

_COLUMN = {
    "value": FROM, "values": FROM, "min": FROM, "mu": FROM, "a": FROM,
    "max": TO, "sigma": TO, "b": TO, "probabilities": TO,
    "q": STEP,
}  # fmt: skip
_WIDE = ("value", "values", "probabilities")  # they take the room up to the baseline
_PREFIX = {"mu": "mean ", "sigma": "sd ", "a": "a ", "b": "b "}


@dataclass(frozen=True)
class GridCell:
    """A text that begins at `x`; `width` is the room that it has. `state` is `changed`, `wrong` or empty."""

    key: str
    x: int
    width: int
    text: str
    state: str = ""


@dataclass(frozen=True)
class GridRow:
    """A parameter: its name, and the cells that can be changed."""

    name: str
    title: GridCell
    cells: tuple[GridCell, ...]

    def cell(self, key: str) -> GridCell | None:
        return next((cell for cell in self.cells if cell.key == key), None)

    def nearest(self, x: int) -> GridCell:
        """The cell at `x`, or the one that is closest to it."""
        return min(self.cells, key=lambda cell: max(cell.x - x, x - (cell.x + max(1, cell.width) - 1), 0))


@dataclass(frozen=True)
class Grid:
    headings: tuple[GridCell, ...]
    rows: tuple[GridRow, ...]


def lay_out(draft: Draft, wrong: Spot | None, width: int, ellipsis: str) -> Grid:
    """The space of a draft in lines of `width` cells."""
    texts = {row.name: _texts(draft, row) for row in draft.parameters}
    headings, widths = HEADINGS, _widths(draft, texts, HEADINGS)
    if _total(widths) > width:
        headings = SHORT_HEADINGS
        widths = _narrowed(_widths(draft, texts, headings), width)
    places = _places(widths, width)
    titles = tuple(GridCell(key, *places[key], cut_to(headings[key], places[key][1], ellipsis)) for key in places)
    rows = tuple(_row(draft, row, texts[row.name], places, wrong, ellipsis) for row in draft.parameters)
    return Grid(titles, rows)


def cut_to(text: str, width: int, ellipsis: str) -> str:
    """A safe text that is no wider than `width`."""
    return text if cell_len(text) <= width else cut(text, width, ellipsis)


def _texts(draft: Draft, row: Parameter) -> dict[str, str]:
    """What stands in the cells of a row, with a star where it is not as in the file."""
    found = {NAME: one_line(row.name) + ("" if draft.untouched.parameter(row.name) else "*")}
    for key in row.cells:
        text = _PREFIX.get(key, "") + one_line(row.cell(key))
        found[key] = f"{text}*" if draft.is_cell_changed(row.name, key) else text
    return found


def _column(key: str) -> str:
    return _COLUMN.get(key, key)


def _widths(draft: Draft, texts: Mapping[str, Mapping[str, str]], headings: Mapping[str, str]) -> dict[str, int]:
    """What each column wants. Cells that reach over several columns only ask for room at the end."""
    has_steps = any("q" in row.cells for row in draft.parameters)
    widths = {key: cell_len(text) for key, text in headings.items() if key != STEP or has_steps}
    for cells in texts.values():
        for key, text in cells.items():
            if key not in _WIDE:
                widths[_column(key)] = max(widths[_column(key)], cell_len(text))
    values = [text for cells in texts.values() for key, text in cells.items() if key in _WIDE]
    room = widths[FROM] + widths[TO] + GAP + (widths[STEP] + GAP if has_steps else 0)
    widths[TO] += max(0, max(map(cell_len, values), default=0) - room)
    return widths


def _total(widths: Mapping[str, int]) -> int:
    return sum(widths.values()) + GAP * (len(widths) - 1) + 2 * MARGIN


def _narrowed(widths: dict[str, int], width: int) -> dict[str, int]:
    """Take from the widest columns what is too much."""
    while _total(widths) > width:
        key = max(widths, key=lambda key: widths[key] - LEAST[key])
        if widths[key] <= LEAST[key]:
            break
        widths[key] -= 1
    return widths


def _places(widths: Mapping[str, int], width: int) -> dict[str, tuple[int, int]]:
    """The beginning and the width of each column."""
    spare = width - 2 * MARGIN - sum(widths.values())
    gap = max(GAP, min(MOST_GAP, spare // (len(widths) - 1)))
    places, x = {}, MARGIN
    for key, wide in widths.items():
        places[key] = (x, wide)
        x += wide + gap
    return places


def _row(
    draft: Draft,
    row: Parameter,
    texts: Mapping[str, str],
    places: Mapping[str, tuple[int, int]],
    wrong: Spot | None,
    ellipsis: str,
) -> GridRow:
    cells = []
    for key in row.cells:
        x, room = places[_column(key)]
        if key in _WIDE:
            room = places[BASELINE][0] - GAP - x
        if key == "values" and "probabilities" in row.cells:
            room = places[TO][0] - GAP - x
        is_wrong = wrong is not None and (wrong.parameter, wrong.cell) == (row.name, key)
        state = WRONG if is_wrong else CHANGED if draft.is_cell_changed(row.name, key) else ""
        cells.append(GridCell(key, x, room, _starred(texts[key], room, ellipsis), state))
    x, room = places[NAME]
    title = GridCell(NAME, x, room, _starred(texts[NAME], room, ellipsis), CHANGED if texts[NAME].endswith("*") else "")
    return GridRow(row.name, title, tuple(cells))


def _starred(text: str, width: int, ellipsis: str) -> str:
    """A text cut to `width`, with the star that it may have at its end."""
    if cell_len(text) <= width or not text.endswith("*"):
        return cut_to(text, width, ellipsis)
    return f"{cut_to(text[:-1], width - 1, ellipsis)}*"


def moved(rows: Iterable[GridRow], name: str) -> int:
    """The place of a row."""
    return next((place for place, row in enumerate(rows) if row.name == name), 0)
