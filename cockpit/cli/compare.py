"""`cockpit compare`: trials side by side, their settings first, then what came of them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cockpit.cli.inspect import GLYPHS
from cockpit.cli.options import json_option, logs_option, print_json, print_table

if TYPE_CHECKING:
    from cockpit.store.comparison import ResultRow, Subject

NO_VALUE = "—"
WIDEST = 28  # of a value in a table; --json has it whole


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="EXP|TRIAL …")
@click.option("--all", "show_all", is_flag=True, help="Show settings that are equal, too.")
@logs_option
@json_option
def compare(names: tuple[str, ...], show_all: bool, logs: Path, as_json: bool) -> None:
    """Show EXP or TRIAL … side by side: settings that differ first, then results.

    An experiment stands for its best trial. One experiment alone is compared with its own baseline.
    """
    from cockpit.store.comparison import remarks, result_rows, setting_rows

    subjects = _subjects(logs, names)
    settings = setting_rows(subjects)
    shown = [row for row in settings if row.differs or show_all]
    results = result_rows(subjects, time.time())
    if as_json:
        print_json(_document(subjects, results, show_all))
        return
    labels = [each.label for each in subjects]
    if shown:
        table = [[row.name, *(_cut(text) or NO_VALUE for text in row.texts)] for row in shown]
        _print_settings(labels, table)
    else:
        click.echo("no setting differs")
    click.echo()
    _print_results(results)
    for remark in remarks(subjects):
        click.echo(remark)
    equal = sum(not row.differs for row in settings)
    if equal and not show_all:
        click.echo(f"{equal} settings are equal; --all shows them")


def _subjects(logs: Path, names: Sequence[str]) -> list[Subject]:
    """One for each name; of a single experiment with a baseline, that one first."""
    found = [_subject(logs, name) for name in dict.fromkeys(names)]
    (first, *others), baseline = found, found[0].baseline
    if not others and first.is_best and baseline is not None and baseline.id != first.trial.id:
        return [_subject(logs, f"{names[0]}/{baseline.id}"), first]
    return found


def _subject(logs: Path, name: str) -> Subject:
    from cockpit.store.comparison import subject
    from cockpit.store.folder import FolderError, find_experiment, find_trial
    from cockpit.store.reader import Index

    run, trial = find_trial(logs, name) if "/" in name else (find_experiment(logs, name), "")
    with ExitStack() as stack:
        index = stack.enter_context(Index(run))
        found = subject(index.sweep(), index.trials(), trial)
        if found is None:
            why = f"not in the index; run `cockpit reindex {run.id}`" if trial else "no trial of it has a value yet"
            raise FolderError(f"{name}: {why}")
        return found.with_norms(index.norm_summary(found.trial.id))


def _print_settings(labels: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """As many trials beside each other as fit; the others in a further table below."""
    from rich.cells import cell_len

    from cockpit.cli.options import console

    name_width = max(cell_len(row[0]) for row in rows)
    widths = [max(cell_len(label), *(cell_len(row[i]) for row in rows)) for i, label in enumerate(labels, start=1)]
    for start, end in _pages(widths, console().width - max(name_width, len("setting"))):
        if start:
            click.echo()
        columns = ["setting", *labels[start:end]]
        print_table(columns, [[row[0], *row[start + 1 : end + 1]] for row in rows], left=("setting",))


def _pages(widths: Sequence[int], room: int) -> list[tuple[int, int]]:
    """From where to where columns fit beside each other, at least one a time; two blanks stand before each."""
    pages, start, taken = [], 0, 0
    for column, width in enumerate(widths):
        if column > start and taken + width + 2 > room:
            pages.append((start, column))
            start, taken = column, 0
        taken += width + 2
    return [*pages, (start, len(widths))]


def _print_results(results: Sequence[ResultRow]) -> None:
    from cockpit.store.comparison import norms_text

    metrics = dict.fromkeys(row.subject.sweep.metric for row in results)
    headings = ["trial", "status", "metric", "best", "vs first", "vs base", "last", "epochs", "steps", "time", "norms"]
    rows = [_result_cells(row, norms_text(row.subject.norms)) for row in results]
    optional = ["last", "epochs", "steps", *(["metric"] if len(metrics) == 1 else []), "time", "vs base", "status"]
    print_table(headings, rows, left=("trial", "status", "metric", "norms"), optional=optional, last_folds=True)


def _result_cells(row: ResultRow, norms: str) -> list[str]:
    from cockpit.store.numbers import delta_text, duration_text, metric_text

    trial = row.subject.trial
    return [
        row.subject.label,
        f"{GLYPHS.get(trial.status, '?')} {trial.status}",
        row.subject.sweep.metric,
        metric_text(row.best),
        delta_text(row.over_first),
        delta_text(row.over_baseline),
        metric_text(row.last),
        str(trial.epochs),
        str(trial.steps),
        duration_text(row.seconds),
        norms,
    ]


def _cut(text: str) -> str:
    return text if len(text) <= WIDEST else text[: WIDEST - 1] + "…"


def _document(subjects: Sequence[Subject], results: Sequence[ResultRow], show_all: bool) -> dict[str, Any]:
    from cockpit.store.comparison import remarks, setting_rows
    from cockpit.store.document import plain

    document = {
        "trials": [each.label for each in subjects],
        "settings": [
            {"name": row.name, "differs": row.differs, "values": [_value(each, row.name, text) for each, text in zip(
                subjects, row.texts, strict=True)]}
            for row in setting_rows(subjects)
            if row.differs or show_all
        ],
        "results": [
            {
                "trial": row.subject.label,
                "status": row.subject.trial.status,
                "metric": row.subject.sweep.metric,
                "best": row.best,
                "last": row.last,
                "over_first": row.over_first,
                "over_baseline": row.over_baseline,
                "seconds": row.seconds,
                "metrics": dict(row.subject.trial.best_metrics),
                "norms": {each.group: each.grad_mean for each in row.subject.norms},
            }
            for row in results
        ],
        "remarks": list(remarks(subjects)),
    }  # fmt: skip
    return dict(plain(document))


def _value(subject: Subject, name: str, text: str) -> Any:
    """The value itself; of what is no setting, such as the trainer, its text."""
    return subject.settings.get(name, text or None)
