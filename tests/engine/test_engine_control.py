"""The control door: commands written by several people, and read by the sweep."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from builders import Recorder

from cockpit.engine import control
from cockpit.engine.control import Command, ControlError, Inbox, send
from cockpit.store.folder import RunFolder
from cockpit.store.indexer import Indexer

WHOLE = {"v": 1, "kind": "command", "id": "a1", "name": "stop", "trial": "t000", "settings": {}, "who": "me@here"}


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    """A sweep that counts as running, with trials t000 and t001."""
    recorder = Recorder(tmp_path)
    for number in range(2):
        recorder.start(number).close()
    return recorder


@pytest.fixture
def running(recorder: Recorder) -> RunFolder:
    run: RunFolder = recorder.run
    with Indexer(run) as indexer:  # as the sweep's own process has
        indexer.sync()
    return run


def put(run: RunFolder, *lines: Any) -> None:
    """Append lines as some other program might."""
    with run.control.open("ab") as file:
        for line in lines:
            file.write(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n")


def test_the_door_is_light() -> None:
    program = (
        "import sys, cockpit.engine.control\n"
        "print([name for name in ('torch', 'ray', 'optuna', 'textual', 'numpy', 'click') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_command_arrives_as_it_was_sent(running: RunFolder) -> None:
    inbox = Inbox(running)
    sent = [
        send(running, "stop", "t001"),
        send(running, "kill"),
        send(running, "add", settings={"x": 0.5, "mode": "\x1b[31ma\nb", "deep": {"list": [1, None, float("inf")]}}),
    ]
    heard = inbox.read()
    assert heard[:2] == sent[:2]
    assert heard[2].settings == {"x": 0.5, "mode": "a\nb", "deep": {"list": [1, None, float("inf")]}}
    assert len({command.id for command in sent}) == 3
    assert all("@" in command.who and command.at > 0 for command in heard)
    assert inbox.read() == []
    assert inbox.malformed == 0


def test_only_what_comes_after_the_beginning_is_heard(running: RunFolder) -> None:
    send(running, "stop", "t000")
    inbox = Inbox(running)
    assert inbox.read() == []
    later = send(running, "stop", "t001")
    assert inbox.read() == [later]


def test_the_same_command_is_heard_once(running: RunFolder) -> None:
    inbox = Inbox(running)
    put(running, WHOLE, WHOLE)
    assert len(inbox.read()) == 1
    put(running, WHOLE, {**WHOLE, "id": "a2"})
    assert [command.id for command in inbox.read()] == ["a2"]


@pytest.mark.parametrize(
    "line",
    [
        b"garbage\n",
        b"\xff\xfe\x00\n",
        b"[1, 2]\n",
        b'{"kind":"step","step":1}\n',
        {**WHOLE, "kind": "commands"},
        {**WHOLE, "id": ""},
        {**WHOLE, "id": 7},
        {**WHOLE, "name": None},
        {**WHOLE, "name": ["stop"]},
        {**WHOLE, "trial": 3},
        {**WHOLE, "settings": "x=1"},
        {**WHOLE, "who": {}},
        {**WHOLE, "at": "noon"},
    ],
    ids=str,
)
def test_a_line_that_is_no_command_is_counted_and_nothing_else(running: RunFolder, line: Any) -> None:
    inbox = Inbox(running)
    put(running, line)
    good = send(running, "stop", "t000")
    assert inbox.read() == [good]
    assert inbox.malformed == 1


def test_what_a_command_leaves_out_has_its_default(running: RunFolder) -> None:
    inbox = Inbox(running)
    put(running, {"kind": "command", "id": "a1", "name": "stop", "trial": None, "who": "", "mood": "good"})
    assert inbox.read() == [Command("a1", "stop")]


def test_names_that_could_steer_a_terminal_are_made_harmless(running: RunFolder) -> None:
    inbox = Inbox(running)
    put(running, {**WHOLE, "id": "a\x1b[31m1", "who": "me\n\u202e" + "x" * 200})
    (command,) = inbox.read()
    assert command.id == "a1"
    assert command.who.startswith("me xxx")
    assert len(command.who) == control.LONGEST


def test_a_half_written_line_waits_for_its_rest(running: RunFolder) -> None:
    inbox = Inbox(running)
    line = json.dumps(WHOLE).encode() + b"\n"
    put(running, line[:20])
    assert inbox.read() == []
    put(running, line[20:])
    assert [command.id for command in inbox.read()] == ["a1"]


def test_a_torn_line_does_not_swallow_the_next_command(running: RunFolder) -> None:
    inbox = Inbox(running)
    put(running, b'{"kind":"command","id":"a1","na')
    sent = send(running, "stop", "t000")
    assert inbox.read() == [sent]
    assert inbox.malformed == 1


def test_commands_of_many_senders_stay_whole(running: RunFolder) -> None:
    inbox = Inbox(running)
    with ThreadPoolExecutor(8) as pool:
        sent = list(pool.map(lambda number: send(running, "set", "t000", {"x": "y" * 5000 + str(number)}), range(64)))
    heard = []
    while commands := inbox.read():
        heard += commands
    assert {command.id for command in heard} == {command.id for command in sent}
    assert inbox.malformed == 0
    assert all(len(line) < 6000 for line in running.control.read_bytes().split(b"\n"))


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("halt",), "halt: not a command; there are stop, kill, pause, resume, add, set"),
        (("stop", "t007"), "exp001-hill/t007: no such trial in exp001; it has t000 to t001"),
        (("stop", "../../t000"), "exp001-hill/../../t000: no such trial in exp001; it has t000 to t001"),
        (("stop", "t000", {"x": 1}), "stop: takes no settings; leave out x"),
        (("add",), "add: no settings; give them as KEY=VALUE"),
        (("add", "t000", {"x": 1}), "add: makes a trial of its own; name the experiment only"),
        (("set", None, {"x": 1}), "set: changes one running trial; name it, as in exp012/t003"),
        (("set", "t000", {}), "set: no settings; give them as KEY=VALUE"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_it_is_written(
    running: RunFolder, arguments: tuple[Any, ...], problem: str
) -> None:
    with pytest.raises(ControlError) as caught:
        send(running, *arguments)
    assert str(caught.value) == problem
    assert not running.control.exists()


def test_a_sweep_that_is_over_takes_no_commands(recorder: Recorder) -> None:
    recorder.end("finished")
    with pytest.raises(ControlError, match=r"exp001: not running any more \(finished\), so nothing can stop there"):
        send(recorder.run, "stop")
    assert not recorder.run.control.exists()


def test_a_sweep_whose_process_is_gone_takes_no_commands(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    recorder = Recorder(tmp_path, pid=gone.pid, environment={})
    with pytest.raises(ControlError, match=r"exp001: not running any more \(interrupted\)"):
        send(recorder.run, "stop")


def test_a_folder_that_is_no_experiment_takes_no_commands(tmp_path: Path) -> None:
    with pytest.raises(ControlError, match=r"no sweep\.jsonl in it"):
        send(RunFolder(tmp_path / "exp001-none"), "stop")


def test_a_door_that_cannot_be_written_is_told_in_one_line(running: RunFolder) -> None:
    running.control.mkdir()
    with pytest.raises(ControlError, match=r"control\.jsonl: cannot be written \(Is a directory\)"):
        send(running, "stop")
    assert Inbox(running).read() == []


def test_a_command_that_fits_only_in_part_is_an_error(running: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control.os, "write", lambda descriptor, line: len(line) - 1)
    with pytest.raises(ControlError, match="only a part of the command was written; make room on the disk"):
        send(running, "stop")


def test_a_user_without_a_name_is_a_number(running: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise OSError("no name")

    monkeypatch.setattr(control.getpass, "getuser", nobody)
    assert send(running, "stop").who.partition("@")[0].isdigit()
