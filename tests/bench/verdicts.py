"""How often verdicts are wrong, and how often they see what is there: simulated searches through the code of sweeps.

What is simulated is the score of a run: what its configuration is worth, and noise. Which configurations run, who wins,
which runs confirm that, and what the verdict is say the modules that also say so in a sweep.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from cockpit.engine.budget import Budget
from cockpit.engine.plan import Plan, draft_plan
from cockpit.engine.proposer import proposer_for
from cockpit.engine.roster import Roster, TrialState
from cockpit.engine.upcoming import Upcoming
from cockpit.search.confirm import DEFAULT_PAIRS
from cockpit.search.reader import loads
from cockpit.store.paired import POWER
from cockpit.store.rows import SweepRow, TrialRow
from cockpit.store.verdict import BETTER, OPEN, WORSE, Verdict, verdict

from .table import Row

SEARCHES, QUICK_SEARCHES = 2_000, 200
TRIALS = 16
MOST_WRONG = 0.05
EFFECT = 1.5  # in standard deviations of a single run
FEW_PAIRS = 3

Draw = Callable[[random.Random], float]


def _collapsing(dice: random.Random) -> float:
    """One run in ten comes to nothing; the standard deviation is 1."""
    return (-3.0 if dice.random() < 0.1 else 1 / 3) + dice.gauss(0.0, 0.1)


def _coarse(dice: random.Random) -> float:
    """An accuracy over 50 rows, in units of its standard deviation."""
    return sum(dice.random() < 0.8 for _ in range(50)) / math.sqrt(50 * 0.8 * 0.2)


# Each with a standard deviation of 1.
NOISES: dict[str, Draw] = {
    "normal noise": lambda dice: dice.gauss(0.0, 1.0),
    "skewed noise": lambda dice: dice.expovariate(1.0),
    "heavy tails": lambda dice: dice.gauss(0.0, 1.0) / math.sqrt(3 * dice.gammavariate(1.5, 2.0) / 3),
    "collapsing runs": _collapsing,
    "an accuracy over 50 rows": _coarse,
}


def rows(quick: bool) -> list[Row]:
    """Both errors, and for each other kind of noise how often something is found where nothing is."""
    count = QUICK_SEARCHES if quick else SEARCHES
    found = [_nothing_there(noise, DEFAULT_PAIRS, count) for noise in NOISES]
    found += [_nothing_there("normal noise", FEW_PAIRS, count), _nothing_there("normal noise", 3, count, seeds=3)]
    return [*found, *(_something_there(pairs, count) for pairs in (DEFAULT_PAIRS, FEW_PAIRS))]


@dataclass(frozen=True)
class Tally:
    """Verdicts of many searches. `asking` are those that are open and say how many more pairs there should be.

    Where the baseline itself came out best there are no pairs.
    """

    count: int
    better: int
    worse: int
    asking: int
    without_pairs: int


def tally(noise: str, pairs: int, count: int, *, effect: float = 0.0, seeds: int = 1) -> Tally:
    """The verdicts of so many searches, in which every configuration is better than the baseline by `effect`."""
    plan = _plan(pairs, seeds)
    verdicts = [simulated(plan, NOISES[noise], effect, random.Random(f"{noise} {number}")) for number in range(count)]
    marks = [found.mark for found in verdicts]
    asking = sum(found.mark == OPEN and "would be needed to see" in found.text for found in verdicts)
    without_pairs = sum(not found.pairs for found in verdicts)
    return Tally(count, marks.count(BETTER), marks.count(WORSE), asking, without_pairs)


def simulated(plan: Plan, noise: Draw, effect: float, dice: random.Random) -> Verdict:
    """One search from its first trial to its verdict."""
    upcoming, roster, budget = Upcoming(plan, proposer_for(plan.search)), Roster(), Budget()
    while (trial := upcoming.next(roster, budget)) is not None:
        roster.add(trial)
        is_baseline = "t000" in (trial.id, trial.repeat_of, trial.confirms)
        trial.evaluations.append((1, noise(dice) + (0.0 if is_baseline else effect)))
        trial.status = "finished"
        roster.settle(trial)
        trial.settle_score(plan.metric.goal)
        upcoming.on_end(trial)
    return verdict(_sweep_row(plan), [_trial_row(plan, trial) for trial in roster])


def _nothing_there(noise: str, pairs: int, count: int, seeds: int = 1) -> Row:
    found = tally(noise, pairs, count, seeds=seeds)
    wrong = found.better + found.worse
    low, high = interval(wrong, count)
    more = f", {seeds} seeds each" if seeds > 1 else ""
    return Row(
        f"✅ or ❌ where nothing is better, {pairs} pairs, {noise}{more}",
        f"{wrong / count:.1%} [{low:.1%}, {high:.1%}]",
        target=f"≤ {MOST_WRONG:.0%}",
        met=wrong / count <= MOST_WRONG,
    )


def _something_there(pairs: int, count: int) -> Row:
    found = tally("normal noise", pairs, count, effect=EFFECT)
    low, high = interval(found.better, count)
    told = found.better + found.worse + found.asking + found.without_pairs
    power = f"{found.better / count:.1%} [{low:.1%}, {high:.1%}]"
    return Row(
        f"✅ where the winner is {EFFECT} deviations better, {pairs} pairs",
        f"{power}; {found.asking / count:.1%} ask for more pairs, {found.worse / count:.1%} ❌, "
        f"{found.without_pairs / count:.1%} won by the baseline",
        target=f"≥ {POWER:.0%}, or more pairs asked for",
        met=found.better / count >= POWER or told == count,
    )


def interval(hits: int, count: int) -> tuple[float, float]:
    """The 95 % interval of a rate (Wilson 1927)."""
    z, rate = 1.96, hits / count
    middle, reach = rate + z * z / (2 * count), z * math.sqrt(rate * (1 - rate) / count + z * z / (4 * count**2))
    scale = 1 + z * z / count
    return (middle - reach) / scale, (middle + reach) / scale


def _plan(pairs: int, seeds: int) -> Plan:
    keys = {
        "trainer": "toy",
        "method": "random",
        "engine": "local",
        "metric": {"name": "score", "goal": "maximize"},
        "parameters": {"x": {"min": -1.0, "max": 1.0}, "y": {"min": -1.0, "max": 1.0}},
        "baseline": {"x": 0.0, "y": 0.0},
        "run_cap": TRIALS,
        "confirm": pairs,
        "seeds": seeds,
    }
    return draft_plan(loads(json.dumps(keys)))


def _sweep_row(plan: Plan) -> SweepRow:
    known = {
        "metric": plan.metric.name,
        "goal": plan.metric.goal,
        "status": "finished",
        "extra": {"confirm": plan.search.confirm, "seeds": plan.search.seeds},
    }
    return SweepRow(**{name: known.get(name, "") for name in SweepRow.__dataclass_fields__})


def _trial_row(plan: Plan, trial: TrialState) -> TrialRow:
    # A second metric that differs from run to run, as a loss does.
    known: dict[str, Any] = {
        "id": trial.id,
        "status": trial.status,
        "baseline": trial.baseline,
        "seed": plan.seed_of(trial.config),
        "config": trial.config,
        "extra": trial.extra,
        "best": trial.best,
        "best_metrics": {"score": trial.best, "loss": float(trial.id[1:])},
    }
    return TrialRow._make(_fields(known))


def _fields(known: dict[str, Any]) -> Iterator[Any]:
    return (known.get(name) for name in TrialRow._fields)
