"""What a second look at a trained model means. See `trainers.recheck` for how it is told."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from cockpit.checks.finding import LEAK, OK, REMARK, UNKNOWN, WARNING, Finding
from cockpit.store.numbers import counted, delta_text, metric_text

REPRODUCED, GROUPS = "reproduced", "groups apart"
# For each way of looking: what the check is called, what is done, and what may be wrong where it matters.
WAYS = {
    "shuffled": (
        "order",
        "in another order",
        "what else is in a batch counts: attention or statistics across the batch?",
    ),
    "alone": ("batch 1", "one by one", "what else is in a batch counts: attention or statistics across the batch?"),
    "withheld": ("labels withheld", "without their labels", "labels are passed at inference?"),
}


def tolerance(value: float, rows: int) -> float:
    """How much a metric may move by rounding alone: 1e-4 of it, or of 1 where it is less, and two of all rows.

    Outputs that differ in their last bits leave means as they are to six digits. What is counted, such as an accuracy
    or an F1 at a threshold, moves by whole rows: one on the edge, and in retrieval also the one on its other side.
    """
    return 1e-4 * max(1.0, abs(value)) + 2 / max(rows, 1)


def verdicts(answer: Mapping[str, Any]) -> list[Finding]:
    """One finding for each check."""
    return [_reproduced(answer), *(_look(answer, way) for way in WAYS), _groups(answer["groups"])]


def _reproduced(answer: Mapping[str, Any]) -> Finding:
    look, name, before = answer["looks"]["recorded"], answer["metric"], answer["recorded"]
    step = f"step {answer['step']}"
    if before is None:
        return Finding(REPRODUCED, UNKNOWN, f"the checkpoint is of {step}, where nothing was evaluated")
    moved = _moved(answer, before, look["metrics"], look.get("rows", 0))
    if not moved:
        return Finding(REPRODUCED, OK, f"{name} {metric_text(look['metrics'][name])} as recorded at {step}")
    why = "the data are others by now" if answer["data_changed"] else "other code, device or versions?"
    return Finding(REPRODUCED, WARNING, f"{'; '.join(moved)}, recorded at {step} and now: {why}")


def _look(answer: Mapping[str, Any], way: str) -> Finding:
    check, how, question = WAYS[way]
    first, look = answer["looks"]["recorded"], answer["looks"][way]
    if "error" in look:
        return Finding(check, LEAK, f"cannot be evaluated {how} ({look['error']}): {question}")
    rows = look["rows"]
    if not rows:
        return Finding(check, UNKNOWN, "its evaluation does not visit its rows in the way that is asked for")
    if way == "withheld" and not look["withheld"]:
        return Finding(check, OK, "evaluation has no labels to begin with")
    moved = _moved(answer, first["metrics"], look["metrics"], rows)
    if moved or look["moved"]:
        told = moved or [f"{answer['metric']} {metric_text(look['metrics'][answer['metric']])} does not move"]
        outputs = f"the output of {look['moved']} of {counted(rows, 'row')} changes"
        return Finding(check, LEAK, f"{'; '.join(told)} when rows come {how}, and {outputs}: {question}")
    part = _part(look["batches"], first["batches"], rows) if way == "alone" else ""
    return Finding(check, OK, f"no shift of {answer['metric']} when rows come {how}{part}")


def _part(batches: int, before: int, rows: int) -> str:
    """Says so where only some of the rows came alone."""
    return "" if batches >= rows else f" (about {max(0, batches - before)} of {rows}, the others as before)"


def _moved(answer: Mapping[str, Any], before: Mapping[str, float], after: Mapping[str, float], rows: int) -> list[str]:
    """The metrics that decide and moved by more than rounding does."""
    names = answer["ranked"]
    return [text for name in names if (text := _shift(name, before.get(name), after.get(name), rows))]


def _shift(name: str, one: float | None, other: float | None, rows: int) -> str:
    """How far a metric moved; empty where it did not, or is not there."""
    if one is None or other is None or (math.isnan(one) and math.isnan(other)):
        return ""
    if abs(one - other) <= tolerance(one, rows):
        return ""
    return f"{name} {metric_text(one)} → {metric_text(other)} ({delta_text(other - one)})"


def _groups(found: Mapping[str, Any] | None) -> Finding:
    if found is None:
        return Finding(GROUPS, UNKNOWN, "the trainer does not tell which groups it trains and validates on")
    noun, shared = found["noun"], found["shared"]
    if not shared:
        return Finding(GROUPS, OK, f"none of the {found['of']} {noun} of validation is trained on")
    text = f"{shared} of the {found['of']} {noun} of validation ({counted(found['rows'], 'row')}) are trained on too"
    if not found["apart"]:
        return Finding(GROUPS, REMARK, f"{text}, as this way of holding out allows")
    return Finding(GROUPS, LEAK, f"{text}, for example {', '.join(found['examples'])}: the split is not by {noun}")
