"""`cockpit run`: one command becomes an experiment with one trial."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from cockpit.cli.options import Amount, device_option, json_option, logs_option, print_json

if TYPE_CHECKING:
    from cockpit.engine.observer import View
    from cockpit.engine.plan import Plan
    from cockpit.store.folder import RunFolder
    from cockpit.store.reader import Index
    from cockpit.store.rows import SweepRow, TrialRow

LITERAL = {"ignore_unknown_options": True, "allow_interspersed_args": False}


@click.command(context_settings=LITERAL)
@click.option("--name", metavar="N", help="Name of the experiment; else that of the script.")
@click.option(
    "--metric", metavar="RE", help="What ranks it: a name, or a regular expression such as 'f1=(?P<f1>[0-9.]+)'."
)
@click.option("--note", metavar="TEXT", help="The question, as it stands in the diary.")
@click.option("--gpus", type=Amount(), metavar="X", help="How many GPUs it sees; else all.")
@device_option()
@click.option("--detach", is_flag=True, help="Go on in the background, also when this terminal closes.")
@logs_option
@json_option
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- CMD …")
def run(
    name: str | None,
    metric: str | None,
    note: str | None,
    gpus: float | None,
    device: str,
    detach: bool,
    logs: Path,
    as_json: bool,
    command: tuple[str, ...],
) -> int:
    """Run one command as an experiment: `cockpit run -- python train.py --lr 3e-4`.

    Its lines become steps and evaluations, its options the configuration. It prints here what it always prints. Exits
    with 0 when the command did and with 1 when it failed, for which standard error has the reason.
    """
    if detach:
        return _detach(as_json)
    return _conduct(_plan(command, name, metric, note, gpus, device), logs, as_json)


def _plan(
    command: tuple[str, ...], name: str | None, metric: str | None, note: str | None, gpus: float | None, device: str
) -> Plan:
    from cockpit.engine.plan import make_plan
    from cockpit.engine.single import search_of_command
    from cockpit.search.errors import SearchError
    from trainers.contract import InputError

    try:
        return make_plan(search_of_command(command, name, metric, note, gpus), device)
    except SearchError as error:  # there is no file to look into
        raise InputError(error.problem) from None


def _detach(as_json: bool) -> int:
    from cockpit.engine.spawn import NotStartedError, spawn_detached

    words = sys.argv[sys.argv.index("run") + 1 :]
    words.remove("--detach")  # the first one; a command may have one, too
    try:
        name, pid = spawn_detached(words, command="run")
    except NotStartedError as error:
        click.echo(f"cockpit: {error}", err=True)
        return error.code
    experiment = name.split("-", 1)[0]
    if as_json:
        print_json({"experiment": experiment, "name": name, "pid": pid})
    else:
        click.echo(f"{name} runs detached, process {pid}; `cockpit show {experiment}` tells how it does")
    return 0


def _conduct(plan: Plan, logs: Path, as_json: bool) -> int:
    from cockpit.cli.pictures import draw_pictures
    from cockpit.diary.book import write_entry
    from cockpit.engine.observer import NoView
    from cockpit.engine.spawn import is_detached, tell_ready
    from cockpit.engine.sweep import Job, run_sweep
    from cockpit.store.document import experiment_document
    from cockpit.store.reader import Index

    detached = is_detached()
    job = Job(plan, logs, shlex.join(["cockpit", *map(os.fspath, sys.argv[1:])]), detached=detached)

    def make_view(run: RunFolder, terminal: TextIO) -> View:
        return NoView() if as_json or detached else Passing(run.trial("t000").output, terminal)

    def announce(run: RunFolder) -> None:
        write_entry(logs, run)
        tell_ready(run.name)

    run_folder, ending = run_sweep(job, make_view, announce)
    draw_pictures(logs, [run_folder])
    write_entry(logs, run_folder)
    with Index(run_folder) as index:
        trials = index.trials()
        if as_json:
            print_json(experiment_document(index))
    if not detached:
        click.echo(f"cockpit: {_said_at_the_end(trials, run_folder.name)}", err=True)
    if ending.status == "interrupted":
        return 130
    return 0 if trials and trials[0].status == "finished" else 1


def _said_at_the_end(trials: list[TrialRow], name: str) -> str:
    if not trials:
        return f"the command was not started; recorded as {name}"
    trial = trials[0]
    if trial.status == "finished":
        return f"recorded as {name}"
    return f"the command {trial.status}: {trial.reason or 'no reason is known'}; recorded as {name}"


class Passing:
    """Shows what the command prints, byte for byte, as it comes."""

    def __init__(self, output: Path, terminal: TextIO) -> None:
        self._output = output
        self._descriptor: int | None = terminal.fileno()
        self._shown = 0

    def show(self, index: Index, sweep: SweepRow, trials: list[TrialRow]) -> None:
        try:
            with self._output.open("rb") as file:
                file.seek(self._shown)
                while self._descriptor is not None and (block := file.read(1 << 16)):
                    self._shown += len(block)
                    self._write(block)
        except FileNotFoundError:
            pass  # it has not begun

    def _write(self, data: bytes) -> None:
        try:
            while data and self._descriptor is not None:
                data = data[os.write(self._descriptor, data) :]
        except OSError:
            self._descriptor = None  # whoever read this has seen enough; the record goes on
