"""What a sweep costs around its trials: our engines against Ray Tune alone, on trials that do next to nothing."""

from __future__ import annotations

from statistics import median

from .child import measure_in_child
from .table import Row, against, at_most, seconds

TRIALS, MORE_TRIALS = 20, 60
ROUNDS = 3
LOCAL_PAIRS = 7  # short enough for many
TARGETS = {"local": 1 / 8, "ray": 1 / 4}
MARGINS = {"local": 0.060, "ray": 0.250}  # of one short trial in a process of its own

Figures = dict[str, float]  # seconds: `call` from the start of the sweep to its return, `process` from that of Python


def rows(quick: bool) -> list[Row]:
    """Engines in turns, so that a slow minute of the machine hits all of them."""
    rounds = [_round() for _ in range(1 if quick else ROUNDS)]
    table = []
    for engine, target in TARGETS.items():
        for figure, label in (("call", "sweep call"), ("process", "with interpreter start")):
            ours, tuner = (median(results[name][figure] for results in rounds) for name in (engine, "tuner"))
            table.append(against(f"{TRIALS} trials, {engine} against Tuner, {label}", ours, tuner, target))
    return [
        *table,
        at_most("one more trial, local, 2 at once", _margin("local", 1 if quick else LOCAL_PAIRS), MARGINS["local"]),
        at_most("one more trial, ray, 2 at once", _margin("ray", 1 if quick else ROUNDS), MARGINS["ray"]),
        Row("one more trial, Tuner, 2 at once", peer=seconds(_margin("tuner", 1))),
        Row("one more trial, Optuna in this very process", peer=seconds(_margin("optuna", 1))),
    ]


def _round() -> dict[str, Figures]:
    return {engine: measure_in_child("sweeps", engine, str(TRIALS)) for engine in (*TARGETS, "tuner")}


def _margin(engine: str, pairs: int) -> float:
    """Seconds that each further trial adds: the fixed cost cancels. Pairs are neighbours in time, so drift cancels."""
    return median(_difference(engine) for _ in range(pairs)) / (MORE_TRIALS - TRIALS)


def _difference(engine: str) -> float:
    fewer, more = (measure_in_child("sweeps", engine, str(trials))["call"] for trials in (TRIALS, MORE_TRIALS))
    return float(more - fewer)
