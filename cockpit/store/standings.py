"""Everything that has a score, across experiments: by cross-validation, by the leaderboard, and both side by side.

A value of cross-validation is that of a ranked evaluation, so neither fine-tuning nor a test counts. Values compare
within the same trainer, metric and data only; those of a leaderboard do whatever was trained.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from cockpit.store import ranking
from cockpit.store.agreement import Agreement, agreement
from cockpit.store.folder import FolderError, RunFolder
from cockpit.store.reader import Index
from cockpit.store.rows import BLEND, SweepRow, TrialRow
from cockpit.store.runs import configurations
from cockpit.store.scores import Score, newest, scores
from cockpit.store.summary import read_summary
from cockpit.store.verdict import BETTER, MARKS, WORSE


class Kind(NamedTuple):
    """What values of cross-validation compare within."""

    trainer: str
    metric: str
    goal: str
    data: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A trial, or what several were merged to. `cv`, `lb` and `private` are None where there is no such score.

    `merged` are the labels of what was merged, and `is_merge` is also true where these are not known. The ranks count
    from 1 among the entries that it is compared with; None without a score, and for merges among single trials.
    """

    label: str
    kind: Kind
    cv: float | None
    lb: float | None
    private: float | None
    question: str = ""
    verdict: str = ""
    merged: tuple[str, ...] = ()
    is_merge: bool = False
    cv_rank: int | None = None
    lb_rank: int | None = None


@dataclass(frozen=True)
class Standing:
    """Entries that are compared with each other, best first. `kind` has no trainer and data where any are."""

    kind: Kind
    entries: tuple[Entry, ...]
    agreement: Agreement | None


def entries_of(run: RunFolder, now: float, *, all_trials: bool) -> list[Entry]:
    """What an experiment has: its best trial and those with a score of their own, or all of them, and merges.

    A trial that ran on several seeds stands with their mean; what only confirms another one is none of them. The
    verdict is that of the best.

    Empty for one that cannot be read, and, unless `all_trials` are wanted, for one that ran a trial again, which would
    stand here twice.
    """
    known, summary = scores(run), read_summary(run, now)
    if summary["status"] == "broken" or (summary.get("rerun_of") and not all_trials):
        return []
    if all_trials or any(score.trial or score.merged for score in known):
        try:
            with Index(run) as index:
                return list(_by_trial(run, index.sweep(), index.trials(best_metrics=False), known, summary, all_trials))
        except FolderError:
            return []
    label = f"{run.id}/{summary['best_trial']}" if summary.get("best_trial") else run.id
    return [_entry(label, _kind_of(summary), summary, summary.get("best"), known)]


def _by_trial(
    run: RunFolder,
    sweep: SweepRow,
    trials: Sequence[TrialRow],
    known: Sequence[Score],
    summary: Mapping[str, Any],
    all_trials: bool,
) -> Iterator[Entry]:
    kind = Kind(sweep.trainer, sweep.metric, sweep.goal, sweep.data)
    best = ranking.best_trial(trials, sweep.goal)
    single = [score for score in known if not score.merged]
    scored = {score.trial for score in single}
    whole = [score for score in single if not score.trial]
    further = [trial for trial in trials if not trial.is_searched and trial.id in scored]
    for trial in [*configurations(trials), *further]:
        own = [score for score in single if score.trial == trial.id]
        is_best = best is not None and trial.id == best.id
        if is_best and not own:
            own = whole  # the experiment's score is that of its best
        if all_trials or is_best or trial.id in scored:
            entry = _entry(f"{run.id}/{trial.id}", kind, summary, trial.best, own)
            question = str(trial.extra.get("label") or entry.question)
            yield replace(entry, question=question, verdict=entry.verdict if is_best else "")
    merges = dict.fromkeys(score.merged for score in known if score.merged)
    for merged in merges:
        own = [score for score in known if score.merged == merged]
        entry = _entry(f"{run.id}: {' + '.join(merged)}", kind, summary, None, own)
        yield replace(entry, question=own[-1].note, merged=merged, is_merge=True)


def _entry(label: str, kind: Kind, summary: Mapping[str, Any], cv: float | None, known: Sequence[Score]) -> Entry:
    own = list(known)
    return Entry(
        label=label,
        kind=kind,
        cv=ranking.best_of([cv], kind.goal),
        lb=newest(own, private=False),
        private=newest(own, private=True),
        question=str(summary.get("question") or summary.get("search") or "").partition("\n")[0],
        verdict=_glyph(summary.get("verdict")),
        is_merge=kind.trainer == BLEND,
    )


def _glyph(mark: Any) -> str:
    """A verdict that was found; that nothing can be told is nothing to tell of a list."""
    return MARKS[mark] if mark in (BETTER, WORSE) else ""


def _kind_of(summary: Mapping[str, Any]) -> Kind:
    texts = (str(summary.get(name) or "") for name in ("trainer", "metric", "goal", "data"))
    return Kind(*texts)


def by_cv(entries: Iterable[Entry]) -> list[Standing]:
    """The entries with a value of cross-validation, for each kind, largest first; merges are a kind of their own."""
    return _standings((entry for entry in entries if entry.cv is not None), across=False, private=False)


def by_lb(entries: Iterable[Entry], *, private: bool = False) -> list[Standing]:
    """The entries with a score of this part of the leaderboard, for each metric."""
    having = (entry for entry in entries if _lb(entry, private) is not None)
    return _standings(having, across=True, private=private)


def _standings(entries: Iterable[Entry], *, across: bool, private: bool) -> list[Standing]:
    groups: dict[Kind, list[Entry]] = {}
    for entry in entries:
        kind = entry.kind._replace(trainer="", data="") if across else entry.kind
        groups.setdefault(kind, []).append(entry)
    standings = [_standing(kind, group, across, private) for kind, group in groups.items()]
    return sorted(standings, key=lambda standing: -len(standing.entries))


def _standing(kind: Kind, group: Sequence[Entry], across: bool, private: bool) -> Standing:
    cv = {entry.label: entry.cv for entry in group if not (across and entry.is_merge)}
    lb = {entry.label: _lb(entry, private) for entry in group}
    cv_ranks, lb_ranks = _ranks(cv, kind.goal), _ranks(lb, kind.goal)
    placed = [replace(each, cv_rank=cv_ranks.get(each.label), lb_rank=lb_ranks.get(each.label)) for each in group]
    value = (lambda entry: _lb(entry, private)) if across else (lambda entry: entry.cv)
    placed.sort(key=lambda entry: ranking.sort_key(value(entry), kind.goal))
    single = [(entry.cv, _lb(entry, private)) for entry in group if not entry.is_merge]
    pairs = [(first, second) for first, second in single if first is not None and second is not None]
    return Standing(kind, tuple(placed), agreement(pairs))


def _ranks(values: Mapping[str, float | None], goal: str) -> dict[str, int]:
    """From 1 for the best; equal values share the better rank."""
    known = {label: value for label, value in values.items() if value is not None}
    order = sorted(known.values(), key=lambda value: ranking.sort_key(value, goal))
    first = {value: place for place, value in reversed(list(enumerate(order, start=1)))}
    return {label: first[value] for label, value in known.items()}


def _lb(entry: Entry, private: bool) -> float | None:
    return entry.private if private else entry.lb
