"""What a pane is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from cockpit.tui.glyphs import Glyphs
from cockpit.tui.snapshot import FocusView, Importance, SweepView, TrialView

READING = "reading…"  # what a pane says while it still shows the trial before, rather than nothing for a moment


@dataclass(frozen=True, eq=False)
class PaneView:
    """One trial, its sweep, and what was read for the pane that is seen. `colours` are the theme's.

    `focus` is None until something was read.
    """

    sweep: SweepView
    trial: TrialView
    focus: FocusView | None
    importance: Importance | None
    glyphs: Glyphs
    colours: Mapping[str, str]


class Pane(Protocol):
    """One of the tabs. `show` returns what the tab line says at the right."""

    def show(self, view: PaneView) -> str: ...
