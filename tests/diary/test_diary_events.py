"""What an entry says of commands, further attempts, and of going on."""

import pytest
from builders import HILL, Recorder

from cockpit.diary.events import MOST_LINES
from cockpit.diary.facts import gather
from cockpit.diary.page import entry
from cockpit.events.kinds import Answered, SweepEnded, SweepStatus, TrialPaused, TrialStarted
from cockpit.store.command_words import clock_text

ME = "me@here"
AT = 1_000_060.0


def page(run):
    return entry(gather(run.path.parent, run))


def lines(run):
    """The list of what happened on the way."""
    text = page(run)
    return [line for line in text.partition("**on the way**")[2].splitlines() if line.startswith("- ")]


def say(recorder, number, name, trial, text, state="done", **settings):
    known = {"command": f"c{number}", "name": name, "trial": trial, "text": text, "state": state, "who": ME}
    recorder.ledger.write(Answered(**known, settings=settings, at=AT))


def attempts(recorder, trial, *reasons):
    """Attempts of this trial, of which each but the last ended for a reason: `pbt …`, `OSError …`, or cut off."""
    for number, reason in enumerate(reasons, start=1):
        error = reason if "Error" in reason else ""
        fields = {"status": "waiting", "attempt": number, "reason": reason, "error": error}
        recorder.ledger.write(TrialPaused(trial=trial, step=5, at=AT, **fields))
        recorder.ledger.write(TrialStarted(trial=trial, attempt=number + 1, at=AT))


def test_a_sweep_without_events_says_nothing_of_them(tmp_path):
    text = page(Recorder(tmp_path).trial(0, [0.5]).end())
    assert "on the way" not in text
    assert "--resume" not in text


def test_every_command_is_told_and_markup_in_it_stays_text(tmp_path):
    recorder = Recorder(tmp_path)
    recorder.trial(0, [0.5])
    say(recorder, 1, "pause", "t000", "t000 paused at step 120")
    say(recorder, 2, "set", "t000", "t000 goes on with lr=0.001", lr=0.001)
    say(recorder, 3, "add", "t001", "t001 started", note="<b>*x*</b>")
    at = clock_text(AT)
    assert lines(recorder.end()) == [
        f"- t000 paused at step 120 by {ME} {at}; goes on with lr=0.001 {at}",
        rf"- t001 added with note=\<b>\*x\*\</b> by {ME} {at}",
    ]


def test_attempts_are_counted_by_what_made_them_necessary(tmp_path):
    recorder = Recorder(tmp_path)
    for number in range(4):
        recorder.start(number)
    attempts(recorder, "t000", "goes on where it was cut off")
    attempts(recorder, "t001", "OSError: no", "OSError: no", "ValueError: odd")
    attempts(recorder, "t002", "pbt at evaluation 2: low; copies t000", "pbt at evaluation 4: low; copies t001")
    attempts(recorder, "t003", f"paused by {ME}")  # which is told with the command
    recorder.ledger.write(SweepEnded(status="stopped", reason=f"stopped by {ME}", at=AT))
    recorder.ledger.write(SweepStatus(status="running", pid=1, host="gone", at=AT))
    assert lines(recorder.end()) == [
        f"- taken up again {clock_text(AT)}, after stopped: stopped by {ME}",
        "- 1 trial went on after being cut off",
        "- 1 trial went on after a failure (OSError: no, and 1 other error)",
        "- pbt gave 1 trial other settings, 2 times in all: `cockpit show exp001/t002`",
    ]


def test_many_commands_are_cut_short_with_a_way_to_the_rest(tmp_path):
    recorder = Recorder(tmp_path)
    recorder.trial(0, [0.5])
    for number in range(20):
        say(recorder, number, "stop", f"t{number:03d}", f"t{number:03d} stopped at step 1")
    told = lines(recorder.end())
    assert len(told) == MOST_LINES == 8
    assert told[-1] == "- … 13 more: `cockpit show exp001`"


@pytest.mark.parametrize(("status", "goes_on"), [("interrupted", True), ("stopped", True), ("finished", False)])
def test_the_last_line_says_how_it_goes_on(tmp_path, status, goes_on):
    recorder = Recorder(tmp_path)
    recorder.trial(0, [0.5])
    recorder.run.search.write_text(HILL)
    last = page(recorder.end(status, "why")).splitlines()[-1]
    assert (last == "It can go on: `cockpit sweep --resume exp001`") is goes_on


def test_what_rests_did_not_stop_early(tmp_path):
    recorder = Recorder(tmp_path)
    recorder.trial(0, [0.5])
    for number, status in enumerate(("paused", "paused", "waiting"), start=1):
        recorder.start(number)
        recorder.ledger.write(TrialPaused(trial=f"t{number:03d}", status=status, reason="why", at=AT))
    recorder.trial(4, status="failed", error="OSError: no", reason="OSError: no")
    told = "**stopped early** 1 failed (OSError: no)  \n**paused** t001, t002  \n**waiting** t003\n"
    assert told in page(recorder.run)


def test_a_queued_sweep_says_its_place(tmp_path):
    recorder = Recorder(tmp_path)
    recorder.ledger.write(SweepStatus(status="queued", reason="2nd in line, behind exp003", at=AT))
    assert "\n**queued**: 2nd in line, behind exp003\n" in page(recorder.run)
