"""What `cockpit show` says of the past: attempts, changed settings, commands, and when a sweep was taken up again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from cockpit.cli.options import print_table

if TYPE_CHECKING:
    from cockpit.store.history import AttemptRow, ChangeRow
    from cockpit.store.rows import CommandRow, TrialRow


def print_attempts(attempts: Sequence[AttemptRow], trial: TrialRow, began: float | None) -> None:
    """The attempts of a trial, where there were several."""
    from cockpit.store.command_words import clock_text

    if len(attempts) < 2:
        return
    rows = []
    for attempt in attempts:
        is_last = attempt is attempts[-1]
        start = "the beginning" if not attempt.after else f"step {attempt.after}"
        ended = "" if attempt.ended is None else clock_text(attempt.ended, began)
        why = attempt.why or attempt.status or (trial.ending or trial.status if is_last else "it was cut off")
        rows.append([str(attempt.number), start, clock_text(attempt.started, began), ended, why])
    click.echo()
    headings = ("attempt", "after", "began", "over", "why it ended")
    print_table(headings, rows, left=("after", "why it ended"), last_folds=True)


def print_changes(changes: Sequence[ChangeRow]) -> None:
    """The settings that were changed while a trial ran."""
    from cockpit.store.numbers import setting_text

    if not changes:
        return
    rows = [
        [name, setting_text(value), f"{change.step + 1}", change.who]
        for change in changes
        for name, value in change.settings.items()
    ]
    click.echo()
    print_table(("changed", "to", "from step", "by"), rows, left=("changed", "by"))


def print_commands(commands: Sequence[CommandRow], began: float | None, of_a_trial: bool) -> None:
    """What people asked for, and what came of it."""
    from cockpit.store.command_words import clock_text, outcome

    if not commands:
        return
    rows = [
        [
            clock_text(command.at, began),
            *([] if of_a_trial else [command.trial or "all"]),
            command.name,
            command.who,
            outcome(command),
        ]
        for command in commands
    ]
    headings = ["at", *([] if of_a_trial else ["trial"]), "command", "by", "what came of it"]
    click.echo()
    print_table(headings, rows, left=headings, last_folds=True)
