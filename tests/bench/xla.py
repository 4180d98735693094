"""Training on XLA, with the processor for a chip and for four: what it compiles, and whether losses are the same.

Runs where torch_xla is installed: `just bench-xla`. The peer is plain torch on the processor, in the same environment.

Training multiplies differences: two trainings by torch itself, whose first weights are one rounding step apart, leave
each other, too. How far they get is measured beside, and nobody's losses can be held to more than that. Those of
matching part when rounding decides whether a ReLU lets something through and which place of a picture is the largest
among its neighbours: sooner in one training, later in another. In double precision rounding stays too small for that,
and what is left would be a difference of what is computed: with an encoder by xnli, with convolutions and batch norms
by matching.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .child import is_installed, measure_in_child
from .table import NOT_INSTALLED, Row
from .xla_run import DOUBLE, DOUBLE_NUDGED, MATCHING, NUDGED, PLAIN, XNLI

STEPS, QUICK_STEPS = 200, 30
DOUBLE_STEPS, QUICK_DOUBLE_STEPS = 60, 10  # slow on XLA
MOST_COMPILES = 3
NEAR = 1e-4
NEAR_IN_DOUBLE = 1e-9  # torch_xla's GELU has nine digits; single precision has seven
CHIPS = 4
NUDGES = 3
Result = Mapping[str, Any]


def rows(quick: bool) -> list[Row]:
    if not is_installed("torch_xla"):
        return [Row("XLA: graphs compiled", NOT_INSTALLED)]
    steps, double = (QUICK_STEPS, QUICK_DOUBLE_STEPS) if quick else (STEPS, DOUBLE_STEPS)

    def run(kind: str, way: str, chips: int = 1) -> Result:
        return measure_in_child("xla_run", XNLI, kind, str(chips), str(steps), way)

    peer, one, several = run("cpu", PLAIN), run("tpu", PLAIN), run("tpu", PLAIN, CHIPS)
    apart = max(_distance(run("cpu", f"{NUDGED}{seed}"), peer) for seed in range(NUDGES))
    return [
        *_compiled(f"XLA, {steps} steps of xnli, two sizes of evaluation", one),
        *_compiled(f"XLA on {CHIPS} chips", several),
        _near("XLA: losses against torch on the CPU", _distance(one, peer), apart),
        _near(f"XLA: losses on {CHIPS} chips against torch on the CPU", _distance(several, peer), apart),
        _in_double_precision(XNLI, double),
        _in_double_precision(MATCHING, double),
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


def _distance(ours: Result, peer: Result) -> float:
    """The largest difference of a loss, of steps and of evaluations, relative where losses are above 1."""
    pairs = list(zip(ours["losses"], peer["losses"], strict=True))
    for one, other in zip(ours["evaluations"], peer["evaluations"], strict=True):
        pairs += [(one[name], other[name]) for name in one]
    return float(max(abs(one - other) / max(1.0, abs(other)) for one, other in pairs))


def _in_double_precision(trainer: str, steps: int) -> Row:
    def run(kind: str, way: str) -> Result:
        return measure_in_child("xla_run", trainer, kind, "1", str(steps), way)

    peer = run("cpu", DOUBLE)
    distance, apart = _distance(run("tpu", DOUBLE), peer), _distance(run("cpu", f"{DOUBLE_NUDGED}0"), peer)
    return _near(f"XLA: losses of {steps} steps of {trainer} in double precision", distance, apart, NEAR_IN_DOUBLE)


def _near(what: str, distance: float, apart: float, near: float = NEAR) -> Row:
    """`apart` is how far torch's losses get from those of torch itself."""
    target, most = f"≤ {near:.0e}, or torch's own", max(near, apart)
    peer = f"torch from itself {apart:.1e}"
    return Row(what, f"differ by {distance:.1e} at most", peer, target=target, met=distance <= most)


def _pace(what: str, ours: Result, peer: Result) -> Row:
    one, other = ours["step_seconds"], peer["step_seconds"]
    return Row(what, f"{1 / one:.1f} steps/s", f"{1 / other:.1f} steps/s", one / other)
