"""Whether a device goes on compiling while a trial trains, which it should do at the beginning and then no more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from cockpit.checks.evidence import Evidence
from cockpit.checks.finding import WARNING, Finding, listed
from cockpit.store.series import Bucket

RECOMPILED = "compiles"

WARM_UP = 0.1  # of a trial's steps
# Parts of a trial in which the count may still grow: the first evaluation compiles, files may be written after the
# next one, and pictures may grow on purpose.
MAY_GROW = 3


class _Growth(NamedTuple):
    """The count after the warm-up and at its highest, and the last step with the first of them."""

    warm: int
    most: int
    after: int


def recompiled(evidence: Evidence) -> Iterator[Finding]:
    """Trials whose count of compiled graphs grows and grows after the warm-up."""
    found = {trial: growth for trial, buckets in evidence.compiles.items() if (growth := _growth(buckets))}
    if found:
        worst = max(found.values(), key=lambda growth: growth.most - growth.warm)
        text = f"{listed(found)}: compiles grew from {worst.warm} to {worst.most} after step {worst.after}"
        yield Finding(RECOMPILED, WARNING, f"{text}: shapes change from step to step?", tuple(found))


def _growth(buckets: Sequence[Bucket]) -> _Growth | None:
    """How the count grew after the warm-up; None where it stood still or nearly.

    A process that goes on from a checkpoint counts from 0 again, so only rises from part to part are looked for.
    """
    first, last = buckets[0].first_step, buckets[-1].last_step
    late = [now for now in pairwise(buckets) if now[1].first_step > first + WARM_UP * (last - first)]
    rises = [(before, now) for before, now in late if _high(now) > min(_low(now), _high(before))]
    if len(rises) <= MAY_GROW:
        return None
    steady = rises[0][0]
    return _Growth(round(_high(steady)), round(max(map(_high, buckets))), steady.last_step)


def _low(bucket: Bucket) -> float:
    return bucket.low or 0.0


def _high(bucket: Bucket) -> float:
    return bucket.high or 0.0
