"""The table of results: rows, and how they are written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

HEADER = ("measure", "ours", "peer", "ratio", "target", "met?")
NOT_INSTALLED = "not installed"
NOT_AVAILABLE = "not available"
SECOND_UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))


@dataclass(frozen=True)
class Row:
    """One measurement. `met` is None where there is no target or nothing to hold against it."""

    measure: str
    ours: str = ""
    peer: str = ""
    ratio: float | None = None
    target: str = ""
    met: bool | None = None

    def cells(self) -> tuple[str, ...]:
        ratio = "" if self.ratio is None else f"{self.ratio:.3g}"
        met = {True: "yes", False: "NO", None: ""}[self.met]
        return (self.measure, self.ours, self.peer, ratio, self.target, met)


def against(measure: str, ours: float, peer: float | None, target: float | None = None, note: str = "") -> Row:
    """Our seconds against a peer's; `target` is the largest ratio. A peer of None is not installed."""
    wanted = "" if target is None else f"ratio ≤ {target:.3g}"
    if peer is None:
        return Row(measure, seconds(ours), NOT_INSTALLED, target=wanted)
    ratio = ours / peer
    return Row(measure, seconds(ours), seconds(peer) + note, ratio, wanted, None if target is None else ratio <= target)


def ahead(measure: str, ours: float, peer: float) -> Row:
    """Our seconds against a peer's, where it is enough to be faster."""
    return Row(measure, seconds(ours), seconds(peer), ours / peer, "ours ahead", ours < peer)


def at_most(measure: str, value: float, limit: float) -> Row:
    """Seconds that shall not be more than `limit`."""
    return Row(measure, seconds(value), target=f"≤ {seconds(limit)}", met=value <= limit)


def seconds(value: float) -> str:
    """A duration with three digits in the unit that suits it."""
    size, unit = next((pair for pair in SECOND_UNITS if abs(value) >= pair[0]), SECOND_UNITS[-1])
    return f"{_three_digits(value / size)} {unit}"


def _three_digits(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def format_table(rows: Sequence[Row]) -> str:
    """Columns side by side, as wide as their longest cell."""
    cells = [HEADER, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEADER))]
    ruler = tuple("─" * width for width in widths)
    lines = [cells[0], ruler, *cells[1:]]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
