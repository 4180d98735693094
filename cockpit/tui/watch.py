"""One experiment, read again and again: only what changed since the last look is read."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.store.folder import FolderError, RunFolder
from cockpit.store.indexer import Indexer
from cockpit.store.life import LIVE, is_alive
from cockpit.store.mirror import indexed
from cockpit.store.reader import Index
from cockpit.store.rows import NormSummary
from cockpit.tui.interest import CONFIG, NORMS, OUTPUT, STEPS, CurveKey, Focus, Interest, Metric
from cockpit.tui.output import OutputTail
from cockpit.tui.snapshot import FocusView, SweepView, TrialView

if TYPE_CHECKING:
    from cockpit.store.curve import Curve, GrowingCurve
    from cockpit.store.history import AttemptRow, ChangeRow

MOST_CURVES = 64  # of about 60 kB
SUMMARY_SECONDS = 5.0  # a summary reads every norm of a trial

CurveMark = tuple[CurveKey, int, tuple[int, int] | None]  # a trial's second attempt begins a curve anew


class Watch:
    """Reads one run folder. Its methods are called from the feed's thread only; `close` when nobody looks any more.

    Raises `FolderError` when there is nothing to read yet; trying again later may help.
    """

    def __init__(self, run: RunFolder) -> None:
        self._run = indexed(run)
        self._indexer: Indexer | None = None
        self._keep_index()
        self._index = Index(self._run)
        self._file = _mark(self._run.index)
        self._version = -1
        self._look = 0
        self._trials: dict[str, TrialView] = {}
        self._view: SweepView | None = None
        self._curves: dict[CurveMark, GrowingCurve] = {}
        self._summaries: dict[Focus, tuple[int, float, tuple[NormSummary, ...]]] = {}
        self._output: OutputTail | None = None
        self._focused: FocusView | None = None
        self._focus_mark: object = None
        self._attempts: tuple[AttemptRow, ...] = ()
        self._attempts_mark: object = None

    def close(self) -> None:
        self._index.close()
        if self._indexer is not None:
            self._indexer.close()

    def look(self) -> SweepView:
        """The experiment as of now; the same object as before where nothing changed."""
        self._keep_index()
        self._open_anew_if_needed()
        version = self._index.version()
        if self._view is None or version != self._version:
            self._version = version
            with self._index.moment():
                self._view = self._read()
        return self._view

    def curves(self, keys: Iterable[CurveKey], window: tuple[int, int] | None) -> dict[CurveKey, Curve]:
        """What there is of the wanted curves.

        Those that were wanted before are kept for a while, because the cursor comes back and a closer look ends.
        """
        found: dict[CurveKey, Curve] = {}
        for key in keys:
            if key.trial in self._trials:
                mark = key, self._trials[key.trial].row.attempt, window
                curve = self._curves.pop(mark, None) or self._begin(mark)
                if curve is not None:
                    self._curves[mark] = curve  # behind those that were wanted longer ago
                    found[key] = self._index.grow(curve)
        for mark in list(self._curves)[: -max(MOST_CURVES, 2 * len(found))]:
            del self._curves[mark]
        return found

    def norm_summaries(self, wanted: Iterable[Focus]) -> dict[Focus, tuple[NormSummary, ...]]:
        """The norms of each of these trials as a whole, a few seconds old where it runs."""
        before, self._summaries = self._summaries, {}
        for focus in wanted:
            if focus.trial in self._trials:
                changed = self._trials[focus.trial].row.changed
                known = before.get(focus)
                if known is None or (known[0] != changed and time.monotonic() > known[1]):
                    known = changed, time.monotonic() + SUMMARY_SECONDS, tuple(self._index.norm_summary(focus.trial))
                self._summaries[focus] = known
        return {focus: known[2] for focus, known in self._summaries.items()}

    def focus(self, focus: Focus, interest: Interest) -> FocusView | None:
        """The newest steps, norms and lines of one trial, as far as its panes are seen."""
        trial = self._trials.get(focus.trial)
        if trial is None:
            return None
        output = self._tail(focus) if OUTPUT in interest.panes else ()
        mark = (focus, interest.panes, interest.rows, trial.row.changed, self._version if trial else 0)
        known = self._focused
        if known is None or mark != self._focus_mark:
            self._focus_mark = mark
            steps = self._index.steps(focus.trial, last=interest.rows) if STEPS in interest.panes else ()
            norms = self._index.norms(focus.trial, last=interest.rows) if NORMS in interest.panes else ()
            frozen = self._index.frozen(focus.trial).text if NORMS in interest.panes else ""
            saved = self._index.saved(focus.trial)
            groups = self._index.norm_groups(focus.trial)
            attempts, changes = self._past(trial) if CONFIG in interest.panes else ((), ())
            self._focused = FocusView(
                focus, tuple(steps), tuple(norms), output, saved, tuple(groups), attempts, changes,
                frozen, has_all_norms=len(norms) < interest.rows,
            )  # fmt: skip
        elif known.output is not output:
            self._focused = replace(known, output=output)
        return self._focused

    def _past(self, trial: TrialView) -> tuple[tuple[AttemptRow, ...], tuple[ChangeRow, ...]]:
        """The attempts of a trial, read anew where there is another one or the last is over; and what was changed."""
        from cockpit.store.history import changes_of, read_history

        row = trial.row
        mark = row.id, row.attempt, row.status
        if row.attempt > 1 and self._attempts_mark != mark:
            self._attempts_mark = mark
            self._attempts = tuple(read_history(self._run, (row.id,)).attempts.get(row.id, ()))
        steered = self._index.steered().get(row.id, ())
        changes = changes_of(steered, self._index.commands(), row.id) if steered else ()
        return self._attempts if row.attempt > 1 else (), tuple(changes)

    def _read(self) -> SweepView:
        index = self._index
        if index.trial_count() < len(self._trials):  # the ledger was replaced by another
            self._forget()
        since, self._look = self._look, index.look()
        sweep = index.sweep()
        if self._view is not None and self._view.sweep.status != sweep.status:
            since = 0  # what a trial is called depends on whether its sweep goes on
        values = index.newest_values(since)
        for row in index.trials(since, best_metrics=False):
            self._trials[row.id] = TrialView(row, values.get(row.id, {}))
        unread = sum(index.unread().values())
        return SweepView(
            name=self._run.name,
            sweep=sweep,
            trials=tuple(self._trials.values()),
            metrics=tuple(Metric(*found) for found in index.metrics()),
            commands=tuple(index.commands()),
            trouble=f"{unread} lines of its record are no events; `cockpit show {self._run.id}` names the files"
            if unread
            else "",
        )

    def _keep_index(self) -> None:
        """Bring the index of a folder that another machine fills up to date, unless another cockpit does, until it is
        left.
        """
        if self._run.is_mirror and self._indexer is None:
            self._indexer = _indexer(self._run)
        if self._indexer is not None:
            self._indexer.sync()

    def _open_anew_if_needed(self) -> None:
        """The index may have been made anew; or its sweep was killed, left lines unread and says that it runs."""
        replaced = self._file != (mark := _mark(self._run.index)) and self._index.is_replaced()
        if replaced or self._sweep_died():
            self._index.close()
            self._index = Index(self._run)
            self._version = -1
        if replaced:
            self._forget()
        self._file = mark

    def _forget(self) -> None:
        self._look, self._trials, self._curves = 0, {}, {}

    def _sweep_died(self) -> bool:
        if self._view is None or self._view.sweep.status not in LIVE:
            return False
        sweep = self._view.sweep
        return not is_alive(sweep.host, sweep.pid, str(sweep.environment.get("process_started", "")))

    def _begin(self, mark: CurveMark) -> GrowingCurve | None:
        key, _, window = mark
        metric = key.metric
        return self._index.growing_curve(key.trial, metric.name, kind=metric.kind, phase=metric.phase, window=window)

    def _tail(self, focus: Focus) -> tuple[str, ...]:
        path = self._run.trial(focus.trial).output
        if self._output is None or self._output.path != path:
            self._output = OutputTail(path)
        return self._output.lines()


def _mark(path: Path) -> object:
    """Another one where the file was changed or replaced; None while there is no file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_ctime_ns


def _indexer(run: RunFolder) -> Indexer | None:
    """None when another cockpit on this machine keeps the same index already."""
    try:
        return Indexer(run)
    except FolderError:
        return None
