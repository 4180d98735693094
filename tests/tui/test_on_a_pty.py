"""The program in a pseudo-terminal: every byte that it writes, and what it leaves behind."""

import json
import os
import re
import signal
import subprocess
import time
from contextlib import closing

import psutil
import pytest
from builders import Recorder, every_kind
from hostile import FORBIDDEN, NUMBER, TRICKS, hostile_logs
from terminal import COCKPIT, Pty, cockpit, environment, tui_log

# What Textual writes: where and in which colours, modes of the terminal on and off, and the shape of the pointer.
KNOWN = re.compile(
    rb"\x1b(?:\[\d+;\d+H|\[[\d;]*m|\[\?(?:7|25|1000|1003|1004|1006|1015|1049|2004)[hl]|\[\?20(?:26|48)\$p"
    rb"|\[>\d+u|\[<u|\]22;default\x07)"
)
UNSAFE = re.compile(rf"[\x00-\x1f\x7f-\x9f{FORBIDDEN}]")
COLOURS = re.compile(rb"\x1b\[[\d;]*\b(?:[34]8|[349][0-7]|10[0-7])\b[\d;]*m")
RESTORED = tuple(
    f"\x1b[?{mode}".encode() for mode in ("1049l", "25h", "1000l", "1003l", "1006l", "2004l", "1004l", "7h")
)
HOME, SWEEP = "─ Experiments ─", "─ Trials ─"  # what stands at the top of these screens
SLOW = """\
name: slow
trainer: toy
engine: local
method: random
metric: {name: score, goal: maximize}
parameters: {x: {min: -1.0, max: 1.0}, epochs: {value: 1000}, delay: {value: 0.05}}
baseline: {x: 0.0}
run_cap: 2
concurrent: 1
resources: {cpu: 0.5}
"""
BROKEN = """\
import sys
if "cockpit" in sys.orig_argv:
    from cockpit.tui.screens.home import HomeScreen
    def action_devices(self):
        raise RuntimeError("broken on purpose")
    HomeScreen.action_devices = action_devices
"""


@pytest.fixture
def logs(tmp_path):
    """A finished run in which every kind of event occurs."""
    every_kind(tmp_path / "logs")
    return tmp_path / "logs"


@pytest.fixture
def sweep(tmp_path):
    """The process id of a sweep that runs on for minutes."""
    (tmp_path / "slow.yaml").write_text(SLOW)
    command = [*COCKPIT, "sweep", "slow.yaml", "--detach", "--json"]
    done = subprocess.run(command, cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True, check=True)
    pid = json.loads(done.stdout)["pid"]
    yield pid
    os.kill(pid, signal.SIGTERM)


def walk(terminal, *steps):
    """Press a key and wait until its text is seen, one after the other.

    The text should not have been there before: an escape that is not dealt with yet would make one key with the next.
    """
    for key, seen in steps:
        terminal.press(key)
        terminal.wait(seen)


def gone(text):
    return lambda screen: text not in screen


def unsafe(terminal):
    """What was written besides plain text and the sequences that Textual writes."""
    text = KNOWN.sub(b"", terminal.written).decode()  # raises where the bytes are no text
    return sorted(set(UNSAFE.findall(text.replace("\r\n", ""))))


def smuggled(terminal):
    """Sequences of a kind that Textual writes, and yet not its own."""
    return [found[0] for found in KNOWN.finditer(terminal.written) if NUMBER.encode() in found[0]]


# Text from outside


@pytest.mark.slow
@pytest.mark.parametrize("size", [(160, 45), (80, 24)], ids=str)
def test_text_from_outside_is_shown_and_steers_nothing(tmp_path, size):
    hostile_logs(tmp_path)
    markup = TRICKS[0][:8]
    with cockpit("--logs", "logs", cwd=tmp_path, size=size) as terminal:
        terminal.wait(f"search{markup}")
        walk(terminal, ("?", "Help: Experiments"), ("escape", HOME))
        walk(terminal, ("/", "esc take back"), ("[", "3 of 5"), ("escape", "n new sweep"))
        walk(terminal, ("end", "─ exp001 "), ("enter", SWEEP), ("b", "t001"), ("2", f"group{markup}"))
        walk(terminal, ("3", f"printed{markup}"), ("5", f"parameter{markup}"), ("4", "importance"), ("1", "phase"))
        walk(terminal, ("ctrl+p", "Search for commands"), ("escape", gone("Search for commands")), ("6", SWEEP))
        walk(terminal, ("enter", "exp001/t001"), ("5", "difference"), ("3", "no newline"), ("2", f"group{markup}"))
        walk(terminal, ("6", "─ loss"), ("escape", SWEEP))
        walk(terminal, ("space", "t005"), ("up", "t000"), ("space", SWEEP), ("c", "Compare  2"))
        walk(terminal, ("d", f"diary{markup}"), ("n", "your note"), ("escape", "leaderboard"), ("escape", "Compare  2"))
        walk(terminal, ("escape", SWEEP), ("v", "Devices"), ("escape", SWEEP), ("escape", HOME))
        walk(terminal, ("n", "│ hostile"), ("down", "✗ searches/zmark"), ("h", "/h"), ("o", "/ho"), ("s", "/hos"))
        walk(terminal, ("t", f"─ search{markup}"), ("escape", gone("/host ")), ("escape", HOME))
        walk(terminal, ("up", "─ exp002"), ("up", "─ exp003"), ("enter", SWEEP), ("3", f"printed{markup}"))
        walk(terminal, ("6", SWEEP), ("escape", HOME), ("up", "─ exp004"), ("enter", "exp004"))
        terminal.press("q")
        assert terminal.exit_code() == 0
        terminal.wait_for_bytes(b"`cockpit` shows")
        assert unsafe(terminal) == []
        assert smuggled(terminal) == []
    assert tui_log(tmp_path) == ""


# Leaving


@pytest.mark.parametrize("how", ["q", "ctrl+c", "SIGINT", "SIGTERM", "SIGHUP"])
def test_leaving_gives_the_terminal_back_and_the_sweep_goes_on(tmp_path, sweep, how):
    with cockpit("open", "latest", cwd=tmp_path) as terminal:
        terminal.wait("t000")
        if how.startswith("SIG"):
            terminal.signal(getattr(signal, how))
        else:
            terminal.press(how)
        assert terminal.exit_code() == 0
        terminal.wait_for_bytes(b"exp001 runs on")
        end = terminal.written[-400:]
        assert [mode for mode in RESTORED if mode not in end] == []
        assert b"Traceback" not in terminal.written
        assert terminal.settings == terminal.settings_before
        assert unsafe(terminal) == []
    assert is_running(sweep)
    assert tui_log(tmp_path) == ""


def test_a_terminal_that_is_closed_ends_the_cockpit_only(tmp_path, sweep):
    with cockpit("open", "latest", cwd=tmp_path) as terminal:
        terminal.wait("t000")
        terminal.hang_up()
        assert terminal.exit_code() == 0
    assert is_running(sweep)
    assert tui_log(tmp_path) == ""


def test_a_cockpit_that_is_killed_leaves_the_sweep_alone(tmp_path, sweep):
    with cockpit("open", "latest", cwd=tmp_path) as terminal:
        terminal.wait("t000")
        terminal.signal(signal.SIGKILL)
        assert terminal.exit_code() == -signal.SIGKILL
    assert is_running(sweep)


def test_a_terminal_that_takes_nothing_any_more_cannot_hold_the_cockpit(logs):
    with cockpit("open", "exp001", cwd=logs.parent, size=(200, 60)) as terminal:
        terminal.wait("t000")
        terminal.stop_reading()
        press_until_stuck(terminal, "f2")
        terminal.signal(signal.SIGTERM)
        assert terminal.exit_code() == 1
        assert terminal.settings == terminal.settings_before


def test_a_signal_during_the_start_leaves_no_trace(logs):
    """Textual calls widgets that were never made when it is left before they are."""
    for seen in (b"\x1b[?1049h", b"\x1b[?2004h", b"\x1b[1;1H"):
        with cockpit("open", "exp001", cwd=logs.parent) as terminal:
            terminal.wait_for_bytes(seen)
            terminal.signal(signal.SIGTERM)
            assert terminal.exit_code() == 0
            assert terminal.settings == terminal.settings_before
            assert b"Traceback" not in terminal.written
            terminal.wait_for_bytes(b"\x1b[?1049l")
    assert tui_log(logs.parent) == ""


def test_an_error_that_ends_the_app_is_one_line_and_its_traceback_is_kept(logs):
    (logs.parent / "sitecustomize.py").write_text(BROKEN)
    broken = environment(logs.parent, PYTHONPATH=str(logs.parent))
    with cockpit(cwd=logs.parent, env=broken) as terminal:
        terminal.wait("exp001")
        terminal.press("v")
        assert terminal.exit_code() == 1
        terminal.wait_for_bytes(b"the screen ended with an error")
        assert b"Traceback" not in terminal.written
        assert b"broken on purpose" not in terminal.written
        assert terminal.settings == terminal.settings_before
    assert "broken on purpose" in tui_log(logs.parent)


@pytest.mark.parametrize("how", ["ctrl+z", "SIGTSTP"])
def test_suspended_it_gives_the_terminal_back_and_then_draws_again(logs, how):
    with cockpit("open", "exp001", cwd=logs.parent) as terminal:
        terminal.wait("•t001")  # the curves come last
        terminal.wait_until_quiet(1.0)
        screen = terminal.screen
        if how == "SIGTSTP":
            terminal.signal(signal.SIGTSTP)
        else:
            terminal.press(how)
        terminal.wait_for_bytes(b"\x1b[?25h")
        assert os.waitid(os.P_PID, terminal.process.pid, os.WSTOPPED).si_status == signal.SIGSTOP
        assert terminal.settings == terminal.settings_before
        terminal.forget_screen()
        terminal.signal(signal.SIGCONT)
        terminal.wait(lambda shown: shown == screen)
        terminal.press("q")
        assert terminal.exit_code() == 0


def press_until_stuck(terminal, key):
    """Make it write until it waits for somebody to read that."""
    process = psutil.Process(terminal.process.pid)

    def spent():
        (main,) = (thread for thread in process.threads() if thread.id == process.pid)
        return main.user_time

    for _ in range(1000):  # a busy machine draws seldom, and so writes little
        before = spent()
        for _ in range(5):
            terminal.press(key)
            time.sleep(0.1)
        if spent() == before and terminal.is_full:  # otherwise it may only wait for its turn
            return
    pytest.fail("it goes on without anybody reading what it writes")


def is_running(pid):
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


# Quiet


@pytest.mark.parametrize("target", [(), ("open", "exp001"), ("open", "exp001/t001")], ids=["home", "sweep", "trial"])
def test_nothing_is_written_when_nothing_changes(logs, target):
    with cockpit(*target, cwd=logs.parent, size=(120, 40)) as terminal:
        terminal.wait("t001")
        terminal.wait_until_quiet()
        screen = terminal.screen
        written = terminal.bytes_in(3.0)
        assert written == 0 or terminal.screen != screen, f"{written} bytes for what was there already"
        if written:  # the disk has a gigabyte less now, which is seldom
            assert terminal.bytes_in(3.0) == 0


# Terminals of other kinds


def test_no_color_means_none(logs):
    with cockpit("open", "exp001", cwd=logs.parent, env=environment(logs.parent, NO_COLOR="1")) as terminal:
        terminal.wait("t001")
        walk(terminal, ("2", "|g|"), ("escape", "t001"), ("?", "Help"), ("escape", "t001"), ("ctrl+p", "Search for"))
        assert COLOURS.findall(terminal.written) == []
        assert b"\x1b[7m" in terminal.written  # the cursor is still seen
    with cockpit("open", "exp001", cwd=logs.parent) as terminal:
        terminal.wait("t001")
        assert COLOURS.findall(terminal.written) != []


@pytest.mark.parametrize("variable", [{"COCKPIT_ASCII": "1"}, {"LC_ALL": "C"}], ids=str)
def test_where_only_ascii_can_be_shown_only_ascii_is_written(tmp_path, variable):
    hostile_logs(tmp_path)
    with cockpit("open", "exp001", cwd=tmp_path, env=environment(tmp_path, **variable)) as terminal:
        terminal.wait("t001")
        walk(terminal, ("2", "|g|"), ("3", "nothing printed"), ("4", "importance"), ("escape", "t001"), ("?", "Help"))
        walk(terminal, ("escape", "- Trials"), ("ctrl+p", "Search for"))
        walk(terminal, ("escape", gone("Search for")), ("d", "diary["))
        walk(terminal, ("escape", "- Trials"), ("v", "Devices"), ("escape", "- Trials"))
        assert terminal.written.isascii()
    assert tui_log(tmp_path) == ""


@pytest.mark.parametrize("kind", ["dumb", "linux", "vt100", "unheard-of"])
def test_any_terminal_will_do(logs, kind):
    with cockpit("open", "exp001", cwd=logs.parent, env=environment(logs.parent, TERM=kind)) as terminal:
        terminal.wait("t001")
        terminal.press("q")
        assert terminal.exit_code() == 0


def test_no_size_is_too_small_and_none_too_large(logs):
    with cockpit(cwd=logs.parent, size=(20, 5)) as terminal:
        terminal.wait("cockpi")
        for key in ("enter", "2", "enter", "escape", "escape", "?", "escape", "d", "escape", "v", "escape"):
            terminal.press(key)
        for number in range(60):
            terminal.resize(1 + number * 37 % 211, 1 + number * 17 % 61)
            terminal.bytes_in(0.003 * (number % 4))  # in the midst of what is written for the size before
        terminal.resize(80, 24)
        terminal.wait(lambda screen: "? help" in screen.split("\n")[23])  # wherever the keys have led
        terminal.press("ctrl+q")  # q would make one key with an escape that is not dealt with yet
        assert terminal.exit_code() == 0
    assert tui_log(logs.parent) == ""


def test_keys_may_come_quicker_than_the_screens_that_they_are_for(logs):
    with cockpit(cwd=logs.parent) as terminal:
        terminal.wait("exp001")
        for _ in range(8):
            terminal.press("enter", "escape", "v", "escape", "ctrl+p", "enter", "enter", "escape", "escape")
            terminal.bytes_in(0.01)
        for pressed in range(200):  # out of wherever the keys have led
            if pressed >= 20 and HOME in terminal.screen:
                break
            terminal.press("escape")
            terminal.bytes_in(0.15)
        terminal.wait(HOME)
        terminal.press("ctrl+q")  # q would make one key with an escape that is not dealt with yet
        assert terminal.exit_code() == 0
    assert tui_log(logs.parent) == ""


# Folders that are not there yet, or not ours


def test_a_folder_that_appears_later_is_shown_when_it_does(tmp_path):
    with cockpit("--logs", "later", cwd=tmp_path) as terminal:
        terminal.wait("No experiments in this folder yet.")
        every_kind(tmp_path / "later")
        terminal.wait("exp001")


def test_a_run_folder_that_cannot_be_written_is_read_all_the_same(logs):
    run = logs / "exp001-hill"
    run.chmod(0o555)
    # Root writes everywhere, unless it leaves that right behind.
    humble = ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-all"] if os.geteuid() == 0 else []
    with closing(Pty([*humble, *COCKPIT, "open", "exp001"], logs.parent)) as terminal:
        terminal.wait("t001")  # before there are trials there is no best one
        terminal.press("b", "2")
        terminal.wait("body")
    run.chmod(0o755)
    assert not (run / "index.db").exists()
    assert list((logs.parent / "cache").rglob("index.db"))


def test_a_run_that_another_machine_sends_piece_by_piece_is_followed(tmp_path):
    source = Recorder(tmp_path / "there", host="elsewhere")
    source.trial(0, [0.1, 0.2, 0.3], baseline=True)
    source.trial(1, [0.4, 0.5])
    run = source.end()
    pieces = [path for path in sorted(run.path.rglob("*.jsonl"), key=str) if path.is_file()]
    here = tmp_path / "logs" / run.name
    with cockpit("--logs", "logs", cwd=tmp_path) as terminal:
        terminal.wait("No experiments")
        copy_half(pieces, run.path, here, 0.1)
        terminal.wait("exp001")
        terminal.press("enter")
        for part in (0.3, 0.6, 1.0):
            copy_half(pieces, run.path, here, part)
        terminal.wait("t001")
        terminal.wait("finished")
        terminal.wait("0.5000")
    assert not (here / "index.db").exists()
    assert list((tmp_path / "cache").rglob("index.db"))


def copy_half(pieces, source, target, part):
    """As rsync does with --inplace: each file as far as it came."""
    for piece in pieces:
        copy = target / piece.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        whole = piece.read_bytes()
        copy.write_bytes(whole[: max(1, int(len(whole) * part))])


def test_two_cockpits_on_one_folder_show_the_same(tmp_path):
    recorder = Recorder(tmp_path / "logs", host="elsewhere")
    recorder.trial(0, [0.1], baseline=True)
    with cockpit("open", "exp001", cwd=tmp_path) as one, cockpit("open", "exp001", cwd=tmp_path) as other:
        one.wait("t000")
        other.wait("t000")
        recorder.trial(1, [0.8765])
        one.wait("0.8765")
        other.wait("0.8765")
        one.press("q")
        assert one.exit_code() == 0
        recorder.trial(2, [0.9876])
        other.wait("0.9876")
