"""The metric of all trials over their epochs or steps, with the best trial and the baseline in colour."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from cockpit.diary.plots import look
from cockpit.diary.plots.data import Pictured

MOST_LINES = 300
Points = Sequence[tuple[float, float]]


def curves(pictured: Pictured) -> Figure:
    """Of very many trials a part is drawn, evenly from the best to the worst, and the picture says so."""
    drawn = look.figure()
    axes = look.quiet(drawn.add_subplot())
    by_epoch = pictured.has_epochs
    lines = {trial: _points(rows, by_epoch) for trial, rows in pictured.evaluations.items()}
    special = {pictured.best.id if pictured.best else "", pictured.baseline.id if pictured.baseline else ""}
    others = [points for trial in pictured.ranked if trial.id not in special and (points := lines.get(trial.id))]
    shown = spread(others, MOST_LINES)
    alpha = max(0.15, min(0.6, 12 / max(1, len(shown))))
    axes.add_collection(LineCollection([one for one in shown if len(one) > 1], colors=look.OTHER, alpha=alpha, lw=0.9))
    single = [one[0] for one in shown if len(one) == 1]
    axes.plot([x for x, _ in single], [y for _, y in single], ".", color=look.OTHER, alpha=alpha, ms=4)
    _special(axes, pictured, lines)
    everything = [point for points in lines.values() for point in points]
    axes.set_xlim(*look.limits([x for x, _ in everything], 0.02))
    axes.set_ylim(*look.limits(_most([y for _, y in everything], pictured.sweep.goal)))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    look.labelled(axes, "epoch" if by_epoch else "step", pictured.sweep.metric)
    part = f", {len(shown)} of {len(others)} others drawn" if len(shown) < len(others) else ""
    look.titled(axes, f"{pictured.title} · {len(lines)} trials{part}")
    return drawn


def spread(items: Sequence[Points], most: int) -> list[Points]:
    """At most so many of them, at even distances, the first and the last among them."""
    if len(items) <= most:
        return list(items)
    return [items[round(number * (len(items) - 1) / (most - 1))] for number in range(most)]


def _special(axes: Axes, pictured: Pictured, lines: Mapping[str, Points]) -> None:
    for trial, word, colour in (
        (pictured.baseline, "baseline", look.BASELINE),
        (pictured.best, "best", look.BEST),
    ):
        points = lines.get(trial.id) if trial is not None else None
        if trial is None or not points or (word == "baseline" and pictured.best == trial):
            continue
        xs, ys = zip(*points, strict=True)
        axes.plot(xs, ys, "-o", color=colour, lw=1.8, ms=3.2, label=look.plain(f"{word} {trial.id}"))
    if axes.get_legend_handles_labels()[0]:
        look.legend(axes, low=pictured.sweep.goal == "maximize")


def _points(rows: Sequence[tuple[int, int, float]], by_epoch: bool) -> Points:
    return [((epoch + 1 if by_epoch else step), value) for step, epoch, value in rows if math.isfinite(value)]


def _most(values: Sequence[float], goal: str) -> list[float]:
    """All values, but for the worst twentieth where that is far off: a diverged trial must not flatten the others."""
    ordered = sorted(values, reverse=goal == "maximize")
    kept = ordered[: max(2, round(0.95 * len(ordered)))]
    if len(kept) < len(ordered) and abs(ordered[-1] - kept[0]) > 3 * abs(kept[-1] - kept[0]):
        return kept
    return ordered
