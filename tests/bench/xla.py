"""Training on XLA, with the processor for a chip and for four: what it compiles, and whether losses are the same.

Runs where torch_xla is installed: `just bench-xla`. The peer is plain torch on the processor, in the same environment.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .child import is_installed, measure_in_child
from .table import NOT_INSTALLED, Row

STEPS, QUICK_STEPS = 200, 30
MOST_COMPILES = 3
NEAR = 1e-4
CHIPS = 4
Result = Mapping[str, Any]


def rows(quick: bool) -> list[Row]:
    if not is_installed("torch_xla"):
        return [Row("XLA: graphs compiled", NOT_INSTALLED)]
    steps = QUICK_STEPS if quick else STEPS
    peer, one, several = (
        measure_in_child("xla_run", kind, str(chips), str(steps))
        for kind, chips in (("cpu", 1), ("tpu", 1), ("tpu", CHIPS))
    )
    return [
        *_compiled(f"XLA, {steps} steps of xnli, two sizes of evaluation", one),
        _near("XLA: losses against torch on the CPU", one, peer),
        _near(f"XLA: losses on {CHIPS} chips against one", several, one),
        *_compiled(f"XLA on {CHIPS} chips", several),
        _pace("XLA: seconds of a step, the CPU for a chip", one, peer),
    ]


def _compiled(what: str, run: Result) -> list[Row]:
    total, late = run["compiles"], _late(run)
    ours = f"{total:.0f}, in {run['compile_seconds']:.0f} s"
    return [
        Row(f"{what}: graphs compiled", ours, target=f"≤ {MOST_COMPILES}", met=total <= MOST_COMPILES),
        Row(f"{what}: graphs compiled after the warm-up", f"{late:.0f}", target="0", met=late == 0),
    ]


def _late(run: Result) -> float:
    """Graphs compiled from the second step to the first evaluation, and after that evaluation.

    A step tells what was compiled before it ended, so its own graph is in the count of the next one.
    """
    by_step, first = run["compiles_by_step"], run["evaluated_at"][0]
    behind = run["compiles"] - by_step[first] if len(by_step) > first else 0.0
    return float(by_step[first - 1] - by_step[1] + behind)


def _near(what: str, ours: Result, peer: Result) -> Row:
    """The largest difference of a loss, of steps and of evaluations, relative where losses are above 1."""
    pairs = list(zip(ours["losses"], peer["losses"], strict=True))
    for one, other in zip(ours["evaluations"], peer["evaluations"], strict=True):
        pairs += [(one[name], other[name]) for name in one]
    worst = max(abs(one - other) / max(1.0, abs(other)) for one, other in pairs)
    return Row(what, f"differ by {worst:.1e} at most", target=f"≤ {NEAR:.0e}", met=worst <= NEAR)


def _pace(what: str, ours: Result, peer: Result) -> Row:
    one, other = ours["step_seconds"], peer["step_seconds"]
    return Row(what, f"{1 / one:.1f} steps/s", f"{1 / other:.1f} steps/s", one / other)
