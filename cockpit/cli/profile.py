"""`cockpit profile`: where the time of a training step goes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cockpit.cli.options import device_option, json_option, logs_option, print_json, print_table, settings_of

if TYPE_CHECKING:
    from cockpit.engine.subject import Subject

MOST_ROWS = 15


@click.command()
@click.argument("subject", metavar="SEARCH|TRAINER|EXP/TRIAL")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Another setting of the trainer.")
@click.option("--steps", type=click.IntRange(1, 100), default=1, show_default=True, help="Steps to look at.")
@click.option("--rows", type=click.IntRange(min=1), default=MOST_ROWS, show_default=True, help="Operators to show.")
@device_option()
@click.option("--data", type=click.Path(path_type=Path), metavar="DIR", help="Data folder.")
@click.option("-o", "--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="The trace file.")
@logs_option
@json_option
def profile(
    subject: str,
    settings: tuple[str, ...],
    steps: int,
    rows: int,
    device: str,
    data: Path | None,
    out: Path | None,
    logs: Path,
    as_json: bool,
) -> int:
    """Profile a training step after a warm-up: which operators take the time, on the host and on the device.

    Of a SEARCH its baseline is trained, of a TRAINER its defaults, of an experiment its best trial. The trace goes into
    the trial's folder, or else into this one; chrome://tracing and https://ui.perfetto.dev open it.
    """
    from cockpit.engine.subject import find_subject
    from cockpit.engine.trainer_child import ask

    wanted = find_subject(subject, logs, Path.cwd()).with_settings(settings_of(settings, "--set "), data)
    wanted.check()
    path = out or _trace_of(wanted)
    _make_room(path)
    found = ask("trainers.profiling", {**wanted.request(device), "steps": steps, "path": str(path.resolve())})
    if as_json:
        print_json({**found, "steps": steps, "trace": str(path)})
    else:
        _tell(found, steps, rows)
        click.echo(f"trace: {path}; chrome://tracing and https://ui.perfetto.dev open it")
    return 0


def _trace_of(subject: Subject) -> Path:
    """In the trial's folder where there is one, else in the working directory."""
    if subject.run is not None:
        return subject.run.trial(subject.trial).path / "trace.json"
    return Path(f"trace-{subject.name.replace('/', '-')}.json")


def _make_room(path: Path) -> None:
    """Raises `InputError` where the trace could not be written, which is known before a minute is spent."""
    from trainers.contract import InputError

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    except OSError as error:
        raise InputError(f"{path}: the trace cannot be written ({error.strerror}); choose another with -o") from None


def _tell(found: dict[str, Any], steps: int, most: int) -> None:
    """A table of the operators that took most of the time by themselves, each with its share."""
    operators = found["operators"]
    totals = {where: sum(one[where] for one in operators) for where in ("host", "device")}
    shown = [where for where in ("host", "device") if totals[where]]
    table = [
        [one["name"][:60], str(one["calls"]), *_times(one, shown, totals, steps)]
        for one in sorted(operators, key=lambda one: -one[shown[-1]])[:most]
    ]
    headings = ["operator", "calls", *(head for where in shown for head in (f"{where} ms", "share"))]
    print_table(headings, table, left=("operator",))
    step = found["seconds"] / steps
    beside = f"; {totals['device'] / steps * 1000:.1f} ms of it on the device" if totals["device"] else ""
    click.echo(f"a step takes {step * 1000:.1f} ms on {found['device']}, profiling included{beside}")


def _times(one: dict[str, Any], shown: list[str], totals: dict[str, float], steps: int) -> list[str]:
    """Milliseconds a step, and the share of all, for each place."""
    return [
        text
        for where in shown
        for text in (f"{one[where] / steps * 1000:.2f}", f"{100 * one[where] / totals[where]:.1f} %")
    ]
