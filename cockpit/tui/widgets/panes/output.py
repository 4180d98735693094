"""What the trial printed."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical

from cockpit.tui.widgets.lines import Lines
from cockpit.tui.widgets.panes.base import READING, PaneView


class OutputPane(Vertical):
    """The last lines of output.log, following."""

    def compose(self) -> ComposeResult:
        yield Lines()

    def show(self, view: PaneView) -> str:
        if view.focus is None:
            return READING
        lines = view.focus.output
        self.query_one(Lines).show(lines)
        return f"{len(lines)} lines"
