"""The command of a draft does what the draft says, and can be given again."""

import shlex
from datetime import datetime
from pathlib import Path

import pytest
from test_launch_draft import HILL, draft

from cockpit.cli.options import settings_of
from cockpit.search.errors import SearchError
from cockpit.search.reader import load, loads
from cockpit.search.sampling import baseline_point
from cockpit.tui.launch.command import command_of
from cockpit.tui.launch.draft import Draft

NOW = datetime(2026, 7, 1, 12, 30, 5)


def line(found):
    command = command_of(found)
    return shlex.join([command.call or "FILE", *command.flags])


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda found: found, "hill"),
        (lambda found: found.with_option("trials", "12"), "hill --trials 12"),
        (lambda found: found.with_option("epochs", "5"), "hill --epochs 5"),
        (lambda found: found.with_cell("epochs", "value", "5"), "hill --epochs 5"),
        (lambda found: found.with_option("concurrent", "1"), "hill --concurrent 1"),
        (lambda found: found.with_option("engine", "ray"), "hill --engine ray"),
        (lambda found: found.with_option("device", "cuda"), "hill --device cuda"),
        (lambda found: found.with_option("seed", "3"), "hill --seed 3"),
        (lambda found: found.with_option("cpus", ""), "hill --cpus 1"),
        (lambda found: found.with_option("gpus", "0.5"), "hill --gpus 0.5"),
        (lambda found: found.with_option("data", " pictures "), "hill --data pictures"),
        (lambda found: found.with_option("budget", " 1h30m "), "hill --budget 1h30m"),
        (lambda found: found.with_option("queue", "yes").with_option("trials", "12"), "hill --trials 12 --queue"),
        (lambda found: found.with_option("note", "Is it [b] 'so'?"), """hill --note 'Is it [b] '"'"'so'"'"'?'"""),
        (lambda found: found.with_option("note", ""), "hill --note ''"),
        (lambda found: found.with_fixed("lr"), "hill --set lr=0.001"),
        (lambda found: found.with_fixed("x").with_cell("x", "value", "two words"), "hill --set 'x=two words'"),
        (lambda found: found.with_added("delay", "0.1"), "hill --set delay=0.1"),
        (
            lambda found: found.with_option("trials", "9").with_fixed("x").with_option("data", "d"),
            "hill --trials 9 --set x=0.0 --data d",
        ),
        (lambda found: found.with_cell("epochs", "value", "true"), "hill --set epochs=true"),
        # What no flag can say
        (lambda found: found.with_cell("x", "max", "2"), "FILE"),
        (lambda found: found.with_cell("x", "baseline", "0.5"), "FILE"),
        (lambda found: found.with_next_kind("batch"), "FILE"),
        (lambda found: found.with_freed("epochs"), "FILE"),
        (lambda found: found.without("x"), "FILE"),
        (lambda found: found.with_option("trials", ""), "FILE"),
        (lambda found: found.with_option("concurrent", ""), "FILE"),
        (lambda found: found.with_cell("epochs", "value", "{a: 1}"), "FILE"),
        (
            lambda found: found.with_cell("x", "max", "2").with_option("trials", "9").with_option("device", "cpu"),
            "FILE --device cpu",
        ),
    ],
)  # fmt: skip
def test_the_shortest_command_that_says_it(change, expected):
    assert line(change(draft())) == expected


def test_a_change_taken_back_leaves_no_trace():
    found = draft().with_cell("x", "max", "2").with_option("trials", "9")
    assert line(found.with_cell("x", "max", "1").with_option("trials", " 6 ")) == "hill"


@pytest.mark.parametrize(
    "change",
    [
        lambda found: found.with_option("trials", "12").with_option("cpus", "2").with_option("seed", "1"),
        lambda found: found.with_fixed("lr").with_cell("lr", "value", "3e-4").with_option("epochs", "4"),
        lambda found: found.with_cell("epochs", "value", "true").with_added("name", '"5"'),
    ],
)
def test_flags_mean_what_the_draft_means(change):
    """As `cockpit sweep` reads them."""
    found = change(draft())
    command = command_of(found)
    flags = dict(zip(command.flags[::2], command.flags[1::2], strict=True))
    settings = [value for flag, value in zip(command.flags[::2], command.flags[1::2], strict=True) if flag == "--set"]
    numbers = {"trials": int, "seed": int, "concurrent": int, "cpus": float, "gpus": float, "epochs": float}
    given = {name: kind(flags[f"--{name}"]) for name, kind in numbers.items() if f"--{name}" in flags}
    read, wanted = draft().original.with_overrides(settings=settings_of(settings), **given), found.search()
    assert read.space == wanted.space
    assert baseline_point(read) == baseline_point(wanted)
    assert (read.run_cap, read.resources, read.seed) == (wanted.run_cap, wanted.resources, wanted.seed)


def test_the_document_is_the_draft(tmp_path):
    text = HILL + "scheduler: asha\nfloor: 0.1\nproject: wandb-only\n"
    found = Draft.of("hill", loads(text, "hill.yaml")).with_cell("x", "max", "2").with_option("trials", "9")
    command = command_of(found)
    path = command.kept_path(tmp_path / "logs", NOW)
    assert path == tmp_path / "logs" / ".drafts" / "hill-20260701-123005.yaml"
    assert command.arguments(path) == [str(path)]
    assert load(path) == found.search()
    assert path.read_text().startswith("# Question: Where is the top?\n# hill as it was changed before its start")


def test_a_question_of_many_lines_stays_a_comment():
    found = draft().with_cell("x", "max", "2").with_option("note", "one\n\x1b[2Jtwo: [x]")
    document = command_of(found).document
    assert document.startswith("# Question: one two: [x]\n# ")
    assert loads(document).note == "one\n\x1b[2Jtwo: [x]"


def test_two_documents_of_one_second_are_two_files(tmp_path):
    command = command_of(draft().with_cell("x", "max", "2"))
    first = command.kept_path(tmp_path, NOW)
    command.arguments(first)
    second = command.kept_path(tmp_path, NOW)
    assert first != second
    assert not second.exists()


def test_the_users_home_is_found_without_a_shell(monkeypatch):
    monkeypatch.setenv("HOME", "/home/somebody")
    assert line(draft().with_option("data", "~/pictures")) == "hill --data /home/somebody/pictures"
    assert command_of(draft().with_option("data", "~nobody-at-all/x")).flags == ("--data", "~nobody-at-all/x")


def test_a_wrong_budget_is_found_here():
    with pytest.raises(SearchError, match="'soon' is not a length of time") as caught:
        command_of(draft().with_option("budget", "soon"))
    assert caught.value.key == "budget"


def test_a_wrong_draft_has_no_command():
    with pytest.raises(SearchError):
        command_of(draft().with_cell("x", "max", "x"))


def test_nothing_is_written_for_a_search_that_can_be_named(tmp_path):
    assert command_of(draft()).arguments(tmp_path / "none" / "x.yaml") == ["hill"]
    assert not Path(tmp_path / "none").exists()
