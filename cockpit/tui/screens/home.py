"""Experiments: what is running, what is good, what to do next."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text
from textual.widget import Widget

from cockpit.store.catalogue import ExperimentRow
from cockpit.tui.actions import HOME, Action, actions_of, bindings
from cockpit.tui.interest import PARAMETERS, Interest
from cockpit.tui.listing.experiments import COLUMNS, FIELDS, ExperimentItem
from cockpit.tui.palette import LINE_COLORS
from cockpit.tui.screens.base import CockpitScreen
from cockpit.tui.snapshot import Snapshot
from cockpit.tui.text import shown
from cockpit.tui.widgets.borders import retitle
from cockpit.tui.widgets.experiment_card import ExperimentCard
from cockpit.tui.widgets.list_pane import ListPane
from cockpit.tui.widgets.table import Table

EMPTY = """\
No experiments in this folder yet.

x   start the demo: ten seconds, nothing needed
n   choose a search and start a sweep
?   all keys"""


class HomeScreen(CockpitScreen):
    """The list of experiments, and below it the one under the cursor in more words."""

    place = HOME
    CSS_PATH = "home.tcss"
    BINDINGS = bindings(actions_of(HOME))
    help_text = (
        "One line for each experiment of the logs folder, the newest first: is it running, how good is it, and how "
        "much better than its baseline. The lower pane tells more of the one under the cursor."
    )

    def __init__(self) -> None:
        super().__init__()
        self._marked: dict[str, None] = {}
        self._items: dict[str, ExperimentItem] = {}

    def body(self) -> Iterator[Widget]:
        yield ListPane[ExperimentItem](EMPTY, id="experiments")
        yield ExperimentCard(classes="pane")

    def on_mount(self) -> None:
        retitle(self.listing, "Experiments")
        self.listing.table.focus()

    @property
    def listing(self) -> ListPane[ExperimentItem]:
        return self.query_one("#experiments", ListPane)

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
        self._marked = {name: None for name in self._marked if name in self._items}
        glyphs = self.cockpit.glyphs
        marks = {name: LINE_COLORS[number % len(LINE_COLORS)] for number, name in enumerate(self._marked)}
        self.listing.show(tuple(self._items.values()), COLUMNS, FIELDS, lambda item: item.cells(glyphs), marks)
        retitle(self.listing, subtitle=self._counted())
        self._show_card(snapshot)

    def _show_card(self, snapshot: Snapshot) -> None:
        card, row = self.query_one(ExperimentCard), self.current
        card.display = row is not None
        if row is not None:
            card.tell(row, snapshot.sweeps.get(row.name), snapshot.importance, self.cockpit.glyphs)

    def _counted(self) -> str:
        shown_rows, rows = self.listing.counts
        return f"{shown_rows} of {rows}  {self.listing.filter_line}" if self.listing.filter_line else ""

    def header(self, snapshot: Snapshot) -> Text:
        return Text("cockpit  ", "bold").append_text(shown(_short(str(snapshot.logs)), "not bold dim"))

    def fits(self, action: Action) -> str:
        row = self.current
        name = "" if row is None else row.id
        if action.name in ("open", "mark"):
            return f"{action.label.capitalize()} {name}" if name else ""
        if action.name == "unmark_all":
            return action.text if self._marked else ""
        if action.name == "back":
            return "Show all experiments again" if self.listing.filter_line else ""
        if action.name == "compare":
            return f"Compare {len(self._marked)} experiments" if len(self._marked) > 1 else ""
        if action.name in ("filter", "sort", "sort_back"):
            return action.text if self._items else ""
        if action.name == "reverse":
            return action.text if self.listing.table.sort else ""
        return action.text

    def step_back(self) -> bool:
        return self.listing.clear_filter()

    def on_table_moved(self, event: Table.Moved) -> None:
        self.look_again()

    def on_table_opened(self, event: Table.Opened) -> None:
        self.action_open()

    def on_list_pane_narrowed(self, event: ListPane.Narrowed) -> None:
        retitle(self.listing, subtitle=self._counted())
        self.look_again()

    def action_open(self) -> None:
        row = self.current
        if row is not None:
            from cockpit.tui.screens.sweep import SweepScreen

            self.app.push_screen(SweepScreen(row.name))

    def action_new_sweep(self) -> None:
        from cockpit.tui.screens.launch import LaunchScreen

        self.app.push_screen(LaunchScreen())

    def action_demo(self) -> None:
        self.cockpit.start_sweep(["demo"], self._started, "the demo")

    def _started(self, name: str) -> None:
        from cockpit.tui.screens.sweep import SweepScreen

        self.app.push_screen(SweepScreen(name))

    def action_mark(self) -> None:
        row = self.current
        if row is None:
            return
        if row.name in self._marked:
            del self._marked[row.name]
        else:
            self._marked[row.name] = None
        self.look_again()

    def action_unmark_all(self) -> None:
        self._marked = {}
        self.look_again()

    def action_compare(self) -> None:
        from cockpit.tui.screens.compare import CompareScreen

        self.app.push_screen(CompareScreen([(name, "") for name in self._marked]))

    def action_diary(self) -> None:
        from cockpit.tui.screens.diary import DiaryScreen

        row = self.current
        self.app.push_screen(DiaryScreen(row.id if row else ""))

    def action_devices(self) -> None:
        from cockpit.tui.screens.devices import DevicesScreen

        self.app.push_screen(DevicesScreen())

    def action_filter(self) -> None:
        self.listing.edit_filter()

    def action_sort(self) -> None:
        self.listing.sort_by_neighbour(1)

    def action_sort_back(self) -> None:
        self.listing.sort_by_neighbour(-1)

    def action_reverse(self) -> None:
        self.listing.reverse()


def _short(path: str) -> str:
    """A path with the home folder as `~`."""
    from pathlib import Path

    full = str(Path(path).resolve())
    home = str(Path.home())
    return f"~{full[len(home) :]}" if home != "/" and full.startswith(f"{home}/") else full
