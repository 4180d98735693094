"""What an entry and a report say of the verdict, and of the noise that is known."""

import pytest
from builders import Recorder

from cockpit.diary.facts import gather
from cockpit.diary.page import entry
from cockpit.diary.report import report
from cockpit.store.summary import write_summary

GAINS = (0.010, 0.018, 0.014)


def confirmed(logs, name="exp001-hill", *, gains=GAINS, status="finished", at=1_000_000.0, **fields):
    """A search whose winner t001 was confirmed in so many pairs, on three folds in turn."""
    recorder = Recorder(logs, name, at=at, extra={"confirm": len(gains)}, **fields)
    recorder.trial(0, [0.5], baseline=True).trial(1, [0.75])
    for pair, gain in enumerate(gains):
        for side in (0, 1):
            config = {"x": side / 10, "seed": 1 + pair, "fold": (1 + pair) % 3}
            value = 0.5 + pair / 100 + side * gain
            recorder.trial(2 + 2 * pair + side, [value], config=config, extra={"confirms": f"t00{side}", "pair": pair})
    return recorder.end(status)


def text_of(run):
    return entry(gather(run.path.parent, run))


@pytest.mark.parametrize(
    ("gains", "mark"), [(GAINS, "✅"), ([-gain for gain in GAINS], "❌"), ((0.03, -0.02, 0.01), "➖")]
)
def test_the_mark_is_that_of_the_pairs(tmp_path, gains, mark):
    text = text_of(confirmed(tmp_path, gains=gains))
    assert text.startswith(f"## exp001 · hill {mark}\n")
    assert "one seed" not in text


@pytest.mark.parametrize(("status", "mark"), [("interrupted", "⚠"), ("failed", "⚠"), ("stopped", "➖")])
def test_a_sweep_that_ended_early_has_no_verdict(tmp_path, status, mark):
    text = text_of(confirmed(tmp_path, status=status))
    assert text.startswith(f"## exp001 · hill {mark}\n")
    assert "baseline +0.2500 · best so far: this is the first of its kind · not confirmed yet: 3 of 3 pairs" in text


def test_the_difference_to_the_baseline_is_that_of_the_pairs_and_names_the_test(tmp_path):
    text = text_of(confirmed(tmp_path))
    told = text.partition("**against** ")[2].partition(" · ")[0]
    assert told == "baseline +0.0140 [+0.0010, +0.0270] on 3 fresh seeds (paired t-test, p 0.026)"
    assert "**score** score 0.7500 (t001: x 0.1)" in text, "what the search found stays what it found"


def test_confirmations_are_counted_apart_and_stand_in_the_report_only(tmp_path):
    run = confirmed(tmp_path)
    text = text_of(run)
    assert "2 trials + 6 confirmations · " in text
    assert "| t002" not in text and "more in the [report]" not in text
    full = report(gather(tmp_path, run))
    table = full.partition("## Confirmation\n")[2].partition("\n## ")[0]
    assert "| seed | fold | trials | t000 | t001 | difference |" in table
    assert "| 3 | 1 | t002, t003 | 0.5000 | 0.5100 | +0.0100 |" in table
    assert "+0.0140 [+0.0010, +0.0270] on 3 fresh seeds" in table
    assert "confirms t001 on seed 3, finished" in full


def test_a_report_without_pairs_has_no_table_of_them(tmp_path):
    run = Recorder(tmp_path).trial(0, [0.5], baseline=True).trial(1, [0.75]).end()
    assert "## Confirmation" not in report(gather(tmp_path, run))


def noisy(logs, name, at, values=(0.50, 0.51, 0.49), **fields):
    recorder = Recorder(logs, name, at=at, **fields)
    for number, value in enumerate(values):
        recorder.trial(number, [value], config={"x": 0.5})
    write_summary(recorder.end())


def test_one_seed_is_held_against_the_noise_of_earlier_experiments(tmp_path):
    noisy(tmp_path, "exp001-a", 1.0)
    noisy(tmp_path, "exp002-other-data", 2.0, data="photos")
    noisy(tmp_path, "exp003-other-metric", 2.0, metric="loss")
    noisy(tmp_path, "exp004-one-run", 2.0, values=(0.5,))
    noisy(tmp_path, "exp006-later", 9.0)
    run = Recorder(tmp_path, "exp005-b", at=5.0).trial(0, [0.5], baseline=True).trial(1, [0.75]).end()
    told = "one seed: not distinguishable (noise known from exp001: ±0.0100 over 3 runs)"
    assert f" · {told}\n" in text_of(run)


def test_noise_is_pooled_over_experiments(tmp_path):
    for number in range(1, 5):
        noisy(tmp_path, f"exp00{number}-a", float(number), values=(0.5, 0.5 + 0.02 * number))
    run = Recorder(tmp_path, "exp005-b", at=5.0).trial(0, [0.5], baseline=True).trial(1, [0.75]).end()
    # Two values d apart have squares of d²/2 and one degree of freedom.
    assert "(noise known from exp003, exp004 and 2 more: ±0.0387 over 8 runs)" in text_of(run)


def test_noise_that_is_known_to_be_none_is_not_told(tmp_path):
    noisy(tmp_path, "exp001-a", 1.0, values=(0.5, 0.5))
    run = Recorder(tmp_path, "exp005-b", at=5.0).trial(0, [0.5], baseline=True).trial(1, [0.75]).end()
    assert "one seed: not distinguishable\n" in text_of(run)


def test_the_interval_over_validation_rows_stands_beside_the_score(tmp_path):
    from cockpit.events.kinds import Eval

    recorder = Recorder(tmp_path)
    writer = recorder.start(0, baseline=True)
    writer.write(Eval(step=1, metrics={"score": 0.75, "score_low": 0.7125, "score_high": 0.7875, "loss": 0.5}))
    recorder.finish(0, writer)
    assert "**score** score 0.7500 [0.7125, 0.7875] (t000: x 0) · loss 0.5000" in text_of(recorder.end())


def test_the_score_of_repeats_is_told_to_be_a_mean(tmp_path):
    recorder = Recorder(tmp_path, extra={"seeds": 2})
    recorder.trial(0, [0.5], baseline=True).trial(1, [0.9])
    for number, value in ((2, 0.5), (3, 0.7)):
        of = number - 2
        config = {"x": of / 10, "seed": 1}
        recorder.trial(number, [value], config=config, extra={"repeat_of": f"t00{of}", "repeat": 1})
    text = text_of(recorder.end())
    assert "**score** score 0.8000 (mean of 2 seeds, t001: x 0.1) · loss 1.0000" in text
    assert (
        "baseline +0.3000 · best so far: this is the first of its kind · the winner was chosen on its 2 seeds" in text
    )
    assert "2 trials + 2 repeats · " in text
