"""Parallel coordinates: each trial a line across its settings to its score."""

from __future__ import annotations

from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from cockpit.diary.plots import look
from cockpit.diary.plots.axis import Scale, scale_of
from cockpit.diary.plots.curves import spread
from cockpit.diary.plots.data import Pictured

MOST_AXES, MOST_LINES, FOREMOST = 9, 400, 8
LOW, HIGH = "#C6D3DE", "#D55E00"  # from the worst trial to the best


def parallel(pictured: Pictured) -> Figure:
    """The most important parameters stand next to the score; of very many trials a part is drawn."""
    names = pictured.varied[:MOST_AXES][::-1]
    scales = [scale_of([trial.config.get(name) for trial in pictured.ranked]) for name in names]
    scales.append(scale_of([trial.best for trial in pictured.ranked], may_be_wide=False))
    heights = [_heights(scale) for scale in scales]
    lines = [list(enumerate(places)) for places in zip(*(own for own, _ in heights), strict=True)]
    shown = spread([[(float(x), y) for x, y in line] for line in lines], MOST_LINES)[::-1]  # the best above all others
    drawn = look.figure(width=max(5.0, 1.25 * len(scales) + 1.0))
    axes = look.quiet(drawn.add_subplot(), grid="")
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    strong = max(0.25, min(0.9, 40 / len(shown)))
    steep = max(3.0, len(shown) / FOREMOST)
    parts = [(number / max(1, len(shown) - 1)) ** steep for number in range(len(shown))]
    widths, alphas = [0.7 + 1.3 * part for part in parts], [strong + (0.95 - strong) * part for part in parts]
    colours = [_mixed(part) for part in parts]
    axes.add_collection(LineCollection(shown, colors=colours, linewidths=widths, alpha=alphas))
    for number, (_, ticks) in enumerate(heights):
        axes.axvline(number, color=look.INK, lw=0.7)
        for place, text in ticks:
            is_score = number == len(names)
            axes.text(
                number + (0.03 if is_score else -0.03), place, look.plain(text, 10), fontsize=7, color=look.INK,
                ha="left" if is_score else "right", va="center",
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.75},
            )  # fmt: skip
    axes.set_xticks(range(len(scales)), [look.plain(name, 16) for name in [*names, pictured.sweep.metric]])
    axes.set_yticks([])
    axes.set_xlim(-0.45, len(scales) - 0.6)
    axes.set_ylim(-0.05, 1.05)
    part = f", {len(shown)} drawn" if len(shown) < len(lines) else ""
    look.titled(axes, f"{pictured.title} · {len(lines)} trials{part}, the best in orange")
    return drawn


def _heights(scale: Scale) -> tuple[list[float], list[tuple[float, str]]]:
    """Places and ticks of a scale from 0 at its lower end to 1 at its upper."""
    low, high = min(scale.places), max(scale.places)
    width = (high - low) or 1.0
    ticks = [((place - low) / width, text) for place, text in scale.ticks]
    inside = [(place, text) for place, text in ticks if -1e-6 <= place <= 1 + 1e-6]
    return [(place - low) / width if high > low else 0.5 for place in scale.places], inside


def _mixed(part: float) -> tuple[float, float, float]:
    """A colour between the worst's, at 0, and the best's, at 1."""
    low, high = (tuple(int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)) for colour in (LOW, HIGH))
    red, green, blue = (one + (other - one) * part for one, other in zip(low, high, strict=True))
    return red, green, blue
