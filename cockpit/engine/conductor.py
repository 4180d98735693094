"""Everything that is decided during a sweep, whichever engine runs it: the next trial, go or stop, and why.

The conductor is the only writer of the experiment's ledger, `sweep.jsonl`. An engine asks it and obeys.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cockpit.engine.breaker import FAILURES_RUNNING, Breaker
from cockpit.engine.plan import Plan
from cockpit.engine.proposer import Proposer
from cockpit.engine.request import Outcome, TrialRequest
from cockpit.events.kinds import SweepEnded, TrialEnded, TrialStarted
from cockpit.events.text import one_line
from cockpit.events.writer import EventWriter
from cockpit.search.stopping import CONTINUE, Rules, Verdict
from cockpit.store.folder import RunFolder
from cockpit.store.ranking import best_of, is_ranked


@dataclass
class OpenTrial:
    """What the conductor knows of a running trial."""

    id: str
    config: Mapping[str, Any]
    total_steps: int = 0
    values: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Ending:
    """How the sweep ends: `finished`, `interrupted` or `failed`, and why."""

    status: str
    reason: str = ""


class Conductor:
    """Decides for one sweep. All methods are called from one thread, that of the engine, except `interrupt`."""

    def __init__(
        self,
        plan: Plan,
        run: RunFolder,
        ledger: EventWriter,
        proposer: Proposer,
        rules: Rules,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.plan = plan
        self.ending: Ending | None = None  # set once no further trial shall start
        self._run = run
        self._ledger = ledger
        self._proposer = proposer
        self._rules = rules
        self._clock = clock
        self._breaker = Breaker()
        self._open: dict[str, OpenTrial] = {}
        self._number = 0
        self._finished = 0
        self._labels: dict[str, tuple[str, Mapping[str, Any]]] = {}  # by effective digest: trial and its config

    @property
    def running(self) -> int:
        """How many trials are open now."""
        return len(self._open)

    def next_trial(self) -> TrialRequest | None:
        """The next trial to start, already in the ledger; None when there is none."""
        cap = self.plan.search.run_cap
        if self.ending is not None or (cap is not None and self._number >= cap):
            return None
        trial = f"t{self._number:03d}"
        proposal = self._proposer.propose(trial)
        if proposal is None:
            return None
        return self._start(trial, proposal)

    def on_built(self, trial: str, digest: str, total_steps: int) -> bool:
        """The trial's objects stand. False refuses it: another label for what another trial trains already."""
        opened = self._open.get(trial)
        if opened is None:
            return False
        opened.total_steps = total_steps
        twin, config = self._labels.setdefault(digest, (trial, opened.config))
        differing = [name for name in opened.config if opened.config[name] != config.get(name)]
        if not differing:
            return True
        labels = ", ".join(f"{name} {config.get(name)} and {opened.config[name]}" for name in differing)
        error = f"{twin} and {trial} train exactly the same although their labels differ ({labels})"
        self._end(opened, Outcome("failed", reason=error, error=error))
        return False

    def on_evaluation(self, trial: str, phase: str, step: int, metrics: Mapping[str, Any]) -> bool:
        """An evaluation is in. False stops the trial; the reason is in the ledger then."""
        opened = self._open.get(trial)
        if opened is None:
            return False
        name = self.plan.metric.name
        if not is_ranked(phase):
            return True
        try:
            value = float(metrics[name])
        except (KeyError, TypeError, ValueError):
            error = f"its evaluation reports no number as {name}, only {_shown(metrics)}"
            self._end(opened, Outcome("failed", reason=error, error=error))
            return False
        return self._judge(opened, step, value)

    def on_exit(self, trial: str, outcome: Outcome) -> None:
        """The trial's process is gone. Nothing to do for a trial that was stopped by a decision here."""
        opened = self._open.get(trial)
        if opened is not None:
            self._end(opened, outcome)

    def interrupt(self, reason: str) -> None:
        """Start nothing more; called from a signal handler, so it does no more than that."""
        if self.ending is None:
            self.ending = Ending("interrupted", reason)

    def close(self) -> Ending:
        """Close the ledger: what still runs is interrupted, and the sweep ends. Returns how."""
        for opened in list(self._open.values()):
            self._end(opened, Outcome("terminated", reason="the sweep ended"))
        ending = self.ending or self._natural_ending()
        self._ledger.write(SweepEnded(status=ending.status, reason=ending.reason, at=self._clock()))
        self._ledger.close()
        return ending

    def _start(self, trial: str, proposal: Mapping[str, Any]) -> TrialRequest:
        plan, number = self.plan, self._number
        self._number += 1
        config = plan.trial_config(proposal)
        folder = self._run.trial(trial).path
        folder.mkdir(parents=True, exist_ok=True)
        self._open[trial] = OpenTrial(trial, dict(proposal))
        baseline = number == 0 and bool(plan.search.baseline)
        seed = int(config["seed"])
        at = self._clock()
        self._ledger.write(TrialStarted(trial=trial, config=dict(proposal), baseline=baseline, seed=seed, at=at))
        return TrialRequest(
            experiment=self._run.id,
            trial=trial,
            trainer=plan.search.trainer or "",
            config=config,
            folder=str(folder.resolve()),
            device=plan.device,
            threads=plan.share.threads,
        )

    def _judge(self, opened: OpenTrial, step: int, value: float) -> bool:
        opened.values.append(value)
        evaluation = len(opened.values)
        if not math.isfinite(value):
            known = [good for good in opened.values if math.isfinite(good)]
            since = f"last good {known[-1]:.5g}" if known else "from the start"
            reason = f"{self.plan.metric.name} not finite at step {step}; {since}"
            self._end(opened, Outcome("diverged", reason=reason))
            return False
        self._proposer.report(opened.id, evaluation, value)
        final = opened.total_steps > 0 and step >= opened.total_steps
        verdict = self._rules.on_evaluation(opened.id, evaluation, value, final)
        if self.plan.metric.reached(value) and self.ending is None:
            self.ending = Ending("finished", f"{opened.id} reached the target {self.plan.metric.target:g}")
        if verdict.stop:
            self._end(opened, Outcome("pruned", reason=verdict.explain(self.plan.metric)), verdict)
        return not verdict.stop

    def _end(self, opened: OpenTrial, outcome: Outcome, verdict: Verdict = CONTINUE) -> None:
        del self._open[opened.id]
        status, reason = self._named(outcome)
        self._finished += status in ("finished", "pruned")
        fields = {name: getattr(verdict, name) for name in ("rule", "evaluation", "value", "threshold", "rank", "of")}
        self._ledger.write(
            TrialEnded(
                trial=opened.id,
                status=status,
                reason=reason,
                error=outcome.error,
                traceback=outcome.traceback,
                at=self._clock(),
                extra=dict(outcome.details),
                **fields,
            )
        )
        best = best_of(opened.values, self.plan.metric.goal)
        self._proposer.tell(opened.id, best, finished=status == "finished")
        if self._breaker.note(outcome.error) and self.ending is None:
            reason = f"the same error in {FAILURES_RUNNING} trials running: {outcome.error}"
            self.ending = Ending("failed", reason)

    def _named(self, outcome: Outcome) -> tuple[str, str]:
        """The status of a trial as people know it."""
        if outcome.status not in ("terminated", "stopped"):
            return outcome.status, outcome.reason
        if self.ending is not None:
            return "interrupted" if self.ending.status == "interrupted" else "stopped", self.ending.reason
        return "lost", outcome.reason

    def _natural_ending(self) -> Ending:
        if self._number and not self._finished:
            return Ending("failed", "no trial came to an end; `cockpit show` has the reasons")
        return Ending("finished")


def _shown(metrics: Mapping[str, Any]) -> str:
    return one_line(", ".join(f"{name} {value}" for name, value in metrics.items()), 200) or "nothing"
