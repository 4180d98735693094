"""The loss over the learning rates that were tried, with the rate that is suggested."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from cockpit.diary.plots import look
from cockpit.diary.plots.data import Pictured
from cockpit.store.numbers import setting_text

HEADROOM = 0.5  # of the lowest to the first losses; an explosion goes out of the picture above that
FIRST = 10  # losses, which show where it began


def learning_rate(pictured: Pictured) -> Figure:
    """Losses as points, the smoothed one as a line."""
    drawn = look.figure()
    axes = look.quiet(drawn.add_subplot())
    rates, losses, smoothed = zip(*pictured.tested, strict=True)
    axes.plot(rates, losses, ".", color=look.OTHER, alpha=0.5, ms=3)
    axes.plot(rates, smoothed, color=look.BEST, lw=1.8, label="smoothed")
    rate = pictured.rate.suggested if pictured.rate else None
    if rate is not None:
        axes.axvline(rate, color=look.BASELINE, lw=1.2, ls="--", label=f"suggested {setting_text(rate)}")
    axes.set_xscale("log")
    look.labelled(axes, "learning rate", "loss")
    axes.set_ylim(*look.limits(_before_the_explosion(losses, smoothed)))
    look.titled(axes, f"{pictured.title} · {len(rates)} steps")
    look.legend(axes, low=True)
    return drawn


def _before_the_explosion(losses: Sequence[float], smoothed: Sequence[float]) -> list[float]:
    low, start = min(*losses, *smoothed), max(losses[:FIRST])
    highest = start + HEADROOM * (start - low)
    return [value for value in (*losses, *smoothed) if value <= highest]
