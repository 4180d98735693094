"""`cockpit kaggle prepare` and `cockpit kaggle dataset`: data to here, and checkpoints to there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cockpit.cli.kaggle import client, fetching, hand_down_options
from cockpit.cli.options import json_option, logs_option, print_json

if TYPE_CHECKING:
    from cockpit.kaggle.datasets import Folder
    from cockpit.kaggle.intents import Outcome

READY_SECONDS, READY_EVERY = 1800.0, 15.0


@click.command()
@click.argument("competition")
@click.option("-o", "--out", type=click.Path(path_type=Path), metavar="DIR", help="Data folder; data/COMPETITION.")
@json_option
def prepare(competition: str, out: Path | None, as_json: bool) -> None:
    """Fetch a competition's files and unpack them into one data folder, as trainers want it for --data.

    `train_images.zip` becomes the folder train_images, `train.csv.zip` the table train.csv. What is there already is
    not fetched again, what was cut short is gone on with, and SHA256SUMS has the checksum of every file.
    """
    from cockpit.kaggle.preparing import prepare
    from cockpit.store.numbers import counted, size_text

    folder = out or Path("data") / competition
    with client() as asked:
        found = prepare(asked, competition, folder, fetching())
    if as_json:
        files = [{"name": one.name, "bytes": one.size, "sha256": one.sha256} for one in found.files]
        print_json({"folder": str(folder), "fetched": found.fetched, "kept": found.kept, "files": files})
        return
    kept = f", {found.kept} fetched before" if found.kept else ""
    size = size_text(found.bytes)
    click.echo(f"{folder}: {counted(len(found.files), 'file')}, {size}{kept}; checksums in SHA256SUMS")
    click.echo(f"train on it with `cockpit sweep SEARCH --data {folder}`")


@click.group()
@click.pass_context
def dataset(ctx: click.Context) -> None:
    """Put a trial's checkpoint up as a private dataset, and new versions of it.

    `init` makes a folder that can be looked at and changed, `create` and `version` upload it. What the search for
    secrets flags is never uploaded.
    """
    hand_down_options(ctx)


@dataset.command()
@click.argument("name", metavar="EXP|TRIAL")
@click.option("--id", "ref", required=True, metavar="OWNER/NAME", help="What the dataset is called at Kaggle.")
@click.option("--title", metavar="TEXT", help="Its title; the names of experiment and trial by default.")
@click.option("-o", "--out", type=click.Path(path_type=Path), metavar="DIR", help="The folder; kaggle/NAME by default.")
@click.option("--state-dict", is_flag=True, help="Only the weights, without optimizer and settings.")
@logs_option
@json_option
def init(name: str, ref: str, title: str | None, out: Path | None, state_dict: bool, logs: Path, as_json: bool) -> None:
    """Make a folder with the best checkpoint of a trial, or of an experiment's best trial."""
    from cockpit.kaggle import datasets
    from cockpit.store.naming import named_trial

    extract: Callable[[Path, Path], object] | None = None
    if state_dict:
        from trainers.export import extract_weights

        extract = extract_weights
    run, trial = named_trial(logs, name)
    folder = out or Path("kaggle") / ref.rpartition("/")[2]
    title = title or f"{run.name} {trial}"[: datasets.LONGEST].strip()
    made = datasets.init(run, trial, folder, ref, title, extract)
    names = [path.name for path in made.files]
    if as_json:
        print_json({"folder": str(folder), "id": made.ref, "title": made.title, "files": names})
    else:
        click.echo(f"{folder}: {', '.join(names)} of {run.id}/{trial}")
        click.echo(f"upload it with `cockpit kaggle dataset create {folder}`")


@dataset.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--wait", is_flag=True, help="Return when Kaggle has made it ready.")
@logs_option
@json_option
def create(folder: Path, wait: bool, logs: Path, as_json: bool) -> int:
    """Upload a folder as a new private dataset."""
    from cockpit.kaggle import datasets
    from cockpit.kaggle.intents import Ledger, Settling

    found = datasets.read_folder(folder)
    with client() as asked:
        outcome = datasets.create(asked, Ledger(_made(logs)), found, Settling())
        return _finish(asked, found, outcome, wait, as_json)


@dataset.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("-m", "--message", required=True, metavar="TEXT", help="What is new in it.")
@click.option("--wait", is_flag=True, help="Return when Kaggle has made it ready.")
@logs_option
@json_option
def version(folder: Path, message: str, wait: bool, logs: Path, as_json: bool) -> int:
    """Upload a folder as a new version of its dataset."""
    from cockpit.kaggle import datasets
    from cockpit.kaggle.intents import Ledger, Settling

    found = datasets.read_folder(folder)
    with client() as asked:
        outcome = datasets.version(asked, Ledger(_made(logs)), found, message, Settling())
        return _finish(asked, found, outcome, wait, as_json)


def _made(logs: Path) -> Path:
    """The logs folder, which also keeps what was sent from it."""
    logs.mkdir(parents=True, exist_ok=True)
    return logs


def _finish(asked: Any, found: Folder, outcome: Outcome[str], wait: bool, as_json: bool) -> int:
    from cockpit.kaggle.datasets import wait_ready
    from cockpit.kaggle.states import DatasetState

    state = wait_ready(asked, found.ref, READY_SECONDS if wait else 0.0, READY_EVERY)
    word = state.value if state else "not listed"
    if as_json:
        print_json({"id": found.ref, "new": outcome.is_new, "state": word, "url": outcome.intent.result.get("url")})
    else:
        how = "uploaded" if outcome.is_new else "was uploaded before, and not again"
        click.echo(f"{found.ref}: {how}; {word}")
    return 1 if state in (DatasetState.FAILED, DatasetState.DELETED) else 0
