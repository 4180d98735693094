"""What goes wrong while trials train is asked about, and ordinary training is not."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from builders import Recorder

from cockpit.checks import compiling, gradients, leaderboard, training
from cockpit.checks.evidence import Evidence, evidence_of
from cockpit.checks.finding import OK, REMARK, UNKNOWN, WARNING
from cockpit.checks.registry import CHECKS, check_record
from cockpit.events.kinds import Built, Eval, Norms, Step
from cockpit.store.reader import Index


class Run:
    """An experiment whose trials are told by their losses, scores, waits and norms."""

    def __init__(self, logs, **fields):
        self.recorder = Recorder(logs, **fields)
        self.number = 0

    def trial(self, losses=(), scores=(), waits=(), norms=(), compiles=(), *, status="finished", reason="", **fields):
        """Losses, waits and compiles are of steps 1 …; scores come at even distances among them; norms are by group."""
        writer = self.recorder.start(self.number, baseline=self.number == 0, **fields)
        length = max(len(losses), len(waits), len(norms), len(scores), len(compiles))
        series = {"loss": losses, "wait": waits, "compiles": compiles}
        for at in range(length):
            values = {name: told[at] for name, told in series.items() if at < len(told)}
            writer.write(Step(step=at + 1, metrics=values))
            for group, norm in norms[at].items() if at < len(norms) else ():
                writer.write(Norms(step=at + 1, group=group, grad_mean=norm, grad_max=2 * norm, nonfinite=norm != norm))
        for number, score in enumerate(scores, start=1):
            writer.write(Eval(step=number * length // len(scores), metrics={"score": score}))
        self.recorder.finish(self.number, writer, status, reason)
        self.number += 1
        return self

    def evidence(self):
        with Index(self.recorder.end()) as index:
            return evidence_of(index, index.sweep(), index.trials())

    def texts(self, check):
        return [finding.text for finding in check_record(self.evidence()) if finding.check == check and finding.is_bad]


FALLING = [1.0 / step**0.5 for step in range(1, 81)]
RISING = [0.5, 0.6, 0.65, 0.68, 0.69, 0.692]
EVEN = [{"body": 1.0 + 0.1 * (step % 3), "head": 2.0 + 0.1 * (step % 5)} for step in range(40)]


def ordinary(logs):
    """A sweep in which nothing is wrong; its trials differ in the end, and waits at the beginning only."""
    run = Run(logs)
    for number in range(6):
        scores = [score - 0.01 * number - 0.002 * (step % 2) for step, score in enumerate(RISING)]
        run.trial(FALLING, scores, [0.9] * 4 + [0.05] * 76, EVEN, config={"x": (0.3, 0.5, 0.1, 0.2, 0.4, 0.0)[number]})
    return run


def test_ordinary_training_raises_no_question(tmp_path):
    found = check_record(ordinary(tmp_path).evidence())
    assert [finding for finding in found if finding.level in (WARNING, REMARK)] == []
    blind = {finding.check for finding in found if finding.level == UNKNOWN}
    assert blind == {"trivial baselines", leaderboard.GAP}


def test_every_check_says_something_even_of_nothing(tmp_path):
    with Index(Recorder(tmp_path).end()) as index:
        found = check_record(evidence_of(index, index.sweep(), index.trials()))
    assert [finding.check for finding in found] == [check.name for check in CHECKS]
    assert {finding.level for finding in found} <= {OK, UNKNOWN}


def test_noise_is_no_over_fitting(tmp_path):
    run = Run(tmp_path).trial(FALLING, [0.5, 0.6, 0.65, 0.67, 0.665, 0.668])
    assert run.texts(training.OVERFIT) == []


def test_worse_scores_while_the_training_loss_falls_are_over_fitting(tmp_path):
    run = Run(tmp_path).trial(FALLING, [0.5, 0.7, 0.68, 0.6, 0.55])
    assert run.texts(training.OVERFIT) == [
        "t000: score 0.7000 → 0.5500 over the last 3 evaluations while the training loss falls 0.178 → 0.112: "
        "over-fitting?"
    ]


def test_worse_scores_with_a_loss_that_rises_too_are_something_else(tmp_path):
    losses = FALLING[:32] + [loss * 3 for loss in FALLING[32:]]
    assert Run(tmp_path).trial(losses, [0.5, 0.7, 0.68, 0.6, 0.55]).texts(training.OVERFIT) == []


def test_metrics_that_shall_be_small_overfit_upwards(tmp_path):
    run = Run(tmp_path, goal="minimize").trial(FALLING, [0.9, 0.4, 0.5, 0.7, 0.8])
    assert len(run.texts(training.OVERFIT)) == 1


def test_a_loss_that_leaps_far_up_is_an_explosion(tmp_path):
    losses = [*FALLING[:50], 40.0, *FALLING[50:]]
    (text,) = Run(tmp_path).trial(losses, RISING).texts(training.EXPLODED)
    assert text.startswith("t000: the training loss leaps to 40.0000 about step 5")


@pytest.mark.parametrize("peak", [0.9, 1.9])
def test_a_loss_that_wobbles_or_leaps_back_to_where_it_began_is_none(tmp_path, peak):
    losses = [*FALLING[:50], peak, *FALLING[50:]]
    assert Run(tmp_path).trial(losses, RISING).texts(training.EXPLODED) == []


def test_diverged_trials_are_named_with_their_reason(tmp_path):
    run = Run(tmp_path).trial(FALLING, RISING)
    for _ in range(7):
        run.trial(status="diverged", reason="loss NaN at step 3")
    (text,) = run.texts(training.DIVERGED)
    assert text.startswith("t001, t002, t003, t004, t005 and 2 more diverged (loss NaN at step 3): is the")


def test_standing_still_for_data_is_told(tmp_path):
    run = Run(tmp_path).trial(FALLING, RISING, [0.3] * 80)
    (text,) = run.trial(FALLING, RISING, [0.45] * 80, config={"num_workers": 2, "prefetch": 2}).texts(training.WAITED)
    assert text == (
        "t000, t001 waited for data 45% of the time: raise num_workers (now 2) or prefetch (now 2), or make its "
        "preparation cheaper"
    )


def test_a_short_trial_that_waits_for_its_workers_is_fine(tmp_path):
    assert Run(tmp_path).trial(FALLING[:6], RISING, [0.9, 0.9, 0.3, 0.2, 0.1, 0.1]).texts(training.WAITED) == []


def remarks(run, check):
    return [one.text for one in check_record(run.evidence()) if one.check == check and one.level == REMARK]


def test_the_best_trial_that_goes_on_rising_could_go_on(tmp_path):
    run = Run(tmp_path).trial(FALLING, [0.2, 0.3, 0.4, 0.5, 0.6])
    assert remarks(run, training.UNFINISHED) == [
        "t000 is best at its last evaluation and still improving (+0.1): more epochs?"
    ]


@pytest.mark.parametrize("scores", [[0.2, 0.6, 0.61], [0.2, 0.5, 0.6, 0.61, 0.611], [0.2, 0.5, 0.7, 0.6]])
def test_who_levels_off_or_has_few_evaluations_need_not_go_on(tmp_path, scores):
    assert remarks(Run(tmp_path).trial(FALLING, scores), training.UNFINISHED) == []


def swept(logs, pairs, **fields):
    run = Run(logs, **fields)
    for x, score in pairs:
        run.trial(scores=[score], config={"x": x})
    return run


def test_the_best_at_the_end_of_a_list_may_lie_beyond(tmp_path):
    run = swept(tmp_path, [(8, 0.1), (16, 0.2), (32, 0.3), (64, 0.4)])
    assert remarks(run, training.EDGE) == ["the best x (64) is at the edge of what was tried, 8–64: better beyond?"]


@pytest.mark.parametrize(
    "pairs",
    [
        [(8, 0.1), (16, 0.2), (32, 0.3)],
        [(8, 0.1), (16, 0.2), (32, 0.4), (64, 0.3)],
        [(8, 0.2), (16, 0.1), (32, 0.3), (64, 0.4)],
        [(2**number, 0.5 + 0.01 * (number % 3)) for number in range(12)],
    ],
    ids=["few", "inside", "not in order", "noise"],
)
def test_what_may_be_chance_is_no_edge(tmp_path, pairs):
    assert remarks(swept(tmp_path, pairs), training.EDGE) == []


@pytest.mark.parametrize(("sign", "end"), [(1, "0.01"), (-1, "1.0e-05")])
def test_three_best_trials_at_one_end_of_a_range_are_at_its_edge(tmp_path, sign, end):
    values = [10 ** (-5 + 3 * part / 20) for part in range(21)]
    (text,) = remarks(swept(tmp_path, [(x, 0.5 + sign * 0.1 * math.log10(x)) for x in values]), training.EDGE)
    assert f"({end}) is at the edge" in text


def test_gradients_that_are_no_numbers_are_told(tmp_path):
    norms = [*EVEN[:9], {"body": math.nan, "head": 1.0}]
    (text,) = Run(tmp_path).trial(FALLING, RISING, (), norms).texts(gradients.NOT_FINITE)
    assert text == "body: 1 gradient is NaN or infinite at step 10 (t000): a division by zero, or too little precision?"


def test_a_group_without_gradients_is_told_once_for_all_trials(tmp_path):
    norms = [{"body": 0.0, "head": 1.0}] * 5
    run = Run(tmp_path).trial(FALLING, RISING, (), norms).trial(FALLING, [0.1], (), norms)
    assert run.texts(gradients.DEAD) == [
        "body has no gradient in t000, t001: frozen on purpose, or cut off from the loss?"
    ]


def test_a_gradient_norm_that_leaps_is_told(tmp_path):
    norms = [*EVEN[:9], {"body": 60.0, "head": 2.0}]
    (text,) = Run(tmp_path).trial(FALLING, RISING, (), norms).texts(gradients.EXPLODING)
    assert text.startswith("body: the gradient norm is 55 times the usual 1.1 at step 10 (t000)")


def test_tensors_that_are_dead_stuck_or_not_trained_are_named(tmp_path):
    run = Run(tmp_path).trial(FALLING, RISING)
    writer = run.recorder.start(1)
    writer.write(Built(total_steps=10, frozen={"tensors": 7, "of": 9, "names": ["base.weight", "base.bias"]}))
    named = {"zero": 1, "unchanged": 1, "names": {"zero": ["head.bias"], "unchanged": ["scale"]}}
    for step in range(4):
        writer.write(Norms(step=step, group="all", grad_mean=1.0, grad_max=2.0, update_ratio=1e-3, **named))
    run.recorder.finish(1, writer)
    assert run.texts(gradients.DEAD) == [
        "all: no gradient reaches head.bias since step 0 (t001): cut off from the loss?"
    ]
    assert run.texts(gradients.STUCK) == [
        "all: gradients do not change scale since step 0 (t001): a learning rate of 0, or too little precision?"
    ]
    assert remarks(run, gradients.FROZEN) == [
        "7 of 9 tensors are not trained: base.weight, base.bias and 5 more (t001)"
    ]


def test_a_head_far_above_the_backbone_at_first_is_told_with_its_last_step(tmp_path):
    norms = [{"body": 0.1, "head": 4.0}] * 6 + EVEN[6:]
    assert Run(tmp_path).trial(FALLING, RISING, (), norms).texts(gradients.UNEVEN) == [
        "gradient norm of head ×40 above every other group until step 6 (t000): warm-up, or a learning rate of its own?"
    ]


@pytest.mark.parametrize("norms", [[{"head": 4.0}] * 9, [{"body": 0.1, "head": 4.0}] * 2 + EVEN, EVEN])
def test_one_group_or_a_moment_is_not_uneven(tmp_path, norms):
    assert Run(tmp_path).trial(FALLING, RISING, (), norms).texts(gradients.UNEVEN) == []


def test_a_growing_gap_between_cv_and_lb_is_told(tmp_path):
    known = Run(tmp_path).trial(FALLING, RISING).evidence()
    told = Evidence(known.sweep, known.trials, gaps=[0.1, 0.11], gap=0.14)
    assert [one.text for one in leaderboard.gap_grows(told)] == [
        "CV−LB is 0.1400, after 0.1100: a leak in the folds, or settings that fit them too well?"
    ]


@pytest.mark.parametrize(("before", "gap"), [([], 0.5), ([0.1], 0.105), ([0.1, 0.3, 0.1], 0.105), ([-0.2], 0.1)])
def test_a_gap_that_is_as_before_is_not(before, gap):
    assert not leaderboard.is_growing(before, gap)


def test_of_many_trials_the_best_and_the_baseline_are_watched(tmp_path):
    run = ordinary(tmp_path)
    for number in range(20):
        run.trial(FALLING[:4], [0.9 + number / 1000], config={"x": number})
    assert list(run.evidence().losses) == [*(f"t{number:03d}" for number in range(25, 18, -1)), "t000"]


def test_trials_of_real_sweeps_raise_no_question(recorded):
    report = (recorded / "exp001-hill" / "report.md").read_text()
    assert "⚠" not in report
    assert all(first != second for first, second in pairwise(report.splitlines()) if first)


def test_a_device_that_goes_on_compiling_is_told_with_the_step_from_which_it_does(tmp_path):
    compiles = [3] * 41 + [3 + step for step in range(1, 15)]
    (text,) = Run(tmp_path).trial(FALLING[:55], compiles=compiles).texts(compiling.RECOMPILED)
    assert text.startswith("t000: compiles grew from 3 to 17 after step 4")
    assert text.endswith(": shapes change from step to step?")


@pytest.mark.parametrize(
    "compiles",
    [
        [1, 2, 3, 4, 5, 6, 7, *[8] * 73],
        [2] * 40 + [4] * 40,
        [2] * 20 + [3] * 20 + [4] * 20 + [5] * 20,
        [9] * 40 + [1, *[2] * 39],
        [0] * 80,
    ],
    ids=["warm-up", "an evaluation", "three sizes", "gone on with in another process", "nothing"],
)
def test_compiling_at_the_beginning_or_now_and_then_is_none_to_ask_about(tmp_path, compiles):
    assert Run(tmp_path).trial(FALLING, compiles=compiles).texts(compiling.RECOMPILED) == []
