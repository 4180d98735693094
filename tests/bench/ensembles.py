"""What thresholds and votes take: against the loops that anybody would write first, and a trial of a vote."""

from __future__ import annotations

import csv
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np

from cockpit.ensemble.thresholds import MEASURES, best_threshold
from trainers import registry
from trainers.devices.none import NoDevice
from trainers.metrics.row_f1_table import row_f1_table

from .table import Row, at_most, seconds

ROWS, QUICK_ROWS = 4_000, 400  # of a column
POSTINGS, QUICK_POSTINGS = 500, 60
VOTERS_ROWS, DIMENSIONS = 1_000, 256
MEMBERS, OUTPUTS = 4, ("embeddings", "embeddings_image", "embeddings_text")
FASTER = 50.0
TRIAL_SECONDS = 0.05


def rows(quick: bool) -> list[Row]:
    """A column's threshold, that of row F1, and one trial of 24 voters."""
    return [
        _column(QUICK_ROWS if quick else ROWS),
        _row_f1(QUICK_POSTINGS if quick else POSTINGS),
        at_most(
            f"vote of {MEMBERS * len(OUTPUTS) * 2} voters on {VOTERS_ROWS:,} postings, a trial", _vote(), TRIAL_SECONDS
        ),
    ]


def _column(count: int) -> Row:
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 2, count)
    scores = labels + generator.standard_normal(count)
    ours = _typical(lambda: best_threshold(labels, scores, MEASURES["f1"]), 20)
    loop = _typical(lambda: _f1_loop(labels.tolist(), scores.tolist()), 1)
    return _against_loop(f"best F1 threshold of {count:,} rows", ours, loop)


def _f1_loop(labels: list[int], scores: list[float]) -> float:
    """Every score as a threshold, and every row for each."""
    best = 0.0
    for threshold in scores:
        found = [label for label, score in zip(labels, scores, strict=True) if score >= threshold]
        best = max(best, 2 * sum(found) / (len(found) + sum(labels)))
    return best


def _row_f1(count: int) -> Row:
    generator = np.random.default_rng(0)
    groups = [str(row // 3) for row in range(count)]
    vectors = generator.standard_normal((count, 32)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    ours = _typical(lambda: row_f1_table(vectors, groups), 5)
    loop = _typical(lambda: _row_f1_loop(vectors, groups), 1)
    return _against_loop(f"row F1 of {count} postings at 100 thresholds", ours, loop)


def _row_f1_loop(vectors: np.ndarray, groups: list[str]) -> float:
    """Every threshold, every row, and every other row for each."""
    similarity, best = (vectors @ vectors.T).tolist(), 0.0
    for step in range(100):
        total = 0.0
        for row, values in enumerate(similarity):
            found = [other for other, value in enumerate(values) if value >= step / 100 or other == row]
            hits = sum(groups[other] == groups[row] for other in found)
            total += 2 * hits / (len(found) + groups.count(groups[row]))
        best = max(best, total / len(groups))
    return best


def _vote() -> float:
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name) / "members"
        _write_members(folder)
        trainer = registry.find("vote")
        config = registry.build_config(trainer, {"data": str(folder), "out": name, "min_matches": 2})
        trainer.check(config)  # which fills the cache, as a sweep does before its first trial
        recipe = registry.load_recipe(trainer)
        return _typical(lambda: list(recipe(config, NoDevice())), 10)


def _write_members(folder: Path) -> None:
    generator = np.random.default_rng(0)
    groups = np.arange(VOTERS_ROWS) // 4
    products = generator.standard_normal((groups.max() + 1, DIMENSIONS))
    for member in range(MEMBERS):
        place = folder / f"m{member}"
        place.mkdir(parents=True)
        for output in OUTPUTS:
            seen = products[groups] + generator.standard_normal((VOTERS_ROWS, DIMENSIONS))
            np.save(place / f"{output}.npy", seen.astype(np.float32))
        with (place / "embeddings.csv").open("w", newline="") as stream:
            rows = [(f"p{row}", f"g{group}") for row, group in enumerate(groups)]
            csv.writer(stream).writerows([("posting_id", "label_group"), *rows])


def _typical(work: Callable[[], object], times: int) -> float:
    def once() -> float:
        began = time.perf_counter()
        work()
        return time.perf_counter() - began

    return median(once() for _ in range(times))


def _against_loop(measure: str, ours: float, loop: float) -> Row:
    faster = loop / ours
    return Row(measure, seconds(ours), f"{seconds(loop)} loop", ours / loop, f"≥ {FASTER:g}× faster", faster >= FASTER)
