"""What a sweep starts next: what somebody asked for or the search proposes, repeats of it, and the confirmation."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

from cockpit.engine.budget import Budget
from cockpit.engine.control import Command
from cockpit.engine.plan import Plan
from cockpit.engine.proposer import Proposer
from cockpit.engine.rebuild import Rebuilt
from cockpit.engine.repeats import Confirmation, Repeats
from cockpit.engine.roster import NOT_OVER, Roster, TrialState
from cockpit.store.fold import trial_number


class Upcoming:
    """Gives every trial its number and its configuration, and tells the proposer what became of them.

    `enough` is why nothing more is searched although more was planned; empty as long as the search goes on. Repeats
    and confirmations do not count among the trials that were planned.
    """

    def __init__(self, plan: Plan, proposer: Proposer) -> None:
        self.enough = ""
        self._plan = plan
        self._proposer = proposer
        self._repeats = Repeats(plan)
        self._confirmation = Confirmation(plan)
        self._number = 0
        self._searched = 0
        self._asked_for = 0
        self._added: deque[tuple[Command, Mapping[str, Any]]] = deque()
        self._commands: dict[str, Command] = {}  # of additions that have just become a trial

    def take_up(self, past: Rebuilt) -> None:
        """Know what was begun before. Proposers are told by whoever makes them."""
        # Not how many there are: of one that is lost without a trace the number stays free.
        self._number = trial_number(past.trials[-1].id) + 1 if past.trials else 0
        self._searched = sum(trial.is_searched for trial in past.trials)
        self._asked_for = len(past.added)
        self._repeats.take_up(past.trials)
        self._added.extend((command, self._plan.completed(command.settings)) for command in past.waiting_additions)

    def add(self, command: Command, config: Mapping[str, Any]) -> None:
        """Try this whole configuration before anything else but the baseline."""
        self._added.append((command, config))

    def next(self, roster: Roster, budget: Budget) -> TrialState | None:
        """The next trial; None when there is none now. A configuration that is begun is repeated before others come."""
        trial = f"t{self._number:03d}"
        repeat = self._repeats.next()
        found = repeat.state(trial) if repeat is not None else self._next_searched(trial, budget)
        if found is None and all(other.confirms for other in roster.those(*NOT_OVER)):
            run = self._confirmation.next(roster)
            found = None if run is None else run.state(trial)
        if found is not None:
            self._number += 1
            self._searched += found.is_searched
        return found

    def request_of(self, trial: TrialState) -> Command | None:
        """The command that a trial was added by, asked for once; None for all others."""
        return self._commands.pop(trial.added, None)

    def report(self, trial: TrialState, evaluation: int, value: float) -> None:
        """Pass on an evaluation. Samplers hear of configurations, not of repeats."""
        if trial.is_searched:
            self._proposer.report(trial.id, evaluation, value)
            if self._plan.search.seeds == 1:
                self._look_at_target(trial.id, value)

    def on_end(self, trial: TrialState) -> None:
        """Let the proposer know what a configuration has come to, as soon as all runs of it are over."""
        score = self._repeats.on_end(trial)
        if score is None:
            return
        self._proposer.tell(score.trial, score.value, finished=score.finished, values=score.values)
        if self._plan.search.seeds > 1 and score.finished and score.value is not None:
            self._look_at_target(score.trial, score.value)

    @property
    def confirms(self) -> bool:
        """Whether a confirmation comes after the search."""
        return self._confirmation.pairs > 0

    @property
    def waiting(self) -> list[Command]:
        """Additions that have not become a trial."""
        return [command for command, _ in self._added]

    def cut_short(self, budget: Budget) -> str:
        """Why fewer trials were searched than planned; empty where they were not."""
        total = self._plan.total
        if total is not None and self._searched - self._asked_for >= total:
            return ""
        return self.enough or (self.budget_text(budget) if budget.held_back else "")

    def budget_text(self, budget: Budget) -> str:
        return budget.used_text(self._searched, self._plan.total)

    def _next_searched(self, trial: str, budget: Budget) -> TrialState | None:
        """The next configuration; None where there is no more, or only time left to confirm what is known."""
        waves = -(-self._confirmation.runs // self._plan.share.concurrent)
        if not self.enough and not budget.leaves(waves):
            self.enough = self.budget_text(budget)
        if self.enough:
            return None
        baseline = self._number == 0 and bool(self._plan.search.baseline)
        if self._added and not baseline:  # which is always the first
            return self._next_added(trial)
        cap = self._plan.search.run_cap
        if cap is not None and self._searched - self._asked_for >= cap:
            return None
        proposal = self._proposer.propose(trial)
        return None if proposal is None else TrialState(trial, dict(proposal), baseline)

    def _next_added(self, trial: str) -> TrialState:
        command, config = self._added.popleft()
        self._asked_for += 1
        self._commands[command.id] = command
        self._proposer.adopt(trial, config)
        return TrialState(trial, dict(config), added=command.id)

    def _look_at_target(self, trial: str, value: float) -> None:
        if not self.enough and self._plan.metric.reached(value):
            self.enough = f"{trial} reached the target {self._plan.metric.target:g}"
