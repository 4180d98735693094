"""The words about a plan, the time that it will take, and the searches to choose from."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from test_launch_draft import HEAD, HILL, draft

from cockpit.search.reader import loads
from cockpit.tui.launch.choices import choices
from cockpit.tui.launch.desk import Desk
from cockpit.tui.launch.plan import Expectation, Plan, columns_of, expectation, headline
from cockpit.tui.launch.plan_view import plan_view


def experiment(name="exp001-hill", search="hill", trainer="toy", ended_trials=10, started=0.0, ended=100.0):
    return SimpleNamespace(
        name=name, id=name[:6], search=search, trainer=trainer, ended_trials=ended_trials, started=started, ended=ended
    )


def test_the_headline_before_the_plan_and_with_it():
    search = draft().search()
    assert headline(search, None, None) == "6 trials × 3 epochs, 2 at once"
    assert headline(search, Plan(5, 1, ()), 130.0) == "5 trials × 3 epochs, 1 at once, about 2m10s"
    without_end = replace(draft().without("epochs").with_option("trials", "").search(), concurrent=None)
    assert headline(without_end, None, None) == "trials without end"


def test_a_grid_is_counted_before_the_plan():
    search = loads("method: grid\ntrainer: toy\nparameters: {a: {values: [1, 2, 3]}, b: {values: [1, 2]}}\n")
    assert headline(search, None, None) == "6 trials"


def test_the_time_is_that_of_an_earlier_sweep_of_this_search():
    search = draft().search()
    rows = [
        experiment("exp004-other", search="other", ended=10.0),
        experiment("exp003-hill", ended_trials=0),
        experiment("exp002-hill", ended=None),
        experiment("exp001-hill"),
    ]
    assert expectation(search, search, 20, rows) == Expectation(200.0, "at the pace of exp001")


def test_more_epochs_take_longer():
    found = draft().with_option("epochs", "6")
    assert expectation(found.search(), found.original, 20, [experiment()]).seconds == 400.0


def test_the_trainer_tells_where_the_search_has_not_been_run():
    search = draft().search()
    rows = [experiment("exp004-other", search="other", ended=50.0)]
    assert expectation(search, search, 4, rows) == Expectation(20.0, "at the pace of exp004, a sweep of other")


def test_the_search_tells_where_nothing_has_been_run():
    search = replace(draft().search(), expected="ten seconds")
    rows = [experiment(search="other", trainer="another")]
    assert expectation(search, search, 6, rows) == Expectation(None, "expected: ten seconds")
    more = replace(search, run_cap=600)
    assert expectation(more, search, 600, rows) == Expectation(None, "expected without changes: ten seconds")
    assert expectation(draft().search(), draft().original, 6, rows) == Expectation(None, "")
    assert expectation(search, search, None, [experiment()]) == Expectation(None, "expected: ten seconds")


def test_the_columns_are_what_varies():
    search = draft().search()
    assert columns_of(search, [{"x": 0.0, "epochs": 3}]) == ["x", "lr", "batch"]
    assert columns_of(draft().with_fixed("x").with_fixed("lr").with_fixed("batch").search(), []) == [
        "x", "lr", "batch", "epochs",
    ]  # fmt: skip


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "searches").mkdir()
    (tmp_path / "searches" / "mine.yaml").write_text(
        f"# Question: Why?\n# Expected time: long\n#\n# Because\n# so.\n{HILL}"
    )
    (tmp_path / "searches" / "bad.yaml").write_text(f"# What [/b] now?\n{HEAD}parameters: {{x: {{min: 2, max: 1}}}}\n")
    return tmp_path


def test_own_and_shipped_searches_are_offered(folder):
    found = {choice.name: choice for choice in choices(folder)}
    assert found["mine"].question == "Why?"
    assert found["mine"].about == ("Question: Why?", "Expected time: long", "Because so.")
    assert found["mine"].place == "searches/mine.yaml"
    assert found["mine"].draft.call == "mine"
    assert found["bad"].draft is None
    assert found["bad"].error.startswith("searches/bad.yaml:5: parameters.x.min: 2 is not below max 1")


def test_a_name_that_means_something_else_is_given_as_a_path(folder):
    (folder / "mine").write_text("a file of another kind")
    (found,) = [choice for choice in choices(folder) if choice.name == "mine"]
    assert found.draft.call == str(folder / "searches" / "mine.yaml")


class Timers:
    """Stands for the screen: keeps what it would call later."""

    def __init__(self):
        self.calls = []

    def set_timer(self, seconds, call):
        self.calls.append(call)
        return SimpleNamespace(stop=lambda: self.calls.remove(call) if call in self.calls else None)

    set_interval = set_timer


@pytest.fixture
def desk(folder):
    made = Desk(Timers(), lambda: None)
    made.take(choices(folder))
    yield made
    made.close()


def test_a_broken_search_says_why_in_place_of_a_plan(desk):
    desk.choose("bad")
    view = plan_view(desk, (), "^s", starts=False)
    assert view.error == desk.broken != ""
    assert view.key == ""


def test_changes_stay_while_another_search_is_looked_at(desk, folder):
    desk.choose("mine")
    desk.change(desk.draft.with_option("trials", "9"))
    desk.choose("bad")
    assert desk.changed == ["mine"]
    desk.choose("mine")
    assert desk.draft.option("trials") == "9"
    assert desk.take(choices(folder)) == []
    assert desk.draft.option("trials") == "9"
    assert desk.take(choices(folder), anew="mine") == []
    assert desk.draft.option("trials") == "6"


def test_changes_to_a_file_that_is_another_one_are_lost_and_told(desk, folder):
    desk.choose("mine")
    desk.change(desk.draft.with_option("trials", "9"))
    (folder / "searches" / "mine.yaml").write_text(HILL.replace("run_cap: 6", "run_cap: 7"))
    assert desk.take(choices(folder)) == ["mine"]
    assert desk.draft.option("trials") == "7"
    assert desk.changed == []


def test_what_is_wrong_is_known_at_once_and_nothing_is_asked(desk):
    desk.choose("mine")
    assert plan_view(desk, (), "^s", starts=False).key == "^s"
    desk.change(desk.draft.with_cell("x", "min", "5"))
    assert desk.command is None
    assert plan_view(desk, (), "^s", starts=False).error == "x min: 5 is not below max 1; swap them"
    assert desk._check.is_idle


def test_the_same_command_is_not_asked_about_again(desk):
    desk.choose("mine")
    (first,) = desk._check._owner.calls
    desk.change(desk.draft.with_option("trials", "6 "))
    assert desk._check._owner.calls == [first]
    desk.change(desk.draft.with_option("trials", "7"))
    (second,) = desk._check._owner.calls
    assert second is not first
