"""Which curves an exported page shows: each metric in each phase of the best trials, and the norms of the best."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cockpit.export.record import Record
from cockpit.export.svg_chart import COLOURS, Line, Point, chart
from cockpit.store import ranking
from cockpit.store.rows import TrialRow

MOST_TRIALS = 8  # that are told apart by colour
MOST_CHARTS = 24
_NORMS = {"grad_mean": "mean gradient norm", "param_mean": "mean parameter norm", "update_ratio": "update ratio"}


@dataclass(frozen=True)
class Curves:
    """Charts with their titles, and the trials that they show with their colours."""

    charts: list[tuple[str, str]]
    shown: list[tuple[TrialRow, int]]
    norms: list[tuple[str, str]]
    groups: list[tuple[str, int]]
    left_out: int = 0


def curves_of(record: Record) -> Curves:
    """The charts, the ranked metric first."""
    shown = [(trial, number) for number, trial in enumerate(_shown(record))]
    lines: dict[tuple[str, str, str], list[Line]] = {}
    for trial, colour in reversed(shown):  # the best one is drawn last, over the others
        for key, points in _series(record, trial).items():
            lines.setdefault(key, []).append(Line(trial.id, points, colour))
    order = sorted(lines, key=lambda key: (key[2] != record.sweep.metric, key[0] == "step", key[1:]))
    titled = [(f"{key[1]} {key[2]}", chart(f"{key[1]} {key[2]}", lines[key])) for key in order]
    charts = [pair for pair in titled if pair[1]]
    groups: list[tuple[str, int]] = []
    norms: list[tuple[str, str]] = []
    if record.best is not None:
        groups = [(name, number % COLOURS) for number, name in enumerate(record.index.norm_groups(record.best.id))]
        norms = [pair for pair in _norms(record, record.best, dict(groups)) if pair[1]]
    return Curves(charts[:MOST_CHARTS], shown, norms, groups, max(0, len(charts) - MOST_CHARTS))


def _shown(record: Record) -> list[TrialRow]:
    """The best trials, and the baseline in any case."""
    ranked = ranking.ranked(record.trials, record.sweep.goal)
    baseline = [trial for trial in ranked if trial.baseline]
    chosen = ranked[:MOST_TRIALS]
    if baseline and baseline[0] not in chosen:
        chosen = [*chosen[: MOST_TRIALS - 1], baseline[0]]
    return chosen


def _series(record: Record, trial: TrialRow) -> dict[tuple[str, str, str], list[Point]]:
    found: dict[tuple[str, str, str], list[Point]] = {}
    for row in record.steps(trial):
        for name, value in row.metrics.items():
            found.setdefault((row.kind, row.phase, name), []).append((row.step, value))
    return found


def _norms(record: Record, trial: TrialRow, colours: dict[str, int]) -> Iterator[tuple[str, str]]:
    rows = record.norms(trial)
    for column, title in _NORMS.items():
        points: dict[str, list[Point]] = {}
        for row in rows:
            points.setdefault(row.group, []).append((row.step, getattr(row, column)))
        lines = [Line(group, known, colours.get(group, 0)) for group, known in points.items()]
        yield f"{title} of {trial.id}", chart(title, lines)
