"""What our training loop adds to a step, against a bare loop, hooks as trackers have them, and two libraries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median, quantiles
from typing import Any

from .child import is_installed, measure_in_child
from .table import NOT_INSTALLED, Row, seconds

TARGETS = {"cpu": 0.03, "cuda": 0.01}  # shares of a step
STEPS_A_SECOND = 50
# Where its tensors happen to lie makes a loop some hundredths faster or slower for as long as its process lives.
PROCESSES, QUICK_PROCESSES = 6, 2
ROUNDS = 4  # turns of each loop in each of them
PEERS = {"huggingface": "the Hugging Face Trainer", "lightning": "Lightning"}
MODULES = {"huggingface": "accelerate", "lightning": "lightning"}
PRECISIONS = ("fp32", "bf16")


def rows(quick: bool, device: str = "cpu") -> list[Row]:
    """Ours records loss, two scores and the norms of two groups at every step. The loops take turns."""
    table: list[Row] = []
    for precision in PRECISIONS:
        found = _in_processes(QUICK_PROCESSES if quick else PROCESSES, device, precision)
        table += _over_bare(found, device, precision) + _against_peers(found, precision)
    return table


def _in_processes(count: int, device: str, precision: str) -> dict[str, Any]:
    """What `loops` leaves, with the blocks of all processes one after the other, of loops that ran in all of them."""
    each = [measure_in_child("loops", device, precision, str(ROUNDS), str(number)) for number in range(count)]
    found = {**each[0], "errors": {name: text for one in each for name, text in one["errors"].items()}}
    for kind in ("wall", "cpu"):
        names = set.intersection(*(set(one[kind]) for one in each))
        found[kind] = {name: [seconds for one in each for seconds in one[kind][name]] for name in names}
    return found


def _over_bare(found: Mapping[str, Any], device: str, precision: str) -> list[Row]:
    wall, cpu = found["wall"], found["cpu"]
    broken = [found["errors"][name] for name in ("bare", "ours") if name not in wall]
    if broken:
        return [Row(f"our loop's step over a bare loop's, {precision}", f"broken: {broken[0]}")]
    pace, target = 1 / median(wall["bare"]), TARGETS.get(device, TARGETS["cpu"])
    low, middle, high = _over(wall["ours"], wall["bare"])
    table = [
        Row(
            f"steps a second of a bare loop, {precision}, {found['rows']} rows on {found['on']}",
            f"{pace:.0f}",
            target=f"≥ {STEPS_A_SECOND}",
            met=pace >= STEPS_A_SECOND,
        ),
        Row(
            f"our loop's step over a bare loop's, {precision}, median and quartiles",
            f"{middle:.2%} ({low:.2%} … {high:.2%})",
            target=f"≤ {target:.0%}",
            met=middle <= target,
        ),
    ]
    if device == "cpu":
        table.append(_beside("the same by CPU time, which others on the machine change less", cpu["ours"], cpu["bare"]))
        lowest = min(cpu["ours"]) / min(cpu["bare"]) - 1
        table.append(Row("the same by the least CPU time of a block of each", f"{lowest:.2%}"))
    if "without_norms" in wall:
        norms = _beside(f"of which norms of two groups, {precision}", wall["ours"], wall["without_norms"])
        table.append(norms)
    if "by_hand" in wall:
        table.append(_beside(f"a loop that logs the same by hand, {precision}", wall["by_hand"], wall["bare"]))
    if "hooks" in wall:
        table.append(_beside(f"a loop with a hook on each parameter, {precision}", wall["hooks"], wall["bare"]))
    return table


def _beside(measure: str, loop: Sequence[float], bare: Sequence[float]) -> Row:
    low, middle, high = _over(loop, bare)
    return Row(measure, f"{middle:.2%} ({low:.2%} … {high:.2%})")


def _over(loop: Sequence[float], bare: Sequence[float]) -> list[float]:
    """Quartiles of what a loop's steps take longer than those of the block beside it, as shares."""
    return quantiles([mine / plain - 1 for mine, plain in zip(loop, bare, strict=True)], n=4)


def _against_peers(found: Mapping[str, Any], precision: str) -> list[Row]:
    table = []
    for name, words in PEERS.items():
        measure = f"a step of our loop, {precision}, against {words}"
        if not is_installed(MODULES[name]):
            table.append(Row(measure, peer=NOT_INSTALLED))
        elif name not in found["wall"] or "ours" not in found["wall"]:
            table.append(Row(measure, peer=f"broken: {found['errors'].get(name, 'ours is')}"))
        else:
            table.append(_ahead(measure, found["wall"]["ours"], found["wall"][name]))
    return table


def _ahead(measure: str, ours: Sequence[float], theirs: Sequence[float]) -> Row:
    """By the ratios of neighbouring blocks, so that what slows the machine for a while does not decide."""
    ratio = median(mine / other for mine, other in zip(ours, theirs, strict=True))
    return Row(measure, seconds(median(ours)), seconds(median(theirs)), ratio, "ours ahead", ratio < 1)
