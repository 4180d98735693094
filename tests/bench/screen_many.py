"""An experiment of 10,000 trials on the real screen: first paint, and how soon an order and a filter are obeyed."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

from cockpit.events.codec import encode
from cockpit.events.kinds import Built, Eval, Event, Step, SweepEnded, SweepStarted, TrialEnded, TrialStarted
from cockpit.store.folder import RunFolder
from cockpit.store.indexer import Indexer
from cockpit.store.summary import write_summary

from .pty_program import DOWN, ENTER, PtyProgram, running, screens
from .screen_start import COCKPIT, own_home
from .table import Row, at_most

SIZE = (200, 60)
TRIALS, QUICK_TRIALS = 10_000, 2_000
ROUNDS, QUICK_ROUNDS = 7, 3
PAINT_SECONDS, OBEYED_SECONDS = 0.5, 0.1
REST_SECONDS = 0.6  # after each key; long after the last byte that it brings about
FILTER = "lr>1e-3 -pruned"
EVALUATIONS = 3


def rows(quick: bool) -> list[Row]:
    trials, rounds = (QUICK_TRIALS, QUICK_ROUNDS) if quick else (TRIALS, ROUNDS)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        logs = Path(folder) / "logs"
        write_many(logs / "exp001-many", trials)
        command, home = (*COCKPIT, "--logs", str(logs)), own_home(folder)
        opened = [_opened((*COCKPIT, "open", "exp001", "--logs", str(logs)), folder) for _ in range(rounds)]
        with running(command, SIZE, home) as program:
            program.wait_until_quiet(1.5)
            entered = _shown(program, program.press(ENTER))
            sorts = [_last_byte(program, key) for key in (b"o", b"r") * rounds]
            _last_byte(program, b"/")
            filters = [_last_byte(program, character.encode()) for character in FILTER]
            _last_byte(program, ENTER)
            moves = [_first_byte(program, DOWN) for _ in range(4 * rounds)]
    size = f"{trials:,} trials on the screen"
    return [
        at_most(f"{size}: first paint of `cockpit open`", median(opened), PAINT_SECONDS),
        at_most(f"{size}: first paint after enter in the list", entered, PAINT_SECONDS),
        at_most(f"{size}: sorted, from the key to the last byte", median(sorts), OBEYED_SECONDS),
        at_most(f"{size}: filtered, from the key to the last byte, slowest key", max(filters), OBEYED_SECONDS),
        at_most(f"{size}: cursor moved, from the key to the first byte", median(moves), OBEYED_SECONDS),
    ]


def write_many(path: Path, trials: int) -> None:
    """An experiment with so many short trials, as a sweep leaves it."""
    run = RunFolder(path)
    run.trials.mkdir(parents=True)
    generator = random.Random(0)
    with run.sweep.open("wb") as ledger:
        ledger.write(encode(_started(trials)))
        for number in range(trials):
            ledger.write(b"".join(map(encode, _trial(run, number, generator))))
        ledger.write(encode(SweepEnded(status="finished", at=2e6)))
    with Indexer(run) as indexer:
        indexer.sync()
    write_summary(run)


def _started(trials: int) -> SweepStarted:
    return SweepStarted(
        experiment="exp001", search="many", metric="score", trials=trials, varied=["x", "y", "lr"], at=1e6
    )


def _trial(run: RunFolder, number: int, generator: random.Random) -> Iterator[Event]:
    """The two lines of the ledger; the trial's own file is written on the way."""
    trial, config = f"t{number:03d}", {"x": generator.random(), "y": generator.random()}
    config["lr"] = 10 ** -generator.uniform(1, 5)
    run.trial(trial).path.mkdir()
    events: list[Event] = [Built(effective={**config, "epochs": EVALUATIONS}, digest=trial, total_steps=EVALUATIONS)]
    for step in range(1, EVALUATIONS + 1):
        events.append(Step(step=step, epoch=step, metrics={"loss": generator.random(), "lr": config["lr"]}))
        events.append(Eval(step=step, epoch=step, metrics={"score": generator.random(), "f1": generator.random()}))
    run.trial(trial).events.write_bytes(b"".join(map(encode, events)))
    yield TrialStarted(trial=trial, config=config, seed=number, baseline=number == 0, at=1e6 + number)
    pruned = number % 3 == 0
    yield TrialEnded(
        trial=trial,
        status="pruned" if pruned else "finished",
        reason="asha rung 1: 0.1000 < 0.2000" if pruned else "",
        at=1e6 + number + 5,
    )


def _opened(command: Sequence[str], folder: str) -> float:
    with running(command, SIZE, own_home(folder)) as program:
        program.wait_until_quiet(1.0)
        return _shown(program, program.began)


def _shown(program: PtyProgram, since: float) -> float:
    """Seconds from then until the rows of the table are on the screen."""
    time.sleep(REST_SECONDS)
    return next(at - since for at, replay in screens(program) if at > since and _has_rows(replay.lines))


def _has_rows(lines: Sequence[str]) -> bool:
    return sum(f" t{number:03d} " in line for number, line in enumerate(lines[3:13])) > 8


def _last_byte(program: PtyProgram, keys: bytes) -> float:
    """Seconds until the last byte of what a key brings about. Raises `ValueError` where it brings nothing."""
    at = program.press(keys)
    time.sleep(REST_SECONDS)
    if (last := program.bursts[-1].at) < at:
        raise ValueError(f"{keys!r} changes nothing on the screen")
    return last - at


def _first_byte(program: PtyProgram, keys: bytes) -> float:
    at = program.press(keys)
    time.sleep(REST_SECONDS / 2)
    return next(burst.at for burst in program.bursts if burst.at > at) - at
