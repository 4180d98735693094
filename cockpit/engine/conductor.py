"""Everything that is decided during a sweep, whichever engine runs it: the next trial, go or stop, and why.

The conductor is the only writer of the experiment's ledger, `sweep.jsonl`. An engine asks it and obeys.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from cockpit.engine import answers, timings
from cockpit.engine.breaker import FAILURES_RUNNING, Breaker
from cockpit.engine.budget import Budget
from cockpit.engine.channel import Message
from cockpit.engine.checkpoints import borrowed_checkpoint, last_checkpoint
from cockpit.engine.control import Command
from cockpit.engine.desk import Desk
from cockpit.engine.ending import Ending, ending_of, named
from cockpit.engine.ledger import Ledger
from cockpit.engine.plan import Plan
from cockpit.engine.proposer import Proposer
from cockpit.engine.rebuild import Rebuilt
from cockpit.engine.request import Outcome, TrialRequest
from cockpit.engine.retries import Retries
from cockpit.engine.roster import PAUSED, RUNNING, WAITING, Roster, TrialState
from cockpit.engine.unnamed_metric import UnnamedMetric
from cockpit.engine.upcoming import Upcoming
from cockpit.events.text import one_line
from cockpit.events.writer import EventWriter
from cockpit.search.population import Mutation, Population
from cockpit.search.stopping import CONTINUE, Rules, Verdict
from cockpit.store.folder import RunFolder
from cockpit.store.ranking import is_ranked


class Conductor:
    """Decides for one sweep. All methods are called from one thread, that of the engine, except `interrupt`.

    `past` is what happened before, where the sweep is taken up again.
    """

    def __init__(
        self,
        plan: Plan,
        run: RunFolder,
        ledger: EventWriter,
        proposer: Proposer,
        rules: Rules,
        clock: Callable[[], float] = time.time,
        past: Rebuilt | None = None,
        population: Population | None = None,
        budget: Budget | None = None,
    ) -> None:
        self.plan = plan
        self.budget = budget or Budget()
        self.order: Callable[[str, Message], None] = _nobody  # gives an attempt an order for its next step
        self.ending: Ending | None = None  # set once no further trial shall start
        self._run = run
        self._ledger = Ledger(ledger, clock)
        self._upcoming = Upcoming(plan, proposer)
        self._rules = rules
        self._population = population
        self._unnamed = UnnamedMetric(plan.metric) if plan.takes_any_metric else None
        self._clock = clock
        self._breaker = Breaker()
        self._retries = Retries(plan.search.max_failures)
        self._roster = Roster()
        self.desk = Desk(self._roster, run, self)
        self._labels: dict[str, tuple[str, Mapping[str, Any]]] = {}  # by effective digest: trial and its config
        if past is not None:
            self._take_up(past)

    @property
    def run(self) -> RunFolder:
        """Where everything is recorded."""
        return self._run

    @property
    def is_ending(self) -> bool:
        """Whether nothing more starts."""
        return self.ending is not None

    @property
    def running(self) -> int:
        """How many trials are open now."""
        return len(self._roster.those(RUNNING))

    @property
    def holds(self) -> bool:
        """Whether trials that do not run now may go on, so that the sweep is not over although nothing runs."""
        kinds = (PAUSED,) if self.budget.held_back else (PAUSED, WAITING)
        return self.ending is None and (self.desk.halted or bool(self._roster.those(*kinds)))

    def is_open(self, trial: str) -> bool:
        """Whether the trial runs, or is about to."""
        return self._roster.running(trial) is not None

    def next_trial(self) -> TrialRequest | None:
        """The next trial to start, already in the ledger; None when there is none now."""
        if self.ending is not None or self.desk.halted or not self.budget.allows_another():
            return None
        for waiting in self._roster.those(WAITING):
            if self._retries.is_due(waiting, self._clock()):
                return self._start_again(waiting)
        trial = self._upcoming.next(self._roster, self.budget)
        return None if trial is None else self._start(trial)

    def on_built(self, trial: str, digest: str, total_steps: int, step: int = 0) -> bool:
        """The trial's objects stand. False refuses it: another label for what another trial trains already."""
        opened = self._roster.running(trial)
        if opened is None:
            return False
        opened.total_steps = total_steps
        opened.go_back_to(step)
        twin, config = self._labels.setdefault(digest, (trial, opened.config))
        differing = [name for name in opened.config if opened.config[name] != config.get(name)]
        if (
            not differing or opened.attempt > 1 or not opened.is_searched
        ):  # a copy of another trial may well become the same
            return True
        labels = ", ".join(f"{name} {config.get(name)} and {opened.config[name]}" for name in differing)
        error = f"{twin} and {trial} train exactly the same although their labels differ ({labels})"
        self._end(opened, Outcome("failed", reason=error, error=error))
        return False

    def on_evaluation(self, trial: str, phase: str, step: int, metrics: Mapping[str, Any]) -> bool:
        """An evaluation is in. False stops the trial; the reason is in the ledger then."""
        opened = self._roster.running(trial)
        if opened is None:
            return False
        name = self.plan.metric.name
        if not is_ranked(phase):
            return True
        if self._unnamed is not None and self._unnamed.is_another_with(metrics):
            self._ledger.ranked_by(self._unnamed.chosen)
        try:
            value = float(metrics[name])
        except (KeyError, TypeError, ValueError):
            if not self.plan.work.reports_always:
                return True
            error = f"its evaluation reports no number as {name}, only {_shown(metrics)}"
            self._end(opened, Outcome("failed", reason=error, error=error))
            return False
        if self.plan.search.metrics:
            opened.metrics[step] = {key: float(metrics.get(key, math.nan)) for key in self.plan.metric_names}
        return self._judge(opened, step, value)

    def on_did(self, trial: str, order: str, refused: str, step: int) -> bool:
        """A trial has carried out an order, or could not. True: it goes on."""
        opened = self._roster.running(trial)
        if opened is None:
            return False
        command = opened.changes.get(order)
        settings = {} if command is None else self.plan.steered(command.settings)
        self.desk.on_did(opened, order, refused, step, settings)
        return True

    def on_exit(self, trial: str, outcome: Outcome) -> None:
        """The trial's process is gone. Nothing to do for a trial that was stopped by a decision here."""
        opened = self._roster.running(trial)
        if opened is None:
            return
        if outcome.status == "paused" and self.ending is None and not opened.orders:
            self._pause(opened, outcome)
            return
        if outcome.status == "paused":
            outcome = Outcome("stopped")  # an end was wanted as well, and that counts for more
        if self.ending is None and not opened.orders:
            delay = self._retries.delay(opened, outcome)
            if delay is not None:
                self._retry(opened, outcome, delay)
                return
        self._end(opened, outcome)

    def add(self, command: Command, config: Mapping[str, Any]) -> None:
        """Try this whole configuration next, beside the trials that were planned."""
        if self.ending is not None:
            self.answer(command, "refused", "the sweep is ending, so nothing more is started")
            return
        self._upcoming.add(command, config)
        self.answer(command, "accepted", "it is the next trial to start")

    def answer(self, command: Command, state: str, text: str, trial: str | None = None) -> None:
        """Say in the ledger what became of a command; `trial` is the one that it made."""
        self._ledger.answered(command, state, text, trial)

    def hold(self, trial: TrialState, status: str, reason: str, error: str = "", step: int = 0) -> None:
        """The attempt is over, the trial is not."""
        trial.status = status
        self._roster.settle(trial)
        self.budget.end(trial.id, status)
        self._ledger.held(trial, step or answers.last_step(self._run.trial(trial.id).events) or 0, reason, error)

    def end_held(self, trial: TrialState) -> None:
        """A trial that does not run will not go on."""
        self._end(trial, Outcome("stopped"))

    def end_sweep(self, reason: str) -> None:
        """Somebody wants everything to end."""
        self.ending = self.ending or Ending("stopped", reason)

    def heed_budget(self) -> None:
        """End the sweep when its time is over; engines have this asked several times a second."""
        if self.budget.is_used_up and self.ending is None:
            self.ending = Ending("finished", self._upcoming.budget_text(self.budget))

    def give_up(self, reason: str) -> None:
        """Nothing can run any more: no further trial starts, and the sweep may be taken up again."""
        if self.ending is None:
            self.ending = Ending("failed", reason)

    def interrupt(self, reason: str) -> None:
        """Start nothing more; called from a signal handler, so it does no more than that."""
        if self.ending is None:
            self.ending = Ending("interrupted", reason)

    def close(self) -> Ending:
        """Close the ledger: what still runs is interrupted, and the sweep ends. Returns how."""
        for opened in self._roster.those(RUNNING, PAUSED, WAITING):
            self._end(opened, Outcome("terminated", reason="the sweep ended"))
        ending = self.ending or self._natural_ending()
        for command in self._upcoming.waiting:
            self.answer(command, "refused", "the sweep ended before this could start")
        self.desk.close(ending.reason)
        self._ledger.closed(ending.status, ending.reason)
        return ending

    def _take_up(self, past: Rebuilt) -> None:
        """Know everything that an uninterrupted sweep would know now; what had not ended waits for its turn."""
        for trial in past.trials:
            self._roster.add(trial)
            for evaluation, value in enumerate(trial.values if trial.is_searched else (), start=1):
                self._rules.on_evaluation(trial.id, evaluation, value, final=True)
        for digest, trial in past.digests.items():
            self._labels[digest] = (trial.id, trial.config)
        self._upcoming.take_up(past)
        for trial in past.trials:
            if not trial.is_over:
                self._join_population(trial)
                self.hold(trial, trial.status, "goes on where it was cut off")

    def _join_population(self, trial: TrialState) -> None:
        """Its evaluations of before count there, and decide nothing any more."""
        if self._population is None:
            return
        self._population.on_start(trial.id, trial.config)
        for evaluation, value in enumerate(trial.values, start=1):
            self._population.on_evaluation(trial.id, evaluation, value, final=True)

    def _start(self, trial: TrialState) -> TrialRequest:
        timings.mark("first trial")
        self._roster.add(trial)
        request = self._request(trial)
        command = self._upcoming.request_of(trial)
        if command is not None:
            self.answer(command, "done", f"{trial.id} started", trial.id)
        return request

    def _start_again(self, trial: TrialState) -> TrialRequest:
        trial.attempt += 1
        trial.status = RUNNING
        self._roster.settle(trial)
        return self._request(trial)

    def _request(self, trial: TrialState) -> TrialRequest:
        plan, folder = self.plan, self._run.trial(trial.id)
        folder.path.mkdir(parents=True, exist_ok=True)
        config = plan.trial_config(trial.config)
        checkpoint = trial.checkpoint or (last_checkpoint(folder) if trial.attempt > 1 else "")
        trial.checkpoint = ""
        if self._population is not None:
            self._population.on_start(trial.id, trial.config)
        self.budget.begin(trial.id)
        self._ledger.started(trial, plan.seed_of(trial.config), checkpoint)
        return TrialRequest(
            experiment=self._run.id,
            trial=trial.id,
            config=config,
            folder=str(folder.path.resolve()),
            device=plan.device,
            threads=plan.share.threads,
            attempt=trial.attempt,
            checkpoint=str((folder.path / checkpoint).resolve()) if checkpoint else "",
            steered=dict(trial.steered),
            processes=plan.share.processes,
            **plan.work.request_fields(config, folder.path.resolve()),
        )

    def _judge(self, opened: TrialState, step: int, value: float) -> bool:
        opened.evaluations.append((step, value))
        evaluation = len(opened.evaluations)
        if not math.isfinite(value):
            known = [good for good in opened.values if math.isfinite(good)]
            since = f"last good {known[-1]:.5g}" if known else "from the start"
            reason = f"{self.plan.metric.name} not finite at step {step}; {since}"
            self._end(opened, Outcome("diverged", reason=reason))
            return False
        self._upcoming.report(opened, evaluation, value)
        if not opened.is_searched:
            return True  # a mean over runs of which the bad ones were stopped would say too much
        final = opened.total_steps > 0 and step >= opened.total_steps
        verdict = self._rules.on_evaluation(opened.id, evaluation, value, final)
        self._end_if_enough()
        if verdict.stop:
            self._end(opened, Outcome("pruned", reason=verdict.explain(self.plan.metric)), verdict)
        elif self._population is not None and self.ending is None and opened.mutation is None:
            self._compare(opened, self._population, evaluation, value, final=final)
        return not verdict.stop

    def _end_if_enough(self) -> None:
        """A target that is reached ends everything, unless what reached it is to be confirmed."""
        if self._upcoming.enough and not self._upcoming.confirms and self.ending is None:
            self.ending = Ending("finished", self._upcoming.enough)

    def _compare(self, opened: TrialState, population: Population, evaluation: int, value: float, final: bool) -> None:
        """Have the trial pause if it is to become a copy of another one, with what that one has come to by now."""
        mutation = population.on_evaluation(opened.id, evaluation, value, final=final)
        if final:
            # Its last checkpoint may be there before its end is known; a copy of that would have nothing to train.
            population.on_end(opened.id)
        if mutation is not None:
            # Linked now, because until the trial has paused the other one may go on to its end.
            checkpoint = borrowed_checkpoint(self._run.trial(mutation.source), self._run.trial(opened.id))
            opened.mutation = replace(mutation, checkpoint=checkpoint)
            self.order(opened.attempt_name, {"say": "pause"})

    def _pause(self, trial: TrialState, outcome: Outcome) -> None:
        step = int(outcome.details.get("step", 0))
        if trial.mutation is not None:
            self._mutate(trial, trial.mutation, step)
        else:
            self.hold(trial, PAUSED, f"paused by {trial.pauses[0].who}" if trial.pauses else "paused", "", step)
        self.desk.on_paused(trial, step)

    def _mutate(self, trial: TrialState, mutation: Mutation, step: int) -> None:
        """Its next attempt goes on where another trial stands, with other settings."""
        trial.config, trial.mutation = dict(mutation.config), None
        trial.checkpoint = mutation.checkpoint
        trial.steered.clear()
        trial.due = 0.0
        self.hold(trial, PAUSED if trial.pauses else WAITING, mutation.why, "", step)

    def _retry(self, trial: TrialState, outcome: Outcome, delay: float) -> None:
        trial.due = self._clock() + delay
        why = outcome.reason or outcome.status
        self.hold(trial, WAITING, f"attempt {trial.attempt} {outcome.status}: {why}; again in {delay:g} s", why)
        self.desk.on_retry(trial, why)

    def _end(self, opened: TrialState, outcome: Outcome, verdict: Verdict = CONTINUE) -> None:
        outcome = named(opened, outcome, self.ending)
        as_ordered = bool(opened.orders) and outcome.status == "stopped"
        opened.status = outcome.status
        self._roster.settle(opened)
        self.budget.end(opened.id, outcome.status)
        self._ledger.ended(opened, outcome, verdict)
        opened.settle_score(self.plan.metric.goal)
        if self._population is not None:
            self._population.on_end(opened.id)
        self._upcoming.on_end(opened)
        self._end_if_enough()
        self.desk.on_end(opened, as_ordered=as_ordered)
        opened.forget_course()
        if not as_ordered and self._breaker.note(outcome.error) and self.ending is None:
            reason = f"the same error in {FAILURES_RUNNING} trials running: {outcome.error}"
            self.ending = Ending("failed", reason)

    def _natural_ending(self) -> Ending:
        return ending_of({trial.status for trial in self._roster}, self._upcoming.cut_short(self.budget))


def _nobody(attempt: str, order: Message) -> None:
    """Before the engine runs, nobody can be told anything."""


def _shown(metrics: Mapping[str, Any]) -> str:
    return one_line(", ".join(f"{name} {value}" for name, value in metrics.items()), 200) or "nothing"
