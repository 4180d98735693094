"""What of a trial is on the screen at some size."""

from queue import Queue

import pytest
from builders import Recorder
from views import snapshot_of

from cockpit.events.kinds import Norms, Step
from cockpit.tui.feed import Feed
from cockpit.tui.grid import Grid
from cockpit.tui.interest import NORMS, STEPS, CurveKey, Focus, Interest, Metric
from cockpit.tui.start import read_ahead
from cockpit.tui.trial_page import TrialPage, Wishes, first_interest

FOCUS = Focus("exp001-hill", "t000")
SMALL, LARGE = (80, 24), (200, 60)


@pytest.fixture
def snapshot(tmp_path):
    """Twenty metrics, so twenty charts."""
    recorder = Recorder(tmp_path)
    writer = recorder.start(0)
    writer.write(Step(step=1, metrics={f"metric{number:02d}": 1.0 for number in range(20)}))
    return snapshot_of(recorder.run)


def test_all_charts_of_a_trial_are_seen_at_once_on_a_large_screen(snapshot):
    page = TrialPage(snapshot, FOCUS, *LARGE)
    assert len(page.shown) == 20
    assert page.caption == ""
    assert len(page.interest().curves) == 20


def test_a_small_screen_turns_pages_and_reads_what_is_on_one(snapshot):
    page = TrialPage(snapshot, FOCUS, *SMALL)
    assert page.grid == Grid(2, 2)
    assert page.caption == "charts 1–4 of 20"
    metrics = {key.metric.name for key in page.interest().curves}
    assert metrics == {"metric00", "metric01", "metric02", "metric03"}


@pytest.mark.parametrize(
    ("first", "caption"),
    [(4, "charts 5–8 of 20"), (5, "charts 5–8 of 20"), (16, "charts 17–20 of 20"), (999, "charts 17–20 of 20")],
)
def test_pages_begin_where_whole_ones_end(snapshot, first, caption):
    assert TrialPage(snapshot, FOCUS, *SMALL, Wishes(first=first)).caption == caption


def test_tabs_are_folded_where_there_is_no_room_unless_they_are_wanted(snapshot):
    small, large = TrialPage(snapshot, FOCUS, *SMALL), TrialPage(snapshot, FOCUS, *LARGE)
    assert (small.folded, large.folded) == (True, False)
    assert small.interest().panes == frozenset()
    assert large.interest().panes == {STEPS}
    opened = TrialPage(snapshot, FOCUS, *SMALL, Wishes(tabs=True, pane=NORMS))
    assert opened.interest().panes == {NORMS}
    assert opened.charts_height + opened.tabs_height == 22
    assert opened.charts_height >= 7
    closed = TrialPage(snapshot, FOCUS, *LARGE, Wishes(tabs=False))
    assert closed.tabs_height == 1


def test_the_reason_of_an_end_takes_a_line(tmp_path):
    recorder = Recorder(tmp_path)
    recorder.trial(0, [0.5], status="pruned", reason="asha rung 1: 0.5 < 0.6")
    snapshot = snapshot_of(recorder.run)
    page = TrialPage(snapshot, FOCUS, *SMALL)
    assert page.reason == "asha rung 1: 0.5 < 0.6"
    assert page.charts_height == 24 - 2 - 1 - 1


def test_grids_are_offered_as_far_as_there_are_charts(snapshot, tmp_path):
    page = TrialPage(snapshot, FOCUS, *LARGE)
    assert page.possible[0] == Grid(1, 1)
    assert page.possible[-1].charts >= 20 > page.possible[-2].charts
    assert page.grid in page.possible


def test_norms_of_another_trial_are_not_asked_for(tmp_path):
    recorder = Recorder(tmp_path)
    recorder.start(0).write(Norms(step=1, group="head"))
    recorder.start(1).write(Step(step=1, metrics={"loss": 1.0}))
    snapshot = snapshot_of(recorder.run, "t000")
    assert len(TrialPage(snapshot, FOCUS, *LARGE).panels) == 3
    assert [panel.title for panel in TrialPage(snapshot, Focus(FOCUS.experiment, "t001"), *LARGE).panels] == ["loss"]


def test_a_closer_look_asks_for_those_steps(snapshot):
    page = TrialPage(snapshot, FOCUS, *SMALL, Wishes(window=(10, 20)))
    assert page.interest().window == (10, 20)


def test_what_is_read_ahead_is_what_the_screen_asks_for(snapshot):
    first = first_interest(None, FOCUS, *LARGE)
    assert first == Interest(experiments=("exp001-hill",), focus=FOCUS, panes=frozenset((STEPS,)))
    then = first_interest(snapshot, FOCUS, *LARGE)
    assert then == TrialPage(snapshot, FOCUS, *LARGE).interest()
    assert CurveKey(*FOCUS, Metric("step", "train", "metric19")) in then.curves


@pytest.mark.parametrize("focus", [Focus("exp001-hill", "t009"), Focus("exp009-none", "t000")])
def test_a_trial_that_is_not_there_has_no_charts(snapshot, focus):
    page = TrialPage(snapshot, focus, *SMALL)
    assert page.panels == ()
    assert page.caption == "no charts yet"
    assert page.interest().curves == frozenset()


def test_the_feed_reads_ahead_at_the_size_of_the_terminal(snapshot, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("LINES", "60")
    feed = Feed(snapshot.logs, hertz=50)
    snapshots = Queue()
    feed.send_to(snapshots.put)
    read_ahead(feed, *FOCUS)
    feed.start()
    seen = [snapshots.get(timeout=20), snapshots.get(timeout=20)]
    feed.stop()
    assert [len(each.curves) for each in seen] == [0, 20]
    assert seen[1].interest == TrialPage(seen[1], FOCUS, *LARGE).interest()
