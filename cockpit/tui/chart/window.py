"""Which steps are looked at: all of them, some of them, or the newest ones."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.tui.chart.scale import Scale

LEAST_WIDTH = 4  # steps
NEAR_THE_TAIL = 0.85  # of the axis: what is zoomed there stays with the newest steps
JUMP = 1.5  # a window that follows the newest steps may grow to this many times its width before it moves on


@dataclass(frozen=True)
class Extent:
    """The first and the last step that there are."""

    first: int
    last: int

    def joined(self, other: Extent | None) -> Extent:
        """What holds both."""
        return self if other is None else Extent(min(self.first, other.first), max(self.last, other.last))


@dataclass(frozen=True)
class Window:
    """Steps `first` … `last`. `last` is None where the window follows the newest steps.

    It moves on with them to hold about `width` of them; without a width, only its end does.
    """

    first: int
    last: int | None
    width: int | None = None

    def end(self, extent: Extent) -> int:
        """The last step of the window as of now."""
        return max(extent.last, self.first + 1) if self.last is None else self.last

    def followed(self, extent: Extent) -> Window:
        """The window after new steps have come. It moves in jumps, so that the picture stands still in between."""
        if self.last is not None or self.width is None or extent.last - self.first <= JUMP * self.width:
            return self
        return Window(extent.last - self.width, None, self.width)


def zoomed(window: Window | None, extent: Extent, factor: float, anchor: float | None = None) -> Window | None:
    """`factor` times as many steps, around the step `anchor` that keeps its place; None for all steps.

    Without an anchor the newest steps stay where they are in view, and the middle otherwise.
    """
    first, last = (extent.first, extent.last) if window is None else (window.first, window.end(extent))
    follows = window is None or window.last is None
    width = max(LEAST_WIDTH, round((last - first) * factor))
    place = _place(Scale(first, max(last, first + 1)), anchor, follows)
    if follows and place >= NEAR_THE_TAIL:
        begin, end = last - width, None
    else:
        middle = first + place * (last - first)
        begin = round(middle - place * width)
        end = begin + width
    return within(Window(begin, end, width), extent)


def _place(shown: Scale, anchor: float | None, follows: bool) -> float:
    """Where the anchor lies in what is shown, from 0 to 1."""
    if anchor is None:
        return 1.0 if follows else 0.5
    return min(1.0, max(0.0, (anchor - shown.low) / (shown.high - shown.low)))


def panned(window: Window | None, extent: Extent, fraction: float) -> Window | None:
    """The window moved by a part of its width: to newer steps where positive. All steps stay all steps."""
    if window is None:
        return None
    first, last = window.first, window.end(extent)
    shift = round((last - first) * fraction)
    shift = max(extent.first - first, min(shift, extent.last - last))
    end = last + shift
    return within(Window(first + shift, None if end >= extent.last else end, last - first), extent)


def within(window: Window, extent: Extent) -> Window | None:
    """The window without what lies outside of all steps; None where it would hold them all."""
    first, last = max(window.first, extent.first), window.last
    if last is not None and last >= extent.last:
        last = None
    if first == extent.first and last is None:
        return None
    return Window(first, last, window.width)
