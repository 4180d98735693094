"""The four tables of an experiment: itself, its trials, their steps and evaluations, and their norms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cockpit.export.record import Record
from cockpit.importers.exported_cells import NORMS
from cockpit.store.rows import NormRow, StepRow, TrialRow

EXPERIMENT = (
    "experiment", "search", "question", "trainer", "data", "engine", "metric", "goal", "status", "reason", "started",
    "ended", "command", "seeds", "confirm",
)  # fmt: skip
TRIAL = (
    "trial", "label", "status", "reason", "error", "baseline", "seed", "attempt", "device", "digest", "started",
    "ended", "best", "best_step", "last", "steps", "epochs", "change", "note", "parent",
    "repeat_of", "repeat", "confirms", "pair",
)  # fmt: skip
_TOLD = ("label", "change", "note", "parent", "repeat_of", "repeat", "confirms", "pair")  # by the trial's start


def experiment_row(record: Record) -> dict[str, Any]:
    """The experiment; times are seconds since 1970."""
    return {name: getattr(record.sweep, name) for name in EXPERIMENT}


def trial_row(trial: TrialRow) -> dict[str, Any]:
    """A trial without its settings; times are seconds since 1970."""
    known = {name: getattr(trial, name) for name in TRIAL if name not in ("trial", *_TOLD)}
    return {"trial": trial.id, **known, **{name: trial.extra.get(name) for name in _TOLD}}


def step_rows(record: Record) -> Iterator[tuple[TrialRow, StepRow]]:
    """Every step and evaluation, trial by trial, oldest first."""
    for trial in record.trials:
        yield from ((trial, step) for step in record.steps(trial))


def norm_rows(record: Record) -> Iterator[tuple[TrialRow, NormRow]]:
    """Every row of the norm tables, trial by trial, oldest first."""
    for trial in record.trials:
        yield from ((trial, norm) for norm in record.norms(trial))


def norm_values(norm: NormRow) -> dict[str, float]:
    """The columns of a row of the norm table."""
    return {name: getattr(norm, name) for name in NORMS}
