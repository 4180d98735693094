"""Options and output that commands share."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from rich.console import Console

F = TypeVar("F", bound=Callable[..., Any])
WIDE = 10_000  # columns of what is no terminal: a table in a pipe is never cut


def logs_option(function: F) -> F:
    """`--logs DIR`, by default `$COCKPIT_LOGS` or `./logs`."""
    return click.option(
        "--logs",
        type=click.Path(path_type=Path),
        envvar="COCKPIT_LOGS",
        default=Path("logs"),
        show_default=True,
        help="Folder of the experiments; $COCKPIT_LOGS sets it too.",
    )(function)


def json_option(function: F) -> F:
    """`--json`: exactly one document on standard output."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")(function)


def print_json(document: Any) -> None:
    click.echo(json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False))


def console(stream: IO[str] | None = None) -> Console:
    """Where people read: as wide as the terminal, or as wide as it takes in a pipe."""
    from rich.console import Console

    stream = stream or sys.stdout
    return Console(file=stream, width=None if stream.isatty() else WIDE, highlight=False, emoji=False, markup=False)


def print_table(headings: Sequence[str], rows: Sequence[Sequence[str]], left: Sequence[str] = ()) -> None:
    """A table of texts, numbers to the right; `left` names the columns of words."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading in headings:
        words = heading in left
        # Words may be folded into several lines where the terminal is narrow; a number is whole or it is nothing.
        table.add_column(heading, justify="left" if words else "right", no_wrap=not words)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console().print(table)
