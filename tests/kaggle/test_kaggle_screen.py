"""The Kaggle screen, over the stand-in for the service: what it says, and that a service that hangs freezes nothing."""

import json
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest
from account import Competition, Kernel
from tui_stage import cockpit as opened
from tui_stage import play, press, screen_text, until

from cockpit.kaggle.answers import Run
from cockpit.kaggle.errors import LateError, ServiceError
from cockpit.kaggle.followers import is_followed, sole_follower
from cockpit.kaggle.intents import DONE, PLANNED, REFUSED, SENDING, Ledger, intent
from cockpit.kaggle.marked import MARK
from cockpit.kaggle.overview import Overview, SentRun, known, look
from cockpit.kaggle.states import RunState
from cockpit.tui.errands import Word
from cockpit.tui.glyphs import UNICODE
from cockpit.tui.kaggle import errands, panes, watch
from cockpit.tui.kaggle.errands import Answer
from cockpit.tui.kaggle.watch import Heard, KaggleWatch

TPU, LOST = "alice/cockpit-tpu-1", "alice/cockpit-lost-2"


def sent(logs, kind, subject, content, phase, facts, **result):
    """A line of the ledger as a command would have written it."""
    ledger = Ledger(logs)
    made = ledger.write(ledger.write(intent(kind, subject, content, **facts), PLANNED), SENDING)
    return made if phase == SENDING else ledger.write(made, phase, **result)


def receipt(asked, device, count):
    said = {"kind": "receipt", "asked": asked, "device": device, "count": count, "names": ["x"]}
    return {"stream_name": "stdout", "time": 0.1, "data": f"{MARK}{json.dumps(said)}\n"}


@pytest.fixture
def story(logs, service, tmp_path, monkeypatch):
    """A run on the wrong machine, one that Kaggle has lost, a submission with a score and one that was refused."""
    monkeypatch.setenv("COCKPIT_STATE", str(tmp_path / "machine"))  # other tests do not wait for this account's turn
    sent(logs, "push", "alice", "a", DONE, {"search": "searches/tpu.yaml", "accelerator": "TpuV5E8"}, kernel=TPU)
    sent(logs, "push", "alice", "b", DONE, {"search": "lost.yaml"}, kernel=LOST, experiment="exp001")
    service.account.kernels[TPU] = Kernel({}, status="RUNNING", log=[receipt("TpuV5E8", "cpu", 4)])
    taken = {"experiment": "exp001", "trial": "t001"}
    sent(logs, "submission", "jigsaw", "c", DONE, taken, ref=1000)
    sent(logs, "submission", "jigsaw", "d", REFUSED, taken, why="Kaggle: 400: no more today")
    made = Competition(scores=["0.93921"], private="0.9312", looks_left=0)
    made.submissions.append({"ref": 1000, "fileName": "s.csv", "description": "x", "looks_left": 0})
    service.account.competitions["jigsaw"] = made
    return logs


# The look.


def last(found):
    *_, overview = found
    return overview


def test_a_look_tells_everything_and_keeps_what_it_learnt(client, story, service):
    found = last(look(client, story, Overview()))
    lost, tpu = found.runs
    assert (tpu.run.state, tpu.mismatch) == (RunState.RUNNING, "asked for TpuV5E8, got cpu")
    assert (lost.run, lost.experiment) == (None, "exp001")
    assert "404" in lost.trouble
    refused, scored = found.submissions
    assert (refused.listed, scored.listed.public, scored.listed.private) == (None, 0.93921, 0.9312)
    assert scored.recorded == (0.93921, 0.9312)
    assert found.limits["jigsaw"].allowed_now == 4
    assert (found.user, found.quota.gpu.used) == ("alice", 5400.0)
    # The receipt is in the ledger now, and is not asked for again; a new process knows it at once.
    assert known(story, Overview()).runs[1].mismatch == tpu.mismatch
    again = last(look(client, story, found))
    assert service.count("ListKernelSessionOutput") == 1
    assert again.runs[1].intent.began == tpu.intent.began <= tpu.intent.at


def test_runs_that_are_over_are_not_asked_after_again(client, story, service):
    service.account.kernels[TPU].status = "COMPLETE"
    found = last(look(client, story, Overview()))
    before = service.count("GetKernelSessionStatus")
    last(look(client, story, found))
    assert service.count("GetKernelSessionStatus") == before + 1  # the one that is lost


def test_trouble_of_all_ends_the_look_with_what_was_heard(client, story, service):
    service.fault("GetKernelSessionStatus", 503, times=9)
    heard = []
    with pytest.raises(ServiceError):
        heard.extend(look(client, story, Overview()))
    for overview in look(client, story, Overview()):
        heard.append(overview)
        if overview.quota:
            break
    assert heard[-1].quota.tpu.allowed == 72000.5
    assert heard[-1].runs[1].run is None


# Words.


def run_texts(made, state=None, word="", failure="", **more):
    run = None if state is None else Run(state, word, failure)
    shown = SentRun(made, run, **more)
    return [cell.text for cell in panes.run_cells(shown, {TPU} if more.get("receipt") else (), made.began, UNICODE)]


def test_runs_say_what_was_asked_for_and_what_they_got(tmp_path):
    (tmp_path / "logs").mkdir()
    facts = {"search": "a/lr.yaml", "accelerator": "TpuV5E8"}
    made = sent(tmp_path / "logs", "push", "alice", "a", DONE, facts, kernel=TPU, invalid="invalidDatasetSources: x")
    lacking = "started without some of its data: invalidDatasetSources: x"
    assert run_texts(made) == ["lr", "not asked", "TpuV5E8", "—", "<1m", lacking]
    right = {"asked": "TpuV5E8", "device": "tpu", "count": 8}
    assert run_texts(made, RunState.RUNNING, receipt=right)[1:4] == ["● running", "TpuV5E8 × 8", "following"]
    wrong = {"asked": "TpuV5E8", "device": "cpu", "count": 4}
    note = run_texts(made, RunState.RUNNING, receipt=wrong)[-1]
    assert note == f"asked for TpuV5E8, got cpu: stop?; {lacking}"
    over = run_texts(made, RunState.ERROR, failure="out of memory", receipt=wrong)
    assert (over[1], over[-1]) == ("✗ error", f"asked for TpuV5E8, got cpu; {lacking}; out of memory")
    odd = run_texts(made, RunState.UNKNOWN, word="PAUSED_BY_ADMIN")
    assert (odd[1], odd[-1]) == ("? unknown", f"{lacking}; Kaggle calls it paused_by_admin")
    open_one = sent(tmp_path / "logs", "push", "alice", "z", SENDING, facts)
    assert run_texts(open_one)[1] == "? not certain"


@pytest.mark.parametrize(
    ("document", "text", "tone"),
    [
        (
            {"state": "running", "asked": False, "page": "https://x/y"},
            "k: is running, and Kaggle lets nobody",
            "warning",
        ),
        ({"state": "cancelled", "asked": True}, "k: cancelled", "good"),
        (None, "k: no such kernel", "error"),
    ],
)
def test_what_came_of_a_cancel_is_said_honestly(document, text, tone):
    word = errands.cancelled("k", Answer(document, "no such kernel"))
    assert (word.text.startswith(text), word.tone) == (True, tone)
    assert document is None or document.get("page", "") in word.text


@pytest.mark.parametrize(
    ("document", "text", "tone"),
    [
        ({"written": 9, "other_files": 1}, "exp001: 9 lines of the record and 1 other file", "good"),
        ({"fetched": ["a"], "folder": "k", "left": ["../b"]}, "exp001: 1 file in k; 1 file left alone", "warning"),
        (None, "exp001: gone", "error"),
    ],
)
def test_what_came_of_a_pull(document, text, tone):
    word = errands.pulled("exp001", Answer(document, "gone"))
    assert (word.text.startswith(text), word.tone) == (True, tone)


def test_a_run_is_followed_by_one_process_of_its_own(story, service):
    service.account.kernels[TPU].status = "COMPLETE"
    sent = next(run for run in known(story, Overview()).runs if run.kernel == TPU)
    with sole_follower(story, sent.intent.id, TPU):
        assert errands.follow(sent, story, pytest.fail).text == f"{TPU}: is followed already"
    seen = []
    word = errands.follow(sent, story, lambda: seen.append(True))
    assert seen == [True]
    assert word == Word(f"{TPU}: complete: asked for TpuV5E8, got cpu", "warning")
    assert not is_followed(story, sent.intent.id)
    assert errands.ask_kaggle(("nothing",), story).document is None


# The screen.


def at_kaggle(logs, scene, size=(80, 24)):
    async def run():
        async with opened(logs, size=size) as (app, pilot):
            await until(pilot, lambda: app.snapshot is not None)
            await press(pilot, "L")
            await until(pilot, lambda: app.screen.place == "kaggle" and "Quota" in screen_text(app))
            await scene(app, pilot)

    play(run())
    for thread in threading.enumerate():
        if thread.name == "kaggle":
            thread.join(60)  # the next test asks the same helper, which may just be starting


@pytest.fixture
def quick(monkeypatch, helper):
    """The tests' helper, which is logged in already."""
    monkeypatch.setattr(watch, "Helper", lambda start: helper)


@pytest.fixture
def attentive(monkeypatch, quick):
    """That an answer does not come is said soon."""
    monkeypatch.setattr("cockpit.tui.screens.kaggle.TICK_SECONDS", 0.05)
    monkeypatch.setattr(panes, "SLOW_SECONDS", 0.2)


@pytest.fixture
def impatient(monkeypatch, quick):
    """Calls have little time."""
    monkeypatch.setattr("cockpit.tui.screens.kaggle.CALL_SECONDS", 0.6)


def test_one_small_screen_shows_all_of_it_and_its_keys_fit(story, quick, service, monkeypatch):
    asked = []
    answer = Answer({"state": "running", "asked": False, "page": f"https://www.kaggle.com/code/{TPU}"}, "")
    monkeypatch.setattr(errands, "ask_kaggle", lambda words, logs: (asked.append(words), answer)[1])

    async def scene(app, pilot):
        await until(pilot, lambda: "4 left today" in screen_text(app) and "as of" in screen_text(app))
        text = screen_text(app)
        for words in ("1.5 h used, 28.5 h left of 30.0 h", "0.93921   0.9312", "✗ refused", "exp001/t001"):
            assert words in text
        assert f"{TPU}: asked for TpuV5E8, got cpu: stop?" in text
        await press(pilot, "down", "f")
        await until(pilot, lambda: f"{TPU}: complete" in screen_text(app))
        await press(pilot, "c", "y")
        await until(pilot, lambda: "its page can:" in screen_text(app))
        assert asked == [("cancel", TPU)]
        await press(pilot, "s")
        await until(pilot, lambda: "cockpit kaggle submit -c jigsaw" in screen_text(app))
        await press(pilot, "escape", "escape")
        assert "its page can" not in "\n".join(screen_text(app).splitlines()[:8])
        before = service.count("GetAcceleratorQuotaStatistics")
        await press(pilot, "r")
        await until(pilot, lambda: service.count("GetAcceleratorQuotaStatistics") > before)
        await press(pilot, "escape")
        await until(pilot, lambda: app.screen.place == "home")

    monkeypatch.setattr(errands, "follow", lambda sent, logs, started: Word(f"{sent.kernel}: complete", "good"))
    at_kaggle(story, scene)


def test_while_kaggle_hangs_keys_are_answered_and_it_is_said(story, attentive, service, monkeypatch):
    service.fault("GetAcceleratorQuotaStatistics", "hang", times=9)
    monkeypatch.setattr("cockpit.tui.screens.kaggle.CALL_SECONDS", 600.0)  # it hangs as long as the scene takes

    async def scene(app, pilot):
        await until(pilot, lambda: "Kaggle does not answer; it is still waited for" in screen_text(app))
        await press(pilot, "question_mark")
        await until(pilot, lambda: app.screen.place == "help")
        await press(pilot, "escape", "tab")
        await until(pilot, lambda: app.screen.place == "kaggle" and app.screen.submission is not None)
        assert "not asked" in screen_text(app)
        assert "tpu" in screen_text(app)
        await press(pilot, "r", "escape", "d")
        await until(pilot, lambda: app.screen.place == "diary")
        service.released.set()  # or the helper that the tests share would wait on

    at_kaggle(story, scene)


def test_a_call_without_an_answer_is_given_up_and_that_is_said(story, impatient, service):
    service.fault("GetAcceleratorQuotaStatistics", "hang", times=9)

    async def scene(app, pilot):
        await until(pilot, lambda: "Kaggle did not answer within 0.6 s" in screen_text(app))
        assert "tpu" in screen_text(app)
        await press(pilot, "r", "escape", "d")
        await until(pilot, lambda: app.screen.place == "diary")

    at_kaggle(story, scene)


def test_leaving_ends_the_process_that_waits_for_kaggle(story, service):
    service.fault("GetAcceleratorQuotaStatistics", "hang", times=9)
    heard = []
    watching = KaggleWatch(story, heard.append, Heard(), 60.0)
    watching.start()
    deadline = time.monotonic() + 60
    while watching._process is None or not service.count("GetAcceleratorQuotaStatistics"):
        assert time.monotonic() < deadline
        watching._thread.join(0.01)
    before = len(heard)
    watching.stop()
    watching._thread.join(10)
    assert not watching._thread.is_alive()
    assert len(heard) == before
    assert watching._process.poll() is not None


def test_a_service_that_wants_to_be_left_alone_is(story, quick, service):
    service.fault("GetAcceleratorQuotaStatistics", 429, times=9, headers={"Retry-After": "120"})
    heard = []
    watching = KaggleWatch(story, heard.append, Heard(), 60.0)
    watching.start()
    deadline = time.monotonic() + 60
    while not (heard and heard[-1].trouble):
        assert time.monotonic() < deadline
        watching._thread.join(0.01)
    assert heard[-1].trouble == "Kaggle: 429: trouble 429; it is asked again in 2m00s"
    watching.ask()
    watching._thread.join(0.1)
    assert service.count("GetAcceleratorQuotaStatistics") == 1
    watching.stop()
    watching._thread.join(10)
    assert not watching._thread.is_alive()


def test_without_a_login_it_says_what_to_do(story, service, monkeypatch):
    for name, value in (("KAGGLE_USERNAME", ""), ("KAGGLE_KEY", "")):
        monkeypatch.delenv(name, value)

    async def scene(app, pilot):
        await until(pilot, lambda: "not logged in at Kaggle; run `kaggle auth login`" in screen_text(app))
        await press(pilot, "j")
        assert "tpu" in screen_text(app)

    at_kaggle(story, scene, size=(200, 60))


def test_the_same_news_write_nothing(story, quick, monkeypatch):
    async def scene(app, pilot):
        await until(pilot, lambda: "as of" in screen_text(app))
        screen = app.screen
        drawn = []
        for widget in screen.query("#runs, #submissions, #account"):
            monkeypatch.setattr(widget, "refresh", lambda *regions, **options: drawn.append(regions))
        screen.post_message(screen.News(replace(screen._heard)))
        await pilot.pause()
        await pilot.pause()
        assert drawn == []

    at_kaggle(story, scene)


def test_a_late_receipt_does_not_take_the_rest_away(client, story, monkeypatch):
    def late(kernel):
        raise LateError("late")

    monkeypatch.setattr(client, "log_so_far", late)
    found = last(look(client, story, Overview()))
    assert (found.runs[1].run.state, found.runs[1].receipt) == (RunState.RUNNING, None)
    assert found.submissions[1].listed.public == 0.93921


def test_the_app_opens_without_anything_of_kaggle():
    program = "import sys, cockpit.tui.app, cockpit.tui.screens.home; print([n for n in sys.modules if 'kaggle' in n])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
