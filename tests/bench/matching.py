"""How fast and in how much memory row F1 with its threshold search is, against a bare product and other libraries."""

from __future__ import annotations

from .child import is_installed, measure_in_child
from .table import NOT_INSTALLED, Row, against

ROWS, QUICK_ROWS = 70_000, 10_000
LOOP_ROWS, QUICK_LOOP_ROWS = 1_000, 300
MOST_TIME = 1.3
MOST_MEMORY = 2.0  # GiB
FASTER = 50.0
PEERS = {"sklearn": "scikit-learn NearestNeighbors, brute", "faiss": "faiss-cpu IndexFlatIP"}


def rows(quick: bool) -> list[Row]:
    """Each way in a process of its own, on the same embeddings of 512 dimensions in groups of six."""
    count = QUICK_ROWS if quick else ROWS
    ours = measure_in_child("matching_scores", "ours", str(count))
    bare = measure_in_child("matching_scores", "bare", str(count))
    shape = f"{count:,} × {count:,} rows of 512"
    found = [
        against(f"row F1 over 100 thresholds, {shape}; peer: bare matmul", ours["seconds"], bare["seconds"], MOST_TIME),
        Row(
            "its peak memory, embeddings and libraries included, GiB",
            f"{ours['peak']:.2f}",
            f"{bare['peak']:.2f} bare matmul",
            ours["peak"] / bare["peak"],
            f"≤ {MOST_MEMORY:g}",
            ours["peak"] <= MOST_MEMORY,
        ),
    ]
    for module, name in PEERS.items():
        measure = f"the same against {name}, 51 neighbours and no scores"
        if not is_installed(module):
            found.append(Row(measure, peer=NOT_INSTALLED))
            continue
        peer = measure_in_child("matching_scores", module, str(count))
        found.append(against(measure, ours["seconds"], peer["seconds"], note=f", {peer['peak']:.2f} GiB"))
    return [*found, _against_loop(QUICK_LOOP_ROWS if quick else LOOP_ROWS)]


def _against_loop(count: int) -> Row:
    loop = measure_in_child("matching_scores", "loop", str(count))
    times = loop["seconds"] / loop["vectorised"]
    return Row(
        f"threshold search over {count:,} rows, times as fast as a Python loop",
        f"{loop['vectorised']:.3f} s",
        f"{loop['seconds']:.2f} s",
        times,
        f"ratio ≥ {FASTER:g}",
        times >= FASTER,
    )
