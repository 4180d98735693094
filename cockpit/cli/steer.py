"""`cockpit stop`, `kill`, `pause`, `resume`, `add` and `set`: commands to a running sweep, and what became of them."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cockpit.cli.options import json_option, logs_option, print_json, settings_of
from cockpit.events.text import one_line

if TYPE_CHECKING:
    from cockpit.engine.control import Command
    from cockpit.store.folder import RunFolder
    from cockpit.store.rows import CommandRow, TrialRow

ANSWER_SECONDS = 10.0  # until a sweep that lives has answered, also while its machine is busy
END_SECONDS = 30.0  # until trials have done what they were told at their next step, which may be a long one
LOOK_SECONDS = 0.1
_LATE = {
    "pause": ", but has not paused yet; it does at its next step",
    "set": ", but has not come to its next step yet; it does so there",
}
_LATE_END = ", but has not ended yet; `cockpit kill` does not ask"


def _target(function: Callable[..., int]) -> Callable[..., int]:
    """What commands share that mean a trial or a whole sweep."""
    return click.argument("target", metavar="TRIAL|EXP")(logs_option(json_option(function)))


@click.command()
@_target
def stop(target: str, logs: Path, as_json: bool) -> int:
    """Stop a trial, or a whole sweep with all its trials.

    A trial closes itself, also in the middle of a step; one that has not within five seconds is killed. A trial that is
    stopped does not go on. A sweep that is stopped can: `cockpit sweep --resume EXP`. One in the queue leaves it.
    """
    return _steer("stop", target, {}, logs, as_json)


@click.command()
@_target
def kill(target: str, logs: Path, as_json: bool) -> int:
    """Kill a trial, or all trials of a sweep, with everything that they started.

    Nothing is saved and nothing closed; `cockpit stop` is kinder.
    """
    return _steer("kill", target, {}, logs, as_json)


@click.command()
@_target
def pause(target: str, logs: Path, as_json: bool) -> int:
    """Pause a trial, or a whole sweep with all its trials.

    A trial saves itself at its next step and ends its process, so that its device is free; `cockpit resume` lets it go
    on at that step. While a sweep is paused nothing is started. A trainer that saves nothing refuses.
    """
    return _steer("pause", target, {}, logs, as_json)


@click.command()
@_target
def resume(target: str, logs: Path, as_json: bool) -> int:
    """Let a paused trial go on, or a paused sweep with all its paused trials.

    A trial goes on at the step where it was paused, as soon as there is room for it. A sweep that does not run any more
    is taken up again by `cockpit sweep --resume EXP`.
    """
    return _steer("resume", target, {}, logs, as_json)


@click.command()
@click.argument("experiment", metavar="EXP")
@click.argument("settings", metavar="KEY=VALUE", nargs=-1, required=True)
@logs_option
@json_option
def add(experiment: str, settings: tuple[str, ...], logs: Path, as_json: bool) -> int:
    """Add a trial with this configuration to a running sweep.

    It is the next one to start, beside those that were planned. What is not given comes from the search's constants and
    its baseline.
    """
    if "/" in experiment:
        raise click.UsageError(f"{experiment}: a trial is added to an experiment; write {experiment.partition('/')[0]}")
    return _steer("add", experiment, settings_of(settings), logs, as_json)


@click.command("set")
@click.argument("trial", metavar="TRIAL")
@click.argument("settings", metavar="KEY=VALUE", nargs=-1, required=True)
@logs_option
@json_option
def set_(trial: str, settings: tuple[str, ...], logs: Path, as_json: bool) -> int:
    """Change a value such as lr in a trial that runs, is paused or waits.

    A running trial takes it at its next step, another one when it goes on. It must be a setting that its trainer can
    change on the way; the refusal names those that there are.
    """
    if "/" not in trial:
        raise click.UsageError(f"{trial}: not a trial; write it as {trial}/t000")
    return _steer("set", trial, settings_of(settings), logs, as_json)


def _steer(name: str, target: str, settings: Mapping[str, Any], logs: Path, as_json: bool) -> int:
    """Send the command, wait for what becomes of it, and tell. Returns the exit code."""
    from cockpit.engine.control import send
    from cockpit.store.folder import find_experiment, find_trial

    run, trial = find_trial(logs, target) if "/" in target else (find_experiment(logs, target), None)
    if name == "resume":
        _refuse_resuming_what_ended(run)
    command = send(run, name, trial, settings)
    if sys.stdout.isatty() and not as_json:
        click.echo(f"{name} {target}: on its way…")
    answer = _wait(run, command)
    obeyed = answer is not None and _is_settled(answer) and answer.state != "refused"
    text = _text(run, answer)
    if as_json:
        state = "unanswered" if answer is None else answer.state
        print_json({"experiment": run.id, **_document(command), "state": state, "text": text})
    elif obeyed:
        click.echo(f"{run.id}: {text}")
    else:
        click.echo(f"cockpit: {run.id}: {text}", err=True)
    return 0 if obeyed else 1


def _wait(run: RunFolder, command: Command) -> CommandRow | None:
    """The answer, as settled as it gets in time; None when there is none."""
    from cockpit.store.life import LIVE  # a sweep in the queue lives and answers too
    from cockpit.store.reader import Index

    began = time.monotonic()
    while True:
        with Index(run) as index:
            over = index.sweep().status not in LIVE
            answer = next((row for row in index.commands() if row.id == command.id), None)
            if answer is not None and _pauses_all(answer):
                answer = _as_far_as_paused(answer, index.trials(best_metrics=False))
        patience = ANSWER_SECONDS if answer is None else END_SECONDS
        if over or (answer is not None and _is_settled(answer)) or time.monotonic() - began > patience:
            return answer
        time.sleep(LOOK_SECONDS)


def _pauses_all(answer: CommandRow) -> bool:
    """Whether a whole sweep is paused, which it says as soon as nothing more is started."""
    return answer.name == "pause" and answer.state == "done" and not answer.trial


def _as_far_as_paused(answer: CommandRow, trials: Sequence[TrialRow]) -> CommandRow:
    """The answer to the order that pauses a sweep, which is obeyed once no trial runs any more."""
    from dataclasses import replace

    from cockpit.store.numbers import counted

    running = [trial.id for trial in trials if trial.status == "running"]
    if running:
        return replace(
            answer, state="accepted", text=f"nothing more is started, and {', '.join(running)} told to pause"
        )
    paused = sum(trial.status == "paused" for trial in trials)
    return replace(answer, text=f"paused, with {counted(paused, 'trial')}; nothing is started until it is resumed")


def _refuse_resuming_what_ended(run: RunFolder) -> None:
    from cockpit.engine.control import ControlError
    from cockpit.store.life import LIVE
    from cockpit.store.reader import Index

    with Index(run) as index:
        status = index.sweep().status
    if status not in LIVE:
        again = f"cockpit sweep --resume {run.id}"
        raise ControlError(f"{run.id}: not running any more ({status}); take it up again with `{again}`")


def _is_settled(answer: CommandRow) -> bool:
    """Whether nothing more is to be waited for: a trial that was added may stay in the queue for hours."""
    return answer.state != "accepted" or answer.name == "add"


def _text(run: RunFolder, answer: CommandRow | None) -> str:
    if answer is None:
        return f"no answer; `cockpit show {run.id}` tells how the sweep does"
    late = "" if _is_settled(answer) else _LATE.get(answer.name, _LATE_END)
    return one_line(answer.text) + late


def _document(command: Command) -> dict[str, Any]:
    return {
        "command": command.id,
        "name": command.name,
        "trial": command.trial,
        "settings": dict(command.settings),
        "who": command.who,
        "at": command.at,
    }
