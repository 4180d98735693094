"""The tabs below the charts: steps, norms, output, parameters and configuration of one trial."""

from __future__ import annotations

from typing import cast

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import ContentSwitcher

from cockpit.tui.text import shown
from cockpit.tui.widgets.newest_table import NewestTable
from cockpit.tui.widgets.panes.base import Pane, PaneView
from cockpit.tui.widgets.panes.config import ConfigPane
from cockpit.tui.widgets.panes.norms import NormsPane
from cockpit.tui.widgets.panes.output import OutputPane
from cockpit.tui.widgets.panes.parameters import ParametersPane
from cockpit.tui.widgets.panes.steps import StepsPane
from cockpit.tui.widgets.tab_line import TabLine

PANES: dict[str, type[Widget]] = {
    "steps": StepsPane,
    "norms": NormsPane,
    "output": OutputPane,
    "parameters": ParametersPane,
    "config": ConfigPane,
}


ROWS, MOST_ROWS = 200, 12_800  # of steps or norms that are read; more when somebody goes down to the oldest of them


class TrialTabs(Vertical):
    """One pane at a time; only the one that is seen is drawn. `rows` is how many rows it wants to have read."""

    class RowsWanted(Message):
        """`rows` is another number now."""

    DEFAULT_CSS = """
    TrialTabs { height: 1fr; }
    TrialTabs > ContentSwitcher { height: 1fr; }
    TrialTabs.folded { height: 1; }
    TrialTabs.folded > ContentSwitcher { display: none; }
    """

    def __init__(self, name: str = "steps") -> None:
        super().__init__()
        self.open_pane = name
        self.rows = ROWS
        self._trial: object = None

    def compose(self) -> ComposeResult:
        yield TabLine(tuple(PANES))
        with ContentSwitcher(initial=self.open_pane):
            for name, pane in PANES.items():
                yield pane(id=name)

    @property
    def seen(self) -> frozenset[str]:
        """The pane that has to be read for; none while the tabs are folded away."""
        return frozenset() if self.has_class("folded") else frozenset((self.open_pane,))

    def open(self, name: str) -> None:
        """Show another pane."""
        self.open_pane = name
        self.query_one(ContentSwitcher).current = name
        self.remove_class("folded")

    def focus_pane(self) -> None:
        """Give the keyboard to the pane that is open, where it has something to move in."""
        found = next((each for each in self.query_one(f"#{self.open_pane}").query("*") if each.can_focus), None)
        if found is not None:
            found.focus()

    def fold(self) -> None:
        """Leave the tab line only."""
        self.add_class("folded")

    def on_newest_table_older_wanted(self, event: NewestTable.OlderWanted) -> None:
        event.stop()
        if self.rows < MOST_ROWS:
            self.rows *= 2
            self.post_message(self.RowsWanted())

    def show(self, view: PaneView | None, aside: str | None = None) -> None:
        """Draw the pane that is seen. `aside` stands at the right of the tab line, in place of the trial's id."""
        if view is not None and self._trial != (trial := (view.sweep.name, view.trial.row.id)):
            self._trial, self.rows = trial, ROWS
        words = Text() if view is None else shown(view.trial.row.id if aside is None else aside, "bold")
        if view is None or self.has_class("folded"):
            self.query_one(TabLine).show("", words)
            return
        said = cast(Pane, self.query_one(f"#{self.open_pane}")).show(view)
        if not said:
            self.query_one(TabLine).show(self.open_pane, words)
            return
        about_pane = shown(said, "dim")
        both = Text("  ").join((words, about_pane)) if words else about_pane
        self.query_one(TabLine).show(self.open_pane, both, about_pane)
