"""Scores that a leaderboard gave: `scores.jsonl`, one line each, in the order in which they were entered."""

from __future__ import annotations

import getpass
import json
import math
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import NamedTuple

from cockpit.events.text import one_line
from cockpit.store.folder import FolderError, RunFolder
from cockpit.store.lines import append_line
from cockpit.store.rows import TrialRow


@dataclass(frozen=True, slots=True)
class Score:
    """One score. `private` is the part of a leaderboard that shows after its end; `at` is seconds since 1970.

    `trial` is empty where the score is the experiment's as a whole. `merged` are the labels of the runs whose
    predictions were merged for it, empty for a single one's.
    """

    value: float
    private: bool
    at: float
    who: str
    trial: str = ""
    merged: tuple[str, ...] = ()
    note: str = ""


class Pair(NamedTuple):
    """The best value of a trial on held-out data, and the score that the leaderboard gave it."""

    trial: str
    cv: float
    lb: float

    @property
    def gap(self) -> float:
        return self.cv - self.lb


def scores(run: RunFolder) -> list[Score]:
    """All scores of an experiment, oldest first. Lines that are no score are passed over."""
    try:
        lines = run.scores.read_bytes().split(b"\n")
    except OSError:
        return []
    return [score for line in lines for score in _parsed(line)]


def newest(known: list[Score], *, private: bool) -> float | None:
    """The score that counts: the last one that was entered for this part of the leaderboard."""
    return next((score.value for score in reversed(known) if score.private == private), None)


def pairs(known: Sequence[Score], trials: Sequence[TrialRow], best: TrialRow | None) -> list[Pair]:
    """Which value of the sweep's metric stands beside which public score, in the order of the trials.

    A score of a single trial stands beside its own best value, the newest of several; one of the experiment as a whole
    beside the best trial's. Merged ones are of no single trial, and stand beside none.
    """
    own = {score.trial: score.value for score in known if score.trial and not score.private and not score.merged}
    whole = newest([score for score in known if not score.trial and not score.merged], private=False)
    if whole is not None and best is not None:
        own = {**own, best.id: whole}
    rated = [trial for trial in trials if trial.id in own and trial.best is not None and math.isfinite(trial.best)]
    return [Pair(trial.id, trial.best or 0.0, own[trial.id]) for trial in rated]


def record_score(run: RunFolder, value: float, private: bool, *, trial: str = "", note: str = "") -> Score:
    """Append a score to the experiment's record. Raises `FolderError` when it is no number or cannot be written."""
    if not math.isfinite(value):
        raise FolderError(f"{value} is no score; enter the number that the leaderboard shows for {run.id}")
    return append_score(run, Score(value, private, time.time(), _user(), trial, note=note))


def append_score(run: RunFolder, score: Score) -> Score:
    """Append a score as it is. Raises `FolderError` when it cannot be written."""
    said = {key: value for key, value in asdict(score).items() if value not in ("", ())}
    try:
        append_line(run.scores, said)
    except OSError as error:
        raise FolderError(f"{run.scores}: cannot be written ({error.strerror}); the score is not recorded") from None
    return score


def score_text(value: float) -> str:
    """A score with all the digits that were entered: `0.727`, `0.93921`."""
    return f"{value:.12g}"


def leaderboard_text(known: list[Score]) -> str:
    """The scores that count: `LB 0.727 · private LB 0.719`; empty where none was entered."""
    parts = {"LB": newest(known, private=False), "private LB": newest(known, private=True)}
    return " · ".join(f"{name} {score_text(value)}" for name, value in parts.items() if value is not None)


def _parsed(line: bytes) -> Iterator[Score]:
    try:
        record = json.loads(line)
        value, at = float(record["value"]), float(record.get("at") or 0.0)
        if math.isfinite(value) and math.isfinite(at):
            who, trial, note = (one_line(str(record.get(key) or "")) for key in ("who", "trial", "note"))
            merged = record.get("merged")
            members = tuple(one_line(str(label)) for label in merged) if isinstance(merged, list) else ()
            yield Score(value, record.get("private") is True, at, who, trial, members, note)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
        return


def _user() -> str:
    try:
        return one_line(getpass.getuser())
    except (OSError, KeyError):  # a container's user without a name
        return str(os.getuid())
