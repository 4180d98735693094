"""What `cockpit.norms` costs a training step, and `import cockpit` a script. `log_step` has `cockpit.log`."""

from __future__ import annotations

from statistics import median

from .child import measure_in_child
from .table import Row, at_most, seconds

TARGET = 0.02
STEPS, QUICK_STEPS = 12, 3  # of each way; a step takes some seconds
EVERY = 10  # what `cockpit.norms` has unless it is told otherwise
IMPORT_LIMIT = 5e-3


def rows(quick: bool) -> list[Row]:
    """Shares of a step. The clock inside the step decides, because a whole step varies by more than the target."""
    found = measure_in_child("library_loop", str(QUICK_STEPS if quick else STEPS))
    step = median(found["plain"])
    due, not_due = median(found["due_cost"]) / step, median(found["idle_cost"])
    return [
        at_most("import cockpit, in a process that has only started", median(found["import"]), IMPORT_LIMIT),
        Row(f"cockpit.norms when due, share of {seconds(step)}", f"{100 * due:.2f} %"),
        Row(
            f"cockpit.norms every {EVERY} steps, share",
            f"{100 * (due / EVERY + not_due / step):.2f} %",
            target=f"≤ {100 * TARGET:.2f} %",
            met=due / EVERY + not_due / step <= TARGET,
        ),
        Row("cockpit.norms when not due", seconds(not_due)),
    ]
