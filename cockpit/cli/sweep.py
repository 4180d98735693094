"""`cockpit sweep`: a search becomes an experiment."""

from __future__ import annotations

import os
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from cockpit.cli.options import Amount, console, json_option, logs_option, print_json, print_table, settings_of

if TYPE_CHECKING:
    from cockpit.engine.plan import Plan
    from cockpit.search.spec import Search
    from cockpit.store.folder import RunFolder
    from cockpit.store.reader import Index


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


@click.command()
@click.argument("search", metavar="SEARCH")
@click.option("--trials", type=int, metavar="N", help="How many trials, the baseline included.")
@click.option("--epochs", type=Amount(), metavar="X", help="Passes over the data per trial; fractions work.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Fix a parameter for all trials.")
@click.option("--engine", type=click.Choice(["ray", "local"]), help="Ray Tune, or a plain loop without Ray.")
@click.option("--address", metavar="ADDR", help="Join the Ray cluster there and use all of its nodes.")
@click.option("--concurrent", type=int, metavar="N", help="Trials at once.")
@click.option("--cpus", type=Amount(), metavar="X", help="Cores per trial.")
@click.option("--gpus", type=Amount(), metavar="X", help="GPUs per trial; a fraction shares one.")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda", "tpu"]), default="auto", show_default=True)
@click.option("--seed", type=int, metavar="N", help="Seed of the sampler and of the trials.")
@click.option("--data", type=click.Path(path_type=Path), metavar="DIR", help="Data folder for every trial.")
@click.option("--note", metavar="TEXT", help="The question, as it stands in the diary.")
@click.option("--detach", is_flag=True, help="Go on in the background, also when this terminal closes.")
@click.option("--dry-run", is_flag=True, help="Show the plan and the first configurations; start nothing.")
@logs_option
@json_option
def sweep(
    search: str,
    address: str | None,
    device: str,
    data: Path | None,
    detach: bool,
    dry_run: bool,
    logs: Path,
    as_json: bool,
    **wanted: Any,
) -> int:
    """Run SEARCH: a file, a name in ./searches/, or a search shipped with the package.

    On a terminal one live table, in a pipe one line per evaluation. Ctrl-C ends the trials cleanly and still writes the
    diary. The engine's own output is in the experiment's engine.log.
    """
    from cockpit.engine.plan import make_plan

    if address and wanted["engine"] == "local":
        raise click.UsageError("--address joins a Ray cluster, which --engine local does not use; drop one of them")
    if address:
        wanted["engine"] = "ray"
    plan = make_plan(_resolve(search, Wanted(**wanted)), device, data, joining=address is not None)
    if dry_run:
        _print_plan(plan, as_json)
        return 0
    if detach:
        return _detach(as_json)
    return _run(plan, logs, address, as_json)


def _resolve(name: str, wanted: Wanted) -> Search:
    from cockpit.search.find import find_search
    from cockpit.search.reader import load

    search = load(find_search(name, Path.cwd()))
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
    )


def _print_plan(plan: Plan, as_json: bool) -> None:
    from cockpit.store.numbers import counted, setting_text

    configs = plan.first_configs(5)
    share = plan.share
    if as_json:
        resources = {"concurrent": share.concurrent, "cpu": share.cpu, "gpu": share.gpu, "threads": share.threads}
        facts = {"search": plan.search.to_mapping(), "trials": plan.total, "device": plan.device}
        print_json({**facts, "resources": resources, "first_configs": configs})
        return
    click.echo(plan.search.to_yaml().rstrip())
    total = "trials without end" if plan.total is None else counted(plan.total, "trial")
    threads = counted(share.threads, "thread")
    click.echo(f"\n{total}, {share.concurrent} at once, {threads} each, device {plan.device}")
    if plan.search.expected:
        click.echo(f"expected time: {plan.search.expected}")
    click.echo("first configurations, where results do not change them:\n")
    names = list(dict.fromkeys([*plan.search.varied, *(configs[0] if configs else ())]))
    print_table(names, [[setting_text(config.get(name)) for name in names] for config in configs])


def _detach(as_json: bool) -> int:
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
        click.echo(f"{name} runs detached, process {pid}; `cockpit show {experiment}` tells how it does")
    return 0


def _run(plan: Plan, logs: Path, address: str | None, as_json: bool) -> int:
    from cockpit.diary.book import write_entry
    from cockpit.engine.observer import NoView, View
    from cockpit.engine.spawn import is_detached, tell_ready
    from cockpit.engine.sweep import Job, run_sweep
    from cockpit.store.document import experiment_document
    from cockpit.store.reader import Index

    detached = is_detached()
    job = Job(plan, logs, _command_line(), address, detached)

    def make_view(run: RunFolder, terminal: TextIO) -> View:
        if as_json or detached:
            return NoView()
        from cockpit.cli.live import view_for

        return view_for(terminal)

    def announce(run: RunFolder) -> None:
        write_entry(logs, run)  # so that the diary knows of it whatever happens
        tell_ready(run.name)  # now there is an index that can be looked at
        if not as_json and not detached:
            click.echo(f"{run.name}: {plan.search.note or plan.search.name}")

    run, ending = run_sweep(job, make_view, announce)
    diary = write_entry(logs, run)
    with Index(run) as index:
        if as_json:
            print_json(experiment_document(index))
        elif not detached:
            _print_end(index, diary)
    if ending.status == "interrupted":
        return 130
    return 1 if ending.status == "failed" else 0


def _print_end(index: Index, diary: Path) -> None:
    from cockpit.store.numbers import delta_text, duration_text, metric_text, setting_text
    from cockpit.store.ranking import baseline_trial, best_trial, gain

    sweep, trials = index.sweep(), index.trials()
    out = console()
    took = duration_text((sweep.ended or 0) - (sweep.started or 0))
    counts: dict[str, int] = {}
    for trial in trials:
        counts[trial.status] = counts.get(trial.status, 0) + 1
    tally = ", ".join(f"{count} {status}" for status, count in counts.items())
    out.print(f"{sweep.experiment} {sweep.status} after {took}: {tally or 'no trial was started'}", style="bold")
    if sweep.reason:
        out.print(sweep.reason)
    best, baseline = best_trial(trials, sweep.goal), baseline_trial(trials)
    if best:
        config = " ".join(f"{name}={setting_text(best.config.get(name))}" for name in sweep.varied)
        out.print(f"best {sweep.metric} {metric_text(best.best)} by {best.id}: {config}")
        if baseline is not None and baseline.best is not None and not best.baseline:
            against = delta_text(gain(best.best, baseline.best, sweep.goal))
            out.print(f"against the baseline {against} on one seed, which tells little; the diary says more")
    out.print(f"diary: {diary}")


def _command_line() -> str:
    words = ["cockpit", *sys.argv[1:]]
    return shlex.join(os.fspath(word) for word in words if word != "--detach")
