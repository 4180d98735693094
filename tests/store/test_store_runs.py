"""What a configuration has come to that ran several times."""

import pytest
from builders import Recorder

from cockpit.store.noise import Noise, noise_from, noise_of
from cockpit.store.ranking import baseline_trial, best_trial
from cockpit.store.reader import Index
from cockpit.store.runs import configurations, counts_text, is_used_up
from cockpit.store.summary import read_summary


def repeated(logs):
    """Two configurations on three seeds each, one that was pruned, and a confirmation with values that beat all."""
    recorder = Recorder(logs)
    recorder.trial(0, [0.5], baseline=True).trial(1, [0.6]).trial(2, [0.9], status="pruned")
    for number, (lead, value) in enumerate([("t000", 0.7), ("t000", 0.6), ("t001", 0.9), ("t001", 0.6)], start=3):
        config = {"x": int(lead[1:]) / 10, "seed": number}
        recorder.trial(number, [value], config=config, extra={"repeat_of": lead, "repeat": 1 + number % 2})
    for number, lead in ((7, "t000"), (8, "t001")):
        config = {"x": int(lead[1:]) / 10, "seed": number}
        recorder.trial(number, [1.0], config=config, extra={"confirms": lead, "pair": 0})
    return recorder.end()


def trials_of(run):
    with Index(run) as index:
        return index.trials()


def test_the_score_of_a_configuration_is_the_mean_of_its_runs(tmp_path):
    trials = trials_of(repeated(tmp_path))
    assert [(trial.id, trial.best) for trial in configurations(trials)] == [
        ("t000", pytest.approx(0.6)),
        ("t001", pytest.approx(0.7)),
        ("t002", 0.9),
    ]
    assert configurations(trials)[1].best_metrics == pytest.approx({"score": 0.7, "loss": 1.0})


def test_few_runs_are_not_held_against_many_and_confirmations_decide_nothing(tmp_path):
    trials = trials_of(repeated(tmp_path))
    best, baseline = best_trial(trials, "maximize"), baseline_trial(trials)
    assert (best.id, best.best) == ("t001", pytest.approx(0.7))
    assert (baseline.id, baseline.best) == ("t000", pytest.approx(0.6))


def test_further_runs_are_counted_by_themselves(tmp_path):
    run = repeated(tmp_path)
    assert counts_text(trials_of(run)) == "3 trials + 4 repeats + 2 confirmations"
    summary = read_summary(run, 0.0)
    assert (summary["ended_trials"], summary["repeats"], summary["confirmations"]) == (3, 4, 2)
    assert summary["history"] == [pytest.approx(0.6), pytest.approx(0.7), 0.9]
    assert counts_text(trials_of(Recorder(tmp_path, "exp002-x").trial(0, [0.5]).end())) == "1 trial"


def test_a_trial_says_what_it_is_for(tmp_path):
    endings = {trial.id: trial.ending for trial in trials_of(repeated(tmp_path))}
    assert endings["t001"] == "finished"
    assert endings["t003"] == "repeats t000 on seed 3, finished"
    assert endings["t008"] == "confirms t001 on seed 8, finished"


def test_noise_is_what_seeds_make_of_one_configuration(tmp_path):
    recorder = Recorder(tmp_path)
    for number, (x, value) in enumerate([(0.1, 1.0), (0.1, 3.0), (0.2, 10.0), (0.2, 10.0), (0.2, 13.0), (0.3, 7.0)]):
        recorder.trial(number, [value], config={"x": x})
    recorder.trial(6, [99.0], config={"x": 0.3}, status="pruned")
    noise = noise_of(trials_of(recorder.end()))
    assert noise == Noise(squares=2.0 + 6.0, freedom=3, runs=5)
    assert noise.deviation == pytest.approx((8 / 3) ** 0.5)
    assert noise_from(noise.to_mapping()) == noise


def test_the_same_seed_twice_tells_nothing_of_noise(tmp_path):
    recorder = Recorder(tmp_path)
    recorder.trial(0, [1.0], config={"x": 0.1}).end()
    (row,) = trials_of(recorder.run)
    assert noise_of([row, row._replace(id="t001")]).to_mapping() is None


@pytest.mark.parametrize(
    "told",
    [None, 3, {}, {"squares": -1.0, "freedom": 1, "runs": 2}, {"squares": 1.0, "freedom": 2, "runs": 2},
     {"squares": "1", "freedom": 1, "runs": 2}, {"squares": float("inf"), "freedom": 1, "runs": 2}],
)  # fmt: skip
def test_a_damaged_note_of_noise_is_none(told):
    assert noise_from(told) == Noise()


@pytest.mark.parametrize(
    ("planned", "pairs", "status", "used_up"),
    [(2, 0, "failed", True), (3, 0, "failed", False), (2, 1, "pruned", False), (2, 0, "stopped", False)],
)
def test_what_is_used_up_has_nothing_that_could_go_on(tmp_path, planned, pairs, status, used_up):
    recorder = Recorder(tmp_path, trials=planned, extra={"confirm": pairs})
    recorder.trial(0, [0.5]).trial(1, [0.6], status=status)
    with Index(recorder.end("failed")) as index:
        assert is_used_up(index.sweep(), index.trials()) is used_up
