"""What `cockpit export` says of an experiment and of its trials, as items. Its formats differ in how they say it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cockpit.events.codec import EventError, decode
from cockpit.events.kinds import SweepStarted, TrialStarted
from cockpit.importers.contract import About, Item, Run, RunEnded

_NOT_OVER = ("running", "paused", "waiting", "queued")


def items_of(line: str | bytes, key: str = "") -> list[Item]:
    """What a line with the start of a sweep or of a trial says; nothing for any other. `key` is by default its id."""
    try:
        event = decode(line)
    except EventError:
        return []
    if isinstance(event, SweepStarted):
        return [_about(event)]
    return trial_of(key or event.trial, event) if isinstance(event, TrialStarted) else []


def _about(event: SweepStarted) -> About:
    return About(
        name=event.search,
        question=event.question,
        metric=event.metric,
        goal=event.goal,
        at=event.at or None,
        seeds=_count(event.extra, "seeds", 1),
        confirm=_count(event.extra, "confirm", 0),
    )


def trial_of(key: str, event: TrialStarted) -> list[Item]:
    """The beginning and the end of a trial whose end stands in `extra` of its start."""
    extra = event.extra
    run = Run(
        key=key,
        label=_text(extra, "label") or event.trial,
        config=event.config,
        change=_text(extra, "change"),
        note=_text(extra, "note"),
        parent=_text(extra, "parent"),
        seed=event.seed,
        device=_text(extra, "device"),
        started=event.at or None,
        baseline=event.baseline,
        repeat_of=_text(extra, "repeat_of"),
        confirms=_text(extra, "confirms"),
        number=_count(extra, "repeat", 0) or _count(extra, "pair", 0),
    )
    status, reason = _text(extra, "status") or "finished", _text(extra, "reason")
    if status in _NOT_OVER:
        status, reason = "interrupted", reason or f"it was {status} when it was exported"
    ended = extra.get("ended")
    over = RunEnded(
        key=key,
        status=status,
        reason=reason,
        error=_text(extra, "error"),
        ended=float(ended) if isinstance(ended, int | float) else None,
    )
    return [run, over]


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    return value if isinstance(value, str) else ""


def _count(values: Mapping[str, Any], name: str, default: int) -> int:
    value = values.get(name)
    return value if isinstance(value, int) and value > 0 else default
