"""A check of the distance between held-out data and the leaderboard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cockpit.checks.evidence import Evidence
from cockpit.checks.finding import WARNING, Finding
from cockpit.store.numbers import metric_text

GAP = "CV–LB gap"
WIDER = 1.1  # times the gap before


def is_growing(before: Sequence[float], gap: float) -> bool:
    """Whether a gap between CV and LB is a tenth wider than the last one before, and than the one in their middle."""
    widths = [abs(one) for one in before]
    return bool(widths) and abs(gap) > WIDER * max(widths[-1], sorted(widths)[len(widths) // 2])


def gap_grows(evidence: Evidence) -> Iterator[Finding]:
    """Held-out data and the leaderboard drift apart from experiment to experiment."""
    if evidence.gap is not None and is_growing(evidence.gaps, evidence.gap):
        text = f"CV−LB is {metric_text(evidence.gap)}, after {metric_text(evidence.gaps[-1])}: a leak in the folds, or"
        yield Finding(GAP, WARNING, f"{text} settings that fit them too well?")
