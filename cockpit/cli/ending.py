"""What `cockpit sweep` prints when its sweep is over."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cockpit.cli.options import console, print_sentence, print_table

if TYPE_CHECKING:
    from cockpit.store.folder import RunFolder
    from cockpit.store.reader import Index


def print_end(index: Index, diary: Path, drawn: str = "") -> None:
    """How it ended, the best trial, and where the diary is; `drawn` says what pictures took."""
    from cockpit.store.numbers import delta_text, duration_text, metric_text, setting_text
    from cockpit.store.ranking import baseline_trial, best_trial, gain
    from cockpit.store.runs import further_text
    from cockpit.store.verdict import verdict

    sweep, trials = index.sweep(), index.trials()
    out = console()
    took = duration_text((sweep.ended or 0) - (sweep.started or 0))
    counts: dict[str, int] = {}
    for trial in trials:
        if trial.is_searched:
            counts[trial.status] = counts.get(trial.status, 0) + 1
    tally = ", ".join(f"{count} {status}" for status, count in counts.items()) + further_text(trials)
    out.print(f"{sweep.experiment} {sweep.status} after {took}: {tally or 'no trial was started'}", style="bold")
    if sweep.reason:
        out.print(sweep.reason)
    best, baseline = best_trial(trials, sweep.goal), baseline_trial(trials)
    if best:
        config = " ".join(f"{name}={setting_text(best.config.get(name))}" for name in sweep.varied)
        out.print(f"best {sweep.metric} {metric_text(best.best)} by {best.id}: {config}")
        if baseline is not None and baseline.best is not None and not best.baseline:
            found = verdict(sweep, trials)
            searched = delta_text(gain(best.best, baseline.best, sweep.goal))
            told = found.text if sweep.confirm else f"{searched}; {found.text}"
            out.print(f"{found.glyph} against the baseline {told}")
    out.print(f"diary: {diary}{f' and {drawn}' if drawn else ''}")


def compare_rows(run: RunFolder) -> None:
    """Keep how the best trial does against the baseline on single rows, where both kept what they predicted."""
    from cockpit.store.ranking import baseline_trial, best_trial
    from cockpit.store.reader import Index
    from cockpit.store.row_gain import keep_row_gain

    with Index(run) as index:
        trials = index.trials()
        best, baseline = best_trial(trials, index.sweep().goal), baseline_trial(trials)
        if best is None or baseline is None or best.id == baseline.id:
            return
        if any("predictions" not in index.saved(trial.id) for trial in (best, baseline)):
            return
    from cockpit.ensemble.rows import row_gain

    found = row_gain(run, best.id, baseline.id)
    if found is not None:
        keep_row_gain(run, found)


def print_doubts(index: Index, run: RunFolder) -> None:
    """What looks wrong with the results, and what was looked at once more."""
    from cockpit.checks.evidence import evidence_of
    from cockpit.checks.kept import looks
    from cockpit.checks.registry import check_record

    for finding in check_record(evidence_of(index, index.sweep(), index.trials())):
        if finding.is_bad:
            print_sentence(f"⚠ {finding.text}")
    for look in looks(run).values():
        bad = [finding for finding in look.findings if finding.is_bad]
        for finding in bad:
            print_sentence(f"⚠ {look.trial}, {finding.check}: {finding.text}")
        if not bad:
            print_sentence(f"{look.trial} checked: {', '.join(f'{one.check} {one.level}' for one in look.findings)}")


def keep_timings(run: RunFolder, marks: Path | None) -> dict[str, float]:
    """The timings, which stay with the experiment; empty when nobody asked for them."""
    if marks is None:
        return {}
    from cockpit.engine.timings import phases
    from cockpit.store.summary import replace_file

    found = phases(marks)
    replace_file(run.path / "timings.json", json.dumps(found, indent=1))
    return found


def print_timings(timings: Mapping[str, float]) -> None:
    """The phases one after the other, each with the time that it took and the time at its end."""
    if not timings:
        return
    click.echo("\nfrom the start of the process to the first step, in seconds:\n")
    rows, total = [], 0.0
    for name, seconds in timings.items():
        total += seconds
        rows.append([name, f"{seconds:.2f}", f"{total:.2f}"])
    print_table(("phase", "took", "at"), rows, left=("phase",))
