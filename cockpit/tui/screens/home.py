"""Experiments: what is running, what is good, what to do next."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rich.text import Text
from textual.widget import Widget

from cockpit.store.catalogue import ExperimentRow
from cockpit.store.rows import ENDED_EARLY
from cockpit.tui.actions import HOME, Action, actions_of, bindings
from cockpit.tui.interest import PARAMETERS, Interest
from cockpit.tui.listing.experiments import COLUMNS, FIELDS, ExperimentItem
from cockpit.tui.palette import LINE_COLORS
from cockpit.tui.screens.listing import ListingScreen
from cockpit.tui.snapshot import Snapshot
from cockpit.tui.text import shown
from cockpit.tui.widgets.borders import retitle
from cockpit.tui.widgets.experiment_card import ExperimentCard
from cockpit.tui.widgets.list_pane import ListPane

EMPTY = """\
No experiments in this folder yet.

x   start the demo: ten seconds, nothing needed
n   choose a search and start a sweep
?   all keys"""


class HomeScreen(ListingScreen[ExperimentItem]):
    """The list of experiments, and below it the one under the cursor in more words."""

    place = HOME
    noun = "experiments"
    CSS_PATH = "home.tcss"
    BINDINGS = bindings(actions_of(HOME))
    help_text = (
        "One line for each experiment of the logs folder, the newest first: is it running, how good is it, and how "
        "much better than its baseline. The lower pane tells more of the one under the cursor."
    )

    def __init__(self) -> None:
        super().__init__()
        self._items: dict[str, ExperimentItem] = {}

    def body(self) -> Iterator[Widget]:
        yield ListPane[ExperimentItem](EMPTY, id="experiments")
        yield ExperimentCard(classes="pane")

    def on_mount(self) -> None:
        retitle(self.listing, "Experiments")
        self.listing.table.focus()

    @property
    def current(self) -> ExperimentRow | None:
        """The experiment under the cursor."""
        item = self._items.get(self.listing.table.cursor_key or "")
        return item.row if item else None

    def interest(self) -> Interest:
        row = self.current
        if row is None or row.status == "broken":
            return Interest()
        return Interest(experiments=(row.name,), panes=frozenset((PARAMETERS,)))

    def show(self, snapshot: Snapshot) -> None:
        self._items = {row.name: ExperimentItem(row, snapshot.at) for row in snapshot.experiments}
        self.marked = {name: None for name in self.marked if name in self._items}
        glyphs = self.cockpit.glyphs
        marks = {name: LINE_COLORS[number % len(LINE_COLORS)] for number, name in enumerate(self.marked)}
        self.listing.show(tuple(self._items.values()), COLUMNS, FIELDS, lambda item: item.cells(glyphs), marks)
        self.tell_counts()
        self._show_card(snapshot)

    def _show_card(self, snapshot: Snapshot) -> None:
        card, row = self.query_one(ExperimentCard), self.current
        card.display = row is not None
        if row is not None:
            card.tell(row, snapshot.sweeps.get(row.name), snapshot.importance, self.cockpit.glyphs)

    def header(self, snapshot: Snapshot) -> Text:
        return Text("cockpit  ", "bold").append_text(shown(_short(str(snapshot.logs)), "not bold dim"))

    def fits(self, action: Action) -> str:
        if action.name == "back":
            return "Show all experiments again" if self.listing.filter_line else ""
        if action.name == "take_up":
            return f"Go on with {self.current.id}" if self.current is not None and self._can_go_on(self.current) else ""
        about_list = self.fits_listing(action, self.current.id if self.current else "")
        return action.text if about_list is None else about_list

    def diary_of(self) -> str:
        return self.current.id if self.current else ""

    def open_row(self, key: str) -> None:
        from cockpit.tui.screens.opening import screen_of

        item = self._items.get(key)
        self.app.push_screen(screen_of(key, item.row.trainer if item else ""))

    def compare_rows(self, keys: list[str]) -> None:
        from cockpit.tui.screens.compare import CompareScreen

        self.app.push_screen(CompareScreen([(name, "") for name in keys]))

    def _can_go_on(self, row: ExperimentRow) -> bool:
        """As the list says; what was read of the experiment itself knows better whether it ever trained anything."""
        view = self.cockpit.snapshot.sweeps.get(row.name) if self.cockpit.snapshot else None
        return row.status in ENDED_EARLY and (view is None or view.can_go_on)

    def action_take_up(self) -> None:
        if self.current is not None:
            self.cockpit.take_up(self.current.id, self.open_row)

    def action_new_sweep(self) -> None:
        from cockpit.tui.screens.launch import LaunchScreen

        self.app.push_screen(LaunchScreen())

    def action_demo(self) -> None:
        self.cockpit.start_sweep(["demo"], self.open_row, "the demo")


def _short(path: str) -> str:
    """A path with the home folder as `~`."""
    full = str(Path(path).resolve())
    home = str(Path.home())
    return f"~{full[len(home) :]}" if home != "/" and full.startswith(f"{home}/") else full
