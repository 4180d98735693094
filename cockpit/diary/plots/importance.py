"""How much each varied parameter matters, as bars."""

from __future__ import annotations

from matplotlib.figure import Figure

from cockpit.diary.plots import look
from cockpit.diary.plots.data import Pictured

MOST_BARS = 15


def importance(pictured: Pictured) -> Figure:
    """The greatest share on top."""
    shares = list(pictured.importance.items())[:MOST_BARS][::-1]
    drawn = look.figure(height=1.1 + 0.27 * len(shares))
    axes = look.quiet(drawn.add_subplot(), grid="x")
    names, values = [look.plain(name, 30) for name, _ in shares], [share for _, share in shares]
    bars = axes.barh(range(len(shares)), values, color=look.SHARE, height=0.62)
    axes.set_yticks(range(len(shares)), names)
    axes.bar_label(bars, fmt="%.2f", padding=3, fontsize=look.SMALL, color=look.INK)
    axes.set_xlim(0, 1.12 * max(values))
    axes.spines["left"].set_visible(False)
    look.labelled(axes, f"share of the importance for {pictured.sweep.metric} (PED-ANOVA)")
    look.titled(axes, f"{pictured.title} · importance over {len(pictured.ranked)} trials")
    return drawn
