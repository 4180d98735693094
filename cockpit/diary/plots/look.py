"""How all pictures look. A light ground, few lines, and colours that people with any colour vision tell apart.

The colours are those of Okabe and Ito (2008).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from io import BytesIO

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

BEST, BASELINE, OTHER, SHARE = "#D55E00", "#0072B2", "#7A8793", "#009E73"
INK, PALE = "#2B3137", "#D9DEE3"
DPI, COLOURS = 120, 96
TEXT, SMALL = 9.0, 8.0


def figure(width: float = 7.0, height: float = 3.6) -> Figure:
    """An empty figure of so many inches. It belongs to no window and to no other thread."""
    return Figure(figsize=(width, height), dpi=DPI, facecolor="white", layout="constrained")


def quiet(axes: Axes, grid: str = "y") -> Axes:
    """Axes without a frame, with pale lines across and small text."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(PALE)
    axes.tick_params(colors=INK, labelsize=SMALL, length=3, width=0.6)
    if grid:
        axes.grid(visible=True, axis=grid, color=PALE, linewidth=0.6)  # type: ignore[arg-type]
    axes.set_axisbelow(True)
    return axes


def titled(axes: Axes, text: str) -> None:
    """A title on the left. No text is read as mathematics."""
    axes.set_title(plain(text), fontsize=TEXT, color=INK, loc="left")


def labelled(axes: Axes, x: str = "", y: str = "") -> None:
    """Names of the axes."""
    axes.set_xlabel(plain(x), fontsize=SMALL, color=INK)
    axes.set_ylabel(plain(y), fontsize=SMALL, color=INK)


def legend(axes: Axes, *, low: bool) -> None:
    """What is what, in the lower or the upper corner on the right."""
    drawn = axes.legend(loc="lower right" if low else "upper right", fontsize=SMALL, labelcolor=INK)
    drawn.get_frame().set(edgecolor="none", facecolor="white", alpha=0.8)


def plain(text: str, longest: int = 60) -> str:
    """Text that matplotlib shows as it is, in one line, and not too long."""
    cut = text if len(text) <= longest else f"{text[: longest - 1]}…"
    return cut.replace("$", r"\$")


def limits(values: Sequence[float], margin: float = 0.06) -> tuple[float, float]:
    """The ends of an axis that shows these values."""
    finite = [value for value in values if math.isfinite(value)]
    low, high = (min(finite), max(finite)) if finite else (0.0, 1.0)
    room = margin * (high - low) or abs(high) * margin or 1.0
    return low - room, high + room


def png(drawn: Figure) -> bytes:
    """The picture as a file, the same for the same drawing: it holds neither time nor version.

    A palette of `COLOURS` is all that these few hues and their edges need, and makes it a third as large.
    """
    drawing, file = BytesIO(), BytesIO()
    drawn.savefig(drawing, format="png")
    image = Image.open(drawing).convert("RGB")
    small = image.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    small.save(file, format="png", optimize=True)
    return file.getvalue()
