"""State files that are torn, changed or gone: what can be read still counts, and the sweep can be gone on with."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from cockpit.engine.control import Inbox
from cockpit.engine.rebuild import Rebuilt, rebuild
from cockpit.events.codec import encode
from cockpit.events.kinds import Step, SweepEnded, SweepStarted, SweepStatus, TrialEnded, TrialStarted, Unknown
from cockpit.events.writer import EventWriter
from cockpit.store.folder import FolderError, RunFolder
from cockpit.store.indexer import reindex
from cockpit.store.reader import Index
from cockpit.store.summary import read_summary

from .checks import check_attempts, check_complete, check_nothing_is_left
from .experiment import Experiment
from .records import ends, ledger, open_trials, told

pytestmark = pytest.mark.slow

Copy = Callable[[], Experiment]


def known(run: RunFolder) -> Rebuilt:
    return rebuild(run, "score")


def last_line(path: Path) -> tuple[bytes, bytes]:
    """Everything before the last line, and that line."""
    data = path.read_bytes()
    at = data.rstrip(b"\n").rfind(b"\n") + 1
    return data[:at], data[at:]


def go_on(experiment: Experiment) -> None:
    """Take it up again to its end."""
    process = experiment.resume()
    assert process.wait(timeout=90) == 0, experiment.said()
    check_nothing_is_left(experiment)


def test_a_record_cut_at_any_byte_of_its_last_line_is_one_without_that_line(copied: Copy) -> None:
    run = copied().run
    for trial in ends(run):
        shutil.rmtree(run.trial(trial).path)  # what is read again and again shall be short
    for path in (run.sweep, *(run.trial(trial).events for trial in open_trials(run))):
        whole = known(run)
        before, line = last_line(path)
        path.write_bytes(before)
        without = known(run)
        for end in range(1, len(line)):
            path.write_bytes(before + line[:end])
            assert known(run) == (without if end < len(line) - 1 else whole)  # a newline alone is no part of an event
        path.write_bytes(before + line)


@pytest.mark.parametrize("seed", [1, 2])
def test_changed_bytes_in_the_record_raise_nothing(copied: Copy, seed: int) -> None:
    run, random = copied().run, Random(seed)
    for path in (run.sweep, run.trial(open_trials(run)[0]).events):
        whole = path.read_bytes()
        first = whole.index(b"\n") + 1  # how a sweep began cannot be told from anything else
        for _ in range(60):
            data = bytearray(whole)
            for _ in range(random.choice((1, 1, 8))):
                data[random.randrange(first, len(data))] = random.randrange(256)
            path.write_bytes(data)
            known(run)
        reindex(run)  # of the last one
        with Index(run) as index:
            index.trials()
        path.write_bytes(whole)


def test_a_summary_cut_at_any_byte_is_made_from_the_index(copied: Copy) -> None:
    run = copied().run
    whole = run.summary.read_bytes()
    for end in range(0, len(whole), 31):
        run.summary.write_bytes(whole[:end])
        assert read_summary(run, 0.0)["status"] == "interrupted"


def test_commands_that_are_torn_are_passed_over(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    line = encode(Unknown(kind="command", data={"id": "a", "name": "stop", "who": "somebody", "at": 1.0}))
    run.control.write_bytes(b"")
    for end in range(len(line) - 1):
        inbox = Inbox(run)
        with run.control.open("ab") as file:
            file.write(line[:end] + b"\n" + line)
        assert [command.name for command in inbox.read()] == ["stop"]


def test_a_sweep_whose_files_are_all_torn_or_gone_comes_to_its_whole_end(copied: Copy) -> None:
    experiment, random = copied(), Random(3)
    run = experiment.run
    first, second = open_trials(run)
    for path in (run.sweep, run.trial(first).events, run.trial(second).events, run.trial(first).path / "last.json"):
        if path.exists():
            before, line = last_line(path)
            path.write_bytes(before + line[: random.randrange(1, len(line) - 1)])
    run.index.write_bytes(run.index.read_bytes()[:5000])
    for name in ("last.json", "config.json", "output.log"):
        run.trial(second).path.joinpath(name).unlink(missing_ok=True)
    run.summary.unlink()
    run.control.write_bytes(b'{"v":1,"kind":"comm')
    go_on(experiment)
    check_complete(experiment)
    check_attempts(run)


def test_a_sweep_whose_index_has_changed_bytes_comes_to_its_whole_end(copied: Copy) -> None:
    experiment, random = copied(), Random(4)
    data = bytearray(experiment.run.index.read_bytes())
    for _ in range(2000):
        data[random.randrange(100, len(data))] = random.randrange(256)
    experiment.run.index.write_bytes(data)
    go_on(experiment)
    check_complete(experiment)


def changed_line(run: RunFolder, kind: type, trial: str) -> None:
    """Spoil the ledger's line about a trial."""
    lines = run.sweep.read_bytes().splitlines(keepends=True)
    at = next(number for number, event in enumerate(ledger(run)) if type(event) is kind and event.trial == trial)
    lines[at] = b"}" + lines[at][1:]
    run.sweep.write_bytes(b"".join(lines))


@pytest.mark.parametrize("settings_too", [False, True])
def test_trials_whose_beginning_or_end_cannot_be_read_are_not_lost(copied: Copy, settings_too: bool) -> None:
    experiment = copied()
    run = experiment.run
    changed_line(run, TrialEnded, next(iter(ends(run))))
    changed_line(run, TrialStarted, "t001")
    if settings_too:
        run.trial("t001").config.write_text("")
    go_on(experiment)
    check_complete(experiment)
    check_attempts(run)


def test_trials_whose_folders_are_gone_start_over_or_stay_as_the_ledger_has_them(copied: Copy) -> None:
    experiment = copied()
    run = experiment.run
    over, cut_off = next(iter(ends(run))), open_trials(run)[0]
    for trial in (over, cut_off):
        shutil.rmtree(run.trial(trial).path)
    go_on(experiment)
    assert {row["id"]: row["status"] for row in experiment.shown("show", "exp001")["trials"]} == dict.fromkeys(
        experiment.configs, "finished"
    )
    assert [event.step for event in told(run, cut_off) if isinstance(event, Step)] == list(range(1, 31))
    assert not run.trial(over).path.exists()


@pytest.mark.parametrize(
    ("name", "says"),
    [("search.yaml", "search.yaml"), ("sweep.jsonl", "its ledger does not say how it began")],
)
def test_what_cannot_be_done_without_is_named(copied: Copy, name: str, says: str) -> None:
    experiment = copied()
    run = experiment.run
    run.path.joinpath(name).unlink()
    process = experiment.resume()
    assert process.wait(timeout=60) == 2
    assert len(experiment.said().splitlines()) == 1, experiment.said()
    assert says in experiment.said()
    assert json.dumps(experiment.shown("ls"))


def test_a_sweep_that_was_taken_up_again_and_cut_off_at_once_is_not_shown_as_finished(copied: Copy) -> None:
    run = copied().run
    writer = EventWriter(run.sweep)
    writer.write(SweepEnded(status="finished"))
    reindex(run)
    with Index(run) as index:
        assert index.sweep().status == "finished"
    dead = next(event for event in ledger(run) if isinstance(event, SweepStarted))
    writer.write(SweepStatus(status="running", host=dead.host, pid=dead.pid, environment=dead.environment))
    writer.close()
    with Index(run) as index:
        assert index.sweep().status == "interrupted"


def test_an_index_with_changed_bytes_is_refused_with_what_to_do(copied: Copy) -> None:
    run = copied().run
    reindex(run)
    data = bytearray(run.index.read_bytes())
    data[100:4096] = b"?" * 3996  # the first page behind its header
    run.index.write_bytes(data)
    with pytest.raises(FolderError, match="run `cockpit reindex exp001`") as refused:
        Index(run)
    assert "\n" not in str(refused.value)
    assert reindex(run) > 0
    with Index(run) as index:
        assert index.trials()
