"""Options and output that commands share."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

import click

from cockpit.events.text import one_line

if TYPE_CHECKING:
    from rich.console import Console

    from cockpit.store.folder import RunFolder

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


def device_option(default: str | None = "auto", help: str = "Where to compute.") -> Callable[[F], F]:
    """`--device KIND`, of the kinds that there are."""
    from trainers.devices.kinds import CHOICES

    kinds = click.Choice(CHOICES)
    return click.option("--device", type=kinds, default=default, show_default=default is not None, help=help)


def format_option(function: F) -> F:
    """`--format`, as `form`: a table for people, or lines for programs."""
    forms = click.Choice(["table", "csv", "jsonl"])
    text = "A table to read, or every digit for programs."
    return click.option("--format", "form", type=forms, default="table", show_default=True, help=text)(function)


def json_option(function: F) -> F:
    """`--json`: exactly one document on standard output."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")(function)


def has_terminal() -> bool:
    """Whether somebody sits before both ends of this program."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def print_json(document: Any) -> None:
    click.echo(json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False))


def console(stream: IO[str] | None = None) -> Console:
    """Where people read: as wide as the terminal, or as wide as it takes in a pipe."""
    from rich.console import Console

    stream = stream or sys.stdout
    return Console(file=stream, width=None if stream.isatty() else WIDE, highlight=False, emoji=False, markup=False)


def print_table(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    left: Sequence[str] = (),
    optional: Sequence[str] = (),
    last_folds: bool = False,
) -> None:
    """A table of texts, numbers to the right; see `Layout` for what becomes of it where the terminal is narrow."""
    from cockpit.cli.layout import Layout

    out = console()
    layout = Layout(headings, rows, out.width, left, optional, last_folds)
    print_lines([line for row in rows for line in layout.lines(row)], header=layout.header())
    if layout.left_out:
        out.print(f"(too narrow for {', '.join(layout.left_out)})", style="dim")


def print_lines(lines: Sequence[str], header: str | None = None) -> None:
    """Lines as they are, however wide the terminal is."""
    if header is not None:
        console().print(header, style="bold", soft_wrap=True)
    if lines:
        click.echo("\n".join(lines))


def print_sentence(text: str) -> None:
    """A sentence of the output. In a terminal its lines end between words, in a pipe it is one line."""
    _print_folded(text, sys.stdout)


def print_remark(text: str) -> None:
    """The same beside the output proper, on standard error."""
    _print_folded(text, sys.stderr)


def _print_folded(text: str, stream: IO[str]) -> None:
    from cockpit.cli.layout import folded

    click.echo("\n".join(folded(one_line(text), console(stream).width, "")), file=stream)


def print_facts(facts: Mapping[str, str]) -> None:
    """Names and what they stand for, one below the other; facts without words are left out."""
    from cockpit.cli.layout import folded

    told = {name: text for name, text in facts.items() if text}
    indent = max(map(len, told), default=0) + 2
    for name, text in told.items():
        lines = folded(one_line(text), console().width, " " * indent)
        print_lines([f"{name:{indent}}{lines[0].lstrip()}", *lines[1:]])


def settings_of(pairs: Iterable[str], option: str = "") -> dict[str, Any]:
    """`KEY=VALUE` pairs with values as a search file would have them; `option` is what stands before each of them."""
    from cockpit.search.yaml_text import scalar

    settings = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not key or not equals:
            raise click.UsageError(f"{option}{pair}: write it as KEY=VALUE, for example {option}lr=3e-4")
        settings[key] = scalar(text)
    return settings


def for_each(runs: Iterable[RunFolder], work: Callable[[RunFolder], object]) -> int:
    """Do some work on each experiment; one that fails is told of and keeps none of the others from it."""
    from cockpit.store.folder import FolderError

    failed = False
    for run in runs:
        try:
            work(run)
        except FolderError as error:
            failed = True
            click.echo(f"cockpit: {one_line(str(error))}", err=True)
    return 1 if failed else 0


class Duration(click.ParamType[tuple[float, str]]):
    """A length of time such as `90s` or `1h30m`, as seconds and as it was written."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[float, str]:
        from cockpit.search.duration import seconds_of

        try:
            return seconds_of(str(value)), str(value).strip()
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Amount(click.ParamType[float]):
    """A number from 0 up; NaN and infinity are none."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not (math.isfinite(number) and number >= 0):
            self.fail(f"{value!r} is not a number from 0 up", param, ctx)
        return number
