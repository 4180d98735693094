"""Trials that stand still for want of data, told of once each while they run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from cockpit.store.data_wait import WAIT, wait_share, waiting_text
from cockpit.tui.errands import Word
from cockpit.tui.snapshot import SweepView

Trial = tuple[str, str]


@dataclass
class Waits:
    """What the newest steps of running trials said of their waiting, and which trials were told of."""

    _shares: dict[Trial, dict[int, float]] = field(default_factory=dict)
    _told: set[Trial] = field(default_factory=set)

    def hear(self, view: SweepView) -> Iterator[Word]:
        """What this snapshot of an experiment adds."""
        for trial_id in view.running:
            key, trial = (view.name, trial_id), view.trial(trial_id)
            if trial is None or key in self._told or WAIT not in trial.newest:
                continue
            shares = self._shares.setdefault(key, {})
            shares[trial.row.steps] = trial.newest[WAIT]
            if text := waiting_text(wait_share(shares.items()), trial.row.settings):
                self._told.add(key)
                del self._shares[key]
                yield Word(f"{trial_id} {text}", "warning")
