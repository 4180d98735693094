"""Which parameters matter, and the score against each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from cockpit.store.numbers import setting_text
from cockpit.store.ranking import best_trial
from cockpit.tui.text import shown
from cockpit.tui.widgets.panes.base import PaneView
from cockpit.tui.widgets.scatter import Scatter
from cockpit.tui.widgets.words import Words

MOST_SCATTERS = 8
NARROWEST_SCATTER = 26  # cells
BAR = 8


class ParametersPane(Horizontal):
    """Bars of importance at the left, one picture of the score against each parameter beside them."""

    DEFAULT_CSS = """
    ParametersPane > #importance { width: 38; padding: 0 1; }
    ParametersPane > #scatters { width: 1fr; layout: horizontal; }
    ParametersPane Scatter { width: 1fr; height: 1fr; }
    """

    def compose(self) -> ComposeResult:
        yield Words(id="importance")
        with Vertical(id="scatters"):
            for _ in range(MOST_SCATTERS):
                yield Scatter()

    def show(self, view: PaneView) -> str:
        names = self._in_order(view)
        self.query_one("#importance", Words).show(_bars(names, view))
        room = max(1, self.query_one("#scatters").size.width // NARROWEST_SCATTER)
        for number, scatter in enumerate(self.query(Scatter)):
            scatter.display = number < min(room, len(names))
            if scatter.display:
                _draw(scatter, names[number], view)
        return "" if view.importance is None else f"from {view.importance.trials} trials"

    def _in_order(self, view: PaneView) -> list[str]:
        values = view.importance.values if view.importance is not None else {}
        return sorted(view.sweep.sweep.varied, key=lambda name: -values.get(name, 0.0))


def _draw(scatter: Scatter, name: str, view: PaneView) -> None:
    rows = [trial.row for trial in view.sweep.trials if trial.row.best is not None and name in trial.row.config]
    best = best_trial(rows, view.sweep.sweep.goal)
    scatter.title = f"{view.sweep.sweep.metric} / {name}"
    scatter.show(
        [row.config[name] for row in rows], [row.best for row in rows], rows.index(best) if best is not None else None
    )


def _bars(names: Sequence[str], view: PaneView) -> Text:
    importance = view.importance
    if importance is None:
        return shown("weighing the parameters…", "dim")
    if importance.why:
        return Text(shown(importance.why).plain, "dim")
    text = Text("importance", "bold")
    block = "#" if view.glyphs.ascii else "█"
    width = max(map(len, names), default=0)
    for name in names:
        value = importance.values.get(name, 0.0)
        text.append(f"\n{shown(name).plain:<{min(width, 14)}} ").append(
            block * round(value * BAR), view.colours.get("primary", "")
        )
        text.append(f" {value:.2f}")
        if name in importance.ranges:
            text.append(f"  {_range(importance.ranges[name])}", "dim")
    text.append("\nand where the best trials lie", "dim")
    return text


def _range(found: Any) -> str:
    if isinstance(found, Mapping):
        return ""
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in found)
    if numbers and len(found) == 2:
        return f"{setting_text(found[0])}–{setting_text(found[1])}"
    return shown(" ".join(setting_text(value) for value in found)).plain
