"""What the screens get: everything that is true at one moment, never changed afterwards.

Parts that did not change since the snapshot before are the same objects, so a screen may compare with `is`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cockpit.store.catalogue import ExperimentRow
from cockpit.store.ranking import baseline_trial, best_trial
from cockpit.store.rows import CommandRow, NormRow, NormSummary, StepRow, SweepRow, TrialRow
from cockpit.store.runs import is_used_up
from cockpit.tui.interest import CurveKey, Focus, Interest, Metric

if TYPE_CHECKING:
    from cockpit.store.curve import Curve
    from cockpit.store.history import AttemptRow, ChangeRow
    from cockpit.store.machine import MachineRow


@dataclass(frozen=True, eq=False, slots=True)
class TrialView:
    """A trial with the newest value of each of its metrics."""

    row: TrialRow
    newest: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class SweepView:
    """One experiment. `trouble` says in one line what could not be read, empty where all is well."""

    name: str
    sweep: SweepRow
    trials: tuple[TrialView, ...]
    metrics: tuple[Metric, ...]
    commands: tuple[CommandRow, ...]
    trouble: str = ""

    def trial(self, trial_id: str) -> TrialView | None:
        return self._by_id.get(trial_id)

    # Found once for everybody who asks, because there may be ten thousand trials.

    @cached_property
    def _by_id(self) -> Mapping[str, TrialView]:
        return {trial.row.id: trial for trial in self.trials}

    @cached_property
    def rows(self) -> tuple[TrialRow, ...]:
        return tuple(trial.row for trial in self.trials)

    @cached_property
    def can_go_on(self) -> bool:
        """Whether `cockpit sweep --resume` has something to take up: it ended early, and not all of it was done."""
        return self.sweep.can_go_on and not is_used_up(self.sweep, self.rows)

    @cached_property
    def best(self) -> TrialRow | None:
        """The trial that is best so far; None while none has a value."""
        return best_trial(self.rows, self.sweep.goal)

    @cached_property
    def baseline(self) -> TrialRow | None:
        return baseline_trial(self.rows)

    @cached_property
    def running(self) -> tuple[str, ...]:
        """Ids of the trials that run."""
        return tuple(row.id for row in self.rows if row.status == "running")

    @cached_property
    def halted(self) -> bool:
        """Whether the sweep starts nothing until it is resumed, as far as its answers to commands say."""
        for command in reversed(self.commands):
            if not command.trial and command.name in ("pause", "resume") and command.state != "accepted":
                # A refused resume says that nothing was paused; a refused pause, that a trial could not.
                return command.name == "pause"
        return False


@dataclass(frozen=True, eq=False)
class FocusView:
    """The newest of one trial's steps, norms and printed lines, oldest first; and the groups that have norms.

    `attempts` and `changes` are those of the trial so far, read for the configuration only; `frozen`, read with the
    norms, says in words which tensors are not trained, and `has_all_norms` whether there are no older ones.
    """

    focus: Focus
    steps: tuple[StepRow, ...] = ()
    norms: tuple[NormRow, ...] = ()
    output: tuple[str, ...] = ()
    saved: Mapping[str, str] = field(default_factory=dict)
    groups: tuple[str, ...] = ()
    attempts: tuple[AttemptRow, ...] = ()
    changes: tuple[ChangeRow, ...] = ()
    frozen: str = ""
    has_all_norms: bool = True


@dataclass(frozen=True, eq=False)
class Importance:
    """How much each parameter matters, as `cockpit importance` says; `why` where it cannot be said."""

    values: Mapping[str, float]
    ranges: Mapping[str, Any]
    trials: int
    why: str = ""


@dataclass(frozen=True, eq=False)
class Snapshot:
    """`serial` counts snapshots. `trouble` is what could not be read at all; `diary` is the diary's text."""

    serial: int
    at: float
    logs: Path
    interest: Interest
    experiments: tuple[ExperimentRow, ...] = ()
    sweeps: Mapping[str, SweepView] = field(default_factory=dict)
    curves: Mapping[CurveKey, Curve] = field(default_factory=dict)
    focus: FocusView | None = None
    importance: Importance | None = None
    diary: str | None = None
    machine: MachineRow | None = None
    norms: Mapping[Focus, tuple[NormSummary, ...]] = field(default_factory=dict)
    trouble: str = ""
