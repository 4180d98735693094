"""`cockpit ls` and `cockpit show`."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cockpit.cli.options import console, json_option, logs_option, print_facts, print_json, print_table
from cockpit.events.text import safe_text

if TYPE_CHECKING:
    from cockpit.store.reader import Index
    from cockpit.store.rows import SweepRow, TrialRow

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
    from cockpit.store.folder import experiments
    from cockpit.store.summary import read_summary

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

    status = f"{GLYPHS.get(summary['status'], '?')} {summary['status']}"
    if summary["status"] == "broken":
        return [summary["experiment"], summary["search"], status, *[""] * 7, summary["reason"]]
    if "silent" in summary:
        status = f"? silent {age_text(summary['silent'])}"
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


@click.command()
@click.argument("name", metavar="EXP|TRIAL")
@logs_option
@json_option
def show(name: str, logs: Path, as_json: bool) -> None:
    """Show an experiment's or a trial's configuration, results, and why each trial stopped."""
    from cockpit.store.document import experiment_document, trial_document
    from cockpit.store.folder import find_experiment, find_trial
    from cockpit.store.reader import Index

    if "/" in name:
        run, trial_id = find_trial(logs, name)
        with Index(run) as index:
            trial = _one_trial(index, trial_id)
            if as_json:
                print_json({"experiment": run.id, **trial_document(trial)})
            else:
                _show_trial(index, index.sweep(), trial)
        return
    with Index(find_experiment(logs, name)) as index:
        if as_json:
            print_json(experiment_document(index))
        else:
            _show_experiment(index)


def _one_trial(index: Index, trial_id: str) -> TrialRow:
    from cockpit.store.folder import FolderError

    for trial in index.trials():
        if trial.id == trial_id:
            return trial
    raise FolderError(f"{index.run.id}/{trial_id}: not in the index; run `cockpit reindex {index.run.id}`")


def _show_experiment(index: Index) -> None:
    from cockpit.store.numbers import delta_text, duration_text, metric_text, setting_text
    from cockpit.store.ranking import baseline_trial, best_trial, gain
    from cockpit.store.scores import leaderboard_text, scores

    sweep, trials = index.sweep(), index.trials()
    out = console()
    out.print(f"{sweep.experiment} {sweep.search}  {GLYPHS.get(sweep.status, '?')} {sweep.status}", style="bold")
    for text in filter(None, (sweep.question, sweep.reason)):
        out.print(text)
    best, baseline = best_trial(trials, sweep.goal), baseline_trial(trials)
    if best:
        against = gain(best.best, baseline.best, sweep.goal) if baseline else None
        out.print(
            f"best {sweep.metric} {metric_text(best.best)} ({best.id}), "
            f"against the baseline {delta_text(against)}; higher is {'better' if sweep.goal == 'maximize' else 'worse'}"
        )
    if told := leaderboard_text(scores(index.run)):
        out.print(told)
    out.print()
    varied = sweep.varied
    headings = ["trial", "status", *varied, sweep.metric, "last", "epochs", "steps", "time", "ended"]
    rows = [
        [
            f"{trial.id} ◆" if trial.baseline else trial.id,
            f"{GLYPHS.get(trial.status, '?')} {trial.status}",
            *(setting_text(trial.config.get(name)) for name in varied),
            metric_text(trial.best),
            metric_text(trial.last),
            str(trial.epochs),
            str(trial.steps),
            duration_text(trial.seconds),
            trial.reason,
        ]
        for trial in trials
    ]
    optional = ("last", "steps", "epochs", "time")
    print_table(headings, rows, left=("trial", "status", "ended"), optional=optional, last_folds=True)
    for path, count in index.unread().items():
        lines = "1 line is no event and was" if count == 1 else f"{count} lines are no events and were"
        out.print(f"⚠ {path}: {lines} left out")


def _show_trial(index: Index, sweep: SweepRow, trial: TrialRow) -> None:
    from cockpit.store.numbers import counted, duration_text, metric_text

    out = console()
    glyph = GLYPHS.get(trial.status, "?")
    out.print(f"{sweep.experiment}/{trial.id}  {glyph} {trial.status}", style="bold")
    print_facts(
        {
            "ended": trial.reason,
            sweep.metric: _score_text(trial),
            "evaluations": " ".join("NaN" if value is None else metric_text(value) for value in trial.evaluations),
            "progress": f"{counted(trial.epochs, 'epoch')}, {trial.steps} of {trial.total_steps or '?'} steps",
            "time": duration_text(trial.seconds) + (f" on {trial.device}" if trial.has_device else ""),
            "seed": str(trial.seed),
            "digest": trial.digest,
            **{f"file {label}": path for label, path in index.saved(trial.id).items()},
        }
    )
    out.print()
    names = dict.fromkeys([*trial.config, *trial.effective])
    settings = [[name, *(_setting(part, name) for part in (trial.config, trial.effective))] for name in names]
    print_table(("setting", "wanted", "effective"), settings, left=("setting",))
    if trial.traceback:
        out.print()
        out.print(safe_text(trial.traceback.rstrip()))


def _score_text(trial: TrialRow) -> str:
    from cockpit.store.numbers import metric_text

    if trial.best is None:
        return "no finite value" if trial.evaluations else "no evaluation yet"
    return f"best {metric_text(trial.best)} at step {trial.best_step}, last {metric_text(trial.last)}"


def _setting(values: Mapping[str, Any], name: str) -> str:
    from cockpit.store.numbers import setting_text

    return setting_text(values[name]) if name in values else ""
