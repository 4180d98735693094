"""`cockpit blend`: experiments merged into one, with what that is worth."""

from __future__ import annotations

import os
import shlex
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cockpit.cli.options import json_option, logs_option, print_json, print_table

if TYPE_CHECKING:
    from cockpit.ensemble.blend import Blend, Outcome

CHOICES = ("all", "mean", "rank", "power", "weights", "climb")


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="EXP|TRIAL EXP|TRIAL …")
@click.option(
    "--method", type=click.Choice(CHOICES), default="all", show_default=True, help="How to merge; all tries each."
)
@click.option(
    "--power",
    type=click.FloatRange(-100, 100),
    metavar="P",
    default=2.0,
    show_default=True,
    help="Power of the power mean; 0 is the geometric mean.",
)
@click.option(
    "--trials",
    type=click.IntRange(1, 100_000),
    metavar="N",
    default=200,
    show_default=True,
    help="Weights to try in the search for weights.",
)
@click.option("--seed", type=click.IntRange(0), metavar="N", default=0, show_default=True, help="Seed of that search.")
@click.option("--name", metavar="N", default="blend", show_default=True, help="Name of the new experiment.")
@logs_option
@json_option
def blend(
    names: tuple[str, ...],
    method: str,
    power: float,
    trials: int,
    seed: int,
    name: str,
    logs: Path,
    as_json: bool,
) -> None:
    """Merge the predictions of experiments into a new experiment, single scores beside merged ones.

    EXP stands for its best trial, or, where its search varied `fold`, for the best trial of each fold: out-of-fold
    predictions. Members must predict the same columns; rows that not all of them have are left out.

    mean, rank and power are means of scores, of ranks and of powers of scores. weights searches for the best weights
    and climb adds one member after the other, the same one again if that is best; both learn from labels, so their
    score is cross-fitted: each row is scored by weights that were fitted on other rows, by group where predictions
    have groups. The gain is that over the best single member, with an interval of 95 % over rows drawn anew. The new
    experiment keeps the merged predictions, so a blend can be blended.
    """
    began = time.time()
    from cockpit.diary.book import write_entry
    from cockpit.engine.provenance import environment
    from cockpit.ensemble.blend import METHODS, Options
    from cockpit.ensemble.blend import blend as merge
    from cockpit.ensemble.members import align, read_member
    from cockpit.ensemble.record import Origin, record_blend
    from cockpit.events.text import one_line

    chosen = METHODS if method == "all" else (method,)
    aligned = align([read_member(logs, member) for member in names])
    found = merge(aligned, Options(chosen, power, trials, seed), _tell)
    command = shlex.join(["cockpit", *map(os.fspath, sys.argv[1:])])
    run = record_blend(logs, one_line(name) or "blend", found, Origin(command, began, environment()))
    write_entry(logs, run)
    if as_json:
        print_json(_document(found, run.id, run.name))
        return
    _print(found)
    click.echo(f"recorded as {run.name}; `cockpit show {run.id}` shows it, `cockpit diary {run.id}` what it means")


def _tell(method: str) -> None:
    """What is being tried, where somebody waits for it; with many rows each takes a while."""
    if sys.stderr.isatty():
        click.echo(f"{method} …", err=True)


def _print(found: Blend) -> None:
    from cockpit.store.numbers import counted, delta_text, metric_text

    aligned = found.aligned
    click.echo(f"{counted(len(aligned.ids), 'row')} that all have, {counted(len(aligned.columns), 'column')}")
    for name, count in aligned.dropped.items():
        if count:
            click.echo(f"{name}: {counted(count, 'row')} left out, which not all have")
    for method, why in found.skipped.items():
        click.echo(f"{method}: left out, because {why}")
    rows = []
    for outcome in found.outcomes:
        gain = "" if outcome.gain is None else delta_text(outcome.gain.value)
        ends = "" if outcome.gain is None else f"[{delta_text(outcome.gain.low)}, {delta_text(outcome.gain.high)}]"
        in_sample = "" if outcome.in_sample is None else metric_text(outcome.in_sample)
        told = outcome.members[0] if len(outcome.members) == 1 else _weights_text(outcome)
        rows.append([outcome.method, metric_text(outcome.score), in_sample, gain, ends, told])
    headings = ("method", aligned.metric, "in sample", "gain", "interval", "weights")
    print_table(headings, rows, left=("method", "interval", "weights"), last_folds=True)


def _weights_text(outcome: Outcome) -> str:
    pairs = zip(outcome.members, outcome.weights, strict=True)
    return ", ".join(f"{name} {weight:.2f}" for name, weight in pairs if weight >= 0.005)


def _document(found: Blend, experiment: str, name: str) -> dict[str, Any]:
    from cockpit.ensemble.record import metrics_of
    from cockpit.store.document import plain

    aligned = found.aligned
    told = [
        {
            "trial": f"t{number:03d}",
            "method": outcome.method,
            "members": list(outcome.members),
            "weights": list(outcome.weights),
            **outcome.settings,
            **metrics_of(outcome, aligned.metric),
        }
        for number, outcome in enumerate(found.outcomes)
    ]
    document: dict[str, Any] = {
        "experiment": experiment,
        "name": name,
        "metric": aligned.metric,
        "rows": len(aligned.ids),
        "dropped": dict(aligned.dropped),
        "members": {member.name: list(member.trials) for member in aligned.members},
        "skipped": dict(found.skipped),
        "trials": told,
    }
    result: dict[str, Any] = plain(document)
    return result
