"""Further runs of a configuration: its repeats on the seeds of the search, and the confirmation on fresh ones."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from cockpit.engine.plan import Plan
from cockpit.engine.roster import TrialState
from cockpit.store.ranking import sort_key
from cockpit.store.runs import comparable, scores


@dataclass(frozen=True)
class Run:
    """One more run of a trial's configuration. `number` counts repeats from 1 and pairs of the confirmation from 0."""

    of: str
    config: Mapping[str, Any]
    number: int
    confirms: bool = False

    def state(self, trial: str) -> TrialState:
        """The trial that it becomes."""
        if self.confirms:
            return TrialState(trial, self.config, confirms=self.of, number=self.number)
        return TrialState(trial, self.config, repeat_of=self.of, number=self.number)


@dataclass(frozen=True)
class Score:
    """What a sampler is told of a configuration; `values` are all metrics, where a search has several."""

    trial: str
    value: float | None
    finished: bool
    values: Mapping[str, float] | None


class Repeats:
    """A configuration that came to its end runs once more on every other seed; what it has come to is the mean.

    One that was pruned or failed is not repeated. Repeats run to their end: a mean over runs of which the bad ones were
    stopped early would say too much. A repeat that fails is left out of the mean.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._seeds = plan.search.trial_seeds[1:]
        self._coming: deque[Run] = deque()
        self._runs: dict[str, list[TrialState]] = {}  # of configurations that are not through, those that are over

    def next(self) -> Run | None:
        """The next repeat to start."""
        return self._coming.popleft() if self._coming else None

    def take_up(self, trials: Iterable[TrialState]) -> None:
        """Know what was begun before; what is missing comes again."""
        known = list(trials)
        for lead in _unsettled(self._plan, known):
            own = [trial for trial in known if trial.repeat_of == lead.id]
            self._runs[lead.id] = [lead, *(trial for trial in own if trial.is_over)]
            begun = {trial.number for trial in own}
            self._coming.extend(run for run in self._all_of(lead) if run.number not in begun)

    def on_end(self, trial: TrialState) -> Score | None:
        """What is known of a configuration now; None while runs of it are to come, and for one that confirms."""
        if trial.confirms:
            return None
        if not trial.repeat_of:
            if not self._seeds or not _deserves_repeats(trial):
                return Score(trial.id, trial.best, trial.status == "finished", trial.best_metrics)
            self._runs[trial.id] = [trial]
            self._coming.extend(self._all_of(trial))
            return None
        runs = self._runs.setdefault(trial.repeat_of, [])
        runs.append(trial)
        if len(runs) <= len(self._seeds):
            return None
        return _mean(trial.repeat_of, self._runs.pop(trial.repeat_of))

    def _all_of(self, lead: TrialState) -> Iterator[Run]:
        for number, seed in enumerate(self._seeds, start=1):
            yield Run(lead.id, {**lead.config, "seed": seed}, number)


class Confirmation:
    """The winner and the baseline run again, in pairs of one seed that no trial of the search had.

    Where the trainer holds out one of several folds, and the search does not vary which, the pairs also go through the
    folds, first those that the search never looked at: who won on some rows may have been lucky with these rows.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.pairs = plan.search.confirm

    @property
    def runs(self) -> int:
        """How many trials it takes."""
        return 2 * self.pairs

    def next(self, trials: Iterable[TrialState]) -> Run | None:
        """The next run to start once the search is over; None when all have begun, or there is nothing to compare."""
        if not self.pairs:
            return None
        known = list(trials)
        sides = contestants(known, self._plan.metric.goal)
        begun = {(trial.confirms, trial.number) for trial in known if trial.confirms}
        for pair, seed in enumerate(self._seeds(known)):
            for side in sides:
                if (side.id, pair) not in begun:
                    return Run(side.id, {**side.config, **self._fold(side, pair), "seed": seed}, pair, confirms=True)
        return None

    def _seeds(self, trials: Sequence[TrialState]) -> list[int]:
        """One for each pair: those of pairs that have begun, and then the next that nobody had."""
        known = {trial.number: self._plan.seed_of(trial.config) for trial in trials if trial.confirms}
        taken = {self._plan.seed_of(trial.config) for trial in trials} | set(self._plan.search.trial_seeds)
        fresh = (seed for seed in _from(self._plan.search.trial_seeds[-1] + 1) if seed not in taken)
        return [known[pair] if pair in known else next(fresh) for pair in range(self.pairs)]

    def _fold(self, side: TrialState, pair: int) -> dict[str, int]:
        search, work = self._plan.search, self._plan.work
        config = self._plan.trial_config(side.config)
        fold, folds = (work.setting(config, name) for name in ("fold", "folds"))
        if {"fold", "folds"} & set(search.varied) or type(fold) is not int or type(folds) is not int or folds < 2:
            return {}
        return {"fold": (fold + 1 + pair) % folds}


def contestants(trials: Iterable[TrialState], goal: str) -> tuple[TrialState, ...]:
    """The baseline and the winner; nothing where the baseline is the winner, or one of them has no score."""
    known = {trial.id: trial for trial in trials}
    values = comparable(scores(known.values()))
    baseline = next((trial for trial in known.values() if trial.baseline), None)
    winner = min(values, key=lambda trial: sort_key(values[trial], goal), default=None)
    if winner is None or baseline is None or baseline.best is None or winner == baseline.id:
        return ()
    return (baseline, known[winner])


def is_through(plan: Plan, trials: Sequence[TrialState]) -> bool:
    """Whether nothing is left to repeat and to confirm of a search all of whose trials are over."""
    return not _unsettled(plan, trials) and Confirmation(plan).next(trials) is None


def unsettled(plan: Plan, trials: Sequence[TrialState]) -> list[str]:
    """The trials whose score is not known yet, because repeats of them are to come or have not ended."""
    return [lead.id for lead in _unsettled(plan, trials)]


def _unsettled(plan: Plan, trials: Sequence[TrialState]) -> list[TrialState]:
    ended: dict[str, int] = {}
    for trial in trials:
        if trial.repeat_of and trial.is_over:
            ended[trial.repeat_of] = ended.get(trial.repeat_of, 0) + 1
    wanted = plan.search.seeds - 1
    return [trial for trial in trials if _deserves_repeats(trial) and ended.get(trial.id, 0) < wanted]


def _deserves_repeats(trial: TrialState) -> bool:
    return trial.is_searched and trial.status == "finished" and trial.best is not None


def _mean(lead: str, runs: Sequence[TrialState]) -> Score:
    having = [run for run in runs if run.best is not None]
    value = fmean(run.best for run in having if run.best is not None) if having else None
    several = [run.best_metrics for run in having if run.best_metrics]
    names = several[0] if several else ()
    values = {name: fmean(metrics[name] for metrics in several if name in metrics) for name in names}
    return Score(lead, value, finished=True, values=values or None)


def _from(first: int) -> Iterator[int]:
    while True:
        yield first
        first += 1
