"""Loops that are compared take turns, and what becomes of one that breaks. No test looks at a duration."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path

import pytest

from trainers.contract import Eval, Events, InputError, Step

from . import gpu, loop, loop_sets, paces
from .dealer import WARM_UP, Dealer
from .loop_sets import Found
from .player import Player
from .turns import Turns

BATCH = {"x": 1.0}

# Writes down its process id and whose turn it is, answers how often it had one before, and never ends by itself.
PLAYER = """
import json, os, signal, sys
folder, name, turn, breaks = *sys.argv[1:4], sys.argv[4:]
open(f"{folder}/pids", "a").write(f"{os.getpid()} ")
for number in range(-1, 100):
    if number >= 0 and not sys.stdin.readline():
        signal.pause()
    if number == int(turn):
        exec(breaks[0])
    if number >= 0:
        open(f"{folder}/order", "a").write(name)
    print(json.dumps({"ready": 1, "wall": number, "cpu": 10 * number}), flush=True)
"""
PROGRAM = [sys.executable, "-S", "-c", PLAYER]
NEVER = ("1000",)
READY, FIRST, SECOND = "-1", "0", "1"  # a player's words


def turns_of(orders: int, answers: io.StringIO) -> Turns:
    return Turns(2, 2, lambda: None, io.StringIO("go\n" * orders), answers)


def test_a_loop_waits_for_its_turn_before_each_block_and_answers_behind_it() -> None:
    answers = io.StringIO()
    turns = turns_of(3, answers)
    assert list(turns.loader(BATCH)) == [BATCH] * turns.steps == [BATCH] * 5
    said = [list(json.loads(line)) for line in answers.getvalue().splitlines()]
    assert said == [["ready"], ["wall", "cpu"], ["wall", "cpu"]]


def test_bare_steps_beside_those_of_a_loop_come_first_in_every_other_turn() -> None:
    answers = io.StringIO()
    turns = turns_of(2, answers)
    made: list[str] = []
    turns.bare_step = lambda batch: made.append("bare")
    with pytest.raises(SystemExit):
        for batch in turns.loader(BATCH):
            assert batch == BATCH
            made.append("own")
    assert made == ["bare"] * 2 + ["own"] * 4 + ["bare"] * 2
    said = [list(json.loads(line)) for line in answers.getvalue().splitlines()]
    assert said == [["ready"], ["wall", "cpu", "bare"], ["wall", "cpu", "bare"]]


def test_a_loop_without_orders_ends() -> None:
    answers = io.StringIO()
    batches = iter(turns_of(1, answers).loader(BATCH))
    assert [next(batches), next(batches)] == [BATCH] * 2
    with pytest.raises(SystemExit):
        next(batches)
    assert len(answers.getvalue().splitlines()) == 2  # it was ready, and it had a turn


def deal(folder: Path, rounds: int = 2, **players: tuple[str, ...]) -> Dealer:
    """Deal turns to players that break at a turn by a statement; none of them lives afterwards."""
    dealer = Dealer(rounds)
    dealer.run({name: [*PROGRAM, str(folder), name, *breaks] for name, breaks in players.items()}, folder)
    assert_gone(folder, len(players))
    return dealer


def assert_gone(folder: Path, count: int) -> None:
    pids = (folder / "pids").read_text().split()
    assert len(pids) == count
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid), 0)


def test_turns_are_dealt_round_by_round_and_the_first_do_not_count(tmp_path: Path) -> None:
    dealer = deal(tmp_path, b=NEVER, a=NEVER)
    assert (tmp_path / "order").read_text() == "ba" * (WARM_UP + 2)
    found = {"ready": [1, 1], "wall": [WARM_UP, WARM_UP + 1], "cpu": [10 * WARM_UP, 10 * WARM_UP + 10]}
    assert dealer.found == dict.fromkeys("ab", found)
    assert dealer.errors == {}


@pytest.mark.parametrize(
    ("turn", "statement", "error"),
    [
        (READY, "raise ImportError('no module')", "ImportError: no module"),
        (FIRST, "raise RuntimeError('no kernel')", "RuntimeError: no kernel"),
        (SECOND, "os._exit(3)", "exit code 3"),
        (SECOND, "print('hello', flush=True)", "no answer: hello"),
        (FIRST, "print(flush=True)", "no answer: "),
        (SECOND, "print(1, flush=True)", "no answer: 1"),
        (SECOND, "print('{\"wall\": 1}', flush=True)", 'no answer: {"wall": 1}'),
    ],
)
def test_a_loop_that_breaks_leaves_the_others_to_their_work(
    tmp_path: Path, turn: str, statement: str, error: str
) -> None:
    dealer = deal(tmp_path, a=NEVER, x=(turn, statement), b=NEVER)
    assert dealer.errors == {"x": error}
    assert [turns["wall"] for turns in dealer.found.values()] == [[WARM_UP, WARM_UP + 1]] * 2
    assert list(dealer.found) == ["a", "b"]


def test_a_loop_that_ends_between_two_turns_is_reported(tmp_path: Path) -> None:
    """Its next turn may find nobody who reads, or nobody who answers."""
    leaves = "print(json.dumps({'wall': 0, 'cpu': 0}), flush=True); sys.exit('out of memory')"
    assert deal(tmp_path, x=(FIRST, leaves), a=NEVER).errors == {"x": "out of memory"}


def test_no_loop_is_left_when_dealing_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def give_up(_: Player) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Player, "turn", give_up)
    with pytest.raises(KeyboardInterrupt):
        Dealer(1).run({name: [*PROGRAM, str(tmp_path), name, *NEVER] for name in "ab"}, tmp_path)
    assert_gone(tmp_path, 2)


def test_a_set_has_each_loop_in_a_process_of_its_own_in_an_order_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    orders: list[list[str]] = []

    def run(dealer: Dealer, commands: dict[str, list[str]], _: Path) -> None:
        orders.append(list(commands))
        assert all(command[-4:] == [name, "48", "60", "5"] for name, command in commands.items())
        whole = [name for name in commands if (name, len(orders)) != ("hooks", 2)]
        dealer.found = {name: {"wall": [len(orders)], "cpu": [0.0]} for name in whole}
        dealer.found["ours"]["bare"] = [0.5]
        dealer.errors = {} if len(whole) == len(commands) else {"hooks": "ValueError: no"}

    monkeypatch.setattr(Dealer, "run", run)
    monkeypatch.setattr(loop_sets, "is_installed", lambda module: module != "lightning")
    monkeypatch.setattr(loop_sets, "measure_in_child", lambda *_: {"rows": 48, "on": "cpu"})
    found = loop_sets.measured(3, "cpu", "fp32")
    assert [sorted(order) for order in orders] == [sorted(set(loop_sets.LOOPS) - {"lightning"})] * 3
    assert len({tuple(order) for order in orders}) == 3
    assert (found.wall["ours"], "hooks" in found.wall, found.errors) == ([1, 2, 3], False, {"hooks": "ValueError: no"})
    assert (found.rows, found.on, found.beside) == (48, "cpu", {"ours": [0.5] * 3})


def test_the_table_has_each_loop_against_bare_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    by_step = {"bare": [0.010] * 3, "ours": [0.0102] * 3, "by_hand": [0.011] * 3, "hooks": [0.015] * 3}
    by_step["huggingface"] = [0.011] * 3
    beside = {"bare": [0.0125] * 3, "ours": [0.010] * 3, "by_hand": [0.010] * 3}
    found = Found(by_step, by_step, beside, {"lightning": "ValueError: no"}, rows=8, on="cpu")
    monkeypatch.setattr(loop, "measured", lambda *_: found)
    monkeypatch.setattr(loop, "is_installed", lambda _: True)
    rows = {row.measure: row for row in loop.rows(quick=True)}
    ours = rows["our loop's step over bare steps with the same weights, fp32, median and quartiles"]
    assert (ours.ours, ours.target, ours.met) == ("2.00% (2.00% … 2.00%)", "≤ 3%", True)
    assert rows["a bare loop's step over bare steps, fp32"].ours == "-20.00% (-20.00% … -20.00%)"
    by_hand = rows["a step of a loop that logs the same by hand over bare steps, bf16"]
    assert by_hand.ours == "10.00% (10.00% … 10.00%)"
    hooks = rows["a loop with a hook on each parameter against a bare one, bf16"]
    assert hooks.ours == "50.00% (50.00% … 50.00%)"
    assert rows["a step of our loop, fp32, against the Hugging Face Trainer"].met
    assert rows["a step of our loop, fp32, against Lightning"].peer == "broken: ValueError: no"


def test_a_pace_leaves_out_the_first_steps_and_evaluations() -> None:
    def events() -> Events:
        for step in range(1, 40):
            yield Step("train", 0, step, {}, step * (1.0 if step < paces.WARM_UP else 0.5))
            if step == 30:
                yield Eval("valid", 0, step, {}, 100.0)

    assert paces._pace(events(), seconds=100.0) == pytest.approx(2.0)


def test_without_the_device_nothing_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing(_: str) -> None:
        raise InputError("device cuda is not available: no CUDA card is visible")

    monkeypatch.setattr(gpu, "select", missing)
    monkeypatch.setattr(sys, "argv", ["gpu", "--out", str(tmp_path / "table.txt")])
    assert gpu.main() == 2
    assert capsys.readouterr().err == "bench-gpu: device cuda is not available: no CUDA card is visible\n"
    assert not (tmp_path / "table.txt").exists()
