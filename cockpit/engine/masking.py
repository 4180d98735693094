"""Looks after the files of a run folder to which others write as they like, and masks the secrets in them."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from cockpit.engine.redacting import Masker
from cockpit.store.folder import RunFolder
from cockpit.store.rows import TrialRow

LINGER_SECONDS = 10.0  # a trial that was stopped by a decision still writes for a moment


class Masks:
    """One masker for each such file of trials that run, or did until a moment ago, and for `engine.log`."""

    def __init__(self, run: RunFolder) -> None:
        self._run = run
        self._maskers: dict[Path, Masker] = {}
        self._done: set[str] = set()

    def look(self, trials: Iterable[TrialRow], *, last: bool = False) -> None:
        """Mask what is new. `last` is for when nobody writes any more."""
        self._look_at([self._run.engine_log], last=last)
        for trial in trials:
            if trial.id not in self._done:
                self._look_at_trial(trial, last)

    def _look_at_trial(self, trial: TrialRow, last: bool) -> None:
        is_still = trial.is_over and time.time() - (trial.ended or 0.0) > LINGER_SECONDS
        folder = self._run.trial(trial.id).path
        paths = [*folder.glob("output*.log"), folder / "program.jsonl"]
        self._look_at(paths, last=last or is_still)
        if is_still:
            self._done.add(trial.id)
            for path in paths:
                self._maskers.pop(path, None)

    def _look_at(self, paths: Iterable[Path], *, last: bool) -> None:
        for path in paths:
            masker = self._maskers.setdefault(path, Masker(path))
            try:
                masker.look(last=last)
            except OSError:
                continue  # not there yet, or not ours; it is redacted when it is shown
