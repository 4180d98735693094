"""`cockpit note` and `cockpit score`."""

import json
import re

import pytest
from builders import Recorder

from cockpit.diary.notes import notes_of


@pytest.fixture
def logs(folder):
    Recorder(folder / "logs").trial(0, [0.5], baseline=True).trial(1, [0.75]).end()
    return folder / "logs"


@pytest.fixture
def notes(logs):
    return lambda: notes_of((logs / "diary.md").read_text(), "exp001")


@pytest.mark.parametrize("name", ["exp001", "exp001-hill", "latest"])
def test_a_note_goes_below_the_entry_which_is_made_where_there_is_none(cockpit, logs, notes, name):
    answer = cockpit("note", name, "✅ good")
    assert (answer.code, answer.out, answer.err) == (0, "exp001: noted in logs/diary.md\n", "")
    assert "## exp001 · hill ➖" in (logs / "diary.md").read_text()
    assert cockpit("note", name, "and\nmore").code == 0
    assert notes() == "✅ good\n\nand\nmore"


@pytest.mark.parametrize("text", ["- tried by hand", "-h", "--rule", "-0.5 less", "[/bold] `x`", "--", "- [ ] TODO"])
def test_a_note_is_what_was_typed(cockpit, logs, notes, text):
    words = ["--", text] if text == "--" else [text]
    assert cockpit("note", "exp001", *words).code == 0
    assert notes() == text


def test_an_entry_that_is_there_is_not_written_again(cockpit, logs):
    cockpit("note", "exp001", "one")
    path = logs / "diary.md"
    path.write_text(path.read_text().replace("## exp001 · hill ➖", "## my own"))
    cockpit("note", "exp001", "two")
    assert "## my own" in path.read_text()


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["exp009", "x"], "exp009: no such experiment"),
        (["exp001", " "], "the note for exp001 is empty"),
        (["exp001", "# 2026-11-20"], "would begin another day"),
        (["exp001", "<!-- cockpit:end exp001 -->"], "only the diary may write"),
        (["exp001"], "Missing argument 'TEXT'"),
        (["exp001", "a", "b"], "unexpected extra argument"),
    ],
)
def test_a_note_that_cannot_be_is_one_line(cockpit, logs, words, complaint):
    assert complaint in cockpit("note", *words).complaint


def test_a_score_is_recorded_and_shown_everywhere(cockpit, logs):
    answer = cockpit("score", "latest", "0.727")
    assert (answer.code, answer.out, answer.err) == (0, "exp001: LB 0.727 in logs/diary.md\n", "")
    assert cockpit("score", "exp001", "0.719", "--private").out == "exp001: private LB 0.719 in logs/diary.md\n"
    assert "· LB 0.727 · private LB 0.719" in (logs / "diary.md").read_text()
    assert re.search(r"\bLB\b", cockpit("ls").out.splitlines()[0])
    assert " 0.7270 " in cockpit("ls").out.splitlines()[1]
    (summary,) = json.loads(cockpit("ls", "--json").out)
    assert summary["leaderboard"] == 0.727
    assert "\nLB 0.727 · private LB 0.719\n" in cockpit("show", "exp001").out
    shown = json.loads(cockpit("show", "exp001", "--json").out)["scores"]
    assert [(score["value"], score["private"]) for score in shown] == [(0.727, False), (0.719, True)]


def test_a_score_may_be_negative(cockpit, logs):
    assert cockpit("score", "exp001", "-0.5").out.startswith("exp001: LB -0.5 ")


def test_an_experiment_without_a_score_says_nothing_of_it(cockpit, logs):
    assert "LB" not in cockpit("show", "exp001").out
    assert json.loads(cockpit("show", "exp001", "--json").out)["scores"] == []


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["exp001", "nan"], "nan is no score"),
        (["exp001", "-inf"], "-inf is no score"),
        (["exp001", "good"], "'good' is not a valid float"),
        (["exp001", "0.5", "--privat"], "unexpected extra argument (--privat)"),
        (["exp009", "0.5"], "exp009: no such experiment"),
    ],
)
def test_a_score_that_is_none_is_one_line(cockpit, logs, words, complaint):
    assert complaint in cockpit("score", *words).complaint
    assert not (logs / "exp001-hill" / "scores.jsonl").exists()
