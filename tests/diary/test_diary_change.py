"""What is new in an experiment, against the one that it was made from."""

import pytest
from builders import Recorder

from cockpit.diary.change import change_text, gap_text, result_lists
from cockpit.diary.facts import gather
from cockpit.diary.leaderboard import leaderboard
from cockpit.diary.page import entry
from cockpit.diary.report import report
from cockpit.events.kinds import Built, Eval
from cockpit.store.scores import Score, append_score
from cockpit.store.summary import add_score, write_summary

BASE = {"x": 0.1, "batch_size": 16, "epochs": 5}


def made(logs, number, config=None, *, score=0.5, built=None, lb=None, **fields):
    """An experiment of one trial, with another one that only has another x."""
    recorder = Recorder(logs, f"exp{number:03d}-hill", at=1000.0 * number, **fields)
    config = {**BASE, **(config or {})}
    for trial, x in enumerate((config["x"], 0.9)):
        writer = recorder.start(trial, config={**config, "x": x}, baseline=trial == 0)
        writer.write(Built(effective={**config, "x": x, **(built or {})}, digest=f"d{trial}"))
        writer.write(Eval(step=1, metrics={"score": score - trial / 10}))
        recorder.finish(trial, writer)
    run = recorder.end()
    write_summary(run)
    if lb is not None:
        add_score(run, lb)
    return run


def told(run, **fields):
    return change_text(gather(run.path.parent, run), **fields)


def test_what_was_chosen_otherwise_is_told_against_the_parent(tmp_path):
    made(tmp_path, 1)
    run = made(tmp_path, 2, {"batch_size": 32})
    assert told(run) == "from exp001: `batch_size` 16 → 32; swept `x` 0.1, 0.9"


def test_the_first_of_its_kind_has_no_parent(tmp_path):
    made(tmp_path, 1, trainer="matching")
    made(tmp_path, 2, data="photos")
    assert told(made(tmp_path, 3)) == "swept `x` 0.1, 0.9"


def test_the_nearest_earlier_experiment_is_the_parent_and_the_latest_of_equals(tmp_path):
    made(tmp_path, 1, {"batch_size": 64, "epochs": 9})
    made(tmp_path, 2, {"batch_size": 32})
    made(tmp_path, 3, {"batch_size": 8})
    made(tmp_path, 9, {"batch_size": 12})
    assert told(made(tmp_path, 4, {"batch_size": 12})).startswith("from exp003: `batch_size` 8 → 12;")


def test_an_experiment_that_was_named_is_the_parent_however_far_it_is(tmp_path):
    made(tmp_path, 1, {"batch_size": 64, "epochs": 9}, trainer="matching")
    made(tmp_path, 2)
    run = made(tmp_path, 3, extra={"from": ["exp001"]})
    assert told(run).startswith("from exp001: `batch_size` 64 → 16, `epochs` 9 → 5;")


def test_settings_that_came_or_went_stand_beside_a_dash(tmp_path):
    made(tmp_path, 1, {"old": 1})
    assert told(made(tmp_path, 2, {"new": 0.5})).startswith("from exp001: `new` — → 0.5, `old` 1 → —;")


def test_what_was_searched_before_and_is_fixed_now_is_said_to_be_kept(tmp_path):
    made(tmp_path, 1, varied=["x", "batch_size"])
    assert told(made(tmp_path, 2)).startswith("from exp001: `batch_size` kept at 16;")


def test_what_only_follows_is_told_on_the_whole_page_or_where_nothing_else_is_new(tmp_path):
    made(tmp_path, 1, built={"steps": 40})
    run = made(tmp_path, 2, {"batch_size": 32}, built={"steps": 20})
    assert "steps" not in told(run)
    assert "`batch_size` 16 → 32, with it `steps` 40 → 20" in told(run, whole=True)
    same = made(tmp_path, 3, {"batch_size": 32}, built={"steps": 21}, varied=[])
    assert told(same) == "from exp002: `steps` 20 → 21, `x` kept at 0.1"


def test_the_same_once_more_is_called_so(tmp_path):
    made(tmp_path, 1, varied=[])
    assert told(made(tmp_path, 2, varied=[])) == "from exp001: nothing, the same settings again"


def test_of_many_changes_the_entry_tells_the_first(tmp_path):
    made(tmp_path, 1)
    run = made(tmp_path, 2, {f"s{number}": number for number in range(9)})
    assert "`s5` — → 5, 3 more settings; swept" in told(run)
    assert "`s8` — → 8" in report(gather(tmp_path, run))


def test_values_that_look_alike_when_rounded_are_told_in_full(tmp_path):
    made(tmp_path, 1, {"lr": 0.12345})
    assert "`lr` 0.12345 → 0.12346" in told(made(tmp_path, 2, {"lr": 0.12346}))


def test_a_seed_is_no_change(tmp_path):
    made(tmp_path, 1, {"seed": 1})
    assert told(made(tmp_path, 2, {"seed": 2})) == "from exp001: swept `x` 0.1, 0.9"


def test_each_of_few_values_stands_with_what_was_reached(tmp_path):
    recorder = Recorder(tmp_path, varied=["bs", "mode", "x"])
    for number, (bs, mode, score) in enumerate([(16, "a", 0.3), (8, "b", 0.1), (16, "b", 0.2), (12, "a", 0.4)]):
        recorder.trial(number, [score], config={"bs": bs, "mode": mode, "x": 1})
    facts = gather(tmp_path, recorder.end())
    assert [text for _, text in result_lists(facts)] == [
        "`bs` [8, 12, 16] → 0.1000 / 0.4000 / 0.3000",
        "`mode` [a, b] → 0.4000 / 0.2000",
    ]
    assert "**results**" not in entry(facts)
    assert "**results** `bs` [8, 12, 16]" in report(facts)


def test_the_entry_of_a_sweep_over_one_setting_lists_its_results(tmp_path):
    recorder = Recorder(tmp_path, varied=["bs"])
    for number, bs in enumerate((8, 12, 16)):
        recorder.trial(number, [0.8 + number / 100], config={"bs": bs})
    assert "**results** `bs` [8, 12, 16] → 0.8000 / 0.8100 / 0.8200  \n" in entry(gather(tmp_path, recorder.end()))


def test_parent_and_best_so_far_are_told_apart(tmp_path):
    made(tmp_path, 1, {"batch_size": 64}, score=0.9)
    made(tmp_path, 2, score=0.7)
    text = entry(gather(tmp_path, made(tmp_path, 3, score=0.8)))
    assert "parent (exp002) +0.1000 · best so far (exp001) -0.1000" in text
    made(tmp_path, 4, score=0.95)
    assert "parent and best so far (exp004) -0.1500" in entry(gather(tmp_path, made(tmp_path, 5, score=0.8)))


@pytest.mark.parametrize(
    ("before", "cv", "lb", "text"),
    [
        ([], 0.75, 0.5, "CV−LB 0.2500"),
        ([(0.75, 0.65)], 0.75, 0.5, "CV−LB 0.2500, growing"),
        ([(0.75, 0.5)], 0.75, 0.49, "CV−LB 0.2600"),
        ([(0.75, 0.35), (0.75, 0.7), (0.75, 0.3)], 0.75, 0.5, "CV−LB 0.2500"),
        ([(0.75, 0.6)], 0.75, None, ""),
    ],
)
def test_the_gap_to_the_leaderboard_stands_beside_those_before(tmp_path, before, cv, lb, text):
    for number, (score, public) in enumerate(before, start=1):
        made(tmp_path, number, score=score, lb=public)
    facts = gather(tmp_path, made(tmp_path, 8, score=cv, lb=lb))
    assert gap_text(facts) == text
    assert ("\n- ⚠ CV−LB is" in entry(facts)) == text.endswith("growing")


def test_a_threshold_stands_with_the_settings_of_the_best_trial(tmp_path):
    recorder = Recorder(tmp_path)
    writer = recorder.start(0, config={"x": 1})
    writer.write(Eval(step=1, metrics={"score": 0.5, "th": 0.53}))
    recorder.finish(0, writer)
    assert "**score** score 0.5000 (t000: x 1, th 0.53)  \n" in entry(gather(tmp_path, recorder.end()))


def imported(logs):
    """Versions of a submission log, with their author's names, changes, scores and a merge."""
    recorder = Recorder(logs, "exp001-notes", varied=[], engine="import", command="")
    for number, (label, auc) in enumerate((("V21", 0.94887), ("V22", 0.95609))):
        recorder.trial(number, [auc], config={}, extra={"label": label, "change": f"change of {label} | x"})
    run = recorder.end()
    for score in (
        Score(0.9408, False, 1.0, "me", "t000"),
        Score(0.936, False, 2.0, "me", "t001"),
        Score(0.9393, False, 3.0, "me", merged=("V22", "V21"), note="merging just makes it better"),
    ):
        append_score(run, score)
    return run


def test_versions_of_an_imported_log_have_names_scores_changes_and_merges(tmp_path):
    text = entry(gather(tmp_path, imported(tmp_path)))
    assert "**merge** V22 + V21 → LB 0.9393 (single: 0.936, 0.9408) · merging just makes it better" in text
    assert "| trial | score | LB | change | epochs | ended |" in text
    assert "| t000 V21 | 0.9489 | 0.9408 | change of V21 \\| x | 1 | finished |" in text
    assert "| **t001 V22** | **0.9561** | 0.936 | change of V22 \\| x | 1 | finished |" in text
    assert " · LB 0.9408 (V21)" in text
    assert "cockpit rerun" not in text


def test_a_merge_of_unknown_runs_tells_no_single_scores(tmp_path):
    run = Recorder(tmp_path).trial(0, [0.5]).end()
    append_score(run, Score(0.9, True, 1.0, "me", merged=("V1", "gone")))
    assert "**merge** V1 + gone → private LB 0.9  \n" in entry(gather(tmp_path, run))


def test_the_score_that_was_entered_last_decides_whose_scores_are_shown(tmp_path):
    run = Recorder(tmp_path).trial(0, [0.5]).trial(1, [0.6]).end()
    for score, told in (
        (Score(0.7, False, 1.0, "me"), "LB 0.7"),
        (Score(0.65, False, 2.0, "me", "t001"), "LB 0.7"),
        (Score(0.75, False, 3.0, "me", "t000"), "LB 0.75 (t000)"),
        (Score(0.6, True, 4.0, "me"), "LB 0.7 · private LB 0.6"),
    ):
        append_score(run, score)
        assert leaderboard(gather(tmp_path, run)) == told


def test_a_trial_that_is_run_again_is_no_step_on_the_way(tmp_path):
    made(tmp_path, 1, {"batch_size": 32}, score=0.5)
    again = made(tmp_path, 2, {"batch_size": 64}, score=0.9, extra={"rerun_of": "exp001/t001"})
    assert told(again) == "none: exp001/t001 once more"
    assert "**against**" not in entry(gather(tmp_path, again))
    text = entry(gather(tmp_path, made(tmp_path, 3, {"batch_size": 64})))
    assert "**change** from exp001: `batch_size` 32 → 64;" in text
    assert "best so far (exp001) +0.0000" in text


def test_runs_that_confirm_do_not_count_as_results(tmp_path):
    recorder = Recorder(tmp_path, extra={"confirm": 1}).trial(0, [0.5], baseline=True).trial(1, [0.6])
    recorder.trial(2, [0.9], config={"x": 0.1}, extra={"confirms": "t001", "pair": 0})
    assert dict(result_lists(gather(tmp_path, recorder.end()))) == {"x": "`x` [0, 0.1] → 0.5000 / 0.6000"}
