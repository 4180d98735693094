"""`cockpit find-lr`: a learning-rate range test, recorded as an experiment."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from cockpit.cli.options import console, print_json, print_sentence
from cockpit.cli.subject import Asked, about_subject

if TYPE_CHECKING:
    from cockpit.engine.ending import Ending
    from cockpit.engine.observer import View
    from cockpit.engine.plan import Plan
    from cockpit.store.curve import Curve
    from cockpit.store.folder import RunFolder
    from cockpit.store.learning_rate import FoundRate

WIDEST, ROWS = 100, 16
RATE = click.FloatRange(1e-12, 10)


@click.command("find-lr")
@click.option("--from", "low", type=RATE, default=1e-7, show_default=True, metavar="LR", help="The first rate.")
@click.option("--to", "high", type=RATE, default=1e-2, show_default=True, metavar="LR", help="The last rate.")
@click.option(
    "--steps", type=click.IntRange(10, 1_000_000), default=200, show_default=True, metavar="N", help="How many."
)
@about_subject
def find_lr(asked: Asked, low: float, high: float, steps: int) -> int:
    """Look for a learning rate: train some steps with a rate that grows, and see where the loss falls and explodes.

    Of a SEARCH its baseline is trained, of a TRAINER its defaults, of an experiment its best trial. All parameter
    groups keep the ratio of their rates. It ends when the smoothed loss is four times its lowest value. The suggestion
    is the rate at which the loss falls most steeply; `--set lr=…` uses it.

    It is an experiment: `cockpit steps` has its losses, the app its chart, the diary what was found.
    """
    from cockpit.engine.lr_finding import Range, plan_finding

    plan = plan_finding(asked.subject, Range(low, high, steps), asked.device)
    run, ending = _run(plan, asked.logs, quiet=asked.as_json)
    found, curve = _found(run)
    if asked.as_json:
        print_json(_document(run, ending, found))
    elif found is not None and found.loss is not None:
        _tell(found, curve)
    if ending.status == "interrupted":
        return 130
    return 0 if found is not None and found.loss is not None else _failed(run, ending)


def _run(plan: Plan, logs: Path, *, quiet: bool) -> tuple[RunFolder, Ending]:
    from cockpit.cli.keeper import write_or_tell
    from cockpit.cli.live import view_for
    from cockpit.cli.pictures import draw_pictures
    from cockpit.engine.observer import NoView
    from cockpit.engine.spawn import is_detached, tell_ready
    from cockpit.engine.sweep import Job, run_sweep

    detached = is_detached()

    def make_view(run: RunFolder, terminal: TextIO) -> View:
        return NoView() if quiet or detached else view_for(terminal, since=0.0)

    def announce(run: RunFolder) -> None:
        write_or_tell(logs, run)
        tell_ready(run.name)
        if not quiet:
            print_sentence(f"{run.name}: {plan.search.note}")

    job = Job(plan, logs, shlex.join(["cockpit", *sys.argv[1:]]), detached=detached)
    run, ending = run_sweep(job, make_view, announce)
    draw_pictures(logs, [run])
    write_or_tell(logs, run)
    return run, ending


def _found(run: RunFolder) -> tuple[FoundRate | None, Curve | None]:
    from cockpit.store.learning_rate import found_rate
    from cockpit.store.reader import Index

    with Index(run) as index:
        growing = index.growing_curve("t000", "smoothed_loss", kind="step", phase="train")
        curve = index.grow(growing) if growing is not None else None
        return found_rate(index.sweep(), index.trials()), curve


def _failed(run: RunFolder, ending: Ending) -> int:
    from cockpit.store.reader import Index

    with Index(run) as index:
        why = next((trial.error or trial.reason for trial in index.trials()), "") or ending.reason
    click.echo(f"cockpit: {run.id} found no rate: {why or ending.status}", err=True)
    return 1


def _tell(found: FoundRate, curve: Curve | None) -> None:
    from cockpit.store.numbers import setting_text

    if curve is not None and len(curve.steps):
        click.echo("\n".join(_chart(found, curve)))
    print_sentence(found.text)
    if found.suggested is not None:
        print_sentence(f"use it: --set lr={setting_text(found.suggested)}")


def _chart(found: FoundRate, curve: Curve) -> list[str]:
    from cockpit.tui.chart.course import Course
    from cockpit.tui.chart.plot import Line, LinePlot, Settings
    from cockpit.tui.chart.window import Window

    course = Course("lr", found.low, found.factor)
    settings = Settings(
        title="smoothed loss over lr",
        window=Window(1, found.steps),
        ascii=not console().encoding.lower().startswith("utf"),
        course=course,
        mark=None if found.suggested is None else course.step(found.suggested),
    )
    return LinePlot().draw([Line("", 0, curve)], settings, min(WIDEST, console().width), ROWS).lines()


def _document(run: RunFolder, ending: Ending, found: FoundRate | None) -> dict[str, Any]:
    from cockpit.store.document import plain
    from cockpit.store.reader import Index

    with Index(run) as index:
        steps = [row for row in index.steps("t000") if row.kind == "step"]
    series = [[row.step, *(row.metrics.get(name) for name in ("lr", "loss", "smoothed_loss"))] for row in steps]
    told = {name: getattr(found, name, None) for name in ("trainer", "suggested", "lowest", "exploding", "loss")}
    document = {"experiment": run.id, "status": ending.status, **told, "text": found.text if found else ""}
    return dict(plain({**document, "columns": ["step", "lr", "loss", "smoothed_loss"], "rows": series}))
