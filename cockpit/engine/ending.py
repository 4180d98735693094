"""How a sweep ends, and what its trials' ends are called then."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from cockpit.engine import answers
from cockpit.engine.request import Outcome
from cockpit.engine.roster import PAUSED, TrialState


@dataclass(frozen=True)
class Ending:
    """How the sweep ends: `finished`, `stopped` (by a command), `interrupted` (by a signal) or `failed`, and why."""

    status: str
    reason: str = ""


def ending_of(statuses: Collection[str], cut_short: str) -> Ending:
    """How a sweep ended that nobody and nothing ended, by the statuses of its trials.

    `cut_short` is why there are fewer of them than were planned, where there are.
    """
    if not statuses or {"finished", "pruned"} & set(statuses):
        return Ending("finished", cut_short)
    if "stopped" in statuses:
        return Ending("stopped", "no trial came to an end, some were told to stop")
    return Ending("failed", "no trial came to an end; `cockpit show` has the reasons")


def named(trial: TrialState, outcome: Outcome, ending: Ending | None) -> Outcome:
    """How a trial ended as people know it; `unfinished` marks one that ended with its sweep and can go on.

    `ending` is that of its sweep, None as long as the sweep goes on.
    """
    if outcome.status not in ("terminated", "stopped", "lost"):
        return outcome
    with_sweep = {"unfinished": True} if ending is not None else {}
    if with_sweep and trial.status == PAUSED:
        with_sweep["paused"] = True  # it goes on when somebody resumes it, not by itself
    if trial.orders:
        own = any(order.trial is not None for order in trial.orders)
        return Outcome("stopped", reason=answers.reason_of(trial.orders), details={} if own else with_sweep)
    if outcome.status == "lost":
        return outcome
    if ending is None:
        return replace(outcome, status="lost")
    status = "interrupted" if ending.status == "interrupted" else "stopped"
    return replace(outcome, status=status, reason=ending.reason, details={**outcome.details, **with_sweep})
