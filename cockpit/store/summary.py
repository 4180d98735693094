"""`summary.json`: what lists of experiments show, in one small file that is replaced as a whole."""

from __future__ import annotations

import json
import math
import os
import time
from pathlib import Path
from typing import Any

from cockpit.store import ranking
from cockpit.store.folder import FolderError, RunFolder
from cockpit.store.learning_rate import found_rate
from cockpit.store.life import LIVE, is_alive
from cockpit.store.noise import noise_of
from cockpit.store.reader import Index
from cockpit.store.rows import SweepRow, TrialRow
from cockpit.store.runs import configurations
from cockpit.store.scores import Score, newest, pairs, record_score, scores
from cockpit.store.verdict import verdict

_WORDS = ("status", "host", "process_started", "question")
_COUNTS = ("pid", "updated", "ended_trials")
_MAYBE_NUMBERS = (
    "best", "baseline", "trials", "leaderboard", "started", "ended", "paused_trials", "waiting_trials",
)  # fmt: skip
MOST_PAIRS = 100
SILENT_AFTER = 15.0  # seconds; a living sweep writes its summary about once a second


def summarize(run: RunFolder, sweep: SweepRow, trials: list[TrialRow], now: float) -> dict[str, Any]:
    """The summary of one experiment as plain JSON values."""
    searched, found = configurations(trials), verdict(sweep, trials)
    best = ranking.best_trial(trials, sweep.goal)
    baseline = ranking.baseline_trial(trials)
    known, rate = scores(run), found_rate(sweep, trials)
    return {
        "experiment": sweep.experiment,
        "search": sweep.search,
        "question": sweep.question,
        "rerun_of": str(sweep.extra.get("rerun_of") or ""),
        "trainer": sweep.trainer,
        "data": sweep.data,
        "status": sweep.status,
        "reason": sweep.reason,
        "metric": sweep.metric,
        "goal": sweep.goal,
        "trials": sweep.trials,
        "started_trials": len(searched),
        "ended_trials": sum(trial.is_over for trial in searched),
        "repeats": sum(bool(trial.repeat_of) for trial in trials),
        "confirmations": sum(bool(trial.confirms) for trial in trials),
        "paused_trials": sum(trial.status == "paused" for trial in trials),
        "waiting_trials": sum(trial.status == "waiting" for trial in trials),
        "best": best.best if best else None,
        "best_trial": best.id if best else None,
        "baseline": finite_or_none(baseline.best) if baseline else None,
        "history": [finite_or_none(trial.best) for trial in searched],
        "verdict": found.mark,
        "verdict_text": found.text,
        "noise": None if sweep.status in LIVE else noise_of(trials).to_mapping(),
        "leaderboard": newest(known, private=False),
        "pairs": pairs(known, trials, best)[-MOST_PAIRS:],
        "suggested_lr": rate.suggested if rate else None,
        "varied": sweep.varied,
        "from": sweep.extra.get("from", []),
        "references": [
            {"asked": list(trial.config), "settings": trial.settings} for trial in (best, baseline) if trial is not None
        ],
        "host": sweep.host,
        "pid": sweep.pid,
        "process_started": str(sweep.environment.get("process_started", "")),
        "started": sweep.started,
        "ended": sweep.ended,
        "updated": now,
    }


def finite_or_none(value: float | None) -> float | None:
    """JSON has no NaN and no infinity."""
    return value if value is not None and math.isfinite(value) else None


def write_summary(run: RunFolder) -> dict[str, Any]:
    """Make `summary.json` from the index, atomically; return what is in it."""
    with Index(run) as index:
        return save_summary(run, index.sweep(), index.trials())


def save_summary(run: RunFolder, sweep: SweepRow, trials: list[TrialRow]) -> dict[str, Any]:
    """`write_summary` for who has read the rows already."""
    summary = summarize(run, sweep, trials, time.time())
    replace_file(run.summary, json.dumps(summary, ensure_ascii=False))
    return summary


def add_score(run: RunFolder, value: float, private: bool = False, *, trial: str = "", note: str = "") -> Score:
    """Record a score of the leaderboard, and let lists show it. Raises `FolderError`; see `record_score`."""
    known = read_summary(run, time.time())
    if known["status"] == "broken":
        raise FolderError(f"{run.id} takes no score: {known['reason']}")
    score = record_score(run, value, private, trial=trial, note=note)
    # Asked again: a sweep that still runs after this writes the score into its summary itself, one that ended does not.
    if read_summary(run, time.time())["status"] not in LIVE:
        write_summary(run)
    return score


def replace_file(path: Path, text: str) -> None:
    """Replace `path` in one step: readers see the old text or the new one, never a part."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


def read_summary(run: RunFolder, now: float) -> dict[str, Any]:
    """The summary with its status as of now; made from the run folder where the file is missing or broken.

    `silent` is the number of seconds since a running sweep was last heard of, when that is long.
    """
    try:
        summary: Any = json.loads(run.summary.read_text(encoding="utf-8"))
        if not _is_whole(summary):
            raise ValueError("not a whole summary")
    except (OSError, ValueError):
        try:
            with Index(run) as index:
                summary = summarize(run, index.sweep(), index.trials(), now)
        except FolderError as error:
            return {
                "experiment": run.id,
                "search": run.name.partition("-")[2],
                "status": "broken",
                "reason": str(error),
            }
    shown: dict[str, Any] = summary
    if shown["status"] in LIVE:
        if not is_alive(shown["host"], shown["pid"], shown["process_started"]):
            shown["status"] = "interrupted"
        elif now - shown["updated"] > SILENT_AFTER:
            shown["silent"] = now - shown["updated"]
    return shown


def _is_whole(summary: Any) -> bool:
    """Whether a file that anybody may have written has what lists of experiments need."""
    return (
        isinstance(summary, dict)
        and all(isinstance(summary.get(key), str) for key in _WORDS)
        and all(_is_number(summary.get(key)) for key in _COUNTS)
        and all(summary.get(key) is None or _is_number(summary[key]) for key in _MAYBE_NUMBERS)
        and isinstance(summary.get("history"), list)
        and all(value is None or _is_number(value) for value in summary["history"])
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
