"""What our training loop adds to a step, against a loop of bare PyTorch and against the Hugging Face Trainer."""

from __future__ import annotations

from statistics import median, quantiles

from .child import is_installed, measure_in_child
from .table import NOT_INSTALLED, Row, ahead, seconds

TARGET = 0.03
STEPS, QUICK_STEPS = 120, 20  # of each loop; a step takes a tenth of a second or two


def rows(quick: bool) -> list[Row]:
    """Ours with records of every step and norms of every tenth. The loops take turns, step by step."""
    found = measure_in_child("loops", str(QUICK_STEPS if quick else STEPS))
    ours, bare = found["ours"], found["bare"]
    low, middle, high = quantiles([mine / plain - 1 for mine, plain in zip(ours, bare, strict=True)], n=4)
    share = sum(found["spent"]) / sum(ours)
    table = [
        Row(
            f"our loop without the step itself ({seconds(median(bare))}), share",
            f"{share:.2%}",
            target=f"≤ {TARGET:.0%}",
            met=share <= TARGET,
        ),
        Row(
            "our loop's step over a bare loop's, median and quartiles",
            f"{middle:.2%} ({low:.2%} … {high:.2%})",
            target=f"≤ {TARGET:.0%}",
            met=middle <= TARGET,
        ),
    ]
    if not is_installed("accelerate"):
        return [*table, Row("a step of our loop, against the Hugging Face Trainer", peer=NOT_INSTALLED)]
    return [
        *table,
        ahead("a step of our loop, against the Hugging Face Trainer", median(ours), median(found["theirs"])),
    ]
