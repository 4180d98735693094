"""`cockpit show`: one experiment or one trial, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cockpit.cli.inspect import GLYPHS
from cockpit.cli.options import console, json_option, logs_option, print_facts, print_json, print_table
from cockpit.events.text import one_line, safe_text

if TYPE_CHECKING:
    from cockpit.store.folder import RunFolder
    from cockpit.store.reader import Index
    from cockpit.store.rows import SweepRow, TrialRow

LONGEST_TOLD = 60  # characters of an author's words in the table of trials; `cockpit show TRIAL` has them all


@click.command()
@click.argument("name", metavar="EXP|TRIAL")
@logs_option
@json_option
def show(name: str, logs: Path, as_json: bool) -> None:
    """Show an experiment's or a trial's configuration, results, why each trial stopped, and what was asked of it."""
    from cockpit.diary.mending import mend
    from cockpit.store.document import experiment_document
    from cockpit.store.folder import find_experiment, find_trial
    from cockpit.store.reader import Index

    mend(logs)
    if "/" in name:
        run, trial_id = find_trial(logs, name)
        with Index(run) as index:
            _show_trial(index, _one_trial(index, trial_id), as_json)
        return
    run = find_experiment(logs, name)
    with Index(run) as index:
        goals = goals_of(run)
        if as_json:
            print_json(experiment_document(index, goals))
        else:
            _show_experiment(index, goals)


def goals_of(run: RunFolder) -> dict[str, str]:
    """The metrics of a search for several, each with its goal; empty for a search for one."""
    try:
        if b"metrics" not in run.search.read_bytes():
            return {}  # what reads a search is spared where it would find none
    except OSError:
        return {}
    from cockpit.search.errors import SearchError
    from cockpit.search.reader import load

    try:
        return {metric.name: metric.goal for metric in load(run.search).metrics}
    except SearchError:
        return {}


def _one_trial(index: Index, trial_id: str) -> TrialRow:
    from cockpit.store.folder import FolderError

    for trial in index.trials():
        if trial.id == trial_id:
            return trial
    raise FolderError(f"{index.run.id}/{trial_id}: not in the index; run `cockpit reindex {index.run.id}`")


def _show_experiment(index: Index, goals: Mapping[str, str]) -> None:
    from cockpit.cli.history import print_commands
    from cockpit.cli.provenance import print_provenance
    from cockpit.store.command_words import clock_text
    from cockpit.store.history import read_history
    from cockpit.store.life import LIVE
    from cockpit.store.numbers import delta_text, metric_text
    from cockpit.store.ranking import baseline_trial, best_trial, gain
    from cockpit.store.runs import is_used_up
    from cockpit.store.scores import leaderboard_text, scores
    from cockpit.store.verdict import verdict

    sweep, trials = index.sweep(), index.trials()
    out = console()
    out.print(f"{sweep.experiment} {sweep.search}  {GLYPHS.get(sweep.status, '?')} {sweep.status}", style="bold")
    more = sweep.can_go_on and index.run.search.exists() and not is_used_up(sweep, trials)
    goes_on = f"cockpit sweep --resume {sweep.experiment} goes on with it" if more else ""
    again = [
        f"taken up again {clock_text(at, sweep.started)}, after {after or 'it was cut off'}"
        for at, after in read_history(index.run, ()).taken_up
    ]
    reason = "" if again and sweep.status == "running" else sweep.reason  # which says no more than `again`
    for text in filter(None, (sweep.question, reason, *again, goes_on)):
        out.print(text)
    best, baseline = best_trial(trials, sweep.goal), baseline_trial(trials)
    if best:
        delta = delta_text(gain(best.best, baseline.best, sweep.goal)) if baseline else ""
        against = f", against the baseline {delta}" if delta else ""
        higher = "better" if sweep.goal == "maximize" else "worse"
        out.print(f"best {sweep.metric} {metric_text(best.best)} ({best.id}){against}; higher is {higher}")
    if sweep.status not in LIVE and baseline:
        found = verdict(sweep, trials)
        out.print(f"{found.glyph} {found.text}")
    if said := leaderboard_text(scores(index.run)):
        out.print(said)
    out.print()
    _print_trials(sweep, trials, goals)
    print_commands(index.commands(), sweep.started, of_a_trial=False)
    print_provenance(index.run, sweep)
    for path, count in index.unread().items():
        lines = "1 line is no event and was" if count == 1 else f"{count} lines are no events and were"
        out.print(f"⚠ {path}: {lines} left out")


def _print_trials(sweep: SweepRow, trials: Sequence[TrialRow], goals: Mapping[str, str]) -> None:
    """A row for each trial; with several `goals` those of the Pareto front are marked."""
    from cockpit.store.numbers import duration_text, metric_text, setting_text
    from cockpit.store.pareto import front_trials

    varied, others = sweep.varied, [name for name in goals if name != sweep.metric]
    front = front_trials(trials, goals) if goals else set()
    several = any(trial.attempt > 1 for trial in trials)
    done = [f"{name} done" if name in varied else name for name in ("epochs", "steps")]
    ranked = [sweep.metric] if sweep.metric else []  # an import may have nothing that ranks its runs
    counts = [*done, *(["attempts"] if several else []), "time"]
    words = [
        name
        for name in ("label", "change")
        if any(trial.extra.get(name) not in (None, "", trial.id) for trial in trials)
    ]
    headings = ["trial", *words, "status", *varied, *ranked, *others, *(["last"] if ranked else []), *counts, "ended"]
    rows = [
        [
            " ".join(filter(None, (trial.id, "◆" if trial.baseline else "", "★" if trial.id in front else ""))),
            *(one_line(str(trial.extra.get(name) or ""), LONGEST_TOLD) for name in words),
            f"{GLYPHS.get(trial.status, '?')} {trial.status}",
            *(setting_text(trial.config.get(name)) for name in varied),
            *(metric_text(trial.best) for _ in ranked),
            *(metric_text(trial.best_metrics.get(name)) for name in others),
            *(metric_text(trial.last) for _ in ranked),
            str(trial.epochs),
            str(trial.steps),
            *([str(trial.attempt)] if several else []),
            duration_text(trial.seconds),
            trial.ending,
        ]
        for trial in trials
    ]
    optional = ("last", *reversed(done), "attempts", "time", "change")
    print_table(headings, rows, left=("trial", *words, "status", "ended"), optional=optional, last_folds=True)
    if front:
        goal_texts = ", ".join(f"{name} {goal}d" for name, goal in goals.items())
        console().print(f"★ no other trial is better in all of {goal_texts}")


def _show_trial(index: Index, trial: TrialRow, as_json: bool) -> None:
    from cockpit.cli.history import print_attempts, print_changes, print_commands
    from cockpit.cli.provenance import circumstances, print_provenance
    from cockpit.store.document import found_document, trial_document
    from cockpit.store.history import changes_of, read_history

    sweep, commands = index.sweep(), [command for command in index.commands() if command.trial == trial.id]
    attempts = read_history(index.run, (trial.id,)).attempts.get(trial.id, [])
    changes = changes_of(index.steered().get(trial.id, ()), commands, trial.id)
    if as_json:
        document = trial_document(trial, attempts, changes) | found_document(index, trial.id)
        print_json({"experiment": index.run.id, **document, **circumstances(index.run, sweep, trial.id)})
        return
    _show_facts(index, sweep, trial)
    print_attempts(attempts, trial, sweep.started)
    print_changes(changes)
    print_commands(commands, sweep.started, of_a_trial=True)
    _show_settings(trial)
    print_provenance(index.run, sweep, trial.id)
    if trial.traceback:
        console().print("\n" + safe_text(trial.traceback.rstrip()))


def _show_facts(index: Index, sweep: SweepRow, trial: TrialRow) -> None:
    from cockpit.store.data_wait import waiting_text
    from cockpit.store.document import TOLD
    from cockpit.store.numbers import counted, duration_text, metric_text

    out = console()
    glyph = GLYPHS.get(trial.status, "?")
    out.print(f"{sweep.experiment}/{trial.id}  {glyph} {trial.status}", style="bold")
    print_facts(
        {
            **{name: str(trial.extra.get(name) or "") for name in TOLD},
            "ended" if trial.is_over else "why": trial.ending,
            sweep.metric: _score_text(trial),
            "evaluations": " ".join("NaN" if value is None else metric_text(value) for value in trial.evaluations),
            "progress": f"{counted(trial.epochs, 'epoch')}, {trial.steps} of {trial.total_steps or '?'} steps",
            "time": duration_text(trial.seconds) + (f" on {trial.device}" if trial.has_device else ""),
            "⚠ data": waiting_text(index.wait_share(trial.id), trial.settings),
            "tensors": index.frozen(trial.id).text,
            "seed": str(trial.seed),
            "digest": trial.digest,
            **{f"file {label}": path for label, path in index.saved(trial.id).items()},
        }
    )


def _show_settings(trial: TrialRow) -> None:
    out = console()
    out.print()
    names = dict.fromkeys([*trial.config, *trial.effective])
    settings = [[name, *(_setting(part, name) for part in (trial.config, trial.effective))] for name in names]
    print_table(("setting", "wanted", "effective"), settings, left=("setting",))


def _score_text(trial: TrialRow) -> str:
    from cockpit.store.numbers import metric_text

    if trial.best is None:
        return "no finite value" if trial.evaluations else "no evaluation yet"
    return f"best {metric_text(trial.best)} at step {trial.best_step}, last {metric_text(trial.last)}"


def _setting(values: Mapping[str, Any], name: str) -> str:
    from cockpit.store.numbers import setting_text

    return setting_text(values[name]) if name in values else ""
