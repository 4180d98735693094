"""`cockpit sweep`: a search becomes an experiment."""

from __future__ import annotations

import os
import shlex
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from cockpit.cli.options import (
    Amount,
    Duration,
    device_option,
    json_option,
    logs_option,
    print_json,
    settings_of,
)

if TYPE_CHECKING:
    from cockpit.engine.observer import View
    from cockpit.engine.plan import Plan
    from cockpit.engine.warm_client import WarmParentProcess
    from cockpit.search.spec import Search
    from cockpit.store.folder import RunFolder


@dataclass(frozen=True)
class Wanted:
    """What the command line says beside the search."""

    settings: tuple[str, ...]
    trials: int | None
    epochs: float | None
    engine: str | None
    concurrent: int | None
    cpus: float | None
    gpus: float | None
    seed: int | None
    note: str | None
    check: bool | None
    confirm: int | None


@dataclass(frozen=True)
class Manner:
    """How the sweep is run, whatever is searched: `budget` is seconds and how they were written, `again` an experiment
    that goes on.
    """

    address: str | None
    queue: bool
    budget: tuple[float, str] | None
    again: RunFolder | None = None


@click.command()
@click.argument("search", metavar="SEARCH", required=False)
@click.option("--trials", type=int, metavar="N", help="How many trials, the baseline included.")
@click.option("--epochs", type=Amount(), metavar="X", help="Passes over the data per trial; fractions work.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Fix a parameter for all trials.")
@click.option("--engine", type=click.Choice(["ray", "local"]), help="Ray Tune, or a plain loop without Ray.")
@click.option("--address", metavar="ADDR", help="Join the Ray cluster there and use all of its nodes.")
@click.option("--concurrent", type=int, metavar="N", help="Trials at once.")
@click.option("--cpus", type=Amount(), metavar="X", help="Cores per trial.")
@click.option("--gpus", type=Amount(), metavar="X", help="GPUs per trial; a fraction shares one.")
@device_option()
@click.option("--seed", type=int, metavar="N", help="Seed of the sampler and of the trials.")
@click.option("--confirm", type=int, metavar="K", help="Run winner and baseline again on K fresh seeds at the end.")
@click.option("--data", type=click.Path(path_type=Path), metavar="DIR", help="Data folder for every trial.")
@click.option("--note", metavar="TEXT", help="The question, as it stands in the diary.")
@click.option("--check", is_flag=True, default=None, help="Look for leaks in the best trial at the end.")
@click.option("--detach", is_flag=True, help="Go on in the background, also when this terminal closes.")
@click.option("--resume", metavar="EXP", help="Go on with an experiment that was cut off or ended early.")
@click.option("--from", "sources", multiple=True, metavar="EXP", help="Start with what this experiment found.")
@click.option("--queue", is_flag=True, help="Begin when the sweeps that began earlier on this machine have ended.")
@click.option("--budget", type=Duration(), metavar="TIME", help="Be over after so long, e.g. 45m or 2h.")
@click.option("--dry-run", is_flag=True, help="Show plan, time and first configurations; start no sweep.")
@click.option("--measure/--no-measure", default=True, help="With --dry-run, try some steps where no sweep was alike.")
@click.option("--timings", "timed", is_flag=True, help="Tell where the time until the first step went.")
@logs_option
@json_option
def sweep(
    search: str | None,
    resume: str | None,
    sources: tuple[str, ...],
    address: str | None,
    device: str,
    data: Path | None,
    detach: bool,
    queue: bool,
    budget: tuple[float, str] | None,
    dry_run: bool,
    measure: bool,
    timed: bool,
    logs: Path,
    as_json: bool,
    **wanted: Any,
) -> int:
    """Run SEARCH: a file, a name in ./searches/, or a search shipped with the package.

    With --resume, in place of a SEARCH, finished trials stay as they are, the others go on from their last checkpoint,
    and what was planned beyond them follows.

    On a terminal one live table, in a pipe one line per evaluation. Ctrl-C ends the trials cleanly and still writes the
    diary. The engine's own output is in the experiment's engine.log.

    With --budget no trial is begun that is not expected to end in time, going by those that ended, and what still runs
    at the end is stopped.
    """
    from cockpit.engine import timings
    from cockpit.engine.plan import draft_plan
    from cockpit.store.folder import find_experiment

    if address:
        wanted["engine"] = _engine_that_joins(wanted["engine"])
    with timings.recorded() if timed and not detach else nullcontext() as marks:
        timings.mark("imports")
        if resume is not None:
            again = _experiment(logs, resume, search, Wanted(**wanted), device, data, sources)
            plan = _plan_again(again, Wanted(**wanted), joining=bool(address))
        else:
            again = None
            known = [find_experiment(logs, name) for name in sources]
            plan = draft_plan(_resolve(search, Wanted(**wanted)), device, data, known, joining=bool(address))
            for lesson in plan.lessons:
                click.echo(lesson.text, err=True)
        with _warm(plan, wanted=not (dry_run or detach or queue)) as warm:
            plan.check()
            timings.mark("plan")
            if dry_run:
                from cockpit.cli.plan import show_plan

                show_plan(plan, logs, measure, as_json)
                return 0
            if detach:
                return _detach(logs, as_json)
            return _run(plan, logs, Manner(address, queue, budget, again), as_json, marks, warm)


def _engine_that_joins(wanted: str | None) -> str:
    """The engine that joins a cluster. Raises `UsageError` where another one is wanted."""
    if wanted == "local":
        raise click.UsageError("--address joins a Ray cluster, which --engine local does not use; drop one of them")
    from cockpit.engine.ray_token import check_token_of_cluster

    check_token_of_cluster()
    return "ray"


@contextmanager
def _warm(plan: Plan, *, wanted: bool) -> Iterator[WarmParentProcess | None]:
    """A warm parent that does its imports while data are looked at, where the sweep begins right after that."""
    from cockpit.engine.warm_client import WarmParentProcess

    if not wanted:
        yield None
        return
    with WarmParentProcess(plan.preload) as warm:
        yield warm


def _experiment(
    logs: Path,
    name: str,
    search: str | None,
    wanted: Wanted,
    device: str,
    data: Path | None,
    sources: tuple[str, ...],
) -> RunFolder:
    """The experiment to go on with. Raises `UsageError` for options that would make its trials incomparable."""
    from cockpit.store.folder import find_experiment

    fixed = {
        "SEARCH": search,
        "--set": wanted.settings,
        "--epochs": wanted.epochs,
        "--seed": wanted.seed,
        "--confirm": wanted.confirm,  # pairs added once a verdict is known would make chance look like a finding
        "--device": None if device == "auto" else device,
        "--data": data,
        "--from": sources,
    }
    for option, given in fixed.items():
        if given not in (None, ()):
            raise click.UsageError(f"--resume goes on with the search that {name} has; drop {option}")
    return find_experiment(logs, name)


def _plan_again(run: RunFolder, wanted: Wanted, *, joining: bool) -> Plan:
    from cockpit.engine.plan import draft_plan
    from cockpit.engine.take_up import circumstances

    before = circumstances(run)
    search = _overridden(before.search, wanted)
    return draft_plan(search, before.device, before.data, before.sources, joining=joining)


def _resolve(name: str | None, wanted: Wanted) -> Search:
    from cockpit.search.find import find_search
    from cockpit.search.reader import load

    if name is None:
        raise click.UsageError("name a SEARCH to run, or an experiment to --resume")
    return _overridden(load(find_search(name, Path.cwd())), wanted)


def _overridden(search: Search, wanted: Wanted) -> Search:
    return search.with_overrides(
        settings=settings_of(wanted.settings, "--set "),
        trials=wanted.trials,
        epochs=wanted.epochs,
        engine=wanted.engine,
        concurrent=wanted.concurrent,
        cpus=wanted.cpus,
        gpus=wanted.gpus,
        seed=wanted.seed,
        note=wanted.note,
        check=wanted.check,
        confirm=wanted.confirm,
    )


def _detach(logs: Path, as_json: bool) -> int:
    from cockpit.engine.spawn import NotStartedError, spawn_detached

    arguments = [word for word in sys.argv[sys.argv.index("sweep") + 1 :] if word != "--detach"]
    try:
        name, pid = spawn_detached(arguments)
    except NotStartedError as error:
        click.echo(f"cockpit: {error}", err=True)
        return error.code
    if as_json:
        print_json({"experiment": name.split("-", 1)[0], "name": name, "pid": pid})
    else:
        experiment = name.split("-", 1)[0]
        click.echo(f"{name} {_how_it_is(logs, name)}, process {pid}; `cockpit show {experiment}` tells how it does")
    return 0


def _how_it_is(logs: Path, name: str) -> str:
    from cockpit.store.folder import RunFolder
    from cockpit.store.summary import read_summary

    summary = read_summary(RunFolder(logs / name), time.time())
    return f"is queued ({summary['reason']})" if summary["status"] == "queued" else "runs detached"


def _run(
    plan: Plan, logs: Path, manner: Manner, as_json: bool, marks: Path | None, warm: WarmParentProcess | None
) -> int:
    from cockpit.cli.keeper import DiaryKeeper, write_or_tell
    from cockpit.diary.mending import mend
    from cockpit.engine.budget import Budget
    from cockpit.engine.spawn import is_detached, tell_ready
    from cockpit.engine.sweep import CompleteError, Job, run_sweep

    detached = is_detached()
    budget = Budget(*manner.budget) if manner.budget else None
    job = Job(
        plan,
        logs,
        _command_line(),
        manner.address,
        detached,
        again=manner.again,
        queues=manner.queue,
        budget=budget,
        warm=warm,
    )

    keepers: list[DiaryKeeper] = []

    def make_view(run: RunFolder, terminal: TextIO) -> View:
        keepers.append(DiaryKeeper(logs, run, _view(terminal, manner, shown=not (as_json or detached))))
        return keepers[-1]

    def announce(run: RunFolder) -> None:
        mend(logs)
        write_or_tell(logs, run)  # so that the diary knows of it whatever happens
        tell_ready(run.name)  # now there is an index that can be looked at
        if not as_json and not detached:
            _say_what_runs(run, plan, manner)

    try:
        run, ending = run_sweep(job, make_view, announce)
    except CompleteError as complete:  # whoever goes on until everything is done has come to the end
        click.echo(f"cockpit: {complete}", err=True)
        return 0
    for keeper in keepers:
        keeper.close()
    if ending.status != "interrupted":
        _look_closer(run, plan)
    _tell(logs, run, marks, as_json, quiet=detached)
    return {"interrupted": 130, "failed": 1}.get(ending.status, 0)


def _tell(logs: Path, run: RunFolder, marks: Path | None, as_json: bool, *, quiet: bool) -> None:
    """Pictures, the diary, and what is printed at the end."""
    from cockpit.cli.ending import keep_timings, print_doubts, print_end, print_timings
    from cockpit.cli.keeper import write_or_tell
    from cockpit.cli.pictures import draw_pictures
    from cockpit.cli.show import goals_of
    from cockpit.store.document import experiment_document
    from cockpit.store.reader import Index

    drawn = draw_pictures(logs, [run])
    diary = write_or_tell(logs, run)
    timed = keep_timings(run, marks)
    with Index(run) as index:
        if as_json:
            print_json({**experiment_document(index, goals_of(run)), **({"timings": timed} if timed else {})})
        elif not quiet:
            print_end(index, diary, drawn)
            print_doubts(index, run)
            print_timings(timed)


def _say_what_runs(run: RunFolder, plan: Plan, manner: Manner) -> None:
    click.echo(f"{run.name}: {plan.search.note or plan.search.name}")
    if plan.device_text != plan.device and not manner.address:  # what other machines have is not known here
        click.echo(f"device {plan.device_text}")


def _view(terminal: TextIO, manner: Manner, *, shown: bool) -> View:
    from cockpit.engine.observer import NoView

    if not shown:
        return NoView()
    from cockpit.cli.live import view_for

    return view_for(terminal, since=0.0 if manner.again is None else time.time())


def _look_closer(run: RunFolder, plan: Plan) -> None:
    """What the entry tells beyond scores: leaks in the best trial, where they are looked for, and its gain on rows."""
    from cockpit.cli.check import best_of, look_again
    from cockpit.cli.ending import compare_rows

    best = best_of(run) if plan.search.check else None
    if best is not None:
        look_again(run, best, plan.device)
    compare_rows(run)


def _command_line() -> str:
    words = ["cockpit", *sys.argv[1:]]
    return shlex.join(os.fspath(word) for word in words if word != "--detach")
