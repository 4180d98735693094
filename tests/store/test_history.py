"""Attempts, changed settings, take-ups, and commands in words: what the index itself does not keep."""

import pytest
from builders import Recorder

from cockpit.events.kinds import (
    Attempt,
    Built,
    Steered,
    Step,
    SweepEnded,
    SweepStatus,
    TrialPaused,
    TrialStarted,
)
from cockpit.store.command_words import clock_text, deeds, outcome
from cockpit.store.history import changes_of, read_history
from cockpit.store.reader import Index
from cockpit.store.rows import CommandRow
from cockpit.store.summary import read_summary

ME = "me@here"
DEAD = {"pid": 2**22 + 1}  # more than any process has here


def pause(recorder, status, reason, error="", attempt=1, step=4):
    fields = {"status": status, "reason": reason, "error": error, "attempt": attempt, "step": step}
    recorder.ledger.write(TrialPaused(trial="t000", at=1_000_010.0, **fields))


def again(recorder, writer, attempt, after):
    recorder.ledger.write(TrialStarted(trial="t000", attempt=attempt, checkpoint="last.pt", at=1_000_020.0))
    writer.write(Attempt(attempt=attempt))
    writer.write(Built(step=after, total_steps=10))


def command(name, trial="t003", state="done", text="", who=ME, at=1_000_000.0, **settings):
    return CommandRow(f"{name}{at}", name, trial, settings, who, state, text, at)


def test_each_attempt_says_where_it_went_on_and_why_it_ended(tmp_path):
    recorder = Recorder(tmp_path)
    writer = recorder.start(0)
    writer.write(Step(step=4, metrics={"built": 1.0, "loss": 2.0}))
    pause(recorder, "paused", f"paused by {ME}")
    pause(recorder, "waiting", f"resumed by {ME}")
    again(recorder, writer, 2, 4)
    pause(recorder, "waiting", "attempt 2 failed: OSError: no; again in 1 s", "OSError: no", attempt=2)
    again(recorder, writer, 3, 3)
    recorder.ledger.write(SweepEnded(status="interrupted", reason="SIGTERM", at=1_000_030.0))
    recorder.ledger.write(SweepStatus(status="running", reason="taken up again", pid=7, host="h", at=1_000_040.0))
    pause(recorder, "waiting", "goes on where it was cut off", attempt=3)
    again(recorder, writer, 4, 0)
    recorder.ledger.write(SweepStatus(status="running", reason="taken up again", pid=8, host="h", at=1_000_050.0))
    recorder.trial(1, [0.5])
    with recorder.run.trial("t000").events.open("ab") as file:
        file.write(b'{"kind":"built","step":9')  # torn
    history = read_history(recorder.run)
    told = [(attempt.number, attempt.after, attempt.status, attempt.why) for attempt in history.attempts["t000"]]
    assert told == [
        (1, 0, "paused", f"paused by {ME}"),
        (2, 4, "waiting", "failed: OSError: no; again in 1 s"),
        (3, 3, "waiting", "it was cut off"),
        (4, 0, "", ""),
    ]
    assert history.attempts["t000"][1].error == "OSError: no"
    assert [attempt.status for attempt in history.attempts["t001"]] == ["finished"]
    assert history.taken_up == [(1_000_040.0, "interrupted: SIGTERM"), (1_000_050.0, "")]
    assert list(read_history(recorder.run, ("t001",)).attempts) == ["t001"]


def test_a_change_that_a_later_attempt_takes_over_is_told_once_and_where_it_holds_from():
    events = [
        Steered(step=120, settings={"lr": 0.1}, who=ME),
        Steered(step=130, settings={"lr": 0.01}, who=ME),
        Steered(step=100, settings={"lr": 0.01}),  # attempt 2 went back
        Steered(step=100, settings={"decay": 0.5}),  # given while it was paused
        Steered(step=140, settings={"lr": 0.01}),  # attempt 3 did not
    ]
    given = [command("set", "t000", who="you@there", decay=0.5, lr=7)]
    assert changes_of(events, given, "t000") == [
        (120, {"lr": 0.1}, ME),
        (100, {"lr": 0.01}, ME),
        (100, {"decay": 0.5}, "you@there"),
    ]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (command("pause", text="t003 paused at step 120"), "paused at step 120"),
        (command("resume", text="t003 goes on"), "resumed"),
        (command("set", text="t003: lr=0.001 from step 121 on", lr=0.001), "lr=0.001 from step 121 on"),
        (command("add", text="t003 started", x=0.25), "added with x=0.25"),
        (command("stop", state="accepted", text="t003 told to end"), "stop asked for"),
        (command("set", state="refused", text="t003 has ended", lr=1.0), "set lr=1 refused: has ended"),
        (command("pause", "", text="nothing more is started"), "paused"),
        (command("stop", "", text=f"the sweep ended: stopped by {ME}"), "stopped"),
    ],
)
def test_what_came_of_a_command_is_told_without_its_subject(given, told):
    assert outcome(given) == told


def test_the_commands_to_one_trial_are_one_line():
    later = 1_000_000.0 + 3 * 86400
    commands = [
        command("pause", text="t003 paused at step 120"),
        command("pause", "", at=1_000_060.0),
        command("resume", at=1_000_120.0),
        command("stop", who="you@there", text="t003 stopped at step 130", at=later),
    ]
    first, second, third = (clock_text(1_000_000.0 + seconds) for seconds in (0, 60, 120))
    assert deeds(commands, 1_000_000.0) == [
        f"t003 paused at step 120 by {ME} {first}; resumed {third}; "
        f"stopped at step 130 by you@there {clock_text(later, 1_000_000.0)}",
        f"the sweep paused by {ME} {second}",
    ]
    assert clock_text(later, 1_000_000.0).startswith("1970-01-1")


@pytest.mark.parametrize("dead", [False, True])
def test_paused_and_waiting_trials_are_not_over_and_say_what_becomes_of_them(tmp_path, dead):
    recorder = Recorder(tmp_path, **(DEAD if dead else {}))
    recorder.start(0)
    pause(recorder, "paused", f"paused by {ME}")
    recorder.start(1)
    recorder.ledger.write(TrialPaused(trial="t001", status="waiting", reason="attempt 1 failed: no"))
    recorder.start(2)
    recorder.trial(3, [0.5])
    with Index(recorder.run) as index:
        told = [(trial.status, trial.is_over, trial.ending) for trial in index.trials()]
        assert index.sweep().can_go_on is dead
    if dead:
        assert told == [
            ("paused", False, f"paused by {ME}; goes on with cockpit sweep --resume exp001"),
            ("interrupted", True, "its sweep ended before its next attempt (attempt 1 failed: no)"),
            ("lost", True, "its sweep ended before it did"),
            ("finished", True, "finished"),
        ]
    else:
        assert told == [
            ("paused", False, f"paused by {ME}"),
            ("waiting", False, "attempt 1 failed: no"),
            ("running", False, ""),
            ("finished", True, "finished"),
        ]
    summary = read_summary(recorder.run, 1_000_100.0)
    counts = [summary[name] for name in ("ended_trials", "paused_trials", "waiting_trials")]
    assert counts == ([3, 1, 0] if dead else [1, 1, 1])
