"""What a running sweep shows: one live table on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from cockpit.cli.inspect import GLYPHS
from cockpit.cli.layout import Layout
from cockpit.store.life import LIVE
from cockpit.store.numbers import delta_text, duration_text, metric_text, setting_text
from cockpit.store.ranking import baseline_trial, best_of, best_trial, gain, ranked
from cockpit.store.rows import resting_text
from cockpit.store.time_left import time_left

if TYPE_CHECKING:
    from cockpit.engine.observer import View
    from cockpit.store.reader import Index
    from cockpit.store.rows import SweepRow, TrialRow

HEADER_LINES, FOOTER_LINES = 3, 3
STYLES = {
    "running": "cyan",
    "waiting": "bright_black",
    "paused": "yellow",
    "stopped": "yellow",
    "interrupted": "yellow",
    "finished": "green",
    "pruned": "bright_black",
    "failed": "red",
    "lost": "red",
    "diverged": "red",
}


def view_for(terminal: TextIO, since: float = 0.0) -> View:
    """The live table for a terminal, lines for a pipe; `since` is when a sweep was taken up again."""
    if terminal.isatty():
        return LiveTable(Console(file=terminal, highlight=False, emoji=False, markup=False))
    return Lines(terminal, since)


class Lines:
    """One line for each evaluation, and for each trial that ended, paused or has to wait, in the order of their being
    seen. What began before `since` has been told by then.
    """

    def __init__(self, stream: TextIO, since: float = 0.0) -> None:
        self._stream = stream
        self._since = since
        self._shown: dict[str, int] = {}
        self._told: dict[str, tuple[str, int]] = {}  # status and attempt
        self._queued = ""

    def show(self, index: Index, sweep: SweepRow, trials: list[TrialRow]) -> None:
        if sweep.status == "queued" and sweep.reason != self._queued:
            self._queued = sweep.reason
            self._say(f"queued  {sweep.reason}")
        for trial in trials:
            now = (trial.status, trial.attempt)
            if trial.id not in self._shown and trial.started is not None and trial.started < self._since:
                self._shown[trial.id] = len(trial.evaluations)
                self._told[trial.id] = now
            shown = self._shown.get(trial.id, 0)
            for number, value in enumerate(trial.evaluations[shown:], start=shown + 1):
                best = best_of(trial.evaluations[:number], sweep.goal)
                said = "NaN" if value is None else metric_text(value)
                self._say(f"{trial.id}  evaluation {number}  {sweep.metric} {said}  best {metric_text(best)}")
            self._shown[trial.id] = len(trial.evaluations)
            if trial.status != "running" and self._told.get(trial.id) != now:
                self._told[trial.id] = now
                reason = f"  {trial.reason}" if trial.reason else ""
                self._say(f"{trial.id}  {trial.status}  {sweep.metric} {metric_text(trial.best)}{reason}")

    def _say(self, line: str) -> None:
        self._stream.write(f"{line}\n")
        self._stream.flush()


class LiveTable:
    """A table that is drawn again when something changed: running trials, then the best, as many as fit."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(
            console=console, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False
        )
        self._began = time.time()
        self._live.start()

    def show(self, index: Index, sweep: SweepRow, trials: list[TrialRow]) -> None:
        if sweep.status not in LIVE:
            self._live.stop()  # what remains on the screen is the command's own summary
            return
        if sweep.status == "queued":
            self._began = time.time()
        height = max(3, self._console.height - HEADER_LINES - FOOTER_LINES)
        table = _table(index, sweep, _most_interesting(trials, sweep.goal, height), self._console.width)
        self._live.update(Group(self._header(sweep, trials), table, self._footer(sweep, trials)), refresh=True)

    def _header(self, sweep: SweepRow, trials: list[TrialRow]) -> Text:
        over = sum(trial.is_over for trial in trials if trial.is_searched)
        confirmed = sum(trial.is_over for trial in trials if trial.confirms)
        running = sum(trial.status == "running" for trial in trials)
        counts = f"{over}/{sweep.trials or '?'} done, {running} running"
        confirming = f"{confirmed}/{2 * sweep.confirm} confirmations" if confirmed else ""
        counts = ", ".join(filter(None, (counts, confirming, resting_text(trials))))
        text = Text(f"{sweep.experiment} {sweep.search}", style="bold")
        text.append(f"  {counts}  {duration_text(time.time() - self._began)}", style="not bold")
        if sweep.status == "queued":
            text.append(f"\n{GLYPHS['queued']} queued: {sweep.reason}", style="dim")
        elif not trials:
            text.append(f"\nstarting {'Ray' if sweep.engine == 'ray' else 'the engine'}…", style="dim")
        text.truncate(self._console.width * 2)
        return text

    def _footer(self, sweep: SweepRow, trials: list[TrialRow]) -> Text:
        best, baseline = best_trial(trials, sweep.goal), baseline_trial(trials)
        text = Text(no_wrap=True, overflow="ellipsis")
        if best:
            against = gain(best.best, baseline.best if baseline else None, sweep.goal)
            config = " ".join(f"{name}={setting_text(best.config.get(name))}" for name in sweep.varied)
            text.append(f"best {sweep.metric} {metric_text(best.best)}", style="bold")
            text.append(f" {delta_text(against)} against baseline  {best.id} {config}\n")
        left = time_left(trials, sweep.trials, time.time(), 2 * sweep.confirm)
        text.append(f"time left {duration_text(left)}   Ctrl-C stops cleanly", style="dim")
        return text


def _table(index: Index, sweep: SweepRow, trials: list[TrialRow], width: int) -> Text:
    headings = ["trial", "status", "step", "loss", sweep.metric, *sweep.varied]
    rows = [_cells(index, sweep, trial) for trial in trials]
    layout = Layout(headings, rows, width, left=("trial", "status"), optional=("step", "loss"))
    text = Text(layout.header(), style="dim", no_wrap=True, overflow="ellipsis")
    for trial, row in zip(trials, rows, strict=True):
        for line in layout.lines(row):
            text.append(f"\n{line}", style=f"not dim {STYLES.get(trial.status, '')}")
    return text


def _cells(index: Index, sweep: SweepRow, trial: TrialRow) -> list[str]:
    return [
        f"{trial.id} ◆" if trial.baseline else trial.id,
        f"{GLYPHS.get(trial.status, '?')} {trial.status}",
        f"{trial.steps}/{trial.total_steps}" if trial.total_steps else str(trial.steps),
        metric_text(index.latest(trial.id).get("loss")),
        metric_text(trial.best if trial.is_over else trial.last),
        *(setting_text(trial.config.get(name)) for name in sweep.varied),
    ]


def _most_interesting(trials: list[TrialRow], goal: str, count: int) -> list[TrialRow]:
    """Trials that are not over and the baseline, then the best, then the newest; shown in the order of their ids."""
    first = [trial for trial in trials if not trial.is_over or trial.baseline]
    first.sort(key=lambda trial: trial.status != "running")
    others = [trial for trial in trials if trial not in first]
    best = ranked([trial for trial in others if trial.best is not None], goal)[: max(1, count // 2)]
    newest = [trial for trial in reversed(others) if trial not in best]
    chosen = (first + best + newest)[:count]
    return [trial for trial in trials if trial in chosen]
