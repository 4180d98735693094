"""What `cockpit import` says of each source."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from cockpit.events.text import one_line

if TYPE_CHECKING:
    from cockpit.importers.finding import Found
    from cockpit.importers.outcome import Outcome

SHOWN = 20  # lines that were not understood


def print_outcome(outcome: Outcome) -> None:
    """The format, the experiment, what is in it, and the lines that were not understood."""
    from cockpit.importers.record import UNREAD
    from cockpit.store.numbers import counted

    head = f"{outcome.path}: {outcome.format}"
    if outcome.run is None:
        click.echo(f"{head}, nothing with numbers in {counted(outcome.lines, 'line')}; no experiment")
        return
    name = outcome.run.name
    if outcome.already:
        click.echo(f"{head}, is {name} already; nothing was changed")
        return
    counts = [
        counted(len(outcome.runs), "run"),
        counted(outcome.steps, "step"),
        counted(outcome.evaluations, "evaluation"),
        *([f"{outcome.norms} norms"] if outcome.norms else []),
        *([counted(outcome.scores, "score")] if outcome.scores else []),
    ]
    became = "has grown, so made anew" if outcome.replaced else "imported"
    click.echo(f"{head}, {became} as {name}: {', '.join(counts)}")
    if not outcome.unread_lines:
        return
    of = f" of {outcome.lines}" if outcome.lines else ""
    click.echo(f"  {counted(outcome.unread_lines, 'line')}{of} with numbers not understood:")
    for line, text in outcome.unread(SHOWN):
        click.echo(f"  {line:>7}  {text}")
    hidden = outcome.unread_lines - SHOWN
    if hidden > 0:
        click.echo(f"  … {hidden} more in {outcome.run.path / UNREAD}")


def print_unrecognised(others: Sequence[Found]) -> None:
    """Files that are of no known format."""
    if others:
        click.echo("not recognised:")
    for found in others:
        click.echo(f"  {one_line(str(found.path))}{f' ({found.problem})' if found.problem else ''}")


def unrecognised(found: Found) -> dict[str, Any]:
    """Such a file as one JSON object."""
    from cockpit.importers.outcome import Outcome

    document = Outcome(path=one_line(str(found.path)), format="").document()
    return {**document, "format": None, "problem": found.problem or "not recognised"}
