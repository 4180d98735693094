"""The feed reads what is wanted, sends what is new, and nothing twice."""

import threading
from contextlib import closing

import pytest
from builders import Recorder, every_kind

from cockpit.events.kinds import Eval, Norms, Step
from cockpit.store.folder import RunFolder
from cockpit.store.indexer import Indexer, reindex
from cockpit.tui.feed import Feed
from cockpit.tui.interest import CurveKey, Focus, Interest, Metric
from cockpit.tui.watch import Watch

LOSS = Metric("step", "train", "loss")


class Inbox:
    """Receives snapshots and lets a test wait for one."""

    def __init__(self):
        self._changed = threading.Condition()
        self.snapshots = []

    def __call__(self, snapshot):
        with self._changed:
            self.snapshots.append(snapshot)
            self._changed.notify_all()

    def wait_for(self, holds):
        with self._changed:
            assert self._changed.wait_for(lambda: self.snapshots and holds(self.snapshots[-1]), timeout=20)
            return self.snapshots[-1]


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def watch(tmp_path):
    """A feed on `tmp_path / "logs"` and where its snapshots go."""
    feed, inbox = Feed(tmp_path / "logs", hertz=50), Inbox()
    feed.send_to(inbox)
    feed.start()
    yield feed, inbox
    feed.stop()


def brought(run, logs):
    """The run folder, moved to `logs` as a whole: a feed that looks amid the writing would see a sweep that runs."""
    logs.mkdir(exist_ok=True)
    return RunFolder(run.path.rename(logs / run.name))


def finished(folder):
    """A finished run in `folder / "logs"`."""
    return brought(every_kind(folder / "made"), folder / "logs")


def live(logs):
    recorder = Recorder(logs)
    return recorder, Indexer(recorder.run, patience=10.0)


def test_a_folder_that_is_not_there_yet_is_empty(watch, tmp_path):
    _, inbox = watch
    assert inbox.wait_for(lambda snapshot: True).experiments == ()
    finished(tmp_path)
    assert inbox.wait_for(lambda snapshot: snapshot.experiments).experiments[0].id == "exp001"


def test_what_did_not_change_is_not_sent(watch, tmp_path):
    feed, inbox = watch
    finished(tmp_path)
    feed.look_at(Interest(experiments=("exp001-hill",)))
    inbox.wait_for(lambda snapshot: snapshot.sweeps and snapshot.experiments and snapshot.machine)
    looks = []
    original = feed._reader.read
    seen = threading.Event()

    def counted(*arguments):
        looks.append(1)
        if len(looks) == 20:
            seen.set()
        return original(*arguments)

    feed._reader.read = counted
    before = len(inbox.snapshots)
    assert seen.wait(20)
    machine = [
        snapshot for snapshot in inbox.snapshots[before:] if snapshot.machine is inbox.snapshots[before - 1].machine
    ]
    assert machine == []


def test_steps_arrive_while_they_are_written(watch, tmp_path):
    feed, inbox = watch
    recorder, indexer = live(tmp_path / "logs")
    with indexer:
        writer = recorder.start(0)
        indexer.sync()
        key = CurveKey("exp001-hill", "t000", LOSS)
        focus = Focus("exp001-hill", "t000")
        feed.look_at(
            Interest(experiments=("exp001-hill",), curves=frozenset([key]), focus=focus, panes=frozenset({"steps"}))
        )
        inbox.wait_for(lambda snapshot: snapshot.sweeps)
        for step in range(1, 4):
            writer.write(Step(step=step, metrics={"loss": 1.0 / step}))
            indexer.sync()
            snapshot = inbox.wait_for(lambda found: found.focus and len(found.focus.steps) == step)  # noqa: B023
            assert snapshot.curves[key].steps.tolist() == list(range(1, step + 1))
            assert snapshot.sweeps["exp001-hill"].trial("t000").newest["loss"] == 1.0 / step


def test_trials_that_did_not_change_stay_the_same_objects(watch, tmp_path):
    feed, inbox = watch
    recorder, indexer = live(tmp_path / "logs")
    with indexer:
        recorder.trial(0, [0.1])
        writer = recorder.start(1)
        indexer.sync()
        feed.look_at(Interest(experiments=("exp001-hill",)))
        first = inbox.wait_for(lambda snapshot: snapshot.sweeps).sweeps["exp001-hill"]
        writer.write(Eval(step=1, metrics={"score": 0.7}))
        indexer.sync()
        second = inbox.wait_for(lambda found: found.sweeps["exp001-hill"].trial("t001").row.best == 0.7)
        assert second.sweeps["exp001-hill"].trial("t000") is first.trial("t000")


def test_norms_and_output_are_read_for_the_panes_that_are_seen(watch, tmp_path):
    feed, inbox = watch
    run = finished(tmp_path)
    run.trial("t001").output.write_text("hello\n")
    focus = Focus("exp001-hill", "t001")
    feed.look_at(Interest(experiments=("exp001-hill",), focus=focus, panes=frozenset({"norms", "output"})))
    found = inbox.wait_for(lambda snapshot: snapshot.focus).focus
    assert found.steps == ()
    assert {row.group for row in found.norms} == {"body", "head"}
    assert found.output == ("hello",)


def test_a_broken_experiment_is_trouble_and_not_the_end(watch, tmp_path):
    feed, inbox = watch
    finished(tmp_path)
    (tmp_path / "logs" / "exp002-odd").mkdir()
    feed.look_at(Interest(experiments=("exp002-odd",)))
    assert "exp002-odd" in inbox.wait_for(lambda snapshot: snapshot.trouble).trouble
    feed.look_at(Interest(experiments=("exp001-hill",)))
    assert inbox.wait_for(lambda snapshot: snapshot.sweeps).trouble == ""


def test_lines_that_are_no_events_are_told(watch, tmp_path):
    feed, inbox = watch
    finished(tmp_path)
    feed.look_at(Interest(experiments=("exp001-hill",)))
    assert "no events" in inbox.wait_for(lambda snapshot: snapshot.sweeps).sweeps["exp001-hill"].trouble


def test_a_defect_of_ours_is_told_and_reading_goes_on(watch, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    feed, inbox = watch
    inbox.wait_for(lambda snapshot: True)
    original = feed._reader.read

    def broken(*_):
        raise RuntimeError("odd")

    feed._reader.read = broken
    assert "odd" in inbox.wait_for(lambda snapshot: snapshot.trouble).trouble
    assert "RuntimeError" in (tmp_path / "state" / "cockpit" / "tui.log").read_text()
    feed._reader.read = original
    inbox.wait_for(lambda snapshot: not snapshot.trouble)


def test_an_index_that_was_made_anew_is_opened_anew(watch, tmp_path):
    feed, inbox = watch
    run = finished(tmp_path)
    feed.look_at(Interest(experiments=("exp001-hill",)))
    first = inbox.wait_for(lambda snapshot: snapshot.sweeps).sweeps["exp001-hill"]
    reindex(run)
    renewed = inbox.wait_for(lambda snapshot: snapshot.sweeps.get("exp001-hill", first) is not first)
    second = renewed.sweeps["exp001-hill"]
    assert [trial.row.id for trial in second.trials] == [trial.row.id for trial in first.trials]


def test_a_folder_of_another_machine_is_indexed_as_it_comes(watch, tmp_path, cache):
    feed, inbox = watch
    recorder = Recorder(tmp_path / "logs", host="elsewhere")
    writer = recorder.start(0)
    feed.look_at(Interest(experiments=("exp001-hill",)))
    inbox.wait_for(lambda snapshot: snapshot.sweeps)
    writer.write(Norms(step=1, group="body"))
    writer.write(Eval(step=1, metrics={"score": 0.25}))
    found = inbox.wait_for(lambda snapshot: snapshot.sweeps["exp001-hill"].trial("t000").row.best == 0.25)
    assert found.sweeps["exp001-hill"].sweep.status == "running"
    assert not recorder.run.index.exists()


def test_two_cockpits_may_watch_the_same_foreign_folder(watch, tmp_path, cache):
    feed, inbox = watch
    brought(Recorder(tmp_path / "made", host="elsewhere").trial(0, [0.5]).run, tmp_path / "logs")
    other, second = Feed(tmp_path / "logs", hertz=50), Inbox()
    other.send_to(second)
    for one in (feed, other):
        one.look_at(Interest(experiments=("exp001-hill",)))
    other.start()
    for box in (inbox, second):
        view = box.wait_for(lambda snapshot: snapshot.sweeps).sweeps["exp001-hill"]
        assert view.trials[0].row.best == 0.5
    other.stop()


def test_who_stays_keeps_the_index_of_a_foreign_folder_when_who_kept_it_leaves(tmp_path, cache):
    recorder = Recorder(tmp_path / "logs", host="elsewhere").trial(0, [0.5])
    keeper = Watch(recorder.run)
    with closing(Watch(recorder.run)) as other:
        recorder.trial(1, [0.6])
        assert [trial.row.best for trial in other.look().trials] == [0.5]
        keeper.close()
        assert [trial.row.best for trial in other.look().trials] == [0.5, 0.6]


def test_the_diary_is_read_when_it_is_wanted(watch, tmp_path):
    feed, inbox = watch
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "diary.md").write_text("# 2026-01-01\n")
    assert inbox.wait_for(lambda snapshot: True).diary is None
    feed.look_at(Interest(diary=True))
    assert inbox.wait_for(lambda snapshot: snapshot.diary is not None).diary == "# 2026-01-01\n"
    (tmp_path / "logs" / "diary.md").write_text("# 2026-01-02\nmore\n")
    inbox.wait_for(lambda snapshot: snapshot.diary == "# 2026-01-02\nmore\n")


def test_a_paused_feed_reads_nothing(watch, tmp_path):
    feed, inbox = watch
    inbox.wait_for(lambda snapshot: True)
    feed.pause(True)
    finished(tmp_path)
    feed.pause(False)
    inbox.wait_for(lambda snapshot: snapshot.experiments)


def test_what_a_screen_will_ask_for_can_be_read_ahead(watch, tmp_path):
    feed, inbox = watch
    run = finished(tmp_path)
    reindex(run)
    feed.foresee(lambda snapshot: Interest(experiments=tuple(row.name for row in snapshot.experiments)))
    feed.look_at(Interest(diary=True))  # a screen was quicker
    assert inbox.wait_for(lambda snapshot: snapshot.diary is not None).sweeps == {}
    early = Feed(tmp_path / "logs", hertz=50)
    heard = Inbox()
    early.send_to(heard)
    early.foresee(lambda snapshot: Interest(experiments=tuple(row.name for row in snapshot.experiments)))
    early.start()
    heard.wait_for(lambda snapshot: "exp001-hill" in snapshot.sweeps)
    early.stop()


def test_norms_are_summed_up_for_those_that_are_compared(watch, tmp_path):
    feed, inbox = watch
    reindex(finished(tmp_path))
    focus = Focus("exp001-hill", "t001")
    feed.look_at(Interest(experiments=("exp001-hill",), summaries=frozenset((focus, Focus("exp001-hill", "t099")))))
    norms = inbox.wait_for(lambda snapshot: snapshot.norms).norms
    assert {focus: [each.group for each in norms[focus]]} == {focus: ["body", "head"]}
    assert norms.keys() == {focus}


def test_the_curves_of_all_steps_are_kept_during_a_closer_look(watch, tmp_path):
    feed, inbox = watch
    reindex(finished(tmp_path))
    key = CurveKey("exp001-hill", "t001", LOSS)
    wanted = {"experiments": ("exp001-hill",), "curves": frozenset((key,))}
    feed.look_at(Interest(**wanted))
    whole = inbox.wait_for(lambda snapshot: key in snapshot.curves).curves[key]
    feed.look_at(Interest(**wanted, window=(2, 3)))
    closer = inbox.wait_for(lambda snapshot: snapshot.interest.window == (2, 3)).curves[key]
    assert closer.steps.tolist() == [2, 3]
    feed.look_at(Interest(**wanted))
    assert inbox.wait_for(lambda snapshot: snapshot.interest.window is None).curves[key] is whole
