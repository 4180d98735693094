"""The outline of the diary: days, experiments with their verdicts, and the user's own headings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from rich.cells import set_cell_size
from textual.message import Message

from cockpit.diary.outline import Heading
from cockpit.tui.widgets.columns import Cell, Column
from cockpit.tui.widgets.table import Table

COLUMNS = (
    Column("title", "entry", right=False, grow=True, least=10),
    Column("mark", "yours", right=False, least=2),
)
ASCII_VERDICTS = {"✅": "+", "❌": "x", "➖": "=", "⏳": "*", "⚠": "!"}


class OutlineList(Table[Heading]):
    """Shows headings; the one under the cursor is told by `Selected` as soon as the cursor is there."""

    class Selected(Message):
        """The cursor is on a heading of this entry; `experiment` is empty outside entries."""

        def __init__(self, heading: Heading) -> None:
            super().__init__()
            self.heading = heading
            self.experiment = heading.experiment

    def __init__(self, *, ascii: bool = False, id: str | None = None) -> None:
        super().__init__(COLUMNS, empty_text="no entries yet", id=id)
        self.set_reactive(OutlineList.ascii, ascii)
        self._headings: dict[str, Heading] = {}

    @property
    def selected(self) -> Heading | None:
        """The heading under the cursor."""
        return self._headings.get(self.cursor_key or "")

    def show_headings(self, headings: Sequence[Heading]) -> None:
        """Show these, with the cursor on the heading that it was on."""
        before = self.selected
        self._headings = _by_key(headings)
        keys: Mapping[int, str] = {id(heading): key for key, heading in self._headings.items()}
        self.show(list(self._headings.values()), key=lambda heading: keys[id(heading)], cells=self._cells)
        selected = self.selected
        if before is not None and selected is not None and selected != before:
            self.post_message(self.Selected(selected))  # the same heading says something else, or stands elsewhere

    def select(self, experiment: str) -> bool:
        """Put the cursor on an entry; False when there is none of this experiment."""
        return self.move_to(experiment)

    def select_last_entry(self) -> None:
        """Put the cursor on the newest entry."""
        entries = [heading.experiment for heading in self._headings.values() if heading.kind == "experiment"]
        if entries:
            self.move_to(entries[-1])

    def select_neighbour(self, step: int) -> None:
        """Put the cursor on the next entry below, or with -1 above."""
        headings = list(self._headings.values())
        place = headings.index(self.selected) if self.selected is not None else 0
        beyond = headings[place + 1 :] if step > 0 else headings[:place][::-1]
        found = next((heading.experiment for heading in beyond if heading.kind == "experiment"), None)
        if found is not None:
            self.move_to(found)

    def on_table_moved(self, event: Table.Moved) -> None:
        event.stop()
        if self.selected is not None:
            self.post_message(self.Selected(self.selected))

    def _cells(self, heading: Heading) -> tuple[Cell, ...]:
        verdict, mark = heading.verdict, heading.mark
        if self.ascii:
            verdict, mark = ASCII_VERDICTS.get(verdict, verdict), ASCII_VERDICTS.get(mark, mark)
        if heading.kind == "date":
            return Cell(heading.title, "bold"), Cell("")
        if heading.kind == "experiment":
            return Cell(f" {set_cell_size(verdict, 2)} {heading.title}"), Cell(mark)
        return Cell(f"{'    ' if heading.experiment else ''}{heading.title}", "dim"), Cell("")


def _by_key(headings: Sequence[Heading]) -> dict[str, Heading]:
    """Headings by what they can be told by also after the diary has changed."""
    seen: Counter[str] = Counter()
    found: dict[str, Heading] = {}
    for heading in headings:
        name = heading.experiment if heading.kind == "experiment" else f"{heading.experiment} {heading.title}"
        seen[name] += 1
        found[name if seen[name] == 1 else f"{name} {seen[name]}"] = heading
    return found
