"""What a sweep costs around its trials: our engines against Ray Tune alone, on trials that do next to nothing."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from .child import measure_in_child
from .table import Row, against, at_most, seconds

TRIALS, MORE_TRIALS = 20, 60
ROUNDS = 3
TARGETS = {"ray": 1 / 4, "local": 1 / 8}
LOCAL_MARGIN = 0.060

Figures = dict[str, float]  # seconds: `call` from the start of the sweep to its return, `process` from that of Python


def rows(quick: bool) -> list[Row]:
    """Engines in turns, so that a slow minute of the machine hits all of them."""
    rounds = [_round() for _ in range(1 if quick else ROUNDS)]
    table = []
    for engine in ("local", "ray"):
        for figure, label in (("call", "sweep call"), ("process", "with interpreter start")):
            ours, tuner = (_median(rounds, f"{name} {TRIALS}", figure) for name in (engine, "tuner"))
            table.append(against(f"{TRIALS} trials, {engine} against Tuner, {label}", ours, tuner, TARGETS[engine]))
    margins = {engine: _margin(rounds, engine) for engine in ("local", "ray")}
    return [
        *table,
        at_most("one more trial, local, 2 at once", margins["local"], LOCAL_MARGIN),
        Row("one more trial, ray, 2 at once", seconds(margins["ray"])),
    ]


def _round() -> dict[str, Figures]:
    subjects = [(engine, trials) for trials in (TRIALS, MORE_TRIALS) for engine in ("local", "ray")]
    subjects.insert(1, ("tuner", TRIALS))
    return {f"{engine} {trials}": measure_in_child("sweeps", engine, str(trials)) for engine, trials in subjects}


def _median(rounds: Sequence[dict[str, Figures]], subject: str, figure: str) -> float:
    return median(results[subject][figure] for results in rounds)


def _margin(rounds: Sequence[dict[str, Figures]], engine: str) -> float:
    """Seconds that each further trial adds: the fixed cost cancels."""
    more, fewer = (_median(rounds, f"{engine} {trials}", "call") for trials in (MORE_TRIALS, TRIALS))
    return (more - fewer) / (MORE_TRIALS - TRIALS)
