"""What is exported: one experiment, or one trial of it, without secrets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from cockpit.events.codec import decode, encode
from cockpit.events.kinds import Note, SweepStarted, TrialStarted, Unknown
from cockpit.store import ranking
from cockpit.store.folder import FolderError, RunFolder
from cockpit.store.reader import Index
from cockpit.store.rows import NormRow, StepRow, SweepRow, TrialRow

_PRIVATE = ("folder", "process_started")  # where it ran on its machine is nobody else's matter
_WORDS = ("label", "change", "note", "parent")  # what the author of an imported trial said of it
_REPEATED = ("seeds", "confirm")  # how often a search ran its configurations
_AGAIN = ("repeat_of", "repeat", "confirms", "pair")  # whose configuration a trial ran once more


class Record:
    """An experiment as readers of exports may see it. `trial` is the one that is exported, empty for all of them.

    Raises `FolderError` for a trial that is not there.
    """

    def __init__(self, index: Index, trial: str = "") -> None:
        self.index = index
        self.trial = trial
        self.sweep = _without_secrets(index.sweep())
        trials = [row for row in index.trials() if trial in ("", row.id)]
        if trial and not trials:
            raise FolderError(f"{index.run.id}/{trial}: not in the index; run `cockpit reindex {index.run.id}`")
        self.trials = [_trial_without_secrets(row) for row in trials]
        self.best = ranking.best_trial(self.trials, self.sweep.goal)

    @property
    def run(self) -> RunFolder:
        """Where the record is."""
        return self.index.run

    @property
    def name(self) -> str:
        """What a file of it is called, without an ending."""
        return f"{self.run.name}-{self.trial}" if self.trial else self.run.name

    def steps(self, trial: TrialRow) -> list[StepRow]:
        """All steps and evaluations of a trial, oldest first."""
        return self.index.steps(trial.id)

    def norms(self, trial: TrialRow) -> list[NormRow]:
        """The norm table of a trial, oldest first."""
        return self.index.norms(trial.id)

    def notes(self, trial: TrialRow) -> list[Note]:
        """The notes that were recorded with a trial, oldest first."""
        return [event for event in self.index.others("note").get(trial.id, ()) if isinstance(event, Note)]

    def metric_names(self) -> list[str]:
        """Every name of a metric, each once, in the order in which they first came."""
        return list(dict.fromkeys(name for _, _, name in self.index.metrics()))

    def setting_names(self) -> list[str]:
        """Every name in a configuration, those that were varied first."""
        return list(dict.fromkeys([*self.sweep.varied, *(name for trial in self.trials for name in trial.config)]))


def without_secrets(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values at any depth as they may be stored: what an event of them would keep."""
    event = decode(encode(Unknown(kind="exported", data=values)))
    assert isinstance(event, Unknown)  # of a kind that nobody knows
    return dict(event.data)


def sweep_started(record: Record) -> SweepStarted:
    """The beginning of the experiment, from which an import of the export begins."""
    sweep = record.sweep
    return SweepStarted(
        experiment=sweep.experiment,
        search=sweep.search,
        question=sweep.question,
        trainer=sweep.trainer,
        data=sweep.data,
        metric=sweep.metric,
        goal=sweep.goal,
        trials=len(record.trials),
        varied=sweep.varied,
        command=sweep.command,
        at=sweep.started or 0.0,
        extra={name: sweep.extra[name] for name in _REPEATED if name in sweep.extra},
    )


def trial_started(trial: TrialRow, **more: Any) -> TrialStarted:
    """The beginning of a trial, with its end and what else an import needs in `extra`."""
    end = {"status": trial.status, "reason": trial.reason, "error": trial.error, "ended": trial.ended}
    words = {name: trial.extra[name] for name in _WORDS if isinstance(trial.extra.get(name), str)}
    again = {name: trial.extra[name] for name in _AGAIN if name in trial.extra}
    return TrialStarted(
        trial=trial.id,
        config=trial.config,
        baseline=trial.baseline,
        seed=trial.seed,
        at=trial.started or 0.0,
        extra={**end, "device": trial.device, **words, **again, **more},
    )


def _without_secrets(sweep: SweepRow) -> SweepRow:
    values = without_secrets(asdict(sweep))
    environment = {name: value for name, value in values["environment"].items() if name not in _PRIVATE}
    return SweepRow(**{**values, "environment": environment})


def _trial_without_secrets(trial: TrialRow) -> TrialRow:
    values = without_secrets(trial._asdict())
    return TrialRow(**{**values, "evaluations": tuple(values["evaluations"])})
