"""The index as a fold of the run folder: one pass, many passes and damaged files give what the files say."""

import math
import shutil
import sqlite3
import threading
import time
from contextlib import ExitStack, closing

import pytest
from builders import Recorder, every_kind

from cockpit.events.kinds import Eval, Norms, Note, Saved, Step, TrialEnded, TrialStarted
from cockpit.events.writer import EventWriter
from cockpit.store import indexer, reader, schema
from cockpit.store.document import experiment_document
from cockpit.store.folder import FolderError, RunFolder
from cockpit.store.indexer import Indexer, reindex
from cockpit.store.reader import Index

TABLES = ("sweep", "trial", "step", "point", "latest", "norm", "saved", "command", "other", "source")


def sync(run):
    with Indexer(run) as indexer:
        return indexer.sync()


def contents(run):
    """Every row of the index, metrics by their names instead of their numbers, without the numbers of looks."""
    connection = sqlite3.connect(run.index)
    names = {row[0]: row[1:] for row in connection.execute("SELECT * FROM metric")}
    found = {}
    for table in TABLES:
        rows = connection.execute(f"SELECT * FROM {table}").fetchall()
        if table in ("point", "latest"):
            rows = [(trial, names[metric], *rest) for trial, metric, *rest in rows]
        if table == "trial":
            rows = [row[:-1] for row in rows]
        found[table] = sorted(rows, key=repr)
    connection.close()
    return found


def rows(run, query):
    connection = sqlite3.connect(run.index)
    found = connection.execute(query).fetchall()
    connection.close()
    return found


def test_every_kind_of_event_finds_its_place(tmp_path):
    run = every_kind(tmp_path)
    sync(run)
    count = {table: len(content) for table, content in contents(run).items()}
    assert count["trial"] == 2
    assert count["step"] == 3 + 3 + 5 + 1
    assert count["norm"] == 10
    assert count["saved"] == 1
    assert count["source"] == 3
    with Index(run) as index:
        first, second = index.trials()
        assert (first.baseline, second.baseline) == (True, False)
        assert second.status == "pruned"
        assert second.effective == {"x": 0.1}
        assert second.total_steps == 10
        assert index.saved("t001") == {"best": "best.pt"}
        assert index.sweep().status == "finished"


def test_kinds_that_have_no_table_are_kept_as_they_came(tmp_path):
    run = every_kind(tmp_path)
    sync(run)
    kept = dict(rows(run, "SELECT kind, data FROM other WHERE trial = 1"))
    assert set(kept) == {"weather", "note", "lost"}
    assert '"sky":"grey"' in kept["weather"]
    assert '"count":3' in kept["lost"]


def test_lines_that_are_no_events_are_counted(tmp_path):
    run = every_kind(tmp_path)
    sync(run)
    with Index(run) as index:
        assert index.unread() == {"trials/t001/events.jsonl": 2}


def test_a_torn_last_line_is_not_there_until_it_ends(tmp_path):
    recorder = Recorder(tmp_path)
    recorder.start(0).write(Step(step=1, metrics={"loss": 0.5}))
    with recorder.run.trial("t000").events.open("ab") as file, Indexer(recorder.run) as indexer:
        indexer.sync()
        file.write(b'{"kind":"step","step":2,')
        file.flush()
        assert indexer.sync() == 0
        file.write(b'"loss":0.25}\n')
        file.flush()
        assert indexer.sync() == 1
        with Index(recorder.run) as index:
            assert [row.step for row in index.steps("t000")] == [1, 2]
            assert index.unread() == {}


def test_nan_is_null_in_the_file_and_nan_when_read(tmp_path):
    run = every_kind(tmp_path)
    sync(run)
    assert rows(run, "SELECT count(*) FROM point WHERE value IS NULL") == [(2,)]
    with Index(run) as index:
        losses = [row.metrics["loss"] for row in index.steps("t001") if row.kind == "step"]
        assert math.isnan(losses[2])
        assert losses[3] == math.inf
        assert index.latest("t001")["loss"] == 0.2
        assert math.isnan(index.norms("t001")[0].param_std)


def test_both_infinities_survive(tmp_path):
    recorder = Recorder(tmp_path)
    writer = recorder.start(0)
    writer.write(Step(step=1, metrics={"up": math.inf, "down": -math.inf}))
    recorder.finish(0, writer)
    sync(recorder.end())
    with Index(recorder.run) as index:
        assert index.steps("t000")[0].metrics == {"up": math.inf, "down": -math.inf}


def test_huge_integers_stop_nothing(tmp_path):
    recorder = Recorder(tmp_path)
    writer = recorder.start(0, config={"x": 10**40})
    writer.write(Step(step=2**70, metrics={"loss": 1.0}))
    writer.write(Step(step=1, epoch=-(2**70), metrics={"loss": 1.0}))
    writer.write(Norms(step=2**70, group="body"))
    writer.write(Norms(step=1, group="body", nonfinite=2**70))
    writer.write(Saved(step=2**70, path="p", label="l"))
    writer.write(Step(step=2, metrics={"loss": 2.0, "count": 10**30}))
    recorder.ledger.write(TrialStarted(trial="t" + "9" * 40))
    recorder.ledger.write(TrialEnded(trial="nonsense", status="finished"))
    recorder.finish(0, writer)
    run = recorder.end()
    sync(run)
    assert rows(run, "SELECT count(*) FROM other") == [(7,)]
    with Index(run) as index:
        (trial,) = index.trials()
        assert trial.config == {"x": 10**40}
        assert [row.step for row in index.steps("t000")] == [2]
        assert index.steps("t000")[0].metrics["count"] == 2.0**63


def test_texts_and_lists_among_metrics_are_left_out_of_the_points(tmp_path):
    recorder = Recorder(tmp_path)
    recorder.start(0).write(Step(step=1, metrics={"loss": 1.0, "word": "x", "list": [1], "yes": True}))
    sync(recorder.run)
    with Index(recorder.run) as index:
        assert index.steps("t000")[0].metrics == {"loss": 1.0, "yes": 1.0}


def test_events_in_the_wrong_file_are_kept(tmp_path):
    recorder = Recorder(tmp_path)
    for event in (Step(step=1), Norms(step=1), Saved(path="p"), Note(text="n")):
        recorder.ledger.write(event)
    sync(recorder.run)
    assert rows(recorder.run, "SELECT trial, kind FROM other") == [
        (None, "step"),
        (None, "norms"),
        (None, "saved"),
        (None, "note"),
    ]


def test_a_step_that_comes_twice_counts_once_with_its_last_value(tmp_path):
    recorder = Recorder(tmp_path)
    writer = recorder.start(0)
    for loss in (1.0, 0.5):
        writer.write(Step(step=1, metrics={"loss": loss}))
    sync(recorder.run)
    with Index(recorder.run) as index:
        assert [row.metrics["loss"] for row in index.steps("t000")] == [0.5]


def test_a_trial_that_begins_once_more_forgets_how_it_ended(tmp_path):
    recorder = Recorder(tmp_path)
    recorder.trial(0, [0.5], status="failed", reason="it broke", error="ValueError: x")
    recorder.ledger.write(TrialStarted(trial="t000", attempt=2))
    sync(recorder.run)
    with Index(recorder.run) as index:
        (trial,) = index.trials()
        assert (trial.status, trial.reason, trial.error, trial.attempt) == ("running", "", "", 2)
        assert trial.ended is None


@pytest.mark.parametrize("file", ["sweep.jsonl", "trials/t000/events.jsonl", "trials/t001/events.jsonl"])
def test_going_on_from_every_cut_gives_the_index_of_one_pass(tmp_path, file):
    whole = every_kind(tmp_path / "whole")
    sync(whole)
    wanted = contents(whole)
    recorded = (whole.path / file).read_bytes()
    ends = [position for position in range(len(recorded)) if recorded[position : position + 1] == b"\n"]
    cuts = sorted({0, *ends[::3], *(end + 1 for end in ends[1::3]), *(end - 9 for end in ends[2::3])})
    for cut in cuts:
        run = RunFolder(tmp_path / "cut" / whole.name)
        shutil.copytree(whole.path, run.path, ignore=shutil.ignore_patterns("index*"))
        (run.path / file).write_bytes(recorded[:cut])
        sync(run)
        (run.path / file).write_bytes(recorded)
        sync(run)
        assert contents(run) == wanted, cut
        shutil.rmtree(run.path)


def test_line_by_line_gives_the_index_of_one_pass(tmp_path):
    whole = every_kind(tmp_path / "whole")
    sync(whole)
    run = RunFolder(tmp_path / "slow" / whole.name)
    run.path.mkdir(parents=True)
    with Indexer(run) as indexer:
        for path in (whole.sweep, *(whole.trial(trial).events for trial in whole.trial_ids())):
            target = run.path / path.relative_to(whole.path)
            target.parent.mkdir(parents=True, exist_ok=True)
            for line in path.read_bytes().splitlines(keepends=True):
                with target.open("ab") as file:
                    file.write(line)
                indexer.sync()
    found, wanted = contents(run), contents(whole)
    assert found == wanted


@pytest.mark.parametrize("reopened", [False, True])
def test_a_trial_file_that_was_replaced_is_read_again(tmp_path, reopened):
    run = every_kind(tmp_path)
    indexer = Indexer(run)
    indexer.sync()
    if reopened:
        indexer.close()
    run.trial("t001").events.write_text('{"kind":"step","step":7,"loss":0.5}\n')
    if reopened:
        indexer = Indexer(run)
    indexer.sync()
    indexer.close()
    with Index(run) as index:
        assert [(row.step, row.metrics) for row in index.steps("t001")] == [(7, {"loss": 0.5})]
        assert index.norms("t001") == []
        assert index.unread() == {}
        assert len(index.steps("t000")) == 6


def test_a_ledger_that_was_replaced_is_read_again(tmp_path):
    run = every_kind(tmp_path)
    shorter = every_kind(tmp_path / "other").sweep.read_bytes().splitlines(keepends=True)
    with Indexer(run) as indexer:
        indexer.sync()
        run.sweep.write_bytes(b"".join(line for line in shorter if b"t000" not in line))
        indexer.sync()
    with Index(run) as index:
        assert [trial.id for trial in index.trials() if trial.config] == ["t001"]
        assert index.trials()[-1].effective == {"x": 0.1}
    found = contents(run)
    reindex(run)
    assert contents(run) == found


def test_a_failed_write_loses_nothing(tmp_path, monkeypatch):
    run = every_kind(tmp_path)
    with Indexer(run) as indexer:
        monkeypatch.setattr(indexer._batch, "write", lambda: (_ for _ in ()).throw(sqlite3.OperationalError("full")))
        with pytest.raises(sqlite3.OperationalError):
            indexer.sync()
        indexer.sync()
    found = contents(run)
    reindex(run)
    assert contents(run) == found


def test_who_sees_the_end_of_a_trial_sees_all_of_it(tmp_path):
    run = every_kind(tmp_path)
    seen = []
    with Indexer(run) as indexer:
        real_write = indexer._batch.write

        def write():
            connection = sqlite3.connect(run.index)
            seen.append(connection.execute("SELECT count(*) FROM trial").fetchone())
            connection.close()
            real_write()

        indexer._batch.write = write
        indexer.sync()
    assert len(seen) == 3
    assert set(seen) == {(0,)}


def test_two_writers_are_refused_in_one_line(tmp_path):
    run = every_kind(tmp_path)
    with Indexer(run):
        for call in (lambda: Indexer(run), lambda: reindex(run)):
            with pytest.raises(FolderError, match=r"^exp001: its index is being written by a running sweep; [^\n]*$"):
                call()
    sync(run)


def test_readers_see_whole_states_while_the_writer_writes(tmp_path):
    recorder = Recorder(tmp_path)
    recorder.trial(0, [0.1], baseline=True)
    seen, over, errors = [], threading.Event(), []

    def read():
        try:
            while not over.is_set():
                with Index(recorder.run) as index:
                    seen.append((len(index.steps("t001")), len(index.trials()), index.sweep().status))
        except Exception as error:
            errors.append(error)

    with Indexer(recorder.run) as indexer:
        writer = recorder.start(1)
        indexer.sync()
        readers = [threading.Thread(target=read) for _ in range(2)]
        for reader in readers:
            reader.start()
        for step in range(1, 301):
            writer.write(Step(step=step, metrics={"loss": 1.0 / step}))
            writer.write(Eval(step=step, metrics={"score": step / 300}))
            indexer.sync()
        while not seen and not errors:
            time.sleep(0.001)  # the readers have not come to their first look yet
        over.set()
        for reader in readers:
            reader.join()
    assert errors == []
    assert seen
    assert {(trials, status) for _, trials, status in seen} == {(2, "running")}
    with Index(recorder.run) as index:
        assert len(index.steps("t001")) == 600


def test_a_missing_index_is_made_by_who_reads(tmp_path):
    run = every_kind(tmp_path)
    with Index(run) as index:
        assert len(index.trials()) == 2
    assert run.index.exists()


def test_an_index_that_a_sweep_makes_before_who_reads_and_keeps_is_read(tmp_path, monkeypatch):
    run = every_kind(tmp_path)
    own = reader._sync

    def overtaken(run):
        sweep.enter_context(Indexer(run)).sync()
        own(run)

    monkeypatch.setattr(reader, "_sync", overtaken)
    with ExitStack() as sweep, Index(run) as index:
        assert len(index.trials()) == 2


def test_the_last_lines_of_a_sweep_that_died_are_read_all_the_same(tmp_path):
    recorder = Recorder(tmp_path, pid=2**22 + 1)
    writer = recorder.start(0)
    sync(recorder.run)
    writer.write(Eval(step=1, metrics={"score": 0.75}))
    with Index(recorder.run) as index:
        assert index.trials()[0].best == 0.75
        assert index.sweep().status == "interrupted"


def test_an_index_of_another_version_is_made_anew(tmp_path):
    run = every_kind(tmp_path)
    sync(run)
    connection = sqlite3.connect(run.index)
    connection.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    connection.close()
    with Index(run) as index:
        assert len(index.trials()) == 2


def test_an_index_that_somebody_is_making_just_now_is_waited_for(tmp_path):
    run = every_kind(tmp_path)
    run.index.touch()
    found = []

    def read():
        with Index(run) as index:
            found.append(len(index.trials()))

    with indexer._lock(run):
        reader = threading.Thread(target=read)
        reader.start()
    reader.join()
    assert found == [2]


def test_an_index_that_is_no_database_says_what_to_do_and_is_made_anew(tmp_path):
    run = every_kind(tmp_path)
    run.index.write_bytes(b"garbage " * 1000)
    with pytest.raises(FolderError, match=r"cannot be read \(file is not a database\); run `cockpit reindex exp001`"):
        Index(run)
    sync(run)
    with Index(run) as index:
        assert len(index.trials()) == 2


def test_a_folder_that_is_no_experiment_is_one_line(tmp_path):
    run = RunFolder(tmp_path / "exp001-x")
    run.path.mkdir()
    with pytest.raises(FolderError, match=r"no sweep.jsonl in it, so it is not an experiment; [^\n]*$"):
        Index(run)


def test_a_ledger_without_its_first_line_is_one_line(tmp_path):
    run = RunFolder(tmp_path / "exp001-x")
    run.path.mkdir()
    run.sweep.write_text('{"kind":"sweep_started","experi')
    with pytest.raises(FolderError, match=r"has not started yet, or sweep.jsonl lost its first"):
        Index(run)
    assert not run.index.exists()  # it may be another machine's, and half sent


def test_the_index_left_behind_is_one_file(tmp_path):
    run = every_kind(tmp_path)
    sync(run)
    assert sorted(path.name for path in run.path.glob("index*")) == ["index.db", "index.lock"]


def test_deleting_index_and_summary_changes_nothing(tmp_path, recorded):
    logs = shutil.copytree(recorded, tmp_path / "logs")
    every_kind(logs, "exp002-all")
    for run in (RunFolder(logs / "exp001-hill"), RunFolder(logs / "exp002-all")):
        with Index(run) as index:
            before = experiment_document(index)
        run.index.unlink()
        run.summary.unlink(missing_ok=True)
        reindex(run)
        with Index(run) as index:
            assert experiment_document(index) == before
        assert before["trials"]


def test_a_look_without_everything_leaves_out_only_what_was_over_long_ago(tmp_path, monkeypatch):
    monkeypatch.setattr("cockpit.store.indexer.RECENT_LOOKS", 3)
    recorder = Recorder(tmp_path)

    def say_late(step):
        with closing(EventWriter(recorder.run.trial("t000").events)) as late:
            late.write(Step(step=step, metrics={"loss": 0.5}))

    def steps():
        with Index(recorder.run) as index:
            return [trial.steps for trial in index.trials()]

    with Indexer(recorder.run) as indexer:
        recorder.trial(0, [0.1])
        indexer.sync(everything=False)
        say_late(2)
        running = recorder.start(1)
        for step in range(1, 6):
            running.write(Step(step=step, metrics={"loss": 0.5}))
            indexer.sync(everything=False)
        assert steps() == [2, 5]
        say_late(3)
        running.write(Step(step=6, metrics={"loss": 0.5}))
        indexer.sync(everything=False)
        assert steps() == [2, 6]
        indexer.sync()
        assert steps() == [3, 6]
    running.close()
