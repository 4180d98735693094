"""Checks of norms: gradients not finite, dead, exploding or uneven; tensors that are stuck or not trained."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from cockpit.checks.evidence import Evidence
from cockpit.checks.finding import REMARK, WARNING, Finding, listed
from cockpit.store.norm_alerts import norm_alerts
from cockpit.store.rows import NormRow

NOT_FINITE, DEAD, EXPLODING, UNEVEN = "gradients not finite", "dead gradients", "gradient explosion", "uneven gradients"
STUCK, FROZEN = "stuck parameters", "frozen parameters"
LEAST_ROWS = 3
DEAD_PART = 0.5  # of the logged steps
UNEVEN_BY = 20.0


def not_finite(evidence: Evidence) -> Iterator[Finding]:
    """Groups with gradients that are NaN or infinite."""
    yield from _alerts(evidence, "nonfinite", NOT_FINITE, "a division by zero, or too little precision?")


def exploding(evidence: Evidence) -> Iterator[Finding]:
    """Groups whose gradient norm was suddenly many times its usual one, or has grown over the whole run."""
    yield from _alerts(evidence, "exploding", EXPLODING, "not clipped?")
    yield from _alerts(evidence, "growing", EXPLODING, "does it go on like this?")


def dead(evidence: Evidence) -> Iterator[Finding]:
    """Groups without any gradient at half of the steps or more, and tensors that never get one."""
    found: dict[str, list[str]] = {}
    for trial, rows in evidence.norms.items():
        for group, own in _by_group(rows).items():
            zero = sum(row.grad_mean == 0 for row in own)
            if len(own) >= LEAST_ROWS and zero >= DEAD_PART * len(own):
                found.setdefault(group, []).append(trial)
    for group, trials in found.items():
        text = f"{group} has no gradient in {listed(trials)}: frozen on purpose, or cut off from the loss?"
        yield Finding(DEAD, WARNING, text, tuple(trials))
    yield from _alerts(evidence, "dead", DEAD, "cut off from the loss?")


def stuck(evidence: Evidence) -> Iterator[Finding]:
    """Tensors that get gradients and do not change."""
    yield from _alerts(evidence, "stuck", STUCK, "a learning rate of 0, or too little precision?")


def frozen(evidence: Evidence) -> Iterator[Finding]:
    """Tensors that are not trained, which may well be meant so."""
    found: dict[str, list[str]] = {}
    for trial, row in evidence.frozen.items():
        if row.tensors:
            found.setdefault(row.text, []).append(trial)
    for text, trials in found.items():
        yield Finding(FROZEN, REMARK, f"{text} ({listed(trials)})", tuple(trials))


def uneven(evidence: Evidence) -> Iterator[Finding]:
    """A group whose gradient norm is far above that of every other from the first logged step on."""
    found: dict[str, dict[str, tuple[float, int | None]]] = {}
    for trial, rows in evidence.norms.items():
        for group, told in _above(rows).items():
            found.setdefault(group, {})[trial] = told
    for group, trials in found.items():
        ratio, until = max(trials.values(), key=lambda told: told[0])
        while_ = "all the time" if until is None else f"until step {until}"
        text = f"gradient norm of {group} ×{ratio:.0f} above every other group {while_} ({listed(trials)})"
        yield Finding(UNEVEN, WARNING, f"{text}: warm-up, or a learning rate of its own?", tuple(trials))


def _alerts(evidence: Evidence, kind: str, check: str, question: str) -> Iterator[Finding]:
    found: dict[str, dict[str, str]] = {}
    for trial, rows in evidence.norms.items():
        for alert in norm_alerts(rows):
            if alert.kind == kind:
                found.setdefault(alert.group, {})[trial] = alert.text
    for trials in found.values():
        text = next(iter(trials.values()))
        yield Finding(check, WARNING, f"{text} ({listed(trials)}): {question}", tuple(trials))


def _above(rows: Sequence[NormRow]) -> Mapping[str, tuple[float, int | None]]:
    """How far the group that begins above all others is above them at the median, and the last step where it is so.

    That step is None where it never ends.
    """
    steps: dict[int, list[NormRow]] = {}
    for row in rows:
        steps.setdefault(row.step, []).append(row)
    group, ratios = "", []
    ends: int | None = None
    for step, norms in steps.items():
        name, ratio = _highest(norms)
        if ratio < UNEVEN_BY or name != (group or name):
            break
        group, ends = name, step
        ratios.append(ratio)
    if len(ratios) < LEAST_ROWS:
        return {}
    return {group: (sorted(ratios)[len(ratios) // 2], ends if len(ratios) < len(steps) else None)}


def _highest(norms: Sequence[NormRow]) -> tuple[str, float]:
    """The group with the greatest gradient norm at a step, and how many times the next one's that is; 0 for none."""
    ranked = sorted((row for row in norms if math.isfinite(row.grad_mean)), key=lambda row: -row.grad_mean)
    if len(ranked) < 2 or ranked[1].grad_mean <= 0:
        return "", 0.0
    return ranked[0].group, ranked[0].grad_mean / ranked[1].grad_mean


def _by_group(rows: Sequence[NormRow]) -> dict[str, list[NormRow]]:
    groups: dict[str, list[NormRow]] = {}
    for row in rows:
        groups.setdefault(row.group, []).append(row)
    return groups
