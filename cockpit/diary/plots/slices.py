"""The score over each varied parameter, a small picture for each."""

from __future__ import annotations

import math

from matplotlib.figure import Figure

from cockpit.diary.plots import look
from cockpit.diary.plots.axis import scale_of
from cockpit.diary.plots.data import Pictured

MOST_PARAMETERS, ACROSS = 9, 3


def slices(pictured: Pictured) -> Figure:
    """Trials as dots, the best in colour; the most important parameters first."""
    names = pictured.varied[:MOST_PARAMETERS]
    across = min(ACROSS, len(names))
    down = math.ceil(len(names) / across)
    drawn = look.figure(width=max(4.0, 2.6 * across), height=0.5 + 2.1 * down)
    scores = [trial.best or 0.0 for trial in pictured.ranked]
    alpha = max(0.12, min(0.75, 60 / len(scores)))
    for number, name in enumerate(names):
        axes = look.quiet(drawn.add_subplot(down, across, number + 1))
        scale = scale_of([trial.config.get(name) for trial in pictured.ranked])
        axes.plot(scale.places, scores, "o", color=look.OTHER, alpha=alpha, ms=3.4, mew=0)
        for trial, place in zip(pictured.ranked, scale.places, strict=True):
            if trial in (pictured.best, pictured.baseline):
                colour = look.BEST if trial == pictured.best else look.BASELINE
                axes.plot([place], [trial.best or 0.0], "o", color=colour, ms=5.5)
        axes.set_xticks([place for place, _ in scale.ticks], [look.plain(text, 14) for _, text in scale.ticks])
        axes.set_xlim(*look.limits(scale.places))
        axes.set_ylim(*look.limits(scores))
        look.labelled(axes, name, pictured.sweep.metric if number % across == 0 else "")
        if number % across:
            axes.tick_params(labelleft=False)
    drawn.suptitle(
        look.plain(f"{pictured.title} · best in orange, baseline in blue"), fontsize=look.TEXT, x=0.02, ha="left"
    )
    return drawn
