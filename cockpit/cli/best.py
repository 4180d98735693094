"""`cockpit best`: the best of the whole logs folder, by cross-validation or by the leaderboard."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cockpit.cli.options import console, json_option, logs_option, print_json, print_table

if TYPE_CHECKING:
    from cockpit.store.standings import Entry, Kind, Standing


@click.command()
@click.argument("experiments", nargs=-1, metavar="[EXP…]")
@click.option("--by", type=click.Choice(["cv", "lb"]), default="cv", show_default=True, help="What ranks them.")
@click.option("--private", is_flag=True, help="The private part of the leaderboard.")
@click.option("--top", type=click.IntRange(min=1), default=10, show_default=True, metavar="N", help="How many.")
@logs_option
@json_option
def best(experiments: tuple[str, ...], by: str, private: bool, top: int, logs: Path, as_json: bool) -> None:
    """Show the best trial of every experiment, or all trials of EXP…, with the ranks in both CV and LB.

    Values of cross-validation are compared within the same trainer, metric and data. Neither fine-tuning nor tests
    count. Scores of merged predictions stand as merges. At the end stands how well CV and LB agree.
    """
    from cockpit.store import standings
    from cockpit.store.folder import experiments as all_experiments
    from cockpit.store.folder import find_experiment

    runs = [find_experiment(logs, name) for name in experiments] or all_experiments(logs)
    now = time.time()
    entries = [entry for run in runs for entry in standings.entries_of(run, now, all_trials=bool(experiments))]
    found = standings.by_cv(entries) if by == "cv" else standings.by_lb(entries, private=private)
    if as_json:
        print_json({"by": by, "private": private, "groups": [_document(standing, top) for standing in found]})
        return
    if not found:
        what = "a score of the leaderboard; `cockpit score EXP VALUE` enters one" if by == "lb" else "an evaluation"
        click.echo(f"Nothing in {logs} has {what}.")
    for number, standing in enumerate(found):
        if number:
            click.echo()
        _show(standing, top, private)


def _show(standing: Standing, top: int, private: bool) -> None:
    console().print(_heading(standing.kind), style="bold", soft_wrap=True)
    shown = standing.entries[:top]
    lb = "private LB" if private else "LB"
    verdict = "verdict" if any(entry.verdict for entry in shown) else ""
    headings = ["trial", *([verdict] if verdict else []), "CV", "#", lb, "# LB", "question"]
    rows = [_row(entry, private, with_verdict=bool(verdict)) for entry in shown]
    print_table(
        headings, rows, left=("trial", "verdict", "question"), optional=("verdict", "# LB", "#"), last_folds=True
    )
    if len(standing.entries) > top:
        click.echo(f"and {len(standing.entries) - top} more; --top shows them")
    if standing.agreement is not None:
        click.echo(standing.agreement.text)


def _heading(kind: Kind) -> str:
    where = " on ".join(filter(None, (kind.trainer, kind.data)))
    better = "higher is better" if kind.goal == "maximize" else "lower is better"
    return f"{kind.metric or 'no metric'} ({better})" + (f": {where}" if where else "")


def _row(entry: Entry, private: bool, *, with_verdict: bool) -> list[str]:
    from cockpit.store.numbers import metric_text
    from cockpit.store.scores import score_text

    lb = entry.private if private else entry.lb
    merge = "merge" if entry.is_merge else ""
    return [
        entry.label,
        *([entry.verdict] if with_verdict else []),
        metric_text(entry.cv),
        str(entry.cv_rank or ""),
        "—" if lb is None else score_text(lb),
        str(entry.lb_rank or ""),
        ": ".join(filter(None, (merge, entry.question))),
    ]


def _document(standing: Standing, top: int) -> dict[str, Any]:
    from cockpit.store.document import plain

    found = standing.agreement
    entries: Sequence[Entry] = standing.entries[:top]
    document = {
        **standing.kind._asdict(),
        "count": len(standing.entries),
        "entries": [{name: value for name, value in asdict(entry).items() if name != "kind"} for entry in entries],
        "agreement": None if found is None else {**asdict(found), "text": found.text},
    }
    return dict(plain(document))
