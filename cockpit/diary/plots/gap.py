"""CV against LB of all experiments that have both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from cockpit.diary.plots import look
from cockpit.store.scores import Pair

MOST_NAMES = 12
MARKERS = "osD^vP"

Aims = Mapping[str, Sequence[tuple[str, Pair]]]  # experiment and pair, by what was measured


def gap(aims: Aims) -> Figure:
    """A mark for each, a kind of mark for each metric, and the line on which both are the same."""
    drawn = look.figure(width=5.2, height=4.4)
    axes = look.quiet(drawn.add_subplot(), grid="both")
    everything = [point for points in aims.values() for point in points]
    lows, highs = [pair.cv for _, pair in everything], [pair.lb for _, pair in everything]
    for number, (name, points) in enumerate(aims.items()):
        xs, ys = [pair.cv for _, pair in points], [pair.lb for _, pair in points]
        marker, colour = MARKERS[number % len(MARKERS)], (look.BASELINE, look.BEST, look.SHARE)[number % 3]
        axes.plot(xs, ys, marker, color=colour, ms=5, alpha=0.8, label=look.plain(name, 30))
    for experiment, pair in everything if len(everything) <= MOST_NAMES else ():
        name, where = look.plain(experiment, 14), (pair.cv, pair.lb)
        axes.annotate(name, where, (4, 3), textcoords="offset points", fontsize=7, color=look.INK)
    axes.set_xlim(*look.limits(lows, 0.12))
    axes.set_ylim(*look.limits(highs, 0.12))
    axes.axline((0, 0), slope=1, color=look.OTHER, lw=0.8, ls="--")
    look.labelled(axes, "CV: held-out data", "LB: leaderboard")
    look.titled(axes, f"CV against LB of {len(everything)} submissions, dashed where equal")
    if len(aims) > 1:
        look.legend(axes, low=True)
    return drawn
