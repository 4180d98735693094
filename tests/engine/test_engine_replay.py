"""A recorded run happens again: what is the same, what is this process's own, and how it is steered and ended."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders import Recorder, every_kind
from sweeping import events_in, wait_until

from cockpit.engine import replay as replaying
from cockpit.engine.control import Command, ControlError, send
from cockpit.engine.ending import Ending
from cockpit.engine.pack import pack
from cockpit.engine.recording import Recording, read_recording, shipped_recording
from cockpit.engine.replay import Pace, replay
from cockpit.events.codec import encode
from cockpit.events.kinds import (
    Answered,
    Attempt,
    Event,
    Step,
    SweepEnded,
    SweepStarted,
    TrialEnded,
    TrialStarted,
)
from cockpit.store.folder import FolderError, RunFolder, TrialFolder, find_experiment
from cockpit.store.life import process_started
from cockpit.store.reader import Index
from cockpit.store.summary import read_summary

NOTHING_SAID = ("at", "host", "pid")


def at_once(source: Path, logs: Path) -> tuple[RunFolder, Ending]:
    return replay(read_recording(source), logs, 0.0, "cockpit demo", lambda _: None)


def told(path: Path) -> list[str]:
    """The events of a file but for when and where."""
    found: list[str] = []
    for event in events_in(path):
        changes = {name: type(getattr(event, name))() for name in NOTHING_SAID if hasattr(event, name)}
        found.append(repr(replace(event, **changes)))
    return found


@pytest.fixture(scope="module")
def recorded_run(recorded: Path) -> RunFolder:
    return find_experiment(recorded, "exp001")


@pytest.mark.parametrize("packed", [False, True])
def test_everything_comes_again(packed: bool, recorded_run: RunFolder, tmp_path: Path) -> None:
    source, place = recorded_run.path, "/nowhere"
    if packed:
        place = f"{source.resolve()}/"
        source = tmp_path / "hill.zip"
        pack(recorded_run, source)
    run, ending = at_once(source, tmp_path / "logs")
    assert (run.name, ending) == ("exp001-hill", Ending("finished"))
    assert run.search.read_text() == recorded_run.search.read_text()
    assert told(run.sweep)[1:] == told(recorded_run.sweep)[1:]
    assert run.trial_ids() == recorded_run.trial_ids()
    for trial in run.trial_ids():
        before = recorded_run.trial(trial)
        assert told(run.trial(trial).events) == [event.replace(place, "") for event in told(before.events)]
        assert run.trial(trial).output.read_text() == before.output.read_text().replace(place, "")
    with Index(run) as index, Index(recorded_run) as original:
        shared = ("id", "status", "reason", "config", "best", "evaluations", "steps", "digest", "device")
        rows = [[{name: getattr(row, name) for name in shared} for row in one.trials()] for one in (index, original)]
        assert rows[0] == rows[1]


def test_what_is_this_process_s_own(recorded_run: RunFolder, tmp_path: Path) -> None:
    run, _ = at_once(recorded_run.path, tmp_path)
    started = events_in(run.sweep)[0]
    original = events_in(recorded_run.sweep)[0]
    assert isinstance(started, SweepStarted)
    assert isinstance(original, SweepStarted)
    assert (started.engine, started.command) == ("replay", "cockpit demo")
    assert (started.host, started.pid) == (socket.gethostname(), os.getpid())
    assert started.environment == {**original.environment, "process_started": process_started(os.getpid())}
    attempt = next(event for event in events_in(run.trial("t000").events) if isinstance(event, Attempt))
    assert (attempt.host, attempt.pid) == (socket.gethostname(), os.getpid())


def test_at_once_times_keep_their_distances_and_end_now(recorded_run: RunFolder, tmp_path: Path) -> None:
    before = time.time()
    run, _ = at_once(recorded_run.path, tmp_path)
    now = [event.at for event in events_in(run.sweep)[:-1]]
    then = [event.at for event in events_in(recorded_run.sweep)[:-1]]
    assert [at - now[0] for at in now] == pytest.approx([at - then[0] for at in then], abs=1e-5)
    ended = events_in(run.sweep)[-1]
    assert isinstance(ended, SweepEnded)
    assert before <= ended.at <= time.time()
    assert now[-1] <= ended.at


def test_a_pace_is_that_of_the_recording_times_the_speed(recorded_run: RunFolder) -> None:
    recording = read_recording(recorded_run.path)
    pace = Pace(recording, 4.0)
    begun = pace.time_of(recording.begin)
    assert pace.time_of(recording.begin + 8.0) - begun == pytest.approx(2.0, abs=1e-5)
    assert pace.seconds_until(recording.begin + 4000.0) == pytest.approx(1000.0, abs=5.0)
    assert pace.seconds_until(recording.begin) == 0.0


@pytest.mark.parametrize("speed", [0.0, float("inf"), float("nan")])
def test_at_once_nothing_is_waited_for(speed: float, recorded_run: RunFolder) -> None:
    recording = read_recording(recorded_run.path)
    assert Pace(recording, speed).seconds_until(recording.end + 1e6) == 0.0


def test_moments_are_in_order_and_inside_their_trials(recorded_run: RunFolder) -> None:
    recording = read_recording(recorded_run.path)
    assert [moment.at for moment in recording.moments] == sorted(moment.at for moment in recording.moments)
    running: set[str] = set()
    for moment in recording.moments:
        if moment.in_ledger and moment.event is not None and moment.trial:
            (running.discard if isinstance(moment.event, TrialEnded) else running.add)(moment.trial)
        elif moment.trial:
            assert moment.trial in running
    assert not running
    assert isinstance(recording.moments[-1].event, SweepEnded)


def test_what_does_not_belong_is_left_out(tmp_path: Path) -> None:
    """Foreign kinds and values that are not finite come again; torn lines and answers to commands do not."""
    source = every_kind(tmp_path / "source")
    with source.sweep.open("ab") as file:
        file.write(encode(Answered(command="1f", name="stop", at=1_000_010.0)) + b'{"kind":"note"')
    run, _ = at_once(source.path, tmp_path / "logs")
    text = run.trial("t001").events.read_text()
    for word in ('"weather"', '"NaN"', '"Infinity"', '"lost"'):
        assert word in text
    assert "not an event" not in text
    assert not any(isinstance(event, Answered) for event in events_in(run.sweep))


def test_a_recording_that_breaks_off_is_interrupted_where_it_ends(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "source")
    recorder.trial(0, [0.1], baseline=True).start(1)
    run, ending = at_once(recorder.run.path, tmp_path / "logs")
    assert ending == Ending("interrupted", "the recording ends here")
    with Index(run) as index:
        assert [trial.status for trial in index.trials()] == ["finished", "interrupted"]


def test_names_in_a_recording_lead_nowhere(tmp_path: Path) -> None:
    archive = tmp_path / "evil.zip"
    begin = encode(SweepStarted(experiment="exp001", search="../../evil", at=1.0))
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("sweep.jsonl", begin + b'{"kind":"trial_started","trial":"t1/../../../x","at":2}\n')
        file.writestr("trials/t000/events.jsonl", "")
    run, _ = at_once(archive, tmp_path / "logs")
    assert run.path.parent == tmp_path / "logs"
    assert {path.name for path in tmp_path.iterdir()} == {"evil.zip", "logs"}
    assert run.trial_ids() == []


@pytest.mark.parametrize("make", ["nothing", "text", "empty folder", "empty zip", "ledger without a beginning"])
def test_what_is_no_recording_is_refused_and_leaves_nothing(make: str, tmp_path: Path) -> None:
    source = tmp_path / "source"
    if make == "text":
        source.write_text("words")
    elif make == "empty zip":
        zipfile.ZipFile(source, "w").close()
    elif make != "nothing":
        source.mkdir()
    if make == "ledger without a beginning":
        (source / "sweep.jsonl").write_bytes(encode(SweepEnded(status="finished")))
    with pytest.raises(FolderError, match="source"):
        at_once(source, tmp_path / "logs")
    assert not (tmp_path / "logs").exists()


# Packing.


def private_run(logs: Path) -> RunFolder:
    """A run whose record is full of what belongs to its machine."""
    home = {"folder": f"{logs}/deep", "process_started": "77", "platform": "Linux-secret", "python": "3.11"}
    versions = {"versions": {"torch": "2.9", "mine": "1"}}
    recorder = Recorder(logs, data=f"{logs}/data", host="secret-host", pid=4711, environment={**home, **versions})
    writer = recorder.start(0)
    writer.write(Attempt(host="secret-host", pid=4712, at=1_000_001.0))
    recorder.run.trial("t000").output.write_text(
        f"Saved best: {recorder.run.path}/trials/t000/best.pt\n~ {Path.home()}/x\n"
    )
    recorder.ledger.write(Answered(command="1", name="stop", who="secret-me@secret-host"))
    recorder.finish(0, writer, "stopped", "stopped by secret-me@secret-host")
    return recorder.end()


def test_a_packed_run_tells_nothing_of_its_machine(tmp_path: Path) -> None:
    run = private_run(tmp_path / "logs")
    pack(run, tmp_path / "small.zip")
    with zipfile.ZipFile(tmp_path / "small.zip") as archive:
        text = b"".join(map(archive.read, archive.namelist())).decode()
        started = json.loads(archive.read("sweep.jsonl").splitlines()[0])
    for word in ("secret", str(tmp_path), str(Path.home()) + "/", "4711", "4712", "77"):
        assert word not in text
    assert "Saved best: trials/t000/best.pt" in text
    assert "stopped by somebody" in text
    assert started["environment"] == {"python": "3.11", "versions": {"torch": "2.9"}}


def test_the_same_run_packs_into_the_same_bytes(recorded_run: RunFolder, tmp_path: Path) -> None:
    sizes = [pack(recorded_run, tmp_path / name) for name in ("a.zip", "b.zip")]
    assert sizes[0] == (tmp_path / "a.zip").stat().st_size
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_what_is_no_run_cannot_be_packed(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match=r"no sweep\.jsonl"):
        pack(RunFolder(tmp_path), tmp_path / "a.zip")


def test_the_shipped_recording_is_small_whole_and_anonymous(tmp_path: Path) -> None:
    assert shipped_recording().stat().st_size < 300_000
    with zipfile.ZipFile(shipped_recording()) as archive:
        files = {name: archive.read(name).decode() for name in archive.namelist()}
    started = json.loads(files["sweep.jsonl"].splitlines()[0])
    assert (started["host"], started["pid"], started["data"]) == ("", 0, "")
    assert set(started["environment"]) == {"python", "cores", "gpus", "versions"}
    assert not [name for name, text in files.items() if " /" in text or '"/' in text]
    run, ending = at_once(shipped_recording(), tmp_path)
    assert ending == Ending("finished")
    with Index(run) as index:
        trials = index.trials()
        assert len(trials) >= 12
        assert {"finished", "pruned"} <= {trial.status for trial in trials}
        assert all(index.norms(trial.id, 1) for trial in trials)


# A replay that runs.

HOUR = 3600.0


@pytest.fixture
def long(tmp_path: Path) -> Recording:
    """Two trials with a step at once and the next one after an hour; a third begins then."""
    run = RunFolder(tmp_path / "source")
    ledger: list[Event] = [SweepStarted(experiment="exp001", search="long", metric="score", at=1000.0, trials=3)]
    for trial in ("t000", "t001"):
        run.trial(trial).path.mkdir(parents=True)
        ledger.append(TrialStarted(trial=trial, at=1000.0))
        steps = [Step(step=1, time=0.0), Step(step=2, time=HOUR)]
        run.trial(trial).events.write_bytes(b"".join(map(encode, steps)))
        run.trial(trial).output.write_bytes(b"Train Step 1, loss: 0.5\nTrain Step 2, loss: 0.4\n")
    ledger += [TrialEnded(trial=trial, status="finished", at=1000.0 + HOUR) for trial in ("t000", "t001")]
    ledger += [
        TrialStarted(trial="t002", at=1000.0 + HOUR),
        TrialEnded(trial="t002", status="finished", at=1000.0 + HOUR),
    ]
    ledger.append(SweepEnded(status="finished", at=1000.0 + HOUR))
    run.sweep.write_bytes(b"".join(map(encode, ledger)))
    return read_recording(run.path)


def has_said_something(trial: TrialFolder) -> bool:
    """Its first step and its first line are there; both files are when it starts, and empty."""
    return all(path.exists() and path.stat().st_size for path in (trial.events, trial.output))


def replay_while(recording: Recording, logs: Path, doing: Callable[[RunFolder], None]) -> tuple[RunFolder, Ending]:
    """Replay at the recorded pace while a thread does something; afterwards it stops what still runs."""
    errors: list[BaseException] = []
    threads = []

    def act(run: RunFolder) -> None:
        try:
            wait_until(lambda: all(has_said_something(run.trial(trial)) for trial in ("t000", "t001")))
            doing(run)
        except BaseException as error:
            errors.append(error)
        finally:
            try:
                send(run, "stop")
            except ControlError:
                pass  # it has ended already

    def announce(run: RunFolder) -> None:
        threads.append(threading.Thread(target=act, args=(run,)))
        threads[0].start()

    done = replay(recording, logs, 1.0, "cockpit demo", announce)
    threads[0].join()
    assert not errors, errors
    return done


def answers_in(run: RunFolder) -> dict[str, tuple[str, str]]:
    """State and text of the newest answer by the name of its command."""
    return {event.name: (event.state, event.text) for event in events_in(run.sweep) if isinstance(event, Answered)}


def test_it_counts_as_running_and_a_signal_interrupts_it(long: Recording, tmp_path: Path) -> None:
    seen: list[Any] = []

    def look(run: RunFolder) -> None:
        summary = wait_until(lambda: run.summary.exists() and read_summary(run, time.time()))
        seen.append(summary["status"])
        os.kill(os.getpid(), signal.SIGTERM)
        wait_until(lambda: read_summary(run, time.time())["status"] != "running")

    run, ending = replay_while(long, tmp_path / "logs", look)
    assert seen == ["running"]
    assert ending == Ending("interrupted", "SIGTERM")
    with Index(run) as index:
        assert [(trial.status, trial.steps) for trial in index.trials()] == [("interrupted", 1)] * 2
        assert index.sweep().status == "interrupted"
    assert run.trial("t000").output.read_bytes() == b"Train Step 1, loss: 0.5\n"
    assert read_summary(run, time.time())["status"] == "interrupted"


def test_a_stopped_trial_says_no_more(long: Recording, tmp_path: Path) -> None:
    def stop(run: RunFolder) -> None:
        send(run, "stop", "t000")
        wait_until(lambda: answers_in(run).get("stop") == ("done", "t000 stopped at step 1"))

    run, _ = replay_while(long, tmp_path / "logs", stop)
    with Index(run) as index:
        stopped, other = index.trials()
        assert stopped.status == "stopped"
        assert stopped.reason.startswith("stopped by ")
        assert other.ended is not None
        assert stopped.ended is not None
        assert stopped.ended < other.ended


def test_what_follows_a_stopped_trial_comes_without_it(long: Recording, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(replaying, "TICK_SECONDS", 0.0)
    monkeypatch.setattr(replaying, "Inbox", lambda run: Orders([Command("1", "kill", "t000", who="me@here")]))
    run, ending = replay(long, tmp_path / "logs", 0.0, "", lambda _: None)
    assert ending == Ending("finished")
    with Index(run) as index:
        assert [trial.status for trial in index.trials()] == ["stopped", "finished", "finished"]
        assert index.trials()[0].steps < 2
    ends = [event.trial for event in events_in(run.sweep) if isinstance(event, TrialEnded)]
    assert sorted(ends) == ["t000", "t001", "t002"]


class Orders:
    """An inbox with its commands in it, heard as soon as both trials run."""

    def __init__(self, commands: list[Command]) -> None:
        self._commands = commands
        self._looks = 0

    def read(self) -> list[Command]:
        self._looks += 1
        return self._commands if self._looks == 3 else []


def test_stopping_the_whole_replay_ends_it(long: Recording, tmp_path: Path) -> None:
    run, ending = replay_while(long, tmp_path / "logs", lambda _: None)
    assert ending.status == "stopped"
    assert ending.reason.startswith("stopped by ")
    assert answers_in(run)["stop"] == ("done", f"exp001 ended: {ending.reason}")
    with Index(run) as index:
        assert [trial.status for trial in index.trials()] == ["stopped"] * 2


def test_what_a_replay_cannot_do_is_said(long: Recording, tmp_path: Path) -> None:
    def ask(run: RunFolder) -> None:
        send(run, "add", settings={"lr": 0.1})
        send(run, "pause", "t001")
        wait_until(lambda: {"add", "pause"} <= answers_in(run).keys())

    run, _ = replay_while(long, tmp_path / "logs", ask)
    answers = answers_in(run)
    assert answers.pop("stop")[0] == "done"
    assert answers == {
        name: ("refused", f"a replay cannot {name}: it only repeats what was recorded") for name in ("add", "pause")
    }
