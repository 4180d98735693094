"""One sweep that is struck again and again, by the numbers of a seed, and has to come to its whole end all the same."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from .checks import (
    Snapshot,
    check_attempts,
    check_checkpoints,
    check_complete,
    check_nothing_is_left,
    check_what_is_shown,
)
from .experiment import TRIALS, Experiment, experiment
from .processes import PATIENCE, wait_until
from .records import ends, size
from .strikes import KILLS, LOCAL, RAY

WHOLE_BYTES = 50_000  # about what an uncut sweep records
MOST_ROUNDS = 8
OVER = ("finished", "pruned")


@dataclass
class Report:
    """What became of a seed. `strikes` are `victim@bytes of record`, those that came too late left out."""

    seed: int
    engine: str
    strikes: list[str] = field(default_factory=list)
    kills: int = 0
    rounds: int = 0
    failure: str = ""

    def __str__(self) -> str:
        struck = ", ".join(self.strikes) or "nothing (it was over)"
        verdict = self.failure or "ok"
        return f"seed {self.seed} {self.engine}: {struck}; {self.rounds} rounds; {verdict}"


def survive(seed: int, engine: str, folder: Path, victims: Sequence[str] = ()) -> Report:
    """Strike a sweep, resume it until it is whole, and check after every round. Raises `AssertionError` with the seed.

    `victims` are those of the first rounds; by default the seed chooses.
    """
    report, random = Report(seed, engine), Random(seed)
    known = RAY if engine == "ray" else LOCAL
    weights = [3 if name in KILLS else 1 for name in known]
    chosen = list(victims) or random.choices(list(known), weights, k=random.choice((1, 2)))
    scheduler = random.choice(("none", "none", "asha"))
    keys = {"engine": engine, "scheduler": scheduler, "max_failures": random.choice((0, 1)), "seed": seed}
    with experiment(folder, **keys) as made:
        try:
            _survive(made, random, chosen, report)
            check_complete(made, OVER if scheduler == "asha" else ("finished",))
        except Exception as error:
            report.failure = f"{type(error).__name__}: {error}"
            raise AssertionError(f"{report}\n{made.said()}") from error
    return report


def _survive(made: Experiment, random: Random, chosen: list[str], report: Report) -> None:
    snapshot = None
    process = made.sweep()
    while True:
        report.rounds += 1
        assert report.rounds <= MOST_ROUNDS, f"not over after {MOST_ROUNDS} rounds: {ends(made.run)}"
        if chosen:
            _strike(made, process, random, chosen.pop(0), report)
        code = _wait(process)
        assert code in _codes(report), f"exit code {code}: {made.said()}"
        check_nothing_is_left(made)
        if snapshot is not None:
            snapshot.check()
        snapshot = Snapshot.of(made.run)
        check_attempts(made.run)
        check_what_is_shown(made)
        known = ends(made.run)
        if not chosen and len(known) == TRIALS and set(known.values()) <= set(OVER):
            check_checkpoints(made.run)
            return
        process = made.resume()


def _strike(made: Experiment, process: subprocess.Popen[bytes], random: Random, name: str, report: Report) -> None:
    """Wait until so much is recorded, and a little longer, so that it can be in the middle of a line, too."""
    wait_until(lambda: process.poll() is not None or _begun(made))
    if process.poll() is not None:
        return
    before = size(made.run)
    at = before + random.randrange(1, max(2, WHOLE_BYTES - before))
    wait_until(lambda: process.poll() is not None or size(made.run) >= at, pause=0.001)
    until = time.perf_counter() + random.random() * 0.01
    while time.perf_counter() < until:
        pass
    victims = RAY if report.engine == "ray" else LOCAL
    reached = size(made.run)
    if process.poll() is None and victims[name](made, random):
        report.strikes.append(f"{name}@{reached}")
        report.kills += name in KILLS


def _begun(made: Experiment) -> bool:
    """Whether there is an experiment that can be taken up again."""
    return any(path.stat().st_size for path in (made.folder / "logs").glob("exp001*/sweep.jsonl"))


def _wait(process: subprocess.Popen[bytes]) -> int:
    return process.wait(timeout=PATIENCE)


def _codes(report: Report) -> set[int]:
    """How a sweep may end after what struck it last; by itself it ends well."""
    last = report.strikes[-1].partition("@")[0] if report.strikes else ""
    if last in ("engine", "engine in a transaction", "everything"):
        return {0, -9}
    if last in ("SIGTERM", "SIGINT", "SIGHUP"):
        return {0, 130, -15, -2, -1}
    # A raylet ends with its agents.
    return {0, 1} if last in ("warm parent", "Ray agent", "raylet", "GCS") else {0}
