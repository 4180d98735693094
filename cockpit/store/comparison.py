"""Trials side by side: which of their settings differ, and what came of it. They may be of different experiments."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cockpit.store.numbers import setting_text
from cockpit.store.ranking import baseline_trial, best_trial, gain
from cockpit.store.rows import NormSummary, SweepRow, TrialRow

_OF_THE_SWEEP = ("trainer", "data", "metric", "goal", "engine")
ABSENT = object()  # in place of a value that is not there

MOST_GROUPS = 6  # whose norms are told in one line: layers may be hundreds


@dataclass(frozen=True, slots=True)
class Subject:
    """A trial that is compared. `is_best` where it stands for its experiment, as the best one of it."""

    sweep: SweepRow
    trial: TrialRow
    baseline: TrialRow | None
    is_best: bool = False
    norms: tuple[NormSummary, ...] = ()

    @property
    def label(self) -> str:
        """`exp012/t003`."""
        return f"{self.sweep.experiment}/{self.trial.id}"

    def with_norms(self, norms: Sequence[NormSummary]) -> Subject:
        """The same with its norms."""
        return replace(self, norms=tuple(norms))

    @property
    def settings(self) -> Mapping[str, Any]:
        """The effective configuration of the trial."""
        return self.trial.settings


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One setting with its text for each subject, empty where it has none."""

    name: str
    texts: tuple[str, ...]
    differs: bool


@dataclass(frozen=True, slots=True)
class ResultRow:
    """What came of one subject. `over_first` and `over_baseline` are positive for better, None where that has no sense.

    `seconds` is the time so far of a trial that still runs.
    """

    subject: Subject
    best: float | None
    last: float | None
    over_first: float | None
    over_baseline: float | None
    seconds: float | None


def subject(sweep: SweepRow, trials: Sequence[TrialRow], trial_id: str) -> Subject | None:
    """The trial of that id or, without one, the best of its experiment; None where there is no such trial."""
    chosen = next((trial for trial in trials if trial.id == trial_id), None)
    if not trial_id:
        chosen = best_trial(trials, sweep.goal)
    if chosen is None:
        return None
    return Subject(sweep, chosen, baseline_trial(trials), is_best=not trial_id)


def setting_rows(subjects: Sequence[Subject]) -> list[SettingRow]:
    """All settings of the subjects, those that differ first."""
    facts = [_facts(each, subjects) for each in subjects]
    columns = [{**each.settings, **known} for each, known in zip(subjects, facts, strict=True)]
    names = dict.fromkeys(name for column in (*(each.settings for each in subjects), *facts) for name in column)
    rows = [_setting_row(name, [column.get(name, ABSENT) for column in columns]) for name in names]
    return sorted(rows, key=lambda row: not row.differs)


def _facts(each: Subject, subjects: Sequence[Subject]) -> dict[str, Any]:
    """What tells runs apart although it is no setting. A setting of the same name counts instead."""
    facts: dict[str, Any] = {"seed": each.trial.seed}
    if len({other.sweep.experiment for other in subjects}) > 1:
        facts |= {name: getattr(each.sweep, name) for name in _OF_THE_SWEEP}
    settings = {name for other in subjects for name in other.settings}
    return {name: value for name, value in facts.items() if name not in settings and value != ""}


def _setting_row(name: str, values: Sequence[Any]) -> SettingRow:
    return SettingRow(name, value_texts(values), differs=len(set(map(exact, values))) > 1)


def value_texts(values: Sequence[Any]) -> tuple[str, ...]:
    """How values of one setting are written beside each other: rounded, unless different ones would look the same."""
    known = [exact(value) for value in values]
    texts = ["" if value is ABSENT else setting_text(value) for value in values]
    return tuple(texts if len(set(texts)) == len(set(known)) else [text or "" for text in known])


def exact(value: Any) -> str | None:
    """A text that two values share only if they are the same: 1 and 1.0 do, 1 and True do not; None for no value."""
    if value is ABSENT:
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value if isinstance(value, str) else repr(value)


def result_rows(subjects: Sequence[Subject], now: float) -> list[ResultRow]:
    """One row for each subject, in their order; `now` is seconds since 1970."""
    return [_result_row(each, subjects[0], now) for each in subjects]


def _result_row(each: Subject, first: Subject, now: float) -> ResultRow:
    trial, goal = each.trial, each.sweep.goal
    compares = each is not first and is_comparable(each, first)
    baseline = each.baseline if each.baseline is not None and each.baseline.id != trial.id else None
    began = trial.started if trial.status == "running" else None
    return ResultRow(
        subject=each,
        best=trial.best,
        last=trial.last,
        over_first=gain(trial.best, first.trial.best, goal) if compares else None,
        over_baseline=gain(trial.best, baseline.best, goal) if baseline is not None else None,
        seconds=trial.seconds if began is None else max(0.0, now - began),
    )


def is_comparable(one: Subject, other: Subject) -> bool:
    """Whether the best values of two subjects are values of the same thing."""
    return (one.sweep.metric, one.sweep.goal) == (other.sweep.metric, other.sweep.goal)


def remarks(subjects: Sequence[Subject]) -> Iterator[str]:
    """What a reader must know to understand the tables, each in a few words."""
    goals = {(each.sweep.metric, each.sweep.goal): each.sweep.experiment for each in reversed(subjects)}
    if len(goals) > 1:
        aims = ", ".join(f"{experiment} {goal}s {metric}" for (metric, goal), experiment in reversed(goals.items()))
        yield f"different aims ({aims}), so their values do not compare"
    best = [each.label for each in subjects if each.is_best]
    if len(best) == len(subjects) > 0:
        yield "each trial is the best of its experiment"
    elif best:
        yield f"{', '.join(best)}: the best of its experiment"


def norms_text(norms: Sequence[NormSummary]) -> str:
    """Mean and greatest gradient norm of the first parameter groups: `pg0 0.311 ≤ 4.1 · pg1 0.0242 ≤ 0.3`."""
    told = [f"{each.group} {_short(each.grad_mean)} ≤ {_short(each.grad_max)}{_alarm(each)}" for each in norms]
    more = [f"and {len(told) - MOST_GROUPS} more"] if len(told) > MOST_GROUPS else []
    return " · ".join(told[:MOST_GROUPS] + more)


def _short(value: float) -> str:
    return f"{value:.3g}" if math.isfinite(value) else "NaN"


def _alarm(norms: NormSummary) -> str:
    return f" ({norms.nonfinite:.0f} not finite)" if norms.nonfinite else ""
