"""How fast words become features, against scikit-learn's pipeline, and what the sentence trainer waits for batches."""

from __future__ import annotations

from statistics import median

from .child import measure_in_child
from .table import Row

FASTER = 20.0
WARM_RATE = 1e6  # tokens a second
MOST_WAIT = 0.05
TOKENS, QUICK_TOKENS = 40_000, 8_000
STEPS, QUICK_STEPS = 40, 8


def rows(quick: bool) -> list[Row]:
    """Rates in running text; features of each way are dense, 1120 for every token."""
    found = measure_in_child("sentence_words", str(QUICK_TOKENS if quick else TOKENS))
    rates = {way: median(values) for way, values in found.items() if way not in ("process", "share_new")}
    waits = measure_in_child("sentence_wait", str(QUICK_STEPS if quick else STEPS))["wait"]
    peer = f"{rates['scikit']:,.0f} scikit-learn"
    times = rates["text"] / rates["scikit"]
    return [
        Row(
            f"SGNN features of running text ({found['share_new']:.0%} new words), tokens/s",
            f"{rates['text']:,.0f}",
            peer,
            times,
            f"ratio ≥ {FASTER:g}",
            times >= FASTER,
        ),
        Row("SGNN features of new words only, words/s", f"{rates['new']:,.0f}", peer, rates["new"] / rates["scikit"]),
        Row(
            "SGNN features of known words, tokens/s",
            f"{rates['warm']:,.0f}",
            peer,
            rates["warm"] / rates["scikit"],
            f"≥ {WARM_RATE:,.0f}",
            rates["warm"] >= WARM_RATE,
        ),
        Row(
            "the same as float32 and scaled, tokens/s", f"{rates['float']:,.0f}", peer, rates["float"] / rates["scikit"]
        ),
        Row(
            "waiting for batches of the sentence trainer, share",
            f"{sum(waits) / len(waits):.2%}",
            target=f"≤ {MOST_WAIT:.0%}",
            met=sum(waits) / len(waits) <= MOST_WAIT,
        ),
    ]
