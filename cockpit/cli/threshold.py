"""`cockpit threshold`: from which score on something counts as found."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cockpit.cli.options import json_option, logs_option, print_json, print_table

if TYPE_CHECKING:
    from cockpit.ensemble.threshold import Column, Found, Output


@click.command()
@click.argument("name", metavar="EXP|TRIAL")
@click.option(
    "--min",
    "min_matches",
    type=click.IntRange(1, 2),
    default=1,
    show_default=True,
    help="Matches that a row of embeddings has at least, itself among them: 2 adds its nearest neighbour.",
)
@logs_option
@json_option
def threshold(name: str, min_matches: int, logs: Path, as_json: bool) -> None:
    """Find the best thresholds of an experiment's predictions, or of its embeddings.

    EXP stands for its best trial, or, where its search varied `fold`, for the best trial of each fold. Each column of
    predictions gets the thresholds with the highest F1 and the highest Matthews correlation, each output of
    embeddings the cosine with the highest row F1.

    Scores are cross-fitted: each row, with all of its group, is scored by the threshold that is best for the others.
    `in sample` is the score of the threshold on the very rows that it was chosen on, which is a little too good;
    `all` is the F1 of finding every row.
    """
    from cockpit.ensemble.threshold import find_thresholds

    found = find_thresholds(logs, name, min_matches)
    if as_json:
        print_json(_document(found, min_matches))
        return
    click.echo(f"{found.name}: {', '.join(found.trials)}")
    if found.columns:
        _print_columns(found.columns)
    else:
        _print_outputs(found.outputs, min_matches)


def _print_columns(columns: tuple[Column, ...]) -> None:
    from cockpit.events.text import one_line
    from cockpit.store.numbers import metric_text

    rows = []
    for column in columns:
        cells = [one_line(column.name, 60), f"{column.positives}/{column.rows}"]
        for best in column.best.values():
            cells += [f"{best.value:.4g}", metric_text(best.score), metric_text(best.in_sample)]
        rows.append([*cells, metric_text(column.trivial)])
    headings = ["column", "positive", "F1 from", "F1", "in sample", "MCC from", "MCC", "in sample", "all"]
    if len(columns) > 1:
        rows.append(_mean_row(columns))
    print_table(headings, rows, left=("column",))


def _mean_row(columns: tuple[Column, ...]) -> list[str]:
    from statistics import fmean

    from cockpit.store.numbers import metric_text

    cells = ["mean", ""]
    for name in columns[0].best:
        found = [column.best[name] for column in columns]
        cells += [
            "",
            metric_text(fmean(one.score for one in found)),
            metric_text(fmean(one.in_sample for one in found)),
        ]
    return [*cells, metric_text(fmean(column.trivial for column in columns))]


def _print_outputs(outputs: tuple[Output, ...], min_matches: int) -> None:
    from cockpit.store.numbers import metric_text

    rows = [
        [one.trial, one.name, str(one.rows), f"{one.best.value:.2f}", metric_text(one.best.score),
         metric_text(one.best.in_sample)]
        for one in outputs
    ]  # fmt: skip
    score = "row F1" if min_matches == 1 else f"row F1, at least {min_matches}"
    print_table(("trial", "output", "rows", "cosine from", score, "in sample"), rows, left=("trial", "output"))


def _document(found: Found, min_matches: int) -> dict[str, Any]:
    from cockpit.store.document import plain

    columns = [
        {
            "column": column.name,
            "rows": column.rows,
            "positives": column.positives,
            "f1_of_all": column.trivial,
            **{
                name: {"threshold": best.value, "score": best.score, "in_sample": best.in_sample}
                for name, best in column.best.items()
            },
        }
        for column in found.columns
    ]
    outputs = [
        {
            "trial": one.trial,
            "output": one.name,
            "rows": one.rows,
            "min": min_matches,
            "threshold": one.best.value,
            "row_f1": one.best.score,
            "in_sample": one.best.in_sample,
        }
        for one in found.outputs
    ]
    whole = {"experiment": found.name, "trials": list(found.trials), "columns": columns, "outputs": outputs}
    result: dict[str, Any] = plain(whole)
    return result
