"""The whole check runs in another process: the newest question counts, and nothing is left behind."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from test_launch_draft import draft

from cockpit.search.reader import load
from cockpit.tui.launch import plan_check
from cockpit.tui.launch.command import command_of
from cockpit.tui.launch.plan import Plan
from cockpit.tui.launch.plan_check import Answer, PlanCheck

DOCUMENT = {"trials": 6, "resources": {"concurrent": 2}, "first_configs": [{"x": 0.0}]}


class Clock:
    """Timers that ring when they are told to, and the time that they tell."""

    def __init__(self):
        self.timers, self.now = {}, 100.0

    def set_timer(self, seconds, call):
        timer = SimpleNamespace(stop=lambda: self.timers.pop(id(timer), None))
        self.timers[id(timer)] = lambda: (timer.stop(), call())
        return timer

    def set_interval(self, seconds, call):
        timer = SimpleNamespace(stop=lambda: self.timers.pop(id(timer), None))
        self.timers[id(timer)] = call
        return timer

    def monotonic(self):
        return self.now

    def ring(self):
        for call in list(self.timers.values()):
            call()


class Asked:
    """A process that answers when it is told to."""

    def __init__(self, arguments):
        self.arguments, self.answer, self.error, self.is_closed = arguments, None, "", False

    def result(self):
        return self.answer

    def close(self):
        self.is_closed = True


@pytest.fixture
def stage(monkeypatch):
    clock, asked, news = Clock(), [], []
    monkeypatch.setattr(plan_check, "ask", lambda arguments: asked.append(Asked(arguments)) or asked[-1])
    monkeypatch.setattr(plan_check.time, "monotonic", clock.monotonic)
    check = PlanCheck(clock, lambda: news.append(check.answer or check.seconds))
    yield SimpleNamespace(clock=clock, asked=asked, news=news, check=check)
    check.close()


def test_a_question_is_asked_once_nobody_types_any_more(stage):
    stage.check.ask(command_of(draft().with_option("trials", "1")))
    stage.check.ask(command_of(draft().with_option("trials", "12")))
    assert stage.asked == []
    stage.clock.ring()
    (asked,) = stage.asked
    assert asked.arguments == ["sweep", "hill", "--trials", "12", "--dry-run", "--no-measure", "--json"]
    stage.clock.ring()
    assert stage.news == []
    asked.answer = DOCUMENT
    stage.clock.ring()
    assert stage.news == [Answer(Plan(6, 2, ({"x": 0.0},)))]
    assert asked.is_closed
    assert stage.clock.timers == {}


def test_waiting_is_told_after_a_moment_and_once_a_second(stage):
    stage.check.ask(command_of(draft()))
    stage.clock.ring()
    for waited in (0.1, 0.5, 0.9, 1.2, 1.9, 2.0):
        stage.clock.now = 100.0 + waited
        stage.clock.ring()
    assert stage.news == [0, 1, 2]


def test_a_refusal_is_the_answer(stage):
    stage.check.ask(command_of(draft()))
    stage.clock.ring()
    stage.asked[0].error = "no such parameter"
    stage.clock.ring()
    assert stage.check.answer == Answer(None, "no such parameter")
    assert not stage.check.is_idle


def test_a_new_question_ends_the_older_process(stage):
    stage.check.ask(command_of(draft()))
    stage.clock.ring()
    stage.check.ask(command_of(draft().with_option("trials", "12")))
    assert stage.asked[0].is_closed
    assert stage.check.answer is None
    stage.check.forget()
    assert stage.clock.timers == {}
    assert stage.check.is_idle


def test_a_changed_search_is_asked_about_as_a_file_that_goes_away(stage):
    found = draft().with_cell("x", "max", "2")
    stage.check.ask(command_of(found))
    stage.clock.ring()
    path = Path(stage.asked[0].arguments[1])
    assert load(path) == found.search()
    stage.check.close()
    assert not path.parent.exists()
    assert stage.asked[0].is_closed
    stage.check.close()


def test_a_file_that_cannot_be_written_is_told(stage, monkeypatch):
    def full(prefix):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(plan_check.tempfile, "TemporaryDirectory", full)
    stage.check.ask(command_of(draft().with_cell("x", "max", "2")))
    stage.clock.ring()
    assert "No space left on device" in stage.check.answer.error
    assert stage.asked == []
