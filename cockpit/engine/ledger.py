"""The experiment's ledger, `sweep.jsonl`: what is written when trials begin, pause and end, and commands are answered.

The conductor is its only writer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cockpit.engine import answers
from cockpit.engine.control import Command
from cockpit.engine.request import Outcome
from cockpit.engine.roster import TrialState
from cockpit.events.kinds import SweepEnded, SweepStatus, TrialEnded, TrialPaused, TrialStarted
from cockpit.events.writer import EventWriter
from cockpit.search.metric import Metric
from cockpit.search.stopping import Verdict

_OF_A_VERDICT = ("rule", "evaluation", "value", "threshold", "rank", "of")


class Ledger:
    """One method for each thing that can happen; `clock` gives seconds since 1970."""

    def __init__(self, writer: EventWriter, clock: Callable[[], float]) -> None:
        self._writer = writer
        self._clock = clock

    def started(self, trial: TrialState, seed: int, checkpoint: str) -> None:
        """An attempt at a trial begins."""
        self._writer.write(
            TrialStarted(
                trial=trial.id,
                config=dict(trial.config),
                baseline=trial.baseline,
                seed=seed,
                attempt=trial.attempt,
                checkpoint=checkpoint,
                at=self._clock(),
                extra=trial.extra,
            )
        )

    def held(self, trial: TrialState, step: int, reason: str, error: str) -> None:
        """An attempt is over, the trial is not."""
        self._writer.write(
            TrialPaused(
                trial=trial.id,
                status=trial.status,
                attempt=trial.attempt,
                step=step,
                reason=reason,
                error=error,
                at=self._clock(),
            )
        )

    def ended(self, trial: TrialState, outcome: Outcome, verdict: Verdict) -> None:
        """A trial is over."""
        known: dict[str, Any] = {name: getattr(verdict, name) for name in _OF_A_VERDICT}
        self._writer.write(
            TrialEnded(
                trial=trial.id,
                status=outcome.status,
                attempt=trial.attempt,
                reason=outcome.reason,
                error=outcome.error,
                traceback=outcome.traceback,
                at=self._clock(),
                extra=dict(outcome.details),
                **known,
            )
        )

    def answered(self, command: Command, state: str, text: str, trial: str | None = None) -> None:
        """What became of a command; `trial` is the one that it made."""
        self._writer.write(answers.answer(command, state, text, self._clock(), trial))

    def ranked_by(self, metric: Metric) -> None:
        """Trials are ranked by another metric than was thought."""
        told = {"metric": metric.name, "goal": metric.goal}
        self._writer.write(SweepStatus(status="running", at=self._clock(), extra=told))

    def closed(self, status: str, reason: str) -> None:
        """The sweep is over, and so is this file until somebody takes the sweep up again."""
        self._writer.write(SweepEnded(status=status, reason=reason, at=self._clock()))
        self._writer.close()
