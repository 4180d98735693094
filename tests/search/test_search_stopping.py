"""The rules that stop trials, against examples worked by hand."""

from __future__ import annotations

import math
import random

import pytest

from cockpit.search.early import Hyperband
from cockpit.search.metric import Metric
from cockpit.search.reader import loads
from cockpit.search.stopping import (
    CONTINUE,
    AshaRule,
    FloorRule,
    HyperbandRule,
    MedianRule,
    PatienceRule,
    Rule,
    Rules,
    Verdict,
    build_rules,
)
from cockpit.search.stopping.hyperband import bands_of
from cockpit.search.stopping.verdict import ordinal

UP = Metric("score", "maximize")
DOWN = Metric("loss", "minimize")
HEAD = "trainer: toy\nmethod: random\nmetric: {name: score, goal: maximize}\nparameters: {x: {min: 0.0, max: 1.0}}\n"


def feed(rule: Rule, rows: list[tuple[str, int, float]]) -> list[Verdict]:
    return [rule.on_evaluation(trial, evaluation, value, final=False) for trial, evaluation, value in rows]


def stopped(verdicts: list[Verdict]) -> list[bool]:
    return [verdict.stop for verdict in verdicts]


def test_asha_by_hand() -> None:
    rule = AshaRule(UP, min_iter=1, eta=3)
    scores = {"a": 0.5, "b": 0.9, "c": 0.4, "d": 0.8, "e": 0.95, "f": 0.92}
    verdicts = feed(rule, [(trial, 1, score) for trial, score in scores.items()])
    # a, b: fewer than three values. c: 3rd of 3, one goes on. d: 2nd of 4, one goes on. e: best. f: 2nd of 6, two do.
    assert stopped(verdicts) == [False, False, True, True, False, False]
    assert verdicts[0] == verdicts[1] == CONTINUE
    assert verdicts[2] == Verdict(True, "asha", 1, 0.4, 0.9, rank=3, of=3, rung=1)
    assert verdicts[5] == Verdict(False, "asha", 1, 0.92, 0.92, rank=2, of=6, rung=1)
    assert verdicts[2].explain(UP) == "asha rung 1: 0.4000 < 0.9000 (3rd of 3)"
    assert verdicts[5].explain(UP) == "asha rung 1: 0.9200 = 0.9200 (2nd of 6)"


def test_asha_the_example_of_the_design() -> None:
    scores = [0.90, 0.80, 0.7415, 0.70, 0.68, 0.66, 0.60, 0.59]
    rule = AshaRule(UP)
    feed(rule, [(f"t{index}", 1, score) for index, score in enumerate(scores)])
    verdict = rule.on_evaluation("t9", 1, 0.6120, final=False)
    assert verdict.stop and verdict.explain(UP) == "asha rung 1: 0.6120 < 0.7415 (7th of 9)"


def test_asha_minimizes_and_compares_only_at_rungs() -> None:
    rule = AshaRule(DOWN, min_iter=2, eta=2)
    verdicts = feed(rule, [("a", 1, 9.0), ("a", 2, 0.1), ("b", 1, 0.1), ("b", 2, 0.3), ("a", 3, 8.0), ("a", 4, 7.0)])
    assert stopped(verdicts) == [False, False, False, True, False, False]
    assert verdicts[3].explain(DOWN) == "asha rung 2: 0.3000 > 0.1000 (2nd of 2)"
    assert verdicts[2] == verdicts[4] == CONTINUE
    assert sorted(rule.rungs) == [2, 4]


def test_asha_ties_go_on() -> None:
    assert stopped(feed(AshaRule(UP), [(trial, 1, 0.5) for trial in "abcdef"])) == [False] * 6


def test_asha_fractional_eta_rounds_rungs_down() -> None:
    rule = AshaRule(UP, min_iter=1, eta=2.5)
    feed(rule, [("a", evaluation, 1.0) for evaluation in range(1, 16)])
    assert sorted(rule.rungs) == [1, 2, 6, 15]


def test_asha_forgets_the_rungs_of_an_attempt_that_starts_over() -> None:
    rule = AshaRule(UP, eta=2)
    feed(rule, [("a", 1, 0.9), ("a", 2, 0.9), ("a", 1, 0.1)])
    assert rule.rungs == {1: {"a": 0.1}, 2: {}}


def test_median_by_hand() -> None:
    rule = MedianRule(UP, grace=1, min_trials=3)
    feed(rule, [("a", 1, 0.2), ("a", 2, 0.4), ("b", 1, 0.4), ("b", 2, 0.6), ("c", 1, 0.6), ("c", 2, 0.8)])
    # Running averages at evaluation 2 are 0.3, 0.5 and 0.7: the median is 0.5.
    assert rule.on_evaluation("d", 1, 0.0, final=False) == CONTINUE
    verdict = rule.on_evaluation("d", 2, 0.45, final=False)
    assert verdict.stop and (verdict.rank, verdict.of) == (3, 4)
    assert verdict.explain(UP) == "median evaluation 2: best 0.4500 < 0.5000 (3rd of 4)"
    # The best so far counts, not the last value.
    assert stopped(feed(rule, [("e", 1, 0.55), ("e", 2, 0.1)])) == [False, False]


def test_median_waits_for_enough_trials_that_came_as_far() -> None:
    rule = MedianRule(UP, grace=0, min_trials=2)
    assert stopped(feed(rule, [("a", 1, 0.9), ("b", 1, 0.1), ("c", 1, 0.5), ("c", 2, 0.5)])) == [False] * 4
    assert stopped(feed(rule, [("d", 1, 0.2)])) == [True]


def test_median_minimizes() -> None:
    rule = MedianRule(DOWN, grace=0, min_trials=2)
    verdicts = feed(rule, [("a", 1, 1.0), ("b", 1, 3.0), ("c", 1, 2.5), ("d", 1, 1.5)])
    assert stopped(verdicts) == [False, False, True, False]
    assert verdicts[2].explain(DOWN) == "median evaluation 1: best 2.5000 > 2.0000 (2nd of 3)"


@pytest.mark.parametrize(
    ("settings", "bands"),
    [
        (Hyperband(max_iter=27, s=2), [3, 9]),
        (Hyperband(max_iter=27, s=9), [1, 3, 9]),
        (Hyperband(max_iter=5, s=2, eta=2.0), [1, 2]),
        (Hyperband(max_iter=10, s=3, eta=2.5), [1, 4]),
    ],
)
def test_hyperband_bands_of_max_iter(settings: Hyperband, bands: list[int]) -> None:
    assert bands_of(settings) == bands


def test_hyperband_bands_of_min_iter() -> None:
    assert bands_of(Hyperband(min_iter=3))[:4] == [3, 9, 27, 81]
    assert bands_of(Hyperband(min_iter=2, eta=1.5))[:5] == [2, 3, 4, 6, 10]
    assert bands_of(Hyperband(min_iter=1, eta=1e10)) == [1]


def test_hyperband_by_hand() -> None:
    rule = HyperbandRule(DOWN, Hyperband(max_iter=5, s=2, eta=2.0))
    rows = [("e", 10.0, 6.0), ("d", 10.0, 7.0), ("c", 10.0, 8.0), ("b", 10.0, 10.0), ("a", 10.0, 9.0)]
    first = feed(rule, [(trial, 1, value) for trial, value, _ in rows])
    assert stopped(first) == [False] * 5
    second = feed(rule, [(trial, 2, value) for trial, _, value in rows])
    # Thresholds at index int(n / 2) from the best: 6, 7, 7, 8, 8.
    assert [verdict.threshold for verdict in second] == [6.0, 7.0, 7.0, 8.0, 8.0]
    assert stopped(second) == [False, False, True, True, True]
    assert second[3].explain(DOWN) == "hyperband band 2: 10.0000 > 8.0000 (4th of 4)"


def test_hyperband_with_few_trials_keeps_the_best_alone() -> None:
    rule = HyperbandRule(UP, Hyperband(min_iter=1))
    assert stopped(feed(rule, [("a", 1, 0.9), ("b", 1, 0.8)])) == [False, True]


def test_hyperband_may_stop_a_trial_at_a_band_that_it_passed() -> None:
    rule = HyperbandRule(UP, Hyperband(min_iter=1))
    assert stopped(feed(rule, [("a", 1, 0.5), ("b", 1, 0.9), ("a", 2, 0.95)])) == [False, False, True]


def test_hyperband_not_strict_looks_at_the_best_value() -> None:
    rule = HyperbandRule(UP, Hyperband(min_iter=1, strict=False))
    assert stopped(feed(rule, [("a", 1, 0.5), ("b", 1, 0.9), ("a", 2, 0.95)])) == [False, False, False]


def test_hyperband_judges_nothing_before_its_first_band() -> None:
    rule = HyperbandRule(UP, Hyperband(min_iter=2))
    assert feed(rule, [("a", 1, 0.9), ("b", 1, 0.1)]) == [CONTINUE, CONTINUE]


def test_floor_looks_at_the_first_evaluation_alone() -> None:
    rule = FloorRule(UP, 0.3)
    verdicts = feed(rule, [("a", 1, 0.2), ("b", 1, 0.3), ("b", 2, 0.1)])
    assert stopped(verdicts) == [True, False, False]
    assert verdicts[0].explain(UP) == "floor evaluation 1: 0.2000 < 0.3000"
    assert stopped(feed(FloorRule(DOWN, 0.3), [("a", 1, 0.2), ("b", 1, 0.4)])) == [False, True]


def test_patience_counts_evaluations_without_a_better_one() -> None:
    rule = PatienceRule(UP, 2)
    verdicts = feed(rule, [("a", 1, 0.5), ("a", 2, 0.7), ("a", 3, 0.7), ("a", 4, 0.6)])
    assert stopped(verdicts) == [False, False, False, True]
    assert verdicts[3].explain(UP) == "patience: no better than 0.7000 for 2 evaluations"
    assert stopped(feed(PatienceRule(DOWN, 1), [("a", 1, 0.5), ("a", 2, 0.4), ("a", 3, 0.4)])) == [False, False, True]


@pytest.mark.parametrize("metric", [UP, DOWN])
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_worst(metric: Metric, bad: float) -> None:
    rules: list[Rule] = [
        AshaRule(metric, eta=2),
        MedianRule(metric, grace=0, min_trials=1),
        HyperbandRule(metric, Hyperband(min_iter=1)),
    ]
    for rule in rules:
        verdict = feed(rule, [("a", 1, 0.5), ("b", 1, bad)])[1]
        assert verdict.stop and (verdict.rank, verdict.of) == (2, 2)
        assert "against 0.5000 (2nd of 2)" in verdict.explain(metric)
    assert stopped(feed(FloorRule(metric, 0.5), [("a", 1, bad)])) == [True]
    assert stopped(feed(PatienceRule(metric, 2), [("a", 1, bad), ("a", 2, bad)])) == [False, True]


def test_a_final_evaluation_counts_but_stops_nothing() -> None:
    rules: list[Rule] = [
        AshaRule(UP, eta=2),
        MedianRule(UP, grace=0, min_trials=1),
        HyperbandRule(UP, Hyperband(min_iter=1)),
    ]
    for rule in rules:
        feed(rule, [("a", 1, 0.9)])
        assert not rule.on_evaluation("b", 1, 0.1, final=True).stop
        assert rule.on_evaluation("c", 1, 0.05, final=False).of == 3
    assert not FloorRule(UP, 0.5).on_evaluation("a", 1, 0.1, final=True).stop
    patience = PatienceRule(UP, 1)
    feed(patience, [("a", 1, 0.5)])
    assert not patience.on_evaluation("a", 2, 0.5, final=True).stop


def test_the_first_stop_wins_and_every_rule_hears_everything() -> None:
    rules = build_rules(loads(HEAD + "floor: 0.3\npatience: 1\nscheduler: asha"))
    assert [type(rule) for rule in rules.rules] == [FloorRule, PatienceRule, AshaRule]
    verdicts = feed(rules, [("t001", 1, 0.9), ("t002", 1, 0.1), ("t003", 1, 0.5), ("t001", 2, 0.8)])
    assert [verdict.rule for verdict in verdicts if verdict.stop] == ["floor", "asha", "patience"]
    assert verdicts[2].of == 3  # the trial that fell at the floor is among them


def test_the_baseline_is_never_stopped_and_counts() -> None:
    rules = build_rules(loads(HEAD + "baseline: {x: 0.5}\nfloor: 0.3\npatience: 1\nscheduler: asha"))
    verdicts = feed(rules, [("t000", 1, 0.1), ("t000", 2, 0.1), ("t001", 1, 0.5), ("t002", 1, 0.4)])
    assert stopped(verdicts) == [False, False, False, True]
    assert verdicts[3].of == 3
    without = build_rules(loads(HEAD + "floor: 0.3"))
    assert stopped(feed(without, [("t000", 1, 0.1)])) == [True]
    chosen = build_rules(loads(HEAD + "floor: 0.3"), exempt=("t007",))
    assert stopped(feed(chosen, [("t007", 1, 0.1), ("t000", 1, 0.1)])) == [False, True]


def test_without_rules_everything_goes_on() -> None:
    assert feed(build_rules(loads(HEAD)), [("t001", 1, 0.0)]) == [CONTINUE]
    text = HEAD.replace("metric: {name: score, goal: maximize}\n", "")
    assert build_rules(loads(text)).rules == ()
    assert CONTINUE.explain(UP) == ""


@pytest.mark.parametrize("tail", ["scheduler: asha", "scheduler: median", "scheduler: hyperband", "patience: 2"])
@pytest.mark.parametrize("seed", range(3))
def test_the_same_evaluations_give_the_same_verdicts(tail: str, seed: int) -> None:
    rng = random.Random(seed)
    counts: dict[str, int] = {}
    rows = []
    for _ in range(200):
        trial = f"t{rng.randrange(12):03}"
        counts[trial] = counts.get(trial, 0) + 1
        rows.append((trial, counts[trial], math.nan if rng.random() < 0.01 else rng.random()))
    search = loads(HEAD + tail)
    first, again = feed(build_rules(search), rows), feed(build_rules(search), rows)
    assert [repr(verdict) for verdict in first] == [repr(verdict) for verdict in again]
    assert any(stopped(first)) and not all(stopped(first))


def test_an_evaluation_that_never_came_is_an_error() -> None:
    rule = PatienceRule(UP, 3)
    feed(rule, [("a", 1, 0.5), ("a", 2, 0.5)])
    with pytest.raises(ValueError, match="evaluation 4 of a follows evaluation 2"):
        rule.on_evaluation("a", 4, 0.5, final=False)
    with pytest.raises(ValueError, match="evaluation 0 of a follows evaluation 2"):
        rule.on_evaluation("a", 0, 0.5, final=False)


def test_an_attempt_that_starts_over_replaces_its_values() -> None:
    rule = PatienceRule(UP, 3)
    feed(rule, [("a", 1, 0.9), ("a", 2, 0.5), ("a", 1, 0.1)])
    assert rule.history.values == {"a": [0.1]}


def test_close_numbers_get_as_many_digits_as_they_need() -> None:
    verdict = Verdict(True, "asha", 1, 0.61201, 0.61204, rank=2, of=3, rung=1)
    assert verdict.explain(UP) == "asha rung 1: 0.61201 < 0.61204 (2nd of 3)"
    verdict = Verdict(True, "floor", 1, 1e-6, 2e-6)
    assert verdict.explain(UP) == "floor evaluation 1: 1e-06 < 2e-06"


def test_ordinals() -> None:
    assert [ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 102, 111)] == (
        ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "102nd", "111th"]
    )


def test_metric() -> None:
    assert UP.better(0.5, than=0.4) and DOWN.better(0.4, than=0.5)
    assert UP.better(0.5, than=math.nan) and not UP.better(math.nan, than=0.5) and not UP.better(0.5, than=0.5)
    assert Metric("a", "minimize", target=0.1).reached(0.1) and not Metric("a", "maximize", target=0.1).reached(0.0)
    assert not UP.reached(1.0) and not Metric("a", "maximize", target=0.1).reached(math.nan)


def test_rules_are_a_rule() -> None:
    nested: Rule = Rules([Rules([FloorRule(UP, 0.5)])])
    assert nested.on_evaluation("a", 1, 0.1, final=False).stop
