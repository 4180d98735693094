"""How soon a command reaches a trial that runs: from the command's being given to the end of the trial's process."""

from __future__ import annotations

from statistics import median

from .child import measure_in_child
from .table import Row, at_most, seconds

LIMITS = {"stop": 1.0, "kill": 3.0}
ROUNDS = 5


def rows(quick: bool) -> list[Row]:
    """Each command once to each of some trials, whose steps take a twentieth of a second."""
    table = []
    for engine in ("local", "ray"):
        found = measure_in_child("steering", engine, str(2 if quick else ROUNDS))
        for command, limit in LIMITS.items():
            took: list[float] = found[command]
            table.append(at_most(f"{command}, {engine}: worst of {len(took)}", max(took), limit))
            table.append(Row("  median", seconds(median(took))))
    return table
