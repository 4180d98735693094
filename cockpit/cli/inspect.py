"""`cockpit ls`, and what stands for a status on the command line."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from cockpit.cli.options import json_option, logs_option, print_json, print_table

GLYPHS = {
    "running": "●",
    "queued": "◷",
    "waiting": "◌",
    "paused": "‖",
    "finished": "✓",
    "pruned": "✂",
    "stopped": "■",
    "failed": "✗",
    "diverged": "≁",
    "interrupted": "■",
    "lost": "✗",
    "broken": "✗",
}


@click.command()
@logs_option
@json_option
def ls(logs: Path, as_json: bool) -> None:
    """List the experiments: id, status, question, trials, best, age."""
    from cockpit.diary.mending import mend
    from cockpit.store.folder import experiments
    from cockpit.store.summary import read_summary

    mend(logs)
    now = time.time()
    summaries = [read_summary(run, now) for run in experiments(logs)]
    if as_json:
        print_json(summaries)
        return
    if not summaries:
        click.echo(f"No experiments in {logs} yet. Try `cockpit sweep demo`, or `cockpit sweep arcface`.")
        return
    headings = ("id", "search", "status", "trials", "metric", "best", "trend", "delta", "LB", "age", "question")
    rows = [_ls_row(summary, now) for summary in summaries]
    words = ("id", "search", "status", "metric", "trend", "question")
    print_table(headings, rows, left=words, optional=("LB", "trend", "metric", "delta"), last_folds=True)


def _ls_row(summary: dict[str, Any], now: float) -> list[str]:
    from cockpit.store.numbers import age_text, delta_text, metric_text, sparkline
    from cockpit.store.ranking import gain
    from cockpit.store.verdict import FOUND

    status = f"{GLYPHS.get(summary['status'], '?')} {summary['status']}"
    if summary["status"] == "broken":
        return [summary["experiment"], summary["search"], status, *[""] * 7, summary["reason"]]
    if "silent" in summary:
        status = f"? silent {age_text(summary['silent'])}"
    if summary.get("paused_trials"):
        status += f", {summary['paused_trials']} paused"
    if summary.get("verdict") in FOUND:
        status += f", {summary['verdict']}"
    question = summary["question"].partition("\n")[0]
    total = "?" if summary["trials"] is None else str(summary["trials"])
    return [
        summary["experiment"],
        summary["search"],
        status,
        f"{summary['ended_trials']}/{total}",
        summary["metric"],
        metric_text(summary["best"]),
        sparkline(summary["history"], summary["goal"]),
        delta_text(gain(summary["best"], summary["baseline"], summary["goal"])),
        metric_text(summary["leaderboard"]),
        age_text(None if summary["started"] is None else now - summary["started"]),
        " · ".join(filter(None, (summary["reason"] if summary["status"] == "queued" else "", question))),
    ]
