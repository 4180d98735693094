"""What it costs to keep secrets out of what programs print, against reading the same lines."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from cockpit.engine.redacting import Redactor
from cockpit.printed import PrintedReader

from .table import Row, against

LINES = {
    "a step line": b"Train Step 50, loss: 0.48480, lr: 5e-06, final_score: 0.94857, mc_score: 0.69, time: 119.477\n",
    "a line that speaks of tokens": b"Epoch 0 Step: 239 Loss: 0.079534 Tokens per Sec: 2505.812324 max_tokens: 128\n",
}
COUNT, QUICK_COUNT = 20_000, 2_000
BLOCK = 1 << 16  # as it comes from a pipe
LARGEST_RATIO = 0.25


def rows(quick: bool) -> list[Row]:
    """CPU seconds of a line, each the best of three rounds."""
    count = QUICK_COUNT if quick else COUNT
    return [
        against(
            f"secrets kept out of {name}",
            _seconds(lambda blocks: _fed(Redactor().feed, blocks), line, count),
            _seconds(lambda blocks: _fed(PrintedReader().feed, blocks), line, count),
            LARGEST_RATIO,
            note=" (to read it)",
        )
        for name, line in LINES.items()
    ]


def _fed(feed: Callable[[bytes], object], blocks: Iterable[bytes]) -> None:
    for block in blocks:
        feed(block)


def _seconds(work: Callable[[list[bytes]], None], line: bytes, count: int) -> float:
    data = line * count
    blocks = [data[place : place + BLOCK] for place in range(0, len(data), BLOCK)]
    took = []
    for _ in range(3):
        began = time.process_time()
        work(blocks)
        took.append(time.process_time() - began)
    return min(took) / count
