"""The verdict: by which test, on which pairs, and what it says where there is none."""

import json
import math

import pytest
from builders import Recorder
from scipy import stats

from cockpit.store.document import experiment_document
from cockpit.store.paired import LEVEL, MOST_PAIRS, POWER, paired_t_test, pairs_for
from cockpit.store.reader import Index
from cockpit.store.student import quantile, within
from cockpit.store.verdict import BETTER, OPEN, WORSE, verdict

GAINS = (0.010, 0.018, 0.014, 0.015)


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 5, 9, 10, 29, 199])
def test_students_distribution_is_scipys(freedom):
    for t in (0.0, 0.3, 1.0, 2.5, 30.0):
        assert within(t, freedom) == pytest.approx(1 - 2 * stats.t.sf(t, freedom), abs=1e-12)
    for probability in (0.5, 0.8, 0.975, 0.985, 0.9995):
        assert quantile(probability, freedom) == pytest.approx(stats.t.ppf(probability, freedom), rel=1e-9)


def test_the_test_is_scipys():
    found, known = paired_t_test(GAINS), stats.ttest_1samp(GAINS, 0.0)
    interval = known.confidence_interval(1 - LEVEL)
    assert (found.p, found.low, found.high) == pytest.approx((known.pvalue, interval.low, interval.high))
    assert found.delta == pytest.approx(0.01425)


@pytest.mark.parametrize("effect", [0.4, 0.8, 1.06, 2.0])
def test_so_many_pairs_have_the_power_and_no_fewer(effect):
    def power(count):
        beyond = stats.t.ppf(1 - LEVEL / 2, count - 1)
        return stats.nct.sf(beyond, count - 1, effect * math.sqrt(count))

    count = pairs_for(effect, 1.0)
    assert power(count) >= POWER - 0.02
    assert power(count - 1) < POWER
    assert pairs_for(-2 * effect, 2.0) == count


def test_a_difference_of_nothing_takes_more_pairs_than_anybody_runs():
    assert pairs_for(0.0, 1.0) is None
    assert pairs_for(1.0, 1e-9) == 2
    assert pairs_for(3.2 / MOST_PAIRS**0.5, 1.0) == pytest.approx(MOST_PAIRS, rel=0.1)


def confirmed(
    logs, winner, baseline, *, planned=None, goal="maximize", status="finished", best=0.9, fails=(), metrics=None
):
    """A search that t001 won, and pairs with these values; `fails` are numbers of trials of the confirmation."""
    pairs = len(winner)
    recorder = Recorder(logs, goal=goal, extra={"confirm": pairs if planned is None else planned})
    recorder.trial(0, [0.5], baseline=True).trial(1, [best])
    for pair, values in enumerate(zip(baseline, winner, strict=True)):
        for side, value in enumerate(values):
            number = 2 + 2 * pair + side
            extra = {"confirms": f"t00{side}", "pair": pair}
            writer = recorder.start(number, config={"x": side / 10, "seed": 5 + pair}, extra=extra)
            writer.write(_evaluation(value, metrics or number / 100))
            recorder.finish(number, writer, "failed" if number in fails else "finished")
    return recorder.end(status)


def _evaluation(score, loss):
    from cockpit.events.kinds import Eval

    return Eval(step=1, metrics={"score": score, "loss": loss})


def verdict_of(run):
    with Index(run) as index:
        return verdict(index.sweep(), index.trials())


@pytest.mark.parametrize(("goal", "mark"), [("maximize", BETTER), ("minimize", WORSE)])
def test_only_the_pairs_count(tmp_path, goal, mark):
    winner = [0.5 + gain for gain in GAINS]
    found = verdict_of(confirmed(tmp_path, winner, [0.5] * 4, goal=goal, best=0.9 if goal == "maximize" else 0.1))
    sign = 1 if goal == "maximize" else -1
    assert found.mark == mark
    assert found.delta == pytest.approx(sign * 0.01425)
    assert [pair.seed for pair in found.pairs] == [3, 5, 7, 9]
    if goal == "maximize":
        assert found.text == "+0.0143 [+0.0078, +0.0207] on 4 fresh seeds (paired t-test, p 0.0033)"


def test_a_difference_within_the_noise_says_how_many_pairs_it_would_take(tmp_path):
    found = verdict_of(confirmed(tmp_path, [0.52, 0.48, 0.53], [0.50, 0.51, 0.49]))
    assert found.mark == OPEN
    assert found.text.startswith("+0.0100 [")
    assert ": not distinguishable; " in found.text
    more = found.test.needed
    assert found.text.endswith(f"{more} more pairs would be needed to see +0.0100")
    assert pairs_for(found.test.delta, found.test.deviation) == 3 + more


def test_a_pair_of_which_one_failed_is_left_out_and_said(tmp_path):
    winner = [0.5 + gain for gain in GAINS]
    found = verdict_of(confirmed(tmp_path, [*winner, 0.1], [0.5] * 5, fails=(11,)))
    assert found.mark == BETTER
    assert "on 4 fresh seeds (paired t-test, p 0.0033), 1 of 5 pairs left out (t011 failed)" in found.text


def test_pairs_for_which_no_time_was_left_are_said(tmp_path):
    found = verdict_of(confirmed(tmp_path, [0.51, 0.53], [0.5, 0.5], planned=4))
    assert ", 2 of 4 pairs left out (no time left)" in found.text


@pytest.mark.parametrize("status", ["stopped", "interrupted", "failed"])
def test_whoever_ends_a_sweep_early_gets_no_verdict(tmp_path, status):
    found = verdict_of(confirmed(tmp_path, [0.51, 0.52, 0.515], [0.5] * 3, planned=4, status=status))
    assert (found.mark, found.text) == (OPEN, "not confirmed yet: 3 of 4 pairs")


def test_one_pair_is_no_test(tmp_path):
    found = verdict_of(confirmed(tmp_path, [0.6, 0.6], [0.5, 0.5], fails=(2,)))
    assert (found.mark, found.delta) == (OPEN, None)
    assert found.text == "not distinguishable: 1 pair to compare, 1 of 2 pairs left out (t002 failed)"


def test_runs_that_do_not_depend_on_their_seed_differ_by_more_than_noise(tmp_path):
    found = verdict_of(confirmed(tmp_path, [0.6] * 3, [0.5] * 3, metrics=0.25))
    assert (found.mark, found.test) == (BETTER, None)
    assert found.text == "+0.1000 on 3 fresh seeds: the same each time, as no run depends on its seed"


@pytest.mark.parametrize("values", [([0.6] * 3, [0.5] * 3), ([0.6, 0.7, 0.3], [0.5, 0.6, 0.2])])
def test_a_metric_too_coarse_to_show_noise_decides_nothing(tmp_path, values):
    found = verdict_of(confirmed(tmp_path, *values))  # differences that are not the same to the last bit
    assert found.mark == OPEN
    assert "too coarse a metric to test" in found.text


def test_runs_that_are_all_the_same_are_not_distinguishable(tmp_path):
    found = verdict_of(confirmed(tmp_path, [0.5] * 3, [0.5] * 3, metrics=0.25))
    assert (found.mark, found.delta) == (OPEN, 0.0)


@pytest.mark.parametrize(
    ("extra", "text"),
    [
        ({}, "one seed: not distinguishable"),
        ({"seeds": 3}, "the winner was chosen on its 3 seeds: not distinguishable"),
        ({"confirm": 3}, "nothing to confirm: the baseline is the best"),
    ],
)
def test_without_pairs_nothing_is_distinguishable(tmp_path, extra, text):
    run = Recorder(tmp_path, extra=extra).trial(0, [0.5], baseline=True).trial(1, [0.4]).end()
    assert (verdict_of(run).mark, verdict_of(run).text) == (OPEN, text)


def test_nothing_is_confirmed_against_a_baseline_that_failed(tmp_path):
    run = Recorder(tmp_path, extra={"confirm": 3}).trial(0, [], baseline=True, status="failed").trial(1, [0.4]).end()
    assert verdict_of(run).text == "nothing to confirm: winner or baseline has no score"


def test_the_document_has_the_verdict_with_its_pairs(tmp_path):
    run = confirmed(tmp_path, [0.5 + gain for gain in GAINS], [0.5] * 4)
    with Index(run) as index:
        document = experiment_document(index)
    told = json.loads(json.dumps(document))["verdict"]
    assert (told["mark"], told["method"]) == ("better", "paired t-test")
    assert 0 < told["low"] < told["delta"] < told["high"]
    assert told["pairs"][0] == {"seed": 3, "winner": "t003", "baseline": "t002", "gain": pytest.approx(0.01)}
    assert [trial["id"] for trial in document["trials"]] == ["t000", "t001"]
    assert [trial["confirms"] for trial in document["confirmations"][:2]] == ["t000", "t001"]
    assert document["repeats"] == []
