"""Everything that is decided during a sweep, whichever engine runs it: the next trial, go or stop, and why.

The conductor is the only writer of the experiment's ledger, `sweep.jsonl`. An engine asks it and obeys.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cockpit.engine import answers
from cockpit.engine.breaker import FAILURES_RUNNING, Breaker
from cockpit.engine.control import Command
from cockpit.engine.plan import Plan
from cockpit.engine.proposer import Proposer
from cockpit.engine.request import Outcome, TrialRequest
from cockpit.events.kinds import SweepEnded, TrialEnded, TrialStarted
from cockpit.events.text import one_line
from cockpit.events.writer import EventWriter
from cockpit.search.stopping import CONTINUE, Rules, Verdict
from cockpit.store.folder import RunFolder
from cockpit.store.numbers import counted
from cockpit.store.ranking import best_of, is_ranked


@dataclass
class OpenTrial:
    """What the conductor knows of a running trial. `orders` are commands that want it to end."""

    id: str
    config: Mapping[str, Any]
    total_steps: int = 0
    values: list[float] = field(default_factory=list)
    orders: list[Command] = field(default_factory=list)


@dataclass(frozen=True)
class Ending:
    """How the sweep ends: `finished`, `stopped` (by a command), `interrupted` (by a signal) or `failed`, and why."""

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
        self._ended: dict[str, str] = {}  # trial and how it ended
        self._number = 0
        self._added: deque[tuple[Command, Mapping[str, Any]]] = deque()  # to be tried before anything else
        self._added_number = 0
        self._orders: list[Command] = []  # those that want the whole sweep to end
        self._labels: dict[str, tuple[str, Mapping[str, Any]]] = {}  # by effective digest: trial and its config

    @property
    def running(self) -> int:
        """How many trials are open now."""
        return len(self._open)

    def is_open(self, trial: str) -> bool:
        """Whether the trial runs, or is about to."""
        return trial in self._open

    def next_trial(self) -> TrialRequest | None:
        """The next trial to start, already in the ledger; None when there is none."""
        if self.ending is not None:
            return None
        trial = f"t{self._number:03d}"
        if self._added and (self._number or not self.plan.search.baseline):  # the baseline is always the first
            return self._start_added(trial, *self._added.popleft())
        cap = self.plan.search.run_cap
        if cap is not None and self._number - self._added_number >= cap:
            return None
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
            if not self.plan.work.reports_always:
                return True
            error = f"its evaluation reports no number as {name}, only {_shown(metrics)}"
            self._end(opened, Outcome("failed", reason=error, error=error))
            return False
        return self._judge(opened, step, value)

    def on_exit(self, trial: str, outcome: Outcome) -> None:
        """The trial's process is gone. Nothing to do for a trial that was stopped by a decision here."""
        opened = self._open.get(trial)
        if opened is not None:
            self._end(opened, outcome)

    def order_end(self, command: Command) -> list[str]:
        """Take the order to end a trial, or all of them and the sweep; return which ones are to be told.

        What became of it is answered when they have ended.
        """
        if command.trial is None:
            self.ending = self.ending or Ending("stopped", answers.reason_of([command]))
            self._orders.append(command)
            meant = list(self._open.values())
        elif command.trial in self._open:
            meant = [self._open[command.trial]]
        else:
            ended = self._ended.get(command.trial)
            text = "has not started yet" if ended is None else f"has ended already ({ended})"
            self.answer(command, "refused", f"{command.trial} {text}")
            return []
        for opened in meant:
            opened.orders.append(command)
        self.answer(command, "accepted", f"{command.trial or counted(len(meant), 'trial')} told to end")
        return [opened.id for opened in meant]

    def add(self, command: Command, config: Mapping[str, Any]) -> None:
        """Try this whole configuration next, beside the trials that were planned."""
        if self.ending is not None:
            self.answer(command, "refused", "the sweep is ending, so nothing more is started")
            return
        self._added.append((command, config))
        self.answer(command, "accepted", "it is the next trial to start")

    def answer(self, command: Command, state: str, text: str, trial: str | None = None) -> None:
        """Say in the ledger what became of a command; `trial` is the one that it made."""
        self._ledger.write(answers.answer(command, state, text, self._clock(), trial))

    def interrupt(self, reason: str) -> None:
        """Start nothing more; called from a signal handler, so it does no more than that."""
        if self.ending is None:
            self.ending = Ending("interrupted", reason)

    def close(self) -> Ending:
        """Close the ledger: what still runs is interrupted, and the sweep ends. Returns how."""
        for opened in list(self._open.values()):
            self._end(opened, Outcome("terminated", reason="the sweep ended"))
        ending = self.ending or self._natural_ending()
        for command, _ in self._added:
            self.answer(command, "refused", "the sweep ended before this could start")
        for command in self._orders:
            self.answer(command, "done", f"the sweep ended: {ending.reason}")
        self._ledger.write(SweepEnded(status=ending.status, reason=ending.reason, at=self._clock()))
        self._ledger.close()
        return ending

    def _start_added(self, trial: str, command: Command, config: Mapping[str, Any]) -> TrialRequest:
        self._added_number += 1
        self._proposer.adopt(trial, config)
        request = self._start(trial, config)
        self.answer(command, "done", f"{trial} started", trial)
        return request

    def _start(self, trial: str, proposal: Mapping[str, Any]) -> TrialRequest:
        plan, number = self.plan, self._number
        self._number += 1
        config = plan.trial_config(proposal)
        folder = self._run.trial(trial).path
        folder.mkdir(parents=True, exist_ok=True)
        self._open[trial] = OpenTrial(trial, dict(proposal))
        baseline = number == 0 and bool(plan.search.baseline)
        seed = plan.seed_of(proposal)
        at = self._clock()
        self._ledger.write(TrialStarted(trial=trial, config=dict(proposal), baseline=baseline, seed=seed, at=at))
        return TrialRequest(
            experiment=self._run.id,
            trial=trial,
            config=config,
            folder=str(folder.resolve()),
            device=plan.device,
            threads=plan.share.threads,
            **plan.work.request_fields(config, folder.resolve()),
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
        outcome = self._named(opened, outcome)
        as_ordered = bool(opened.orders) and outcome.status == "stopped"
        self._ended[opened.id] = outcome.status
        fields = {name: getattr(verdict, name) for name in ("rule", "evaluation", "value", "threshold", "rank", "of")}
        self._ledger.write(
            TrialEnded(
                trial=opened.id,
                status=outcome.status,
                reason=outcome.reason,
                error=outcome.error,
                traceback=outcome.traceback,
                at=self._clock(),
                extra=dict(outcome.details),
                **fields,
            )
        )
        best = best_of(opened.values, self.plan.metric.goal)
        self._proposer.tell(opened.id, best, finished=outcome.status == "finished")
        self._answer_orders(opened, as_ordered)
        if not as_ordered and self._breaker.note(outcome.error) and self.ending is None:
            reason = f"the same error in {FAILURES_RUNNING} trials running: {outcome.error}"
            self.ending = Ending("failed", reason)

    def _answer_orders(self, opened: OpenTrial, as_ordered: bool) -> None:
        """Tell those who wanted this very trial to end; who wanted the sweep to end hears of it with the sweep."""
        for order in opened.orders:
            if order.trial is None:
                continue
            if as_ordered:
                text = answers.ended_text(opened.id, opened.orders, self._run.trial(opened.id).events)
                self.answer(order, "done", text)
            else:
                self.answer(order, "refused", f"{opened.id} had ended before ({self._ended[opened.id]})")

    def _named(self, opened: OpenTrial, outcome: Outcome) -> Outcome:
        """How a trial ended as people know it."""
        if opened.orders and outcome.status in ("terminated", "stopped", "lost"):
            return Outcome("stopped", reason=answers.reason_of(opened.orders))
        if outcome.status not in ("terminated", "stopped"):
            return outcome
        if self.ending is None:
            return replace(outcome, status="lost")
        status = "interrupted" if self.ending.status == "interrupted" else "stopped"
        return replace(outcome, status=status, reason=self.ending.reason)

    def _natural_ending(self) -> Ending:
        statuses = set(self._ended.values())
        if not statuses or statuses & {"finished", "pruned"}:
            return Ending("finished")
        if "stopped" in statuses:
            return Ending("stopped", "no trial came to an end, some were told to stop")
        return Ending("failed", "no trial came to an end; `cockpit show` has the reasons")


def _shown(metrics: Mapping[str, Any]) -> str:
    return one_line(", ".join(f"{name} {value}" for name, value in metrics.items()), 200) or "nothing"
