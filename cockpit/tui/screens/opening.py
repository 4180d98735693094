"""Which screen shows an experiment: that of a sweep, or that of a search for a learning rate."""

from __future__ import annotations

from cockpit.store.learning_rate import is_finder
from cockpit.tui.screens.base import CockpitScreen


def screen_of(experiment: str, trainer: str) -> CockpitScreen:
    """The screen of an experiment of this trainer. No other one is imported, for the first paint waits for this."""
    if is_finder(trainer):
        from cockpit.tui.screens.learning_rate import LearningRateScreen

        return LearningRateScreen(experiment)
    from cockpit.tui.screens.sweep import SweepScreen

    return SweepScreen(experiment)
