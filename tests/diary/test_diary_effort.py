"""What an experiment took, and how it is done again."""

import pytest
from builders import Recorder

from cockpit.diary.effort import commands, cost_text, took_text
from cockpit.diary.facts import gather
from cockpit.diary.page import entry
from cockpit.diary.report import report
from cockpit.engine.sweep import _price
from cockpit.search.reader import loads


def facts(logs, **fields):
    run = Recorder(logs, **fields).trial(0, [0.5]).end()
    return gather(logs, run)


def test_a_price_makes_a_cost_of_the_time_from_beginning_to_end(tmp_path):
    found = facts(tmp_path, environment={"price_per_hour": 1.2})
    assert took_text(found) == "1m00s"
    assert cost_text(found) == "cost 0.02 (1.20 an hour)"
    assert " · cpu · cost 0.02 (1.20 an hour) · " in entry(found)
    assert "| cost | 0.02 (1.20 an hour) |" in report(found)


@pytest.mark.parametrize("price", [None, True, "cheap", float("nan"), float("inf")])
def test_without_a_price_nothing_is_said_of_cost(tmp_path, price):
    found = facts(tmp_path, environment={} if price is None else {"price_per_hour": price})
    assert cost_text(found) == ""
    assert "cost" not in entry(found) + report(found)


def test_commands_do_all_of_it_again_and_its_best_trial(tmp_path):
    assert commands(facts(tmp_path)) == ["cockpit sweep hill", "cockpit rerun exp001/t000"]


@pytest.mark.parametrize(("fields", "known"), [({"engine": "replay"}, ["cockpit sweep hill"]), ({"command": ""}, [])])
def test_what_cannot_be_done_again_has_no_such_command(tmp_path, fields, known):
    assert commands(facts(tmp_path, **fields)) == known


SEARCH = """\
name: a
trainer: toy
method: random
metric: {{name: score, goal: maximize}}
parameters: {{x: {{min: 0.0, max: 1.0}}}}
{}"""


@pytest.mark.parametrize(
    ("resources", "told", "price"),
    [
        ("resources: {cpu: 1, price: 2.5}\n", "9", {"price_per_hour": 2.5}),
        ("", "1.25", {"price_per_hour": 1.25}),
        ("", "dear", {}),
        ("", "nan", {}),
        ("", None, {}),
    ],
)
def test_the_price_is_that_of_the_search_or_of_the_environment(tmp_path, monkeypatch, resources, told, price):
    monkeypatch.delenv("COCKPIT_PRICE_PER_HOUR", raising=False)
    if told is not None:
        monkeypatch.setenv("COCKPIT_PRICE_PER_HOUR", told)
    search = loads(SEARCH.format(resources), tmp_path / "a.yaml")
    assert _price(search) == price
    assert _price(loads(search.to_yaml(), tmp_path / "b.yaml")) == price
