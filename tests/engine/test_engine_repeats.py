"""Repeats and confirmations as the conductor decides them, without any process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from stage import Stage
from sweeping import HILL, plan_of

from cockpit.engine.budget import Budget
from cockpit.engine.mending import mend
from cockpit.engine.rebuild import rebuild
from cockpit.engine.repeats import is_through, unsettled
from cockpit.engine.request import Outcome
from cockpit.engine.roster import TrialState
from cockpit.engine.sweep import population_of
from cockpit.engine.upcoming import Upcoming
from cockpit.events.kinds import TrialStarted
from cockpit.search.errors import SearchError

FINISHED = Outcome("finished")
BASELINE = {"x": 0.0, "y": 0.0}


def started(stage: Stage) -> dict[str, TrialStarted]:
    return {event.trial: event for event in stage.events(TrialStarted)}


def finish(stage: Stage, trial: str, *values: float, outcome: Outcome = FINISHED) -> None:
    for step, value in enumerate(values, start=1):
        stage.conductor.on_evaluation(trial, "valid", step, {"score": value})
    stage.conductor.on_exit(trial, outcome)


def search_of(folder: Path, *scores: float, **keys: Any) -> Stage:
    """A search whose trials came to these scores, the baseline first."""
    stage = Stage(folder, run_cap=len(scores), baseline=BASELINE, **keys)
    for score in scores:
        finish(stage, stage.start(), score)
    return stage


def pairs_in(stage: Stage) -> list[tuple[str, int, int]]:
    """Who is confirmed, in which pair and on which seed."""
    extras = [(event.extra, event.seed) for event in stage.events(TrialStarted)]
    return [(extra["confirms"], extra["pair"], seed) for extra, seed in extras if "confirms" in extra]


def run_all(stage: Stage, score: float = 0.5) -> None:
    while (request := stage.conductor.next_trial()) is not None:
        finish(stage, request.trial, score)


def test_every_configuration_runs_on_every_seed_and_the_sampler_hears_the_mean(tmp_path: Path) -> None:
    stage = Stage(tmp_path, run_cap=2, seeds=3, seed=4)
    lead = stage.start()
    finish(stage, lead, 0.3)
    assert stage.proposer.told == []
    repeats = [stage.start(), stage.start()]
    for trial, score in zip(repeats, (0.6, 0.9), strict=True):
        finish(stage, trial, score)
    assert [(event.seed, dict(event.extra)) for event in started(stage).values()] == [
        (4, {}),
        (5, {"repeat_of": lead, "repeat": 1}),
        (6, {"repeat_of": lead, "repeat": 2}),
    ]
    assert stage.proposer.told == [(lead, pytest.approx(0.6), True)]
    other = stage.start()
    assert started(stage)[other].extra == {}
    assert stage.conductor.next_trial() is None


@pytest.mark.parametrize("status", ["pruned", "failed", "stopped"])
def test_what_did_not_come_to_its_end_is_not_repeated(tmp_path: Path, status: str) -> None:
    stage = Stage(tmp_path, run_cap=1, seeds=3)
    finish(stage, stage.start(), 0.3, outcome=Outcome(status, reason="so", error="so"))
    assert stage.conductor.next_trial() is None
    assert stage.proposer.told == [("t000", 0.3, False)]


def test_a_repeat_that_fails_is_left_out_of_the_mean(tmp_path: Path) -> None:
    stage = Stage(tmp_path, run_cap=1, seeds=3)
    finish(stage, stage.start(), 0.25)
    finish(stage, stage.start(), outcome=Outcome("failed", reason="no", error="no"))
    finish(stage, stage.start(), 0.75)
    assert stage.proposer.told == [("t000", 0.5, True)]


def test_repeats_and_confirmations_are_not_stopped_early(tmp_path: Path) -> None:
    stage = Stage(tmp_path, run_cap=2, baseline=BASELINE, seeds=2, confirm=2, floor=0.5)
    finish(stage, stage.start(), 0.6)
    repeat = stage.start()
    assert stage.conductor.on_evaluation(repeat, "valid", 1, {"score": 0.1})
    finish(stage, repeat, 0.6)
    doomed = stage.start()
    assert not stage.conductor.on_evaluation(doomed, "valid", 1, {"score": 0.1})


def test_winner_and_baseline_run_again_in_pairs_on_fresh_seeds(tmp_path: Path) -> None:
    stage = search_of(tmp_path, 0.5, 0.9, 0.7, confirm=2, seed=3)
    run_all(stage)
    assert pairs_in(stage) == [("t000", 0, 4), ("t001", 0, 4), ("t000", 1, 5), ("t001", 1, 5)]
    assert dict(started(stage)["t004"].config) == {**started(stage)["t001"].config, "seed": 4}
    assert len(stage.proposer.told) == 3, "the sampler does not hear of what confirms"
    assert stage.conductor.close().status == "finished"


def test_the_winner_is_the_best_mean(tmp_path: Path) -> None:
    stage = Stage(tmp_path, run_cap=3, baseline=BASELINE, seeds=2, confirm=2)
    for score in (0.5, 0.5, 0.9, 0.1, 0.6, 0.8):  # each trial is followed by its repeat
        finish(stage, stage.start(), score)
    run_all(stage)
    assert {confirmed for confirmed, _, _ in pairs_in(stage)} == {"t000", "t004"}


def test_nothing_is_confirmed_while_a_trial_may_still_win(tmp_path: Path) -> None:
    stage = Stage(tmp_path, run_cap=2, baseline=BASELINE, confirm=2)
    first, second = stage.start(), stage.start()
    finish(stage, first, 0.5)
    assert stage.conductor.next_trial() is None
    finish(stage, second, 0.9)
    assert stage.conductor.next_trial() is not None


@pytest.mark.parametrize("scores", [(0.9, 0.5), (0.9,), (0.5, 0.5)])
def test_a_baseline_that_wins_has_nothing_to_be_held_against(tmp_path: Path, scores: tuple[float, ...]) -> None:
    stage = search_of(tmp_path, *scores, confirm=2)
    assert stage.conductor.next_trial() is None
    assert stage.conductor.close().status == "finished"


def test_a_sweep_that_somebody_ends_confirms_nothing(tmp_path: Path) -> None:
    stage = search_of(tmp_path, 0.5, 0.9, confirm=2)
    stage.conductor.end_sweep("stopped by me@here")
    assert stage.conductor.next_trial() is None


def test_a_target_that_is_reached_ends_the_search_and_is_confirmed(tmp_path: Path) -> None:
    metric = {"name": "score", "goal": "maximize", "target": 0.8}
    stage = Stage(tmp_path, run_cap=9, baseline=BASELINE, confirm=2, metric=metric)
    finish(stage, stage.start(), 0.5)
    finish(stage, stage.start(), 0.9)
    assert stage.conductor.ending is None
    run_all(stage)
    assert len(pairs_in(stage)) == 4
    ending = stage.conductor.close()
    assert (ending.status, ending.reason) == ("finished", "t001 reached the target 0.8")


def test_a_target_is_for_the_mean_of_repeats(tmp_path: Path) -> None:
    metric = {"name": "score", "goal": "maximize", "target": 0.8}
    stage = Stage(tmp_path, run_cap=9, seeds=2, metric=metric)
    for score in (0.9, 0.5, 0.9, 0.8):
        assert stage.conductor.ending is None
        finish(stage, stage.start(), score)
    assert stage.conductor.ending is not None
    assert stage.conductor.ending.reason == "t002 reached the target 0.8"


def test_a_budget_leaves_time_for_the_confirmation(tmp_path: Path) -> None:
    now = 0.0
    stage = Stage(tmp_path, run_cap=100, baseline=BASELINE, confirm=2, concurrent=1)
    stage.conductor.budget = Budget(100.0, "100s", lambda: now)
    while (request := stage.conductor.next_trial()) is not None:
        now += 10.0
        finish(stage, request.trial, 0.5 if request.config["x"] == 0.0 else 0.9)
    searched = [event for event in stage.events(TrialStarted) if not event.extra]
    assert (len(searched), len(pairs_in(stage)), now) == (6, 4, 100.0)
    assert stage.conductor.close().reason == "budget 100s used: 6 of 100 trials"


def test_pairs_go_through_the_folds_beginning_with_those_that_were_not_looked_at(tmp_path: Path) -> None:
    keys = {"trainer": "matching", "metric": {"name": "row_f1", "goal": "maximize"}, "confirm": 4, "run_cap": 2}
    parameters = {"lr": {"min": 1e-4, "max": 1e-2}, "folds": {"value": 3}}
    plan = plan_of(**keys, parameters=parameters, baseline={"lr": 5e-4})
    assert _folds(plan) == [1, 1, 2, 2, 0, 0, 1, 1]
    found = plan_of(**keys, parameters={**parameters, "holdout": {"value": "parity"}}, baseline={"lr": 5e-4})
    assert _folds(found) == [None] * 8, "how many folds there are is known to the data alone"
    varied = plan_of(**keys, parameters={**parameters, "fold": {"values": [0, 1]}}, baseline={"lr": 5e-4, "fold": 0})
    assert _folds(varied) == [None] * 8


def _folds(plan: Any) -> list[int | None]:
    from cockpit.engine.proposer import proposer_for
    from cockpit.engine.roster import Roster

    upcoming, roster = Upcoming(plan, proposer_for(plan.search)), Roster()
    folds = []
    while (trial := upcoming.next(roster, Budget())) is not None:
        roster.add(trial)
        trial.evaluations, trial.status = [(1, 0.1 * len(list(roster)))], "finished"
        roster.settle(trial)
        trial.settle_score("maximize")
        upcoming.on_end(trial)
        folds += [] if not trial.confirms else [trial.config.get("fold") if "fold" not in plan.search.varied else None]
    return folds


@pytest.mark.parametrize("begun", range(5))
def test_a_confirmation_is_taken_up_where_it_was(tmp_path: Path, begun: int) -> None:
    stage = search_of(tmp_path, 0.5, 0.9, 0.7, confirm=2)
    for number in range(begun):
        trial = stage.start()
        if number < begun - 1:  # the last one is cut off
            finish(stage, trial, 0.5)
    past = rebuild(stage.run, "score")
    for known, score in zip(past.trials, (0.5, 0.9, 0.7, 0.5, 0.5, 0.5, 0.5), strict=False):
        known.evaluations = [(1, score)] if known.is_over else []
        known.settle_score("maximize")
    assert past.is_complete(3) is (begun == 0)
    assert not (past.is_complete(3) and is_through(stage.conductor.plan, past.trials))

    again = Stage(tmp_path / "again", past=past, run_cap=3, baseline=BASELINE, confirm=2)
    run_all(again)
    waited = [event for event in again.events(TrialStarted) if event.attempt == 2]
    assert len(waited) == (begun > 0)
    known_pairs = [(state.confirms, state.number) for state in past.trials if state.confirms]
    new = [(confirmed, pair) for confirmed, pair, _ in pairs_in(again)]
    assert sorted({*known_pairs, *new}) == [("t000", 0), ("t000", 1), ("t001", 0), ("t001", 1)]
    assert is_through(stage.conductor.plan, list(again.conductor._roster))


def test_repeats_that_are_missing_come_when_a_sweep_is_taken_up(tmp_path: Path) -> None:
    stage = Stage(tmp_path, run_cap=1, seeds=3)
    finish(stage, stage.start(), 0.3)
    finish(stage, stage.start(), 0.6)
    past = rebuild(stage.run, "score")
    for known, score in zip(past.trials, (0.3, 0.6), strict=True):
        known.evaluations = [(1, score)]
        known.settle_score("maximize")
    assert unsettled(stage.conductor.plan, past.trials) == ["t000"]
    again = Stage(tmp_path / "again", past=past, run_cap=1, seeds=3)
    run_all(again, 0.9)
    assert [event.extra for event in again.events(TrialStarted)] == [{"repeat_of": "t000", "repeat": 2}]
    assert again.proposer.told == [("t000", pytest.approx(0.6), True)]


def test_seeds_that_somebody_used_are_not_fresh(tmp_path: Path) -> None:
    plan = plan_of(run_cap=2, baseline=BASELINE, confirm=2)
    trials = [
        TrialState("t000", BASELINE, baseline=True, status="finished", best=0.5),
        TrialState("t001", {"x": 0.5, "y": 0.0, "seed": 1}, added="c", status="finished", best=0.9),
    ]
    from cockpit.engine.repeats import Confirmation

    seeds = []
    while (run := Confirmation(plan).next(trials)) is not None:
        seeds.append(run.config["seed"])
        trials.append(run.state(f"t{len(trials):03d}"))
    assert seeds == [2, 2, 3, 3]


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ({"confirm": 3}, "confirm: the winner is held against the baseline; name one in baseline"),
        ({"confirm": 1, "baseline": BASELINE}, "confirm: 1 pair shows no noise"),
        ({"seeds": 2, "scheduler": "pbt"}, "seeds: pbt changes the parameters of trials while they run"),
        ({"seeds": 2, "parameters": {**HILL, "seed": {"values": [1, 2]}}}, "parameters.seed: seeds varies the seed"),
    ],
)
def test_what_cannot_be_repeated_is_refused(keys: dict[str, Any], problem: str) -> None:
    with pytest.raises(SearchError) as caught:
        plan_of(**keys)
    assert problem in str(caught.value)


def test_a_seed_that_is_fixed_is_the_first_of_the_seeds() -> None:
    plan = plan_of(seeds=2, parameters={**HILL, "seed": {"value": 7}})
    assert plan.search.trial_seeds == (7, 8)
    assert population_of(plan, None) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ({"run_cap": 24, "confirm": 3, "baseline": BASELINE}, "24 trials + 6 confirmations"),
        ({"run_cap": 2, "seeds": 3}, "2 trials + at most 4 repeats"),
        ({"run_cap": None, "seeds": 3}, "trials without end + repeats"),
        ({"run_cap": 1}, "1 trial"),
    ],
)
def test_a_plan_tells_what_there_will_be(keys: dict[str, Any], text: str) -> None:
    assert plan_of(**keys).totals == text


@pytest.mark.parametrize("lost", range(8))
def test_a_run_whose_beginning_is_lost_keeps_its_purpose(tmp_path: Path, lost: int) -> None:
    only_x = {"x": HILL["x"]}
    stage = Stage(tmp_path, run_cap=2, parameters=only_x, baseline={"x": 0.0}, seeds=2, confirm=2)
    stage.run.search.write_text(stage.conductor.plan.search.to_yaml())
    while (request := stage.conductor.next_trial()) is not None:
        stage.run.trial(request.trial).config.write_text(json.dumps(request.config))
        finish(stage, request.trial, 0.5 if request.config["x"] == 0.0 else 0.9)
    stage.conductor.close()
    before = {trial.id: (trial.extra, trial.config.get("seed")) for trial in rebuild(stage.run, "score").trials}
    assert [extra for extra, _ in before.values()].count({}) == 2
    lines = [line for line in stage.run.sweep.read_bytes().splitlines() if not _begins(line, f"t00{lost}")]
    stage.run.sweep.write_bytes(b"".join(line + b"\n" for line in lines))
    after = {trial.id: (trial.extra, trial.config.get("seed")) for trial in mend(stage.run, "score").trials}
    assert after == before


def _begins(line: bytes, trial: str) -> bool:
    event = json.loads(line)
    return event["kind"] == "trial_started" and event["trial"] == trial
