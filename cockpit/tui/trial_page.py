"""What the Trial screen shows at some size. No Textual here, so that it can be read before Textual is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from cockpit.tui.grid import Grid, chosen_grid, grids
from cockpit.tui.interest import STEPS, CurveKey, Focus, Interest
from cockpit.tui.panels import Panel, panels
from cockpit.tui.snapshot import Snapshot

FOLDED_BELOW = 34  # lines; where there are fewer, charts get all of them at first
LEAST_TABS = 10  # lines
TABS_SHARE = 1 / 3
BORDERS = 2  # the first and the last line of the screen


@dataclass(frozen=True)
class Wishes:
    """What was asked for: so many `charts` at once (None: as many as read well) with the `first` of them, and tabs that
    are open or folded (None: as there is room).
    """

    charts: int | None = None
    first: int = 0
    tabs: bool | None = None
    pane: str = STEPS
    window: tuple[int, int] | None = None


@dataclass(frozen=True)
class TrialPage:
    """One trial as of one snapshot, in a terminal of `width` × `height` cells."""

    snapshot: Snapshot | None
    focus: Focus
    width: int
    height: int
    wishes: Wishes = Wishes()

    @property
    def folded(self) -> bool:
        """Whether nothing but their line is seen of the tabs."""
        wanted = self.wishes.tabs
        return self.height < FOLDED_BELOW if wanted is None else not wanted

    @property
    def tabs_height(self) -> int:
        return 1 if self.folded else max(LEAST_TABS, int((self.height - BORDERS) * TABS_SHARE))

    @property
    def charts_height(self) -> int:
        return max(1, self.height - BORDERS - self.tabs_height - bool(self.reason))

    @property
    def reason(self) -> str:
        """Why the trial ended; it takes a line."""
        view = self.snapshot.sweeps.get(self.focus.experiment) if self.snapshot else None
        trial = view.trial(self.focus.trial) if view else None
        return trial.row.reason if trial else ""

    @cached_property
    def panels(self) -> tuple[Panel, ...]:
        """All charts of the trial."""
        view = self.snapshot.sweeps.get(self.focus.experiment) if self.snapshot else None
        trial = view.trial(self.focus.trial) if view else None
        if self.snapshot is None or view is None or trial is None:
            return ()
        known = self.snapshot.focus
        groups = known.groups if known is not None and known.focus == self.focus else ()
        return panels(view, trial, groups)

    @cached_property
    def grid(self) -> Grid:
        return chosen_grid(self.width, self.charts_height, len(self.panels), self.wishes.charts)

    @property
    def possible(self) -> Sequence[Grid]:
        """The grids that there is room and use for, smallest first."""
        known = grids(self.width, self.charts_height)
        return [grid for place, grid in enumerate(known) if not place or known[place - 1].charts < len(self.panels)]

    @property
    def first(self) -> int:
        """The number of the first chart on the page. Pages begin where whole ones before them end."""
        count = self.grid.charts
        last_page = max(0, len(self.panels) - 1) // count
        return min(self.wishes.first // count, last_page) * count

    @property
    def shown(self) -> Sequence[Panel]:
        """The charts on the page."""
        return self.panels[self.first : self.first + self.grid.charts]

    @property
    def caption(self) -> str:
        """`charts 1–6 of 20`."""
        if not self.panels:
            return "no charts yet"
        if len(self.shown) == len(self.panels):
            return ""
        return f"charts {self.first + 1}–{self.first + len(self.shown)} of {len(self.panels)}"

    def interest(self) -> Interest:
        """Exactly what is seen."""
        keys = (line.metric for panel in self.shown for line in panel.lines)
        return Interest(
            experiments=(self.focus.experiment,),
            curves=frozenset(CurveKey(*self.focus, metric) for metric in keys),
            window=self.wishes.window,
            focus=self.focus,
            panes=frozenset() if self.folded else frozenset((self.wishes.pane,)),
        )


def first_interest(snapshot: Snapshot | None, focus: Focus, width: int, height: int) -> Interest:
    """What the Trial screen asks for when it is opened; without a snapshot, what it takes to find that out."""
    return TrialPage(snapshot, focus, width, height).interest()
