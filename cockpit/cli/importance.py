"""`cockpit importance`: which parameters matter, and where the best trials have them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cockpit.cli.options import json_option, logs_option, print_json, print_table

if TYPE_CHECKING:
    from cockpit.store.folder import RunFolder
    from cockpit.store.importance import Importance
    from cockpit.store.rows import SweepRow, TrialRow

BAR = 20  # cells of the largest possible share


@click.command()
@click.argument("experiment", metavar="EXP")
@logs_option
@json_option
def importance(experiment: str, logs: Path, as_json: bool) -> None:
    """Show how much each varied parameter of EXP matters for its metric, and its range among the best trials.

    The measure is PED-ANOVA over trials that finished, were pruned or diverged; the best are a fifth of them, at least
    three. With few trials it is a hint and no more.
    """
    from cockpit.store.document import plain
    from cockpit.store.folder import find_experiment
    from cockpit.store.numbers import counted
    from cockpit.store.reader import Index

    run = find_experiment(logs, experiment)
    with Index(run) as index:
        sweep = index.sweep()
        found = _importance(index.run, sweep, index.trials(best_metrics=False))
    if as_json:
        document: dict[str, Any] = {
            "experiment": sweep.experiment,
            "metric": found.metric,
            "trials": found.trials,
            "importance": dict(found.shares),
            "ranges": dict(found.ranges),
            "choices": list(found.choices),
            "left_out": list(found.left_out),
            "why": found.why,
        }
        print_json(plain(document))
        return
    click.echo(f"{sweep.experiment} {sweep.search}: {found.metric} over {counted(found.trials, 'trial')}")
    if found.why:
        click.echo(f"importance cannot be told: {found.why}")
    if found.left_out:
        click.echo(f"left out, because they lie outside the space: {', '.join(found.left_out)}")
    rows = _rows(found)
    if rows:
        names = ("parameter", "", "importance", "best trials have")
        print_table(names, rows, left=("parameter", "", "best trials have"))


def _importance(run: RunFolder, sweep: SweepRow, trials: list[TrialRow]) -> Importance:
    """What is kept, or worked out anew where it is of other trials."""
    from cockpit.store.importance import kept_importance

    kept = kept_importance(run, trials)
    if kept is not None:
        return kept
    from cockpit.engine.importance import weigh_and_keep  # brings Optuna, which takes longer than all the rest

    return weigh_and_keep(run, sweep, trials)


def _rows(found: Importance) -> list[list[str]]:
    return [
        [name, "" if found.why else "█" * round(share * BAR), "—" if found.why else f"{share:.2f}", _best(found, name)]
        for name, share in found.shares.items()
    ]


def _best(found: Importance, name: str) -> str:
    from cockpit.store.numbers import setting_text

    values = [setting_text(value) for value in found.ranges.get(name, ())]
    return ", ".join(values) if name in found.choices else " – ".join(dict.fromkeys(values))
