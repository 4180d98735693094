"""Devices: how busy this machine is, and with which trials."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widget import Widget

from cockpit.tui.actions import DEVICES, Action, actions_of, bindings
from cockpit.tui.interest import Interest
from cockpit.tui.machine_panes import (
    accelerator_items,
    history_lines,
    memory_items,
    processor_items,
    processor_subtitle,
    trial_items,
)
from cockpit.tui.screens.base import CockpitScreen
from cockpit.tui.snapshot import Snapshot
from cockpit.tui.text import shown
from cockpit.tui.themes import rich_colours
from cockpit.tui.widgets.chart import Chart
from cockpit.tui.widgets.gauges import Gauges, Item, Words

WIDE, TALL = 120, 40  # from here on the panes stand in two columns, and there is room for a chart
PANES = {
    "processor": ("Processor", processor_items),
    "memory": ("Memory and disk", memory_items),
    "accelerators": ("GPUs and TPUs", accelerator_items),
    "trials": ("Trials", trial_items),
}


class DevicesScreen(CockpitScreen):
    """Gauges of this machine."""

    place = DEVICES
    CSS_PATH = "devices.tcss"
    BINDINGS = bindings(actions_of(DEVICES))
    help_text = (
        "How busy this machine is: every core, memory, the disk of the logs folder, traffic, GPUs and TPUs, and the "
        "trials of this folder that run here; `cockpit devices exp012` tells how it was while that ran. In a container "
        "the limits are those of the container. Bars are means of the last two seconds; the line of blocks beside one, "
        "and the chart where there is room for it, show the last five minutes."
    )

    def body(self) -> Iterator[Widget]:
        yield _Scroll(id="devices")
        yield Chart("per cent, by seconds before now", message="its history begins now", id="history")

    def on_mount(self) -> None:
        self.query_one("#devices").focus()

    def on_resize(self, event: object) -> None:
        self.set_class(self.size.width >= WIDE, "wide")
        self.set_class(self.size.height >= TALL, "tall")

    def interest(self) -> Interest:
        return Interest(devices=True)

    def header(self, snapshot: Snapshot) -> Text:
        return Text("Devices  ", "bold").append_text(shown(snapshot.logs, "not bold dim"))

    def show(self, snapshot: Snapshot) -> None:
        machine, colours = snapshot.machine, rich_colours(self.app.theme_variables)
        for name, (_, items_of) in PANES.items():
            whole = machine is not None and machine.whole
            items: list[Item] = items_of(machine) if machine and whole else [Words("looking…", "dim")]
            self.query_one(f"#{name}", Gauges).show(items, self.cockpit.glyphs, colours)
        if machine is not None:
            self.query_one("#processor").border_subtitle = processor_subtitle(machine)
            if self.has_class("tall"):
                self.query_one("#history", Chart).show(history_lines(machine.history))

    def fits(self, action: Action) -> str:
        if action.name in ("next_pane", "previous_pane") and not self.has_class("tall"):
            return ""
        return action.text


class _Scroll(VerticalScroll):
    """The panes in one column, or in two where there is room."""

    def compose(self) -> ComposeResult:
        names = list(PANES)
        for column in (names[:2], names[2:]):
            with Vertical(classes="column"):
                for name in column:
                    yield Gauges(PANES[name][0], id=name)
