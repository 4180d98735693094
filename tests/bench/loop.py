"""What our training loop adds to a step, against bare loops, hooks as trackers have them, and two libraries."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median, quantiles

from .child import is_installed
from .loop_sets import MODULES, Found, measured
from .table import NOT_INSTALLED, Row, seconds

TARGETS = {"cpu": 0.03, "cuda": 0.01}  # shares of a step
STEPS_A_SECOND = 50
SETS, QUICK_SETS = 6, 2
WITH_THE_SAME_WEIGHTS = {
    "without_norms": "our loop's step without norms over bare steps",
    "by_hand": "a step of a loop that logs the same by hand over bare steps",
}
PEERS = {"huggingface": "the Hugging Face Trainer", "lightning": "Lightning"}
PRECISIONS = ("fp32", "bf16")


def rows(quick: bool, device: str = "cpu") -> list[Row]:
    """Ours records loss, two scores and the norms of two groups at every step. The loops take turns."""
    table: list[Row] = []
    for precision in PRECISIONS:
        found = measured(QUICK_SETS if quick else SETS, device, precision)
        table += _over_bare(found, device, precision) + _against_peers(found, precision)
    return table


def _over_bare(found: Found, device: str, precision: str) -> list[Row]:
    wall, beside = found.wall, found.beside
    broken = [found.errors[name] for name in ("bare", "ours") if name not in wall]
    if broken:
        return [Row(f"our loop's step over bare steps, {precision}", f"broken: {broken[0]}")]
    table = [_pace(found, precision), _ours(wall["ours"], beside["ours"], device, precision)]
    table.append(_beside("the same against a bare loop in another process", wall["ours"], wall["bare"]))
    if device == "cpu":
        words = "the same by CPU time, which others on the machine change less"
        table.append(_beside(words, found.cpu["ours"], found.cpu["bare"]))
    # What two loops that are alike differ by is what such a measure is worth.
    table.append(_beside(f"a bare loop's step over bare steps, {precision}", wall["bare"], beside["bare"]))
    for name, words in WITH_THE_SAME_WEIGHTS.items():
        if name in wall:
            table.append(_beside(f"{words}, {precision}", wall[name], beside[name]))
    if "hooks" in wall:
        words = f"a loop with a hook on each parameter against a bare one, {precision}"
        table.append(_beside(words, wall["hooks"], wall["bare"]))
    return table


def _pace(found: Found, precision: str) -> Row:
    pace = 1 / median(found.beside["ours"])
    return Row(
        f"bare steps a second, {precision}, {found.rows} rows on {found.on}",
        f"{pace:.0f}",
        target=f"≥ {STEPS_A_SECOND}",
        met=pace >= STEPS_A_SECOND,
    )


def _ours(ours: Sequence[float], bare: Sequence[float], device: str, precision: str) -> Row:
    target = TARGETS.get(device, TARGETS["cpu"])
    low, middle, high = _over(ours, bare)
    return Row(
        f"our loop's step over bare steps with the same weights, {precision}, median and quartiles",
        f"{middle:.2%} ({low:.2%} … {high:.2%})",
        target=f"≤ {target:.0%}",
        met=middle <= target,
    )


def _beside(measure: str, loop: Sequence[float], bare: Sequence[float]) -> Row:
    low, middle, high = _over(loop, bare)
    return Row(measure, f"{middle:.2%} ({low:.2%} … {high:.2%})")


def _over(loop: Sequence[float], bare: Sequence[float]) -> list[float]:
    """Quartiles of what a loop's steps take longer than those of the same round, as shares."""
    return quantiles([mine / plain - 1 for mine, plain in zip(loop, bare, strict=True)], n=4)


def _against_peers(found: Found, precision: str) -> list[Row]:
    table = []
    for name, words in PEERS.items():
        measure = f"a step of our loop, {precision}, against {words}"
        if not is_installed(MODULES[name]):
            table.append(Row(measure, peer=NOT_INSTALLED))
        elif name not in found.wall or "ours" not in found.wall:
            table.append(Row(measure, peer=f"broken: {found.errors.get(name, 'ours is')}"))
        else:
            table.append(_ahead(measure, found.wall["ours"], found.wall[name]))
    return table


def _ahead(measure: str, ours: Sequence[float], theirs: Sequence[float]) -> Row:
    """By the ratios of neighbouring blocks, so that what slows the machine for a while does not decide."""
    ratio = median(mine / other for mine, other in zip(ours, theirs, strict=True))
    return Row(measure, seconds(median(ours)), seconds(median(theirs)), ratio, "ours ahead", ratio < 1)
