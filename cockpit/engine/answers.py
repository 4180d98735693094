"""What is said in answer to commands, and what they are called once they are obeyed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cockpit.engine.control import Command
from cockpit.events.codec import EventError, decode
from cockpit.events.kinds import Answered, Eval, Step
from cockpit.events.text import one_line

TAIL_BYTES = 1 << 18  # of a trial's events; the last step is in there, however many norms follow it
DONE_TO = {"stop": "stopped", "kill": "killed"}


def answer(command: Command, state: str, text: str, at: float, trial: str | None = None) -> Answered:
    """The ledger's line about a command. `trial` is for a command that made one."""
    return Answered(
        command=command.id,
        name=command.name,
        trial=trial or command.trial or "",
        settings=command.settings,
        who=command.who,
        state=state,
        text=one_line(text, 500),
        at=at,
    )


def strongest(orders: Sequence[Command]) -> Command:
    """The order that counts where several want an end: the first to kill, else the first."""
    return next((order for order in orders if order.name == "kill"), orders[0])


def reason_of(orders: Sequence[Command]) -> str:
    """Why something ended that was told to: `stopped by user@host`."""
    order = strongest(orders)
    return f"{DONE_TO[order.name]} by {order.who}"


def ended_text(trial: str, orders: Sequence[Command], events: Path) -> str:
    """What became of a trial that was told to end: `t003 stopped at step 120`."""
    step = last_step(events)
    where = "before its first step" if step is None else f"at step {step}"
    return f"{trial} {DONE_TO[strongest(orders).name]} {where}"


def last_step(events: Path) -> int | None:
    """The last step that a trial recorded; None before the first."""
    try:
        with events.open("rb") as file:
            file.seek(max(0, events.stat().st_size - TAIL_BYTES))
            lines = file.read().split(b"\n")
    except OSError:
        return None
    for line in reversed(lines):
        try:
            event = decode(line)
        except EventError:
            continue
        if isinstance(event, Step | Eval):
            return event.step
    return None
