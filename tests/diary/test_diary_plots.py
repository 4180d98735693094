"""Pictures: drawn when something is new, the same bytes for the same facts, and of anything that a record may hold."""

import math
from itertools import pairwise

import pytest
from builders import Recorder
from PIL import Image

from cockpit.diary.facts import gather
from cockpit.diary.page import entry
from cockpit.diary.plots.axis import scale_of
from cockpit.diary.plots.curves import spread
from cockpit.diary.plots.draw import GAP, draw, draw_gap, wanted
from cockpit.diary.report import report
from cockpit.events.kinds import Eval
from cockpit.store.importance import Importance, keep_importance
from cockpit.store.reader import Index
from cockpit.store.scores import Pair

ALL = ["curves.png", "importance.png", "parallel.png", "slices.png"]


def swept(logs, trials=8, varied=("x", "mode"), **fields):
    recorder = Recorder(logs, varied=list(varied), **fields)
    for number in range(trials):
        config = {"x": 10.0**-number, "mode": "ab"[number % 2]}
        recorder.trial(number, [0.1, 0.2 + number / 100], config=config, baseline=number == 0)
    run = recorder.end()
    with Index(run) as index:
        found = Importance("score", trials, {name: 1 / len(varied) for name in varied})
        keep_importance(run, index.trials(), found)
    return run


def drawn(run):
    found = wanted(run)
    return [] if found is None else sorted(path.name for path in draw(run, found))


def marks(run):
    return {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in run.path.glob("*.png")}


def test_each_picture_is_drawn_once(tmp_path):
    run = swept(tmp_path)
    assert drawn(run) == ALL
    before = marks(run)
    assert drawn(run) == []
    assert marks(run) == before
    for name in ALL:
        with Image.open(run.path / name) as image:
            assert image.size[0] > 300
            assert image.info == {}


def test_the_same_facts_give_the_same_bytes(tmp_path):
    first, second = swept(tmp_path / "a"), swept(tmp_path / "b")
    drawn(first)
    drawn(second)
    for name in ALL:
        assert (first.path / name).read_bytes() == (second.path / name).read_bytes()


def test_a_picture_that_was_removed_comes_again_and_the_others_stay(tmp_path):
    run = swept(tmp_path)
    drawn(run)
    before = marks(run)
    (run.path / "slices.png").unlink()
    assert drawn(run) == ALL
    assert {name: mark for name, mark in marks(run).items() if name != "slices.png"} == {
        name: mark for name, mark in before.items() if name != "slices.png"
    }


def test_pictures_stand_in_the_report_and_the_curves_in_the_entry(tmp_path):
    run = swept(tmp_path)
    drawn(run)
    facts = gather(tmp_path, run)
    assert "![curves](exp001-hill/curves.png)" in entry(facts)
    assert "importance (no more than a hint, from 8 trials) x 0.50, mode 0.50" in entry(facts)
    assert all(f"]({name})" in report(facts) for name in ALL)


def test_importance_from_many_trials_is_more_than_a_hint(tmp_path):
    assert "importance x 0.50, mode 0.50" in entry(gather(tmp_path, swept(tmp_path, trials=10)))


def test_what_has_nothing_to_show_has_no_picture(tmp_path):
    assert drawn(Recorder(tmp_path, "exp001-a").end()) == []
    assert drawn(Recorder(tmp_path, "exp002-b", varied=[]).trial(0, [0.5]).end()) == []
    assert drawn(Recorder(tmp_path, "exp003-c", varied=[]).trial(0, [0.5, 0.6]).end()) == ["curves.png"]
    assert drawn(Recorder(tmp_path, "exp004-d").trial(0, [0.5]).trial(1, [0.6]).end()) == ["curves.png", "slices.png"]


HOSTILE = "$x_{1}$ \\frac{ a\nb " + 90 * "ü"


def test_anything_that_a_record_may_hold_can_be_drawn(tmp_path):
    recorder = Recorder(tmp_path, varied=["x", "$y_{1}$", "gone"], metric="$m_{1}$", search=HOSTILE, goal="minimize")
    values = [None, True, 3, "3", math.inf, [1, 2], {"a": 1}, -1e300, 1e-300, HOSTILE]
    scores = [1e300, -1e300, math.nan, math.inf, 0.0, 5e-324, 1.0, -1.0, 2.0, 0.5]
    for number, (value, score) in enumerate(zip(values, scores, strict=True)):
        writer = recorder.start(number, config={"x": value, "$y_{1}$": number % 3})
        for step in (1, 2, 10**9):
            writer.write(Eval(step=step, metrics={"$m_{1}$": score}))
        recorder.finish(number, writer, "diverged" if not math.isfinite(score) else "finished")
    assert drawn(recorder.end()) == ["curves.png", "parallel.png", "slices.png"]


def test_one_value_for_all_can_be_drawn(tmp_path):
    recorder = Recorder(tmp_path)
    for number in range(4):
        recorder.trial(number, [0.5, 0.5])
    assert "curves.png" in drawn(recorder.end())


def test_cv_and_lb_of_all_experiments_are_drawn_once_there_are_several(tmp_path):
    assert draw_gap(tmp_path, {"auc": [("exp001", Pair("t000", 0.9, 0.8))]}) == []
    aims = {"auc": [("exp001", Pair("t000", 0.9, 0.8)), ("exp002", Pair("t001", 0.95, 0.8))], "f1 $": []}
    assert draw_gap(tmp_path, aims) == [tmp_path / GAP]
    assert draw_gap(tmp_path, aims) == []


@pytest.mark.parametrize(
    ("values", "ticks", "wide"),
    [
        ([16, 32, 64], ["16", "32", "64"], False),
        ([1e-5, 3e-5, 1e-4, 1e-3, 2e-3, 5e-3, 1e-2], ["1e-05", "0.0001", "0.001", "0.01"], True),
        ([0.1 * step for step in range(11)], ["0", "0.5", "1"], False),
        (["b", "a", "b"], ["a", "b"], False),
        ([True, None, True], ["—", "True"], False),
        ([1, 100], ["1", "100"], True),
        ([2.5], ["2.5"], False),
    ],
)
def test_values_stand_on_a_scale_with_few_names(values, ticks, wide):
    scale = scale_of(values)
    assert [text for _, text in scale.ticks] == ticks
    assert scale.is_logarithmic == wide
    assert len(scale.places) == len(values)


def test_names_on_a_scale_keep_a_distance():
    ticks = [place for place, _ in scale_of([1, 1.01, 1.02, 2, 2.01]).ticks]
    assert ticks == [1, 2.01] or min(b - a for a, b in pairwise(ticks)) > 0.1


def test_of_very_many_lines_those_at_even_distances_are_drawn():
    lines = [[(0.0, float(number))] for number in range(10_000)]
    shown = spread(lines, 300)
    assert (len(shown), shown[0], shown[-1]) == (300, lines[0], lines[-1])
    assert spread(lines[:5], 300) == lines[:5]
