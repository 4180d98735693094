"""All rules of a search as one."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from cockpit.search.early import Asha, EarlyTerminate, Median
from cockpit.search.metric import Metric
from cockpit.search.spec import Search
from cockpit.search.stopping.asha import AshaRule
from cockpit.search.stopping.hyperband import HyperbandRule
from cockpit.search.stopping.limits import FloorRule, PatienceRule
from cockpit.search.stopping.median import MedianRule
from cockpit.search.stopping.verdict import CONTINUE, Rule, Verdict

BASELINE = "t000"


class Rules:
    """Asks floor, then patience, then the rule of the scheduler, and returns the first stop.

    Every rule takes in every evaluation of the phase `valid`, also when an earlier rule has spoken and for trials in
    `exempt`, which are never stopped: the reference has to be complete, and its values count for the others.
    """

    def __init__(self, rules: Sequence[Rule], exempt: Collection[str] = ()) -> None:
        self.rules = tuple(rules)
        self.exempt = frozenset(exempt)

    def on_evaluation(self, trial: str, evaluation: int, value: float, final: bool) -> Verdict:
        """The first verdict that stops the trial, or else that of the last rule."""
        verdicts = [rule.on_evaluation(trial, evaluation, value, final) for rule in self.rules]
        if trial in self.exempt or not verdicts:
            return CONTINUE
        return next((verdict for verdict in verdicts if verdict.stop), verdicts[-1])


def build_rules(search: Search, exempt: Collection[str] | None = None) -> Rules:
    """The rules of a search, without memory of any trial.

    `exempt` are the trials never stopped; without it, trial t000 if the search has a baseline. The scheduler `pbt`
    changes trials instead of stopping them and has no rule here.
    """
    if exempt is None:
        exempt = (BASELINE,) if search.baseline else ()
    metric, rules = search.metric, list[Rule]()
    if metric is None:
        return Rules(rules, exempt)
    if search.floor is not None:
        rules.append(FloorRule(metric, search.floor))
    if search.patience is not None:
        rules.append(PatienceRule(metric, search.patience))
    if search.early_terminate is not None:
        rules.append(_comparison(metric, search.early_terminate))
    return Rules(rules, exempt)


def _comparison(metric: Metric, early: EarlyTerminate) -> Rule:
    if isinstance(early, Asha):
        return AshaRule(metric, early.min_iter, early.eta)
    if isinstance(early, Median):
        return MedianRule(metric, early.grace, early.min_trials)
    return HyperbandRule(metric, early)
