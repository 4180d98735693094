"""`cockpit profile`: where the time of a training step goes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cockpit.cli.options import print_json, print_sentence, print_table
from cockpit.cli.subject import Asked, about_subject

if TYPE_CHECKING:
    from cockpit.engine.subject import Subject

MOST_ROWS = 15


@click.command()
@click.option(
    "--steps", type=click.IntRange(1, 100), default=1, show_default=True, metavar="N", help="Steps to look at."
)
@click.option(
    "--rows", type=click.IntRange(min=1), default=MOST_ROWS, show_default=True, metavar="N", help="Operators to show."
)
@click.option("-o", "--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="The trace file.")
@about_subject
def profile(asked: Asked, steps: int, rows: int, out: Path | None) -> int:
    """Profile a training step after a warm-up: which operators take the time, on the host and on the device.

    Of a SEARCH its baseline is trained, of a TRAINER its defaults, of an experiment its best trial. The trace goes into
    the trial's folder, or else into this one; chrome://tracing and https://ui.perfetto.dev open it.
    """
    from cockpit.engine.trainer_child import ask

    asked.subject.check(asked.device)
    path = out or _trace_of(asked.subject)
    request = {**asked.subject.request(asked.device), "steps": steps, "path": str(path.resolve())}
    with _room_for(path):
        found = ask("trainers.profiling", request)
    if asked.as_json:
        print_json({**found, "steps": steps, "trace": str(path)})
    else:
        _tell(found, steps, rows)
        print_sentence(f"trace: {path}; chrome://tracing and https://ui.perfetto.dev open it")
    return 0


def _trace_of(subject: Subject) -> Path:
    """In the trial's folder where there is one, else in the working directory."""
    if subject.run is not None:
        return subject.run.trial(subject.trial).path / "trace.json"
    return Path(f"trace-{subject.name.replace('/', '-')}.json")


@contextmanager
def _room_for(path: Path) -> Iterator[None]:
    """A place for the trace, which is gone again where none came of it.

    Raises `InputError` where it could not be written, which is known before a minute is spent.
    """
    from trainers.contract import InputError

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    except OSError as error:
        raise InputError(f"{path}: the trace cannot be written ({error.strerror}); choose another with -o") from None
    try:
        yield
    finally:
        if not path.stat().st_size:
            path.unlink()


def _tell(found: dict[str, Any], steps: int, most: int) -> None:
    """A table of the operators that took most of the time by themselves, each with its share."""
    operators = found["operators"]
    totals = {where: sum(one[where] for one in operators) for where in ("host", "device")}
    shown = [where for where in ("host", "device") if totals[where]]
    table = [
        [one["name"], f"{one['calls'] / steps:g}", *_times(one, shown, totals, steps)]
        for one in sorted(operators, key=lambda one: -one[shown[-1]])[:most]
    ]
    headings = ["operator", "calls", *(head for where in shown for head in (f"{where} ms", "share"))]
    print_table(headings, table, left=("operator",))
    step = found["seconds"] / steps
    beside = f"; {totals['device'] / steps * 1000:.1f} ms of it on the device" if totals["device"] else ""
    print_sentence(f"a step takes {step * 1000:.1f} ms on {found['device']}, profiling included{beside}")
    print_sentence("calls and times are those of one step")


def _times(one: dict[str, Any], shown: list[str], totals: dict[str, float], steps: int) -> list[str]:
    """Milliseconds a step, and the share of all, for each place."""
    return [
        text
        for where in shown
        for text in (f"{one[where] / steps * 1000:.2f}", f"{100 * one[where] / totals[where]:.1f} %")
    ]
