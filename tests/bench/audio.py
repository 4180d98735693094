"""How fast sounds become spectrograms, what a second pass over them costs, and lwlrap against the obvious loop."""

from __future__ import annotations

from statistics import median

from .child import measure_in_child
from .table import Row

REAL_TIME = 100.0
FASTER = 50.0
MINUTES, QUICK_MINUTES = 10, 2
ROWS, QUICK_ROWS = 4_000, 400


def rows(quick: bool) -> list[Row]:
    """Rates are seconds of sound a second, with the settings of the Freesound notes, files read and decoded."""
    heard = measure_in_child("audio_features", str(QUICK_MINUTES if quick else MINUTES))
    ranked = measure_in_child("audio_lwlrap", str(QUICK_ROWS if quick else ROWS))
    first, again, memory = (median(heard[way]) for way in ("first", "again", "memory"))
    # The least of the rounds: ours takes so short that any other process on the machine would be what is measured.
    ours, loop = min(ranked["lwlrap"]), min(ranked["loop"])
    times = loop / ours
    return [
        Row(
            f"log-mel spectrograms at 44.1 kHz with {heard['threads']} thread, times real time",
            f"{first:,.0f}",
            target=f"≥ {REAL_TIME:g}",
            met=first >= REAL_TIME,
        ),
        Row(
            "the same from the cache on disk, times real time", f"{again:,.0f}", f"{first:,.0f} decoded", again / first
        ),
        Row("the same, from memory", f"{memory:,.0f}", f"{first:,.0f} decoded", memory / first),
        Row(
            "sounds decoded in passes after the first",
            f"{heard['decoded_again']}",
            f"{heard['decoded']} in the first",
            target="0",
            met=heard["decoded_again"] == 0,
        ),
        Row(
            f"lwlrap of {ranked['rows']:,} clips and 80 classes, ms",
            f"{ours * 1e3:,.1f}",
            f"{loop * 1e3:,.1f} Python loop",
            times,
            f"loop / ours ≥ {FASTER:g}",
            times >= FASTER,
        ),
    ]
