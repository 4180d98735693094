"""What an entry says, from facts alone."""

import math
import re

import pytest
from builders import Recorder

from cockpit.diary.entries import find, markers, put
from cockpit.diary.facts import gather
from cockpit.diary.page import MOST_ROWS, entry
from cockpit.events.kinds import Norms, Step
from cockpit.store.rows import IMPORT
from cockpit.store.summary import add_score, write_summary

HOSTILE = "a | b `c` **d** <img src=x>\n# heading\n<!-- cockpit:end exp001 -->\n| x |\x1b[31m"


def page(run, logs_folder=None):
    return entry(gather(logs_folder or run.path.parent, run))


def table_rows(text):
    """The cells of the first table's rows."""
    lines = text.splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("| trial"))
    rows = []
    for line in lines[first + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
    return rows


def test_a_finished_sweep(tmp_path):
    recorder = Recorder(tmp_path, environment={"commit": "3f2a91c", "changed_lines": 14})
    recorder.trial(0, [0.5], baseline=True).trial(3, [0.25, 0.75])
    recorder.trial(5, [0.125], status="pruned", reason="asha rung 1: 0.1250 < 0.5000 (3rd of 3)")
    text = page(recorder.end())
    assert text.startswith("## exp001 · hill ➖\n\nWhere is the top?\n\n")
    assert "**change** swept `x` 0, 0.3, 0.5" in text
    assert "**baseline** score 0.5000 (x 0)" in text
    assert "**score** score 0.7500 (t003: x 0.3) · loss 0.5000" in text
    assert "**against** baseline +0.2500 · best so far: this is the first of its kind" in text
    assert "**stopped early** 1 pruned (asha rung 1)" in text
    assert text.endswith("1m00s · 3 trials (1 pruned) · cpu · commit 3f2a91c + 14 lines · `cockpit rerun exp001/t003`")
    assert table_rows(text) == [
        ["**t003**", "**0.3**", "**0.7500**", "2", "finished"],
        ["t000 ◆", "0", "0.5000", "1", "finished"],
        ["t005", "0.5", "0.1250", "1", "asha rung 1: 0.1250 < 0.5000 (3rd of 3)"],
    ]


@pytest.mark.parametrize("status", ["interrupted", "failed"])
def test_a_sweep_that_did_not_finish_says_so_and_why(tmp_path, status):
    text = page(Recorder(tmp_path).trial(0, [0.5]).end(status, "Ctrl-C"))
    assert text.startswith("## exp001 · hill ⚠\n")
    assert f"\n**{status}**: Ctrl-C\n" in text


@pytest.mark.parametrize(
    ("reason", "told"),
    [("stopped by me@here", "**stopped** by me@here"), ("killed by me@here", "**stopped**: killed by me@here")],
)
def test_a_sweep_that_somebody_stopped_says_who(tmp_path, reason, told):
    recorder = Recorder(tmp_path).trial(0, [0.5]).trial(1, [0.25], status="stopped", reason="stopped by you@there")
    text = page(recorder.end("stopped", reason))
    assert text.startswith("## exp001 · hill ➖\n")
    assert f"\n{told}\n" in text
    assert "**stopped early** 1 stopped (stopped by you@there)" in text


def test_a_sweep_that_goes_on_is_marked(tmp_path):
    recorder = Recorder(tmp_path)
    recorder.start(0)
    text = page(recorder.run)
    assert text.startswith("## exp001 · hill ⏳\n")
    assert "**score** none yet" in text


def test_what_was_imported_says_only_what_its_source_says(tmp_path):
    recorder = Recorder(tmp_path, engine=IMPORT, varied=["epochs", "aux"], at=1_000_060.0)
    recorder.trial(0, [0.5], config={"epochs": 2, "aux": 0.2}).trial(1, [0.75], config={"epochs": 3})
    text = page(recorder.end())
    assert "**change** runs differ in `epochs` 2, 3, `aux` 0.2" in text
    assert "(t001: epochs 3) ·" in text
    assert "imported, with no runs on fresh seeds: not distinguishable" in text
    assert "| trial | epochs | aux | score | ended |" in text
    assert text.splitlines()[-1].startswith("log of 1970-01-1")


def test_imported_runs_without_a_score_have_no_column_for_it(tmp_path):
    recorder = Recorder(tmp_path, engine=IMPORT, varied=[], metric="", at=1_000_060.0)
    recorder.trial(0).trial(1)
    text = page(recorder.end())
    assert "**change** 2 runs, imported; no setting is known to differ" in text
    assert "| trial | epochs | ended |" in text


def test_a_sweep_without_trials(tmp_path):
    text = page(Recorder(tmp_path).end("interrupted", "Ctrl-C"))
    assert "**score** none: no trial was evaluated" in text
    assert "|" not in text
    assert text.endswith("1m00s · 0 trials · `cockpit sweep hill`")


def test_evaluations_without_the_metric_that_ranks_are_not_called_none(tmp_path):
    text = page(Recorder(tmp_path, metric="f1").trial(0, [0.5]).end())
    assert "**score** none: no evaluation has f1, only loss, score" in text


def test_a_sweep_in_which_all_trials_failed(tmp_path):
    recorder = Recorder(tmp_path)
    for number in range(3):
        recorder.trial(number, status="failed", reason="ValueError: no", error="ValueError: no", baseline=number == 0)
    text = page(recorder.end("failed", "the same error in 3 trials running: ValueError: no"))
    assert "**score** none" in text
    assert "**stopped early** 3 failed (ValueError: no)" in text
    assert [row[-1] for row in table_rows(text)] == ["ValueError: no"] * 3


def test_more_than_ten_trials_show_the_most_informative(tmp_path):
    recorder = Recorder(tmp_path)
    recorder.trial(0, [0.01], baseline=True)
    for number in range(1, 30):
        recorder.trial(number, [number / 100 + 0.1])
    recorder.trial(30, [0.05], status="pruned", reason="asha rung 1: low")
    recorder.trial(31, status="failed", error="ValueError: x", reason="ValueError: x")
    recorder.trial(32, status="failed", error="OSError: y", reason="OSError: y")
    text = page(recorder.end())
    rows = table_rows(text)
    names = [row[0] for row in rows]
    assert len(rows) == MOST_ROWS == 10
    assert names[0] == "**t029**"
    assert {"t000 ◆", "t030", "t031", "t032"} <= set(names)
    assert "… 23 more in the [report](exp001-hill/report.md)" in text


@pytest.mark.parametrize(
    ("goal", "delta", "best"), [("maximize", "+0.5000", "**t001**"), ("minimize", "+0.2500", "**t002**")]
)
def test_deltas_are_positive_for_better_in_either_direction(tmp_path, goal, delta, best):
    recorder = Recorder(tmp_path, goal=goal)
    recorder.trial(0, [0.5], baseline=True).trial(1, [1.0]).trial(2, [0.25])
    text = page(recorder.end())
    assert f"**against** baseline {delta} · " in text
    assert table_rows(text)[0][0] == best


@pytest.mark.parametrize(("goal", "delta"), [("maximize", "-0.2500"), ("minimize", "+0.2500")])
def test_the_best_so_far_is_an_earlier_comparable_experiment(tmp_path, goal, delta):
    def made(name, score, at, **fields):
        run = Recorder(tmp_path, name, goal=goal, at=at, **fields).trial(0, [score]).end()
        write_summary(run)
        return run

    made("exp001-a", 0.75, 1.0)
    made("exp002-other-metric", 0.75, 2.0, metric="loss")
    made("exp003-other-trainer", 0.75, 2.0, trainer="matching")
    made("exp004-other-data", 0.75, 2.0, data="photos")
    run = made("exp005-b", 0.5, 5.0)
    made("exp006-later", 0.75, 9.0)
    assert f"best so far (exp001) {delta} · one seed: not distinguishable" in page(run)


def test_the_verdict_is_never_better_or_worse(tmp_path):
    for number, status in enumerate(("finished", "failed", "interrupted", "running", "odd"), start=1):
        recorder = Recorder(tmp_path, f"exp{number:03d}-hill")
        recorder.trial(0, [0.1], baseline=True).trial(1, [0.9])
        text = page(recorder.run if status == "running" else recorder.end(status))
        assert not re.search("[✅❌]", text)
        assert re.search("^## exp00. · hill [➖⚠⏳]$", text, re.MULTILINE)


def test_values_that_are_not_finite_are_told_and_never_best(tmp_path):
    recorder = Recorder(tmp_path)
    recorder.trial(0, [math.nan], status="diverged", reason="score not finite at step 1", baseline=True)
    recorder.trial(1, [math.inf]).trial(2, [0.5])
    text = page(recorder.end())
    assert "**baseline** score — (x 0)" in text
    assert "**against** baseline — · " in text
    assert table_rows(text)[0][0] == "**t002**"


def test_text_of_others_stays_text(tmp_path):
    recorder = Recorder(
        tmp_path, question=HOSTILE, search=HOSTILE, command=HOSTILE, varied=["x", HOSTILE], metric=HOSTILE
    )
    config = {"x": HOSTILE, HOSTILE: HOSTILE}
    recorder.trial(
        0, [0.5], config=config, reason=HOSTILE, status="pruned", baseline=True, metric=" ".join(HOSTILE.split())
    )
    recorder.trial(1, config=config, reason=HOSTILE, error=HOSTILE, status="failed")
    writer = recorder.start(2, config=config)
    writer.write(Norms(step=1, group=HOSTILE))
    writer.write(Step(step=1, metrics={HOSTILE: 0.5}))
    recorder.finish(2, writer, "lost", HOSTILE)
    run = recorder.end("failed", HOSTILE)
    run.trial("t000").output.write_text(f"[RESULT]: {HOSTILE}\n```\n[RESULT]: ```\n")
    text = page(run)
    assert not [line for line in text.splitlines() if line.startswith(markers("exp001"))]
    assert "\x1b" not in text
    assert "<img" not in re.sub(r"(`+).*?\1|\\.", "", text)
    assert not re.search(r"^# ", text, re.MULTILINE)
    widths = {len(row) for row in table_rows(text)}
    assert widths == {6}
    whole = put("", "exp001", text, "2026-11-20")
    assert find(whole, "exp001") is not None
    assert put(whole, "exp001", text, "2026-11-20") == whole


def test_the_last_result_of_the_best_trial_is_quoted(tmp_path):
    run = Recorder(tmp_path).trial(0, [0.5]).trial(1, [0.75]).end()
    run.trial("t000").output.write_text("[RESULT]: not the best\n")
    run.trial("t001").output.write_text("noise\n[RESULT]: one\n[RESULT]: two\nnoise\n[RESULT]: three\n")
    assert "\nLast result of t001: `[RESULT]: three`\n" in page(run)


def test_the_norms_of_the_best_trial_are_summed_up(tmp_path):
    recorder = Recorder(tmp_path).trial(0, [0.5])
    with recorder.run.trial("t000").events.open("ab") as file:
        file.write(b'{"kind":"norms","step":1,"group":"head","param_mean":2.0,"grad_mean":0.5,"nonfinite":3}\n')
    text = page(recorder.end())
    assert "Gradient norms of t000, mean ≤ largest: head 0.5 ≤ NaN (3 not finite)" in text


def test_scores_of_the_leaderboard_stand_beside_ours(tmp_path):
    run = Recorder(tmp_path).trial(0, [0.5], baseline=True).trial(1, [0.75]).end()
    empty = Recorder(tmp_path, "exp002-hill").end("interrupted", "Ctrl-C")
    for each in (run, empty):
        add_score(each, 0.7)
        add_score(each, 0.93921)
    assert "**score** score 0.7500 (t001: x 0.1) · loss 1.0000 · LB 0.93921  \n" in page(run)
    assert "**score** none: no trial was evaluated · LB 0.93921" in page(empty)
    add_score(run, 0.719, private=True)
    assert " · LB 0.93921 · private LB 0.719  \n" in page(run)


def test_the_same_facts_give_the_same_text(tmp_path):
    run = Recorder(tmp_path).trial(0, [0.5], baseline=True).trial(1, [0.75]).end()
    assert page(run) == page(run)


def test_a_real_sweep_has_a_whole_entry(recorded):
    text = (recorded / "diary.md").read_text()
    assert "## exp001 · hill ➖" in text
    assert len(table_rows(text)) == 6
    assert "Gradient norms of t0" in text
    assert text.rstrip().endswith("<!-- cockpit:end exp001 -->")
