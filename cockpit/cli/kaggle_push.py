"""`cockpit kaggle push`: a search, one trial, or the prediction of a test set runs at Kaggle."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cockpit.cli.kaggle import client
from cockpit.cli.options import Duration, json_option, logs_option, print_facts, print_json

if TYPE_CHECKING:
    from cockpit.kaggle.datasets import Folder
    from cockpit.kaggle.intents import Outcome
    from cockpit.kaggle.pushing import Plan, Wanted
    from cockpit.store.folder import RunFolder

NINE_HOURS = (9 * 3600.0, "9h")
TRIAL = re.compile(r"(?!.*\.ya?ml$)[^/]+/t[0-9]{3,9}")


@click.command()
@click.argument("name", metavar="SEARCH|EXP/TRIAL")
@click.option("--infer", is_flag=True, help="Predict the test set with the trial's best weights; train nothing.")
@click.option("-a", "--accelerator", default="", metavar="NAME", help="NvidiaTeslaT4, TpuV5E8 …; none is a CPU.")
@click.option("-c", "--competition", "competitions", multiple=True, metavar="NAME", help="Mount its data.")
@click.option("-d", "--dataset", "datasets", multiple=True, metavar="OWNER/NAME", help="Mount this dataset.")
@click.option("--data", default="", metavar="NAME", help="Which of them is --data; not needed where there is one.")
@click.option("--trials", type=click.IntRange(min=1), help="As for `cockpit sweep`.")
@click.option("--epochs", type=click.FloatRange(min=0), help="As for `cockpit sweep`.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="As for `cockpit sweep`.")
@click.option("--timeout", type=Duration(), help="End the run after this time; 9h by default.")
@click.option("--internet", is_flag=True, help="Let the run use the network.")
@click.option("--include", type=click.Path(path_type=Path), multiple=True, help="Your own code: a file or a folder.")
@click.option(
    "--wheel", "wheels", type=click.Path(path_type=Path, exists=True), multiple=True, help="Install it there."
)
@click.option("--again", is_flag=True, help="Push even what was pushed before.")
@click.option("--dry-run", is_flag=True, help="Show what would go up, and push nothing.")
@click.option("--follow", "follows", is_flag=True, help="Then follow the run, as `cockpit kaggle follow` does.")
@click.option("--settle", type=click.FloatRange(min=0), default=90.0, hidden=True, help="Seconds that a list may lag.")
@logs_option
@json_option
def push(
    name: str,
    infer: bool,
    accelerator: str,
    competitions: tuple[str, ...],
    datasets: tuple[str, ...],
    data: str,
    trials: int | None,
    epochs: float | None,
    settings: tuple[str, ...],
    timeout: tuple[float, str] | None,
    internet: bool,
    include: tuple[Path, ...],
    wheels: tuple[Path, ...],
    again: bool,
    dry_run: bool,
    follows: bool,
    settle: float,
    logs: Path,
    as_json: bool,
) -> int:
    """Run a search at Kaggle, or one trial of an experiment once more, or a prediction with its best weights.

    The code of the cockpit and the search go up as a private dataset, once for each version of them, and a kernel that
    runs them as a private script. A trial runs with its recorded configuration and seed. With --infer its weights go up
    as a private dataset, and the kernel leaves a checked submission.csv; the best trial is taken where EXP is all that
    is named. The same push is never made twice, whatever breaks on the way.
    """
    from tempfile import TemporaryDirectory

    from cockpit.cli.kaggle_follow import follow_push
    from cockpit.kaggle.intents import Ledger, Settling
    from cockpit.kaggle.pushing import Wanted, plan, push, with_folder

    arguments = _arguments(trials, epochs, settings)
    if infer and arguments:
        raise click.UsageError("--infer trains nothing: it goes without --trials, --epochs and --set")
    wanted = Wanted(
        arguments=arguments,
        accelerator=accelerator,
        competitions=competitions,
        datasets=datasets,
        data=data,
        internet=internet,
        timeout=int((timeout or NINE_HOURS)[0]),
        include=include,
        wheels=wheels,
    )
    logs.mkdir(parents=True, exist_ok=True)
    ledger = Ledger(logs)
    with client() as asked, with_folder() as folder, TemporaryDirectory(prefix="cockpit-work-") as place:
        wanted = _work(wanted, name, logs, Path(place), asked.user if infer else "")
        planned = plan(asked.user, ledger, wanted, Path(folder), again)
        if dry_run:
            _show_plan(planned, as_json)
            return 0
        outcome = push(asked, ledger, planned, 600.0, Settling(settle, min(5.0, settle)))
        code = _tell_push(outcome, wanted, as_json and not follows)
        return follow_push(asked, logs, ledger, outcome.intent, as_json) if follows and not code else code


def _arguments(trials: int | None, epochs: float | None, settings: tuple[str, ...]) -> tuple[str, ...]:
    """What `cockpit sweep` is told there."""
    options = {"--trials": trials, "--epochs": epochs}
    words = [word for name, value in options.items() if value is not None for word in (name, str(value))]
    return (*words, *(word for pair in settings for word in ("--set", pair)))


def _work(wanted: Wanted, name: str, logs: Path, place: Path, user: str) -> Wanted:
    """What is named: a search, a trial, or with a `user` the weights of a trial, whose files are made in `place`."""
    from dataclasses import replace

    from cockpit.kaggle.one_trial import search_of
    from cockpit.search.find import find_search
    from cockpit.store.naming import named_trial

    if user:
        run, trial = named_trial(logs, name)
        weights = _weights(run, trial, place, user)
        return replace(wanted, weights=weights, about=f"{run.id}/{trial}")
    if not TRIAL.fullmatch(name):
        return replace(wanted, search=find_search(name, Path.cwd()))
    run, trial = named_trial(logs, name)
    file = place / f"{run.id}-{trial}.yaml"
    file.write_text(search_of(run, trial).to_yaml(), encoding="utf-8")
    return replace(wanted, search=file, about=f"{run.id}/{trial}")


def _weights(run: RunFolder, trial: str, place: Path, user: str) -> Folder:
    """The dataset of a trial's best weights. Raises `FolderError` for a trial that wrote no submission."""
    from cockpit.kaggle.datasets import weights_folder
    from cockpit.store.folder import FolderError
    from cockpit.store.reader import Index
    from trainers.export import extract_weights

    with Index(run) as index:
        saved, trainer = index.saved(trial), index.sweep().trainer
    if "submission" not in saved:
        raise FolderError(
            f"{run.id}/{trial}: wrote no submission when it was trained, so there is nothing to predict: "
            f"{trainer or 'its program'} has no such step, or its data had no test set"
        )
    return weights_folder(run, trial, place / "weights", user, extract_weights)


def _show_plan(planned: Plan, as_json: bool) -> None:
    files = [path.name for path in planned.bundle.files]
    uploaded = [path.name for path in planned.weights.files] if planned.weights else []
    settings = {key: value for key, value in planned.body.items() if key != "text"}
    if as_json:
        document = {"dataset": planned.dataset, "files": files, "code": list(planned.bundle.sources)}
        document |= {"weights": planned.weights.ref, "weights_files": uploaded} if planned.weights else {}
        document |= {"control": planned.control} if planned.control else {}
        print_json({**document, "kernel": settings, "script": planned.body["text"]})
        return
    weights = {"weights": f"{planned.weights.ref}: {', '.join(uploaded)}"} if planned.weights else {}
    control = {"control": planned.control} if planned.control else {}
    print_facts(
        {
            **weights,
            **control,
            "dataset": planned.dataset,
            "files": ", ".join(files),
            **{k: str(v) for k, v in settings.items()},
        }
    )
    for name in planned.bundle.sources:
        click.echo(f"  {name}")


def _tell_push(outcome: Outcome[int], wanted: Wanted, as_json: bool) -> int:
    result = outcome.intent.result
    invalid = str(result.get("invalid") or "")
    if as_json:
        told = {"kernel": result.get("kernel"), "version": result.get("version"), "new": outcome.is_new}
        print_json({**told, "invalid": invalid})
    else:
        how = "pushed" if outcome.is_new else "was pushed before, and not again; --again does"
        click.echo(f"{result.get('kernel')}: {how}")
        if wanted.weights:
            ready = f"-k {result.get('kernel')} -v {result.get('version')}"
            click.echo(f"when it is complete: `cockpit kaggle submit {wanted.about} -c COMPETITION {ready}`")
    if invalid:
        click.echo(
            f"the run started without some of its data: {invalid}; end it with `cockpit kaggle cancel`", err=True
        )
    return 1 if invalid else 0
